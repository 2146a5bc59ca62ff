"""Documents by id, in collections: what services may ask of a store, and nothing of how it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

Scalar = str | int | bool

_FIELD = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)


class Document(BaseModel):
    """A frozen value that is stored and shown as JSON in camelCase, without what is ``None``."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    def changed(self, **fields: Any) -> Self:
        """With these fields instead; this very object where they are what it has already.

        The values are not validated: mypy compares names and types (``libs.csms.storage.mypy_plugin``).
        """
        new = {name: value for name, value in fields.items() if getattr(self, name) != value}
        return self.model_copy(update=new) if new else self


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)


Number = Annotated[Decimal, PlainSerializer(_json_number, when_used="json")]
"""A decimal in a document, which is a number in its JSON."""

Doc = TypeVar("Doc", bound=Document)


def checked_field(name: str) -> str:
    """The name itself. Raises ``ValueError`` for one that no document of ours could have."""
    if not _FIELD.fullmatch(name):
        raise ValueError(f"not a field name: {name!r}")
    return name


@dataclass(frozen=True)
class Query:
    """Which documents of a collection, and in which order. Fields are named as stored, in camelCase; one
    inside of another is ``location.lat``.

    ``order_by`` is a field, or empty for the store's own order of ids. Documents without that field are
    not found, documents alike in it follow by id. ``from_`` (included) and ``to`` (not included) bound it.
    Anything but equality alone needs an index that names the equal fields and then the ordered one.
    """

    equals: Mapping[str, Scalar] = field(default_factory=dict)
    order_by: str = ""
    descending: bool = False
    from_: Scalar | None = None
    to: Scalar | None = None
    page_size: int = 100
    page_token: str = ""

    def __post_init__(self) -> None:
        for name in (*self.equals, *([self.order_by] if self.order_by else [])):
            checked_field(name)
        if not self.order_by and (self.from_ is not None or self.to is not None):
            raise ValueError("from_ and to bound the order_by field, and there is none")
        if self.page_size < 1:
            raise ValueError("a page holds at least one document")


@dataclass(frozen=True)
class Page(Generic[Doc]):
    """``next_page_token`` is empty on the last page."""

    items: Sequence[Doc]
    next_page_token: str = ""


class NotStored(Exception):
    """The store could not take a write now, and holds what it held before. Later the same write may do."""


class BadPageToken(ValueError):
    """The page token was not made by a query of this kind."""


class Collection(Protocol[Doc]):
    """The documents of one type. Any text is a good id. A write is durable when its call returns, and so is
    what a read returns.
    """

    async def get(self, id: str) -> Doc | None: ...

    async def update(self, id: str, change: Callable[[Doc | None], Doc]) -> Doc:
        """Read, change and write one document atomically, and return what is now stored.

        ``change`` is pure: it may run more than once. It is given None where there is no document. Nothing is
        written when it returns the very object it was given, or when it raises; the error propagates.
        """
        ...

    async def put(self, id: str, document: Doc) -> None:
        """Write a document without reading what is there, which it replaces: for those that never change,
        under an id that follows from what they hold."""
        ...

    async def delete(self, id: str) -> Doc | None:
        """Returns what was there."""
        ...

    async def find(self, query: Query) -> Page[Doc]:
        """One page, read from the store as a page. What is written between two pages neither repeats nor
        hides what was there before. Raises ``BadPageToken``.
        """
        ...

    async def count(self, equals: Mapping[str, Scalar]) -> int: ...


Index = tuple[str, ...]
"""Fields that queries compare for equality, then the field that they order by."""


class Store(Protocol):
    def collection(self, name: str, type_: type[Doc], indexes: Sequence[Index] = ()) -> Collection[Doc]:
        """The collection of that name. Called once for each when a service is put together."""
        ...

    async def close(self) -> None: ...


Json = dict[str, Any]
