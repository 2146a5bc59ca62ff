"""Page tokens: the place of the last document in the order of its query. Only this module can read them."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated, Any

import msgspec

from .store import BadPageToken, Document, Query

_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Position = tuple[str, str | _Integer | float | bool | None, str]
"""Shape of the query, value of the ordered field, id."""


def page_token(query: Query, id: str, last: Document) -> str:
    """Continues ``query`` behind ``last``, whose id is ``id``."""
    content = msgspec.json.encode([_shape(query), _value(last, query.order_by), id])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def position(query: Query) -> tuple[Any, str] | None:
    """The value of the ordered field and the id behind which the page begins. Raises ``BadPageToken``."""
    if not query.page_token:
        return None
    padding = "=" * (-len(query.page_token) % 4)
    try:
        content = base64.b64decode(query.page_token + padding, altchars="-_", validate=True)
        shape, value, id = msgspec.json.decode(content, type=_Position)
    except (ValueError, msgspec.DecodeError) as error:
        raise BadPageToken("unreadable page token") from error
    if shape != _shape(query):
        raise BadPageToken("page token of another query")
    return value, id


def _shape(query: Query) -> str:
    parts = [
        sorted(query.equals.items()),
        query.order_by,
        query.descending,
        query.from_,
        query.to,
        query.contains,
    ]
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def _value(document: Document, path: str) -> Any:
    found: Any = document.model_dump(mode="json", by_alias=True) if path else None
    for name in path.split(".") if path else ():
        found = found[name]
    return found
