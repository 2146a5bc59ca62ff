"""What services do with the documents of a store, on top of what every store can."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from urllib.parse import quote

from .store import Collection, Doc, Query, Scalar


def composite_id(*parts: str | int) -> str:
    """Other parts never make the same id."""
    return ":".join(quote(str(part), safe="") for part in parts)


def equals(**wanted: Scalar | None) -> dict[str, Scalar]:
    """For a query, without what is None. Fields are named as stored."""
    return {field: value for field, value in wanted.items() if value is not None}


async def every(collection: Collection[Doc], query: Query) -> AsyncIterator[Doc]:
    """All that the query finds, read page by page."""
    while True:
        page = await collection.find(query)
        for document in page.items:
            yield document
        if not page.next_page_token:
            return
        query = replace(query, page_token=page.next_page_token)


async def update_existing(collection: Collection[Doc], id: str, change: Callable[[Doc], Doc]) -> Doc | None:
    """As ``Collection.update``, but None where there is no document, also if it has just been deleted."""

    def changed(document: Doc | None) -> Doc:
        if document is None:
            raise _Missing
        return change(document)

    try:
        return await collection.update(id, changed)
    except _Missing:
        return None


async def update_from(
    collection: Collection[Doc], id: str, change: Callable[[Doc | None], Doc]
) -> tuple[Doc | None, Doc]:
    """As ``Collection.update``, with what there was before."""
    before: Doc | None = None

    def changed(document: Doc | None) -> Doc:
        nonlocal before
        before = document
        return change(document)

    after = await collection.update(id, changed)
    return before, after


class _Missing(Exception):
    """There is no document of that id."""
