"""``/idtokens``, ``/authorizations`` and ``/authorizationpolicies``: tokens by REST, whether one may charge,
and how those are answered that are not registered.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Response
from fastapi import Query as Parameter

from libs.csms.access.callers import TheCaller
from libs.csms.access.groups import TheStations
from libs.csms.access.routes import CHANGES_NOTHING, TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clients.authorization import Authorization
from libs.csms.errors import Forbidden
from libs.csms.storage.queries import equals
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.ocpp_messages.mappings import TokenStatus

from .bodies import AuthorizationBody, IdTokenBody, NewIdToken
from .model import IdToken
from .policies import AuthorizationPolicy, PolicyBody, PolicyType
from .service import Tokens

Text = Annotated[str, Path(alias="idToken", description="The text of the token, in any case.")]
Type = Annotated[str | None, Parameter(description="Tokens of this type, which is compared exactly.")]
Group = Annotated[
    str | None, Parameter(alias="groupIdToken", description="Tokens of this group, compared exactly.")
]

Beginning = Annotated[
    str,
    Parameter(
        max_length=255, description="Tokens whose texts begin like this, in any case; never a KeyCode."
    ),
]


class StationNeeded(Forbidden):
    """A caller who is bound to groups asks for no station."""

    def __init__(self) -> None:
        super().__init__("body.stationId: you may ask for the stations of your groups only")


def tokens_api(tokens: Tokens) -> APIRouter:
    router = ScopedRouter(Scope.TOKENS_MASKED, Scope.TOKENS_WRITE, prefix="/idtokens", tags=["Tokens"])

    @router.get("", response_model=PageOf[IdToken], response_model_exclude_none=True)
    async def list_id_tokens(
        caller: TheCaller,
        status: TokenStatus | None = None,
        type: Type = None,
        group_id_token: Group = None,
        q: Beginning = "",
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[IdToken]:
        """In the order of their texts, without regard to case. Page tokens tell these texts, and searches
        would, so further pages and `q` need tokens:read.
        """
        if page_token or q:
            caller.check(Scope.TOKENS_READ)
        filters = equals(status=status, type=type, groupIdToken=group_id_token)
        page = page_of(await tokens.find_all(filters, q, page_size, page_token))
        return page if caller.sees_tokens else page.changed(next_page_token=None)

    @router.post("", status_code=201, response_model=IdToken, response_model_exclude_none=True)
    async def create_id_token(body: NewIdToken, response: Response) -> IdToken:
        token = await tokens.create(body)
        if token.id_token is not None:
            response.headers["Location"] = f"/idtokens/{quote(token.id_token, safe='')}"
        return token

    @router.get("/{idToken:path}", response_model=IdToken, response_model_exclude_none=True)
    async def get_id_token(id_token: Text) -> IdToken:
        return await tokens.existing(id_token)

    @router.put("/{idToken:path}", response_model=IdToken, response_model_exclude_none=True)
    async def replace_id_token(id_token: Text, body: IdTokenBody) -> IdToken:
        """Of a token that exists: creating one is for POST."""
        return await tokens.replace(id_token, body)

    @router.patch("/{idToken:path}", response_model=IdToken, response_model_exclude_none=True)
    async def patch_id_token(id_token: Text, body: IdTokenBody) -> IdToken:
        """A merge patch (RFC 7396): null removes a field."""
        return await tokens.patch(id_token, body)

    @router.delete("/{idToken:path}", status_code=204)
    async def delete_id_token(id_token: Text) -> None:
        await tokens.delete(id_token)

    return router


def authorizations_api(tokens: Tokens) -> APIRouter:
    router = ScopedRouter(Scope.AUTHORIZATION, tags=["Authorization"])

    @router.post(
        "/authorizations",
        response_model=Authorization,
        response_model_exclude_none=True,
        openapi_extra=CHANGES_NOTHING | TELLS_GROUPS_APART,
    )
    async def authorize(body: AuthorizationBody, stations: TheStations) -> Authorization:
        """May this token charge now? An unknown token is an answer, with the status Unknown. A caller who is
        bound to groups asks for a station of them.
        """
        if not stations.are_all:
            if body.station_id is None:
                raise StationNeeded
            await stations.check(body.station_id)
        return await tokens.authorize(body.id_token, body.type, body.presented)

    return router


def policies_api(tokens: Tokens) -> APIRouter:
    router = ScopedRouter(
        Scope.TOKENS_MASKED, Scope.TOKENS_WRITE, prefix="/authorizationpolicies", tags=["Authorization"]
    )

    @router.get("", response_model=PageOf[AuthorizationPolicy], response_model_exclude_none=True)
    async def list_authorization_policies() -> PageOf[AuthorizationPolicy]:
        """One for each type of tokens."""
        return PageOf(items=await tokens.policies.all())

    @router.get("/{type}", response_model=AuthorizationPolicy)
    async def get_authorization_policy(type: PolicyType) -> AuthorizationPolicy:
        return await tokens.policies.of_type(type)

    @router.put("/{type}", response_model=AuthorizationPolicy)
    async def replace_authorization_policy(type: PolicyType, body: PolicyBody) -> AuthorizationPolicy:
        """Counts from the next question on."""
        return await tokens.policies.put(type, body, can_ask=tokens.authorizer is not None)

    return router
