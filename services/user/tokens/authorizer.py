"""An authorizer outside of the CSMS, such as a billing system: asked over HTTP whether a token may charge."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any

import httpx
from pydantic import BeforeValidator, Field, ValidationError

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import Time
from libs.csms.settings import Settings
from libs.csms.storage.store import Document
from libs.ocpp_messages.ocpp2 import AuthorizationStatusEnumType

log = logging.getLogger(__name__)

MAX_CONCURRENT = 50
"""Questions that are open at the same time; more of them wait, within their time limit."""

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""


def _text_of(group: Any) -> Any:
    """IdTokenType of OCPP 2.x is taken too."""
    return group.get("idToken") if isinstance(group, dict) else group


class OutsideAnswer(Document):
    """IdTokenInfoType of OCPP 2.x, as far as it counts here. Other fields are ignored."""

    status: AuthorizationStatusEnumType = Field(description="AuthorizationStatusEnumType.")
    cache_expiry_date_time: Time | None = Field(
        default=None, description="Until when a station may rely on it."
    )
    group_id_token: Annotated[str | None, BeforeValidator(_text_of), Field(min_length=1, max_length=255)] = (
        Field(default=None, description="The group of the token: IdTokenType or its text.")
    )
    max_active_transactions: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="So many transactions at a time; absent: no limit."
    )


class NoAnswer(Exception):
    """What came is no answer. The text says why, without the token or the answer itself."""


class Authorizer:
    def __init__(self, client: httpx.AsyncClient, url: str, timeout: float) -> None:
        """``timeout`` in seconds is for all of it: waiting for a turn, the request and the answer."""
        self._client = client
        self._url = url
        self._timeout = timeout
        self._turns = asyncio.Semaphore(MAX_CONCURRENT)

    async def authorize(self, id_token: str, type_: str | None) -> Authorization | None:
        """The answer; None if there is none in time, which the log explains."""
        question = {"idToken": id_token} | ({"type": type_} if type_ is not None else {})
        try:
            async with asyncio.timeout(self._timeout), self._turns:
                answer = OutsideAnswer.model_validate_json(await self._post(question))
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, NoAnswer, ValidationError) as error:
            log.warning("the outside authorizer has not answered: %s", _reason(error))
            return None
        return Authorization(**answer.model_dump())

    async def _post(self, question: dict[str, str]) -> bytes:
        async with self._client.stream("POST", self._url, json=question) as response:
            if response.status_code != 200:
                raise NoAnswer(f"HTTP status {response.status_code}")
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_ANSWER:
                    raise NoAnswer(f"longer than {MAX_ANSWER} bytes")
            return body


def _reason(error: Exception) -> str:
    """Texts of other exceptions may quote what was sent or received."""
    match error:
        case NoAnswer():
            return str(error)
        case ValidationError():
            places = {".".join(map(str, one["loc"])) or "the answer" for one in error.errors()}
            return f"wrong in its answer: {', '.join(sorted(places))}"
    return type(error).__name__


def client_of(settings: Settings) -> httpx.AsyncClient:
    """The client for an ``Authorizer``, with its secret."""
    secret = settings.authorizer_token
    headers = {"Authorization": f"Bearer {secret.get_secret_value()}"} if secret else {}
    return httpx.AsyncClient(headers=headers, timeout=settings.authorizer_timeout)
