"""Whether a token may charge: the user service's answer, and how it reads in each version of OCPP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Self

import httpx
from pydantic import Field

from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import authorization_status_v2, authorization_status_v16
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version

from ..clock import Time, rfc3339
from ..storage.store import Document


class Authorization(Document):
    """What is known about a token now."""

    status: str = Field(description="AuthorizationStatusEnumType of OCPP 2.x, never ConcurrentTx.")
    cache_expiry_date_time: Time | None = Field(
        default=None,
        description="Until when a station may rely on it; absent: for as long as the station likes.",
    )
    group_id_token: str | None = Field(default=None, description="The group of the token.")
    max_active_transactions: int | None = Field(
        default=None,
        description="More at a time are for the transaction service to refuse. Absent: no limit.",
    )


MAX_TOKEN_LENGTH = {Version.V16: 20, Version.V201: 36, Version.V21: 255}
"""Characters of an idTag or idToken."""


def group_id_token_for(version: Version, group_id_token: str | None) -> str | None:
    """The group, or None where it is longer than this version can carry."""
    fits = group_id_token is not None and 0 < len(group_id_token) <= MAX_TOKEN_LENGTH[version]
    return group_id_token if fits else None


def id_tag_info_v16(authorization: Authorization) -> ocpp16.IdTagInfo:
    expiry = authorization.cache_expiry_date_time
    return ocpp16.IdTagInfo(
        status=authorization_status_v16(authorization.status),
        expiry_date=rfc3339(expiry) if expiry else None,
        parent_id_tag=group_id_token_for(Version.V16, authorization.group_id_token),
    )


def id_token_info_v2(authorization: Authorization, version: Version) -> ocpp2.IdTokenInfoType:
    expiry = authorization.cache_expiry_date_time
    group = group_id_token_for(version, authorization.group_id_token)
    return ocpp2.IdTokenInfoType(
        status=authorization_status_v2(authorization.status),
        cache_expiry_date_time=rfc3339(expiry) if expiry else None,
        group_id_token=ocpp2.IdTokenType(group, "Central") if group else None,
    )


class Presented(NamedTuple):
    """That a station has presented a token, in one of its messages. Stations may guess PINs, so it counts."""

    station_id: str
    message_id: str
    """Of the OCPP message. The same message again is not another guess."""

    @classmethod
    def in_message(cls, message: Message) -> Self:
        return cls(message.station_id, message.message_id)


Authorize = Callable[[str, str | None, Presented | None], Awaitable[Authorization]]
"""From a token and its type; OCPP 1.6 has no types, so None is any, and without a station nobody guesses."""


class HttpAuthorization:
    """Asks the user service in its own process. Raises ``httpx.HTTPError`` when that does not answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def authorize(
        self, id_token: str, type_: str | None, presented: Presented | None = None
    ) -> Authorization:
        body = {"idToken": id_token} | ({"type": type_} if type_ is not None else {})
        if presented is not None:
            body |= {"stationId": presented.station_id, "messageId": presented.message_id}
        response = await self._client.post("/authorizations", json=body)
        response.raise_for_status()
        return Authorization.model_validate_json(response.content)
