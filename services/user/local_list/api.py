"""``/chargingstations/{id}/locallist``: the list that a station should have, and whether it has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from libs.csms.access.callers import TheCaller
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clients.stations import DeviceClient
from libs.csms.storage.page_tokens import page_token as token_of_next_page
from libs.csms.storage.page_tokens import position
from libs.csms.storage.store import Query
from libs.csms.web.app import Body
from libs.csms.web.paging import PageSize, PageToken

from ..tokens.bodies import TokenText
from .model import LocalList, LocalListState
from .service import MAX_TEXT_BYTES, MAX_TOKENS, LocalLists

Texts = Annotated[list[TokenText], Field(max_length=MAX_TOKENS)]


class WholeList(Body):
    """The list as it should be."""

    id_tokens: Texts = Field(
        description="The texts of registered tokens, of any type but KeyCode. Their case and order, and "
        f"repetitions, make no difference. All texts have at most {MAX_TEXT_BYTES} characters together."
    )


class ListChange(Body):
    """Tokens that come, and tokens that go."""

    add: Texts = Field(default=[], description="The texts of registered tokens, of any type but KeyCode.")
    remove: Texts = Field(
        default=[], description="Texts of tokens; to remove what is not on the list changes nothing."
    )


class LocalListView(LocalListState):
    """How far the station has got, and how long the list is."""

    tokens: int = Field(description="How many tokens the list has.")


class LocalListPage(LocalListView):
    """With a page of its tokens, in the order of their texts without regard to case."""

    id_tokens: list[str] = Field(description="The texts of the tokens, as they are registered.")
    next_page_token: str | None = Field(default=None, description="Of the next page; absent on the last one.")


def local_lists_api(lists: LocalLists, device: DeviceClient) -> APIRouter:
    router = ScopedRouter(
        Scope.LOCALLISTS_READ,
        Scope.LOCALLISTS_WRITE,
        prefix="/chargingstations/{id}/locallist",
        tags=["Local lists"],
    )

    @router.get("", response_model=LocalListPage, response_model_exclude_none=True)
    async def get_local_list(
        id: str, caller: TheCaller, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> LocalListPage:
        """Page tokens tell the texts of tokens, so further pages need tokens:read."""
        if page_token:
            caller.check(Scope.TOKENS_READ)
        known = await lists.shown(id)
        query = Query({"stationId": id}, page_token=page_token)
        behind = position(query)
        keys = [key for key in known.desired if behind is None or key > behind[1]]
        page = keys[:page_size]
        is_more = len(keys) > page_size and caller.sees_tokens
        more = token_of_next_page(query, page[-1], known) if is_more else None
        texts = [known.desired[key].id_token for key in page]
        return LocalListPage(**dict(known), tokens=known.tokens, id_tokens=texts, next_page_token=more)

    @router.put("", response_model=LocalListView, response_model_exclude_none=True)
    async def replace_local_list(id: str, body: WholeList) -> LocalList:
        """The whole list. The first one replaces whatever the station has; an empty one empties it."""
        return await lists.replace(device, id, body.id_tokens)

    @router.patch("", response_model=LocalListView, response_model_exclude_none=True)
    async def change_local_list(id: str, body: ListChange) -> LocalList:
        """Some tokens more, some less."""
        return await lists.patch(id, body.add, body.remove)

    @router.delete("", status_code=202, response_model=LocalListView, response_model_exclude_none=True)
    async def delete_local_list(id: str) -> LocalList:
        """The station is sent an empty list. When it has confirmed that, there is no list here any more."""
        return await lists.delete(id)

    return router
