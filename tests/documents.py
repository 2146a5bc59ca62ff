"""What a collection holds, for tests to look at: by any field, also those that no index serves."""

from __future__ import annotations

from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Doc, Query, Scalar


async def documents(collection: Collection[Doc], **equals: Scalar) -> list[Doc]:
    """Those with these values, in the order of ids. Fields are named as stored."""
    found = []
    async for document in every(collection, Query()):
        stored = document.model_dump(mode="json", by_alias=True)
        if all(stored.get(field) == value for field, value in equals.items()):
            found.append(document)
    return found
