"""Whether a token may charge: what the transaction service asks of the user service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx

from .clock import Time
from .store import Document


class Authorization(Document):
    """What is known about a token now. ``status`` is an AuthorizationStatusEnumType, never ConcurrentTx.

    More transactions than ``max_active_transactions`` at the same time are for the transaction service to
    refuse, which knows them; None is no limit.
    """

    status: str
    cache_expiry_date_time: Time | None = None
    group_id_token: str | None = None
    max_active_transactions: int | None = None


Authorize = Callable[[str, str | None], Awaitable[Authorization]]
"""From a token and its type; OCPP 1.6 has no types, so None is any."""


class HttpAuthorization:
    """Asks the user service in its own process. Raises ``httpx.HTTPError`` when that does not answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def authorize(self, id_token: str, type_: str | None) -> Authorization:
        body = {"idToken": id_token} | ({"type": type_} if type_ is not None else {})
        answer = await self._client.post("/authorizations", json=body)
        answer.raise_for_status()
        return Authorization.model_validate_json(answer.content)
