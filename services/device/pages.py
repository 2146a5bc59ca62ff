"""Every document that a query finds, read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from libs.csms.store import Collection, Doc, Query


async def every(collection: Collection[Doc], query: Query) -> AsyncIterator[Doc]:
    while True:
        page = await collection.find(query)
        for document in page.items:
            yield document
        if not page.next_page_token:
            return
        query = replace(query, page_token=page.next_page_token)
