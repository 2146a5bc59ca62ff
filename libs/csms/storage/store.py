"""Documents by id, in collections: what services may ask of a store, and nothing of how it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
        known = self.__dict__
        new = {name: value for name, value in fields.items() if known[name] != value}
        return self.copied(new) if new else self

    def copied(self, fields: Mapping[str, Any]) -> Self:
        """With these fields instead, which are neither compared nor validated. For what is done with every
        message: ``model_copy`` takes about twice as long.
        """
        copy = object.__new__(type(self))
        _set(copy, "__dict__", {**self.__dict__, **fields})
        _set(copy, "__pydantic_fields_set__", self.__pydantic_fields_set__ | fields.keys())
        _set(copy, "__pydantic_extra__", None)
        _set(copy, "__pydantic_private__", None)
        return copy


_set = object.__setattr__  # as documents are frozen


def _json_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)


JsonDecimal = Annotated[Decimal, PlainSerializer(_json_number, when_used="json")]
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
    not found, documents alike in it follow by id. ``from_`` (included) and ``to`` (not included) bound it, or
    the ids. The collection needs an ``Index`` for it.

    ``contains`` is the field of a list of texts, and a text in it. Such a query compares and orders by
    nothing else: whether Firestore merges the index of a list with others is not documented.
    """

    equals: Mapping[str, Scalar] = field(default_factory=dict)
    order_by: str = ""
    descending: bool = False
    from_: Scalar | None = None
    to: Scalar | None = None
    page_size: int = 100
    page_token: str = ""
    contains: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        for name in (*self.equals, *([self.order_by] if self.order_by else [])):
            checked_field(name)
        if self.contains is not None:
            checked_field(self.contains[0])
            if self.equals or self.order_by or self.bounds_ids:
                raise ValueError("a query for what a list contains compares and orders by nothing else")
        if self.bounds_ids and not all(isinstance(id, str | None) for id in (self.from_, self.to)):
            raise ValueError("without order_by, from_ and to bound the ids, which are texts")
        if self.page_size < 1:
            raise ValueError("a page holds at least one document")

    @property
    def bounds_ids(self) -> bool:
        return not self.order_by and (self.from_ is not None or self.to is not None)


@dataclass(frozen=True)
class Index:
    """Serves queries that compare the fields ``equals`` and order by ``order_by`` in this direction, or by id
    if that is empty. It reads like its query: ``Query({"stationId": id}, "sentAt", descending=True)`` needs
    ``Index(("stationId",), "sentAt", descending=True)``.

    A query may compare more fields than one index has: Firestore merges indexes of the same order. With
    indexes by ``stationId`` and by ``status``, each ordered by ``sentAt``, it answers queries for either and
    for both. That is for lists, which clients filter as they like; what a service asks again and again has an
    index of its own. A query that compares and orders by nothing needs none.
    """

    equals: tuple[str, ...] = ()
    order_by: str = ""
    descending: bool = False
    embedded: bool = True
    """Whether the SQLite store has it too. Without it, that one reads what its other indexes leave over."""
    contains: str = ""
    """A field that is a list of texts, for queries by one of them; then the index has nothing else. The
    SQLite store has no such index, and looks through all documents: 1,000 in one or two milliseconds."""

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.equals, self.order_by) if self.order_by else self.equals


class MissingIndex(Exception):
    """A query that the indexes of its collection do not serve: declare one, or ask otherwise."""


def filters(*fields: str) -> list[Index]:
    """For lists that clients filter by any of these fields together, in the order of ids.

    Firestore has an index of each and merges them. The SQLite store has none: lists are seldom filtered, and
    documents are written all the time.
    """
    return [Index((field,), embedded=False) for field in fields]


def check_served(collection: str, query: Query, indexes: Sequence[Index]) -> None:
    """Raises ``MissingIndex``."""
    if query.contains is not None:
        if not any(index.contains == query.contains[0] for index in indexes):
            raise MissingIndex(f"collection {collection}: declare {Index(contains=query.contains[0])}")
        return
    wanted = query.equals.keys()
    usable = [
        index
        for index in indexes
        if not index.contains
        and (index.order_by, index.descending) == (query.order_by, query.descending)
        and wanted >= set(index.equals)
    ]
    if wanted:
        served = wanted == {field for index in usable for field in index.equals}
    else:
        served = bool(usable) or not (query.order_by or query.descending)
    if not served:
        missing = Index(tuple(wanted), query.order_by, query.descending)
        raise MissingIndex(f"collection {collection}: declare {missing}, or parts of it that together do")


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

    async def get_all(self, ids: Iterable[str]) -> dict[str, Doc]:
        """The documents that there are of up to 1,000 ids, by their ids: one request to a remote store."""
        ...

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

    async def put_all(self, documents: Mapping[str, Doc]) -> None:
        """Write up to 500 documents, by their ids, as ``put`` does: all of them or none."""
        ...

    async def delete(self, id: str) -> Doc | None:
        """Returns what was there."""
        ...

    async def find(self, query: Query) -> Page[Doc]:
        """One page, read from the store as a page. What is written between two pages neither repeats nor
        hides what was there before. Raises ``BadPageToken``, and ``MissingIndex`` if the collection has none
        for the query.
        """
        ...

    async def count(self, equals: Mapping[str, Scalar]) -> int:
        """How many documents have these values. Needs the index of ``Query(equals)``."""
        ...


class Store(Protocol):
    def collection(self, name: str, type_: type[Doc], indexes: Sequence[Index] = ()) -> Collection[Doc]:
        """The collection of that name. Called once for each when a service is put together.

        Every index costs with every write, so a collection has those that its queries need and no others: all
        else is exempt from the indexes that Firestore would make by itself, large payloads above all.
        """
        ...

    def has_room(self) -> bool:
        """Whether there is room for more than what must not be lost. Costs next to nothing."""
        ...

    async def close(self) -> None: ...


Json = dict[str, Any]
