"""Lists by REST, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import Field

from ..storage.store import Document, Page

Item = TypeVar("Item", bound=Document)


class PageOf(Document, Generic[Item]):
    """A page of a list."""

    items: Sequence[Item] = Field(description="Of this page, in the order of the list.")
    next_page_token: str | None = Field(default=None, description="Of the next page; absent on the last one.")


PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000, description="Items in a page.")]
PageToken = Annotated[str, Query(alias="pageToken", description="The nextPageToken of the page before.")]


def page_of(page: Page[Item]) -> PageOf[Item]:
    return PageOf(items=page.items, next_page_token=page.next_page_token or None)
