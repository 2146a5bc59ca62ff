"""The store, on Google Cloud Firestore. The only module that knows Firestore."""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition, NotFound
from google.cloud.firestore import DELETE_FIELD, AsyncClient, AsyncDocumentReference, AsyncQuery
from google.cloud.firestore_v1 import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from .page_tokens import page_token, position
from .store import (
    BadPageToken,
    Doc,
    Document,
    Index,
    Json,
    NotStored,
    Page,
    Query,
    Scalar,
    check_served,
)

MAX_ATTEMPTS = 30
"""Of a write, while others write the same document."""
MAX_RETRY_DELAY = 1.0
"""Seconds between two attempts."""
MAX_ID_BYTES = 1500

Result = TypeVar("Result")
Write = Callable[[DocumentSnapshot[Any]], Awaitable[Result]]


class Contention(NotStored):
    """Others changed the document each time between our reading and our writing of it."""


class FirestoreStore:
    """With ``FIRESTORE_EMULATOR_HOST`` set, on the emulator; else with the credentials of the environment.

    Belongs to the event loop that first uses it.
    """

    def __init__(self, project: str, database: str = "(default)") -> None:
        self._client = AsyncClient(project=project, database=database)

    def collection(
        self, name: str, type_: type[Doc], indexes: Sequence[Index] = ()
    ) -> FirestoreCollection[Doc]:
        """The indexes are not made here: they are deployed, from ``index_definitions``."""
        return FirestoreCollection(self._client, name, type_, indexes)

    def has_room(self) -> bool:
        return True

    async def close(self) -> None:
        await self._client._firestore_api.transport.close()


class FirestoreCollection(Generic[Doc]):
    """Writes are conditional on the version that was read, which takes one round trip less than a transaction
    and no lock. Fields that others wrote and the model does not know stay as they are.
    """

    def __init__(
        self, client: AsyncClient, name: str, type_: type[Doc], indexes: Sequence[Index] = ()
    ) -> None:
        self._client = client
        self._collection = client.collection(name)
        self._type = type_
        self._indexes = indexes
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(self, id: str) -> Doc | None:
        return self._document(await self._read(self._reference(id)))

    async def get_all(self, ids: Iterable[str]) -> dict[str, Doc]:
        wanted = {self._reference(id).id: id for id in ids}
        if not wanted:
            return {}
        found = self._client.get_all([self._collection.document(name) for name in wanted])
        return {
            wanted[snapshot.id]: self._type.model_validate(snapshot.to_dict())
            async for snapshot in found
            if snapshot.exists
        }

    async def update(self, id: str, change: Callable[[Doc | None], Doc]) -> Doc:
        """Also raises ``Contention``, or what Firestore raises; then the write may have happened or not."""

        async def write(snapshot: DocumentSnapshot[Any]) -> Doc:
            old = self._document(snapshot)
            new = change(old)
            if old is None:
                await snapshot.reference.create(_fields(new), retry=None)
            elif new is not old and (changes := _changes(snapshot, _fields(old), _fields(new))):
                await snapshot.reference.update(changes, option=self._unchanged(snapshot), retry=None)
            return new

        return await self._until_uncontended(id, write)

    async def put(self, id: str, document: Doc) -> None:
        """Also raises what Firestore raises; then the write may have happened or not."""
        await self._reference(id).set(_fields(document))

    async def put_all(self, documents: Mapping[str, Doc]) -> None:
        """Also raises what Firestore raises; then the write may have happened or not."""
        batch = self._client.batch()
        for id, document in documents.items():
            batch.set(self._reference(id), _fields(document))
        await batch.commit()

    async def delete(self, id: str) -> Doc | None:
        """Raises like ``update``."""

        async def write(snapshot: DocumentSnapshot[Any]) -> Doc | None:
            if snapshot.exists:
                await snapshot.reference.delete(option=self._unchanged(snapshot), retry=None)
            return self._document(snapshot)

        return await self._until_uncontended(id, write)

    async def find(self, query: Query) -> Page[Doc]:
        check_served(self._collection.id, query, self._indexes)
        wanted = self._matching(query.equals)
        if query.contains is not None:
            field, text = query.contains
            wanted = wanted.where(filter=FieldFilter(field, "array_contains", text))
        if query.order_by and query.from_ is not None:
            wanted = wanted.where(filter=FieldFilter(query.order_by, ">=", query.from_))
        if query.order_by and query.to is not None:
            wanted = wanted.where(filter=FieldFilter(query.order_by, "<", query.to))
        order = [query.order_by, "__name__"] if query.order_by else ["__name__"]
        for field in order:
            wanted = wanted.order_by(
                field, AsyncQuery.DESCENDING if query.descending else AsyncQuery.ASCENDING
            )
        if (behind := position(query)) is not None:
            value, id = behind
            if not is_document_id(id):
                raise BadPageToken("unreadable page token")
            wanted = wanted.start_after([value, self._collection.document(id)][-len(order) :])
        elif query.bounds_ids and query.from_ is not None:
            wanted = wanted.start_at([self._reference(str(query.from_))])
        if query.bounds_ids and query.to is not None:
            wanted = wanted.end_before([self._reference(str(query.to))])
        found = await wanted.limit(query.page_size + 1).get()
        items = [self._type.model_validate(snapshot.to_dict()) for snapshot in found[: query.page_size]]
        if len(found) <= query.page_size:
            return Page(items)
        return Page(items, page_token(query, found[query.page_size - 1].id, items[-1]))

    async def count(self, equals: Mapping[str, Scalar]) -> int:
        check_served(self._collection.id, Query(equals), self._indexes)
        counting: Any = self._matching(equals).count()
        [[total]] = await counting.get()
        return int(total.value)

    def _matching(self, equals: Mapping[str, Scalar]) -> AsyncQuery:
        query = AsyncQuery(self._collection)
        for field, value in equals.items():
            query = query.where(filter=FieldFilter(field, "==", value))
        return query

    def _reference(self, id: str) -> AsyncDocumentReference:
        return self._collection.document(document_id(id))

    async def _read(self, reference: AsyncDocumentReference) -> DocumentSnapshot[Any]:
        """Reads the answer to its end. ``reference.get`` does not, and leaves an open call behind."""
        [snapshot] = [snapshot async for snapshot in self._client.get_all([reference])]
        return snapshot

    def _document(self, snapshot: DocumentSnapshot[Any]) -> Doc | None:
        return self._type.model_validate(snapshot.to_dict()) if snapshot.exists else None

    def _unchanged(self, snapshot: DocumentSnapshot[Any]) -> Any:
        return self._client.write_option(last_update_time=snapshot.update_time)

    async def _until_uncontended(self, id: str, write: Write[Result]) -> Result:
        """Callers in this process take turns, so that only other processes can get in between."""
        reference = self._reference(id)
        pause = 0.01
        async with self._turns.setdefault(id, asyncio.Lock()):
            for _ in range(MAX_ATTEMPTS):
                snapshot = await self._read(reference)
                try:
                    return await write(snapshot)
                except (Aborted, AlreadyExists, FailedPrecondition, NotFound) as error:
                    contention = error
                await asyncio.sleep(random.uniform(0, pause))
                pause = min(pause * 1.5, MAX_RETRY_DELAY)
        raise Contention(f"{self._collection.id}/{id}") from contention


def _fields(document: Document) -> Json:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def _changes(snapshot: DocumentSnapshot[Any], old: Json, new: Json) -> Json:
    """What to write so that the stored document, read as ``old``, reads as ``new``."""
    stored = snapshot.to_dict() or {}
    written = {name: value for name, value in new.items() if name not in stored or stored[name] != value}
    removed = {name: DELETE_FIELD for name in stored.keys() & old.keys() - new.keys()}
    return {AsyncClient.field_path(name): value for name, value in (written | removed).items()}


def index_definitions(collections: Mapping[str, Sequence[Index]]) -> Json:
    """The content of ``firestore.indexes.json``.

    Firestore would index every field by itself, in both directions: the override of ``*`` exempts the fields
    of a collection, and further overrides name those that are indexed all the same.
    """
    composite: list[Json] = []
    overrides: list[Json] = []
    for name, indexes in sorted(collections.items()):
        overrides.append({"collectionGroup": name, "fieldPath": "*", "indexes": []})
        single: dict[str, list[Json]] = {}
        for index in sorted(set(indexes), key=lambda index: (index.fields, index.descending)):
            if index.contains:
                in_list: Json = {"arrayConfig": "CONTAINS", "queryScope": "COLLECTION"}
                single.setdefault(index.contains, []).append(in_list)
                continue
            *equal, last = index.fields
            direction = "DESCENDING" if index.descending else "ASCENDING"
            if not equal:
                single.setdefault(last, []).append({"order": direction, "queryScope": "COLLECTION"})
                continue
            fields = [(field, "ASCENDING") for field in equal] + [(last, direction), ("__name__", direction)]
            composite.append(
                {
                    "collectionGroup": name,
                    "queryScope": "COLLECTION",
                    "fields": [{"fieldPath": path, "order": order} for path, order in fields],
                }
            )
        overrides += [
            {"collectionGroup": name, "fieldPath": path, "indexes": orders} for path, orders in single.items()
        ]
    return {"indexes": composite, "fieldOverrides": overrides}


def document_id(id: str) -> str:
    """The id under which Firestore keeps it: ordinary ones stay, ``/`` and ``%`` are percent-encoded,
    and no two become the same.
    """
    encoded = re.sub(r"[%/\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", id) or "%"
    if _is_reserved(encoded):
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    if len(encoded.encode()) > MAX_ID_BYTES:
        beginning = encoded.encode()[: MAX_ID_BYTES - 100].decode(errors="ignore")
        encoded = f"{beginning}%~{hashlib.sha256(encoded.encode()).hexdigest()}"
    return encoded


def is_document_id(text: str) -> bool:
    return bool(text) and "/" not in text and not _is_reserved(text) and len(text.encode()) <= MAX_ID_BYTES


def _is_reserved(text: str) -> bool:
    return text in (".", "..") or re.fullmatch("__.*__", text, re.DOTALL) is not None
