"""``/chargingstations/{id}/locallist``: the list that a station should have, and whether it has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import Time
from libs.csms.storage.page_tokens import page_token as token_of_next_page
from libs.csms.storage.page_tokens import position
from libs.csms.storage.store import Document, Query
from libs.csms.web.app import Body
from libs.csms.web.paging import PageSize, PageToken

from ..tokens.bodies import TokenText
from .model import LocalList, Status
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


class LocalListState(Document):
    """How far the station has got."""

    station_id: str = Field(description="Id of the charging station.")
    status: Status = Field(
        description="`synchronized`: the station has confirmed all of it. `pending`: it is sent as soon as "
        "the station takes it. `failed`: it is sent again when the list changes or the station connects. "
        "`unsupported`: the station has no local list; it is asked again when a client changes the list."
    )
    reason: str | None = Field(
        default=None, description="Why it failed, or what the station does not support."
    )
    version: int | None = Field(
        default=None,
        description="versionNumber that the station has confirmed; absent while nobody knows what it has.",
    )
    tokens: int = Field(description="How many tokens the list has.")
    updated_at: Time = Field(description="When a client, or a cleared customer (N10), last changed the list.")
    synchronized_at: Time | None = Field(default=None, description="When the station last had all of it.")


class LocalListView(LocalListState):
    """With a page of its tokens, in the order of their texts without regard to case."""

    id_tokens: list[str] = Field(description="The texts of the tokens, as they are registered.")
    next_page_token: str | None = Field(default=None, description="Of the next page; absent on the last one.")


def local_lists_api(lists: LocalLists, device: DeviceClient) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}/locallist", tags=["Local lists"])

    @router.get("", response_model=LocalListView, response_model_exclude_none=True)
    async def get_local_list(id: str, page_size: PageSize = 100, page_token: PageToken = "") -> LocalListView:
        known = await lists.existing(id)
        query = Query({"stationId": id}, page_token=page_token)
        behind = position(query)
        texts = [text for text in known.desired if behind is None or text.casefold() > behind[1]]
        page = texts[:page_size]
        more = token_of_next_page(query, page[-1].casefold(), known) if len(texts) > page_size else None
        state = await _state(lists, known)
        return LocalListView(**state.model_dump(), id_tokens=page, next_page_token=more)

    @router.put("", response_model=LocalListState, response_model_exclude_none=True)
    async def replace_local_list(id: str, body: WholeList) -> LocalListState:
        """The whole list. The first one replaces whatever the station has; an empty one empties it."""
        return await _state(lists, await lists.replace(device, id, body.id_tokens))

    @router.patch("", response_model=LocalListState, response_model_exclude_none=True)
    async def change_local_list(id: str, body: ListChange) -> LocalListState:
        """Some tokens more, some less."""
        return await _state(lists, await lists.patch(id, body.add, body.remove))

    @router.delete("", status_code=202, response_model=LocalListState, response_model_exclude_none=True)
    async def delete_local_list(id: str) -> LocalListState:
        """The station is sent an empty list. When it has confirmed that, there is no list here any more."""
        return await _state(lists, await lists.delete(id))

    return router


async def _state(lists: LocalLists, known: LocalList) -> LocalListState:
    return LocalListState(
        station_id=known.station_id,
        status=await lists.status(known),
        reason=known.reason,
        version=known.version,
        tokens=len(known.desired),
        updated_at=known.updated_at,
        synchronized_at=known.synchronized_at,
    )
