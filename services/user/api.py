"""The REST API of the user service."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Response
from fastapi import Query as Parameter

from libs.csms.clients.authorization import Authorization, TokenStatus
from libs.csms.station_messages.api import messages_api
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from . import operations
from .api_reservations import reservations_api
from .bodies import AuthorizationBody, IdTokenBody, NewIdToken
from .model import IdToken
from .service import User

Text = Annotated[str, Path(alias="idToken", description="The token in any case.")]


def api(user: User) -> APIRouter:
    router = APIRouter()
    router.include_router(tokens_api(user))
    router.include_router(authorizations_api(user))
    router.include_router(reservations_api(user))
    router.include_router(messages_api(user.message_log, user.clock))
    return router


def tokens_api(user: User) -> APIRouter:
    router = APIRouter(prefix="/idtokens", tags=["Tokens"])

    @router.get("", response_model=PageOf[IdToken], response_model_exclude_none=True)
    async def list_id_tokens(
        status: TokenStatus | None = None,
        type: str | None = None,
        group_id_token: Annotated[str | None, Parameter(alias="groupIdToken")] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[IdToken]:
        """In the order of their texts, without regard to case. The filters compare exactly."""
        found = equals(status=status, type=type, groupIdToken=group_id_token)
        query = Query(found, page_size=page_size, page_token=page_token)
        return page_of(await user.id_tokens.find(query))

    @router.post("", status_code=201, response_model=IdToken, response_model_exclude_none=True)
    async def create_id_token(body: NewIdToken, response: Response) -> IdToken:
        token = await operations.create(user, body)
        if token.id_token is not None:
            response.headers["Location"] = f"/idtokens/{quote(token.id_token, safe='')}"
        return token

    @router.get("/{idToken:path}", response_model=IdToken, response_model_exclude_none=True)
    async def get_id_token(text: Text) -> IdToken:
        return await operations.existing(user, text)

    @router.put("/{idToken:path}", response_model=IdToken, response_model_exclude_none=True)
    async def replace_id_token(text: Text, body: IdTokenBody) -> IdToken:
        """Of a token that exists: creating one is for POST."""
        return await operations.change(user, text, body, body.replacing)

    @router.patch("/{idToken:path}", response_model=IdToken, response_model_exclude_none=True)
    async def patch_id_token(text: Text, body: IdTokenBody) -> IdToken:
        """A merge patch (RFC 7396): null removes a field."""
        return await operations.change(user, text, body, body.merged_into)

    @router.delete("/{idToken:path}", status_code=204)
    async def delete_id_token(text: Text) -> None:
        await operations.delete(user, text)

    return router


def authorizations_api(user: User) -> APIRouter:
    router = APIRouter(tags=["Authorization"])

    @router.post("/authorizations", response_model=Authorization, response_model_exclude_none=True)
    async def authorize(body: AuthorizationBody) -> Authorization:
        """May this token charge now? An unknown token is an answer, with the status Unknown."""
        return await user.authorize(body.id_token, body.type)

    return router
