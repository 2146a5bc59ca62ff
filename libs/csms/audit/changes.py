"""What a request would change, and where, as the audit trail may keep it: without secrets and tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

import orjson

from libs.ocpp_messages.errors import CallError

from ..access.masking import MASK, TOKEN_FIELDS, shown
from ..access.masking import masked as with_masked_tokens
from ..secrets import HIDDEN, is_secret_name, is_secret_token_type, masked
from .model import Change

MAX_CHANGES = 50
"""Fields of one body."""

MAX_TEXT = 100
"""Characters of a name or a value."""

MAX_READ = 64 * 1024
"""Bytes of a body whose values are kept. Of a longer one, only the names of its fields are."""

MAX_PATH = 300
"""Characters."""


def changes_of(body: bytes, known: Collection[str]) -> tuple[Change, ...]:
    """The fields of a JSON object, in its order; nothing of anything else. Only of fields that are ``known``,
    of which it is clear what is secret, the values are kept.
    """
    try:
        content = orjson.loads(body)
        if not isinstance(content, dict):
            return ()
        if len(body) > MAX_READ:
            return tuple(Change(field=_cut(name)) for name in islice(content, MAX_CHANGES))
        return tuple(islice(_changes(with_masked_tokens(masked(content)), known), MAX_CHANGES))
    except (orjson.JSONDecodeError, CallError):
        return ()


def _changes(content: Mapping[str, Any], known: Collection[str]) -> Iterator[Change]:
    for name, value in content.items():
        if isinstance(value, dict) and value and not is_secret_name(name):
            yield from (Change(field=_cut(f"{name}.{one}")) for one in value)
        else:
            yield Change(field=_cut(name), value=_value(name, value) if name in known else None)


def _value(name: str, value: Any) -> str | None:
    if isinstance(value, list | dict):
        return None
    if is_secret_name(name):
        return HIDDEN
    return _cut(value if isinstance(value, str) else orjson.dumps(value).decode())


def shown_parameters(parameters: Mapping[str, Any], token_type: str | None) -> dict[str, str]:
    """The ids in a path, with the ends of tokens only; of one whose text may be a PIN, nothing."""
    return {
        name: _token(str(value), token_type) if name in TOKEN_FIELDS else _cut(str(value))
        for name, value in parameters.items()
    }


def filled(template: str, parameters: Mapping[str, str]) -> str:
    """The path of this template."""
    for name, value in parameters.items():
        for place in (f"{{{name}}}", f"{{{name}:path}}"):
            template = template.replace(place, quote(value, safe="*"))
    return template[:MAX_PATH]


def shown_location(location: str) -> str:
    """A path of what was made. The text of a token is the last part of its path."""
    before, slash, text = location.rpartition("/")
    return f"{before}{slash}{MASK}" if before == "/idtokens" else location[:MAX_PATH]


def _token(text: str, type_: str | None) -> str:
    """Where the request does not say the type, digits may be a PIN."""
    is_secret = is_secret_token_type(type_) if type_ is not None else text.isdecimal()
    return MASK if is_secret else shown(text)


def _cut(text: str) -> str:
    return text[:MAX_TEXT]
