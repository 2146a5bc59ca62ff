"""ID tokens with which a service asks another one on Google Cloud. The only module that knows google-auth."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import google.auth.transport.requests
import httpx
from google.auth.exceptions import GoogleAuthError
from google.oauth2.id_token import fetch_id_token_credentials

from ..clock import Clock

log = logging.getLogger(__name__)

RENEWAL = timedelta(minutes=5)
"""So long before its end, a token is replaced."""

RETRY_INTERVAL = timedelta(seconds=10)
"""Between two attempts to fetch one."""

FETCH_TIMEOUT = 10.0
"""Seconds for one attempt."""


CLOUD_RUN = "X-Serverless-Authorization"
"""The header at which Cloud Run looks first, and then leaves the other one whole."""

HEADERS = "Authorization", CLOUD_RUN
"""Of who asks as itself. Who asks as somebody else shows Cloud Run only that it may."""


class IdToken(NamedTuple):
    text: str
    expires_at: datetime


class NoIdToken(httpx.ConnectError):
    """Google gives this service no ID token, so nobody can be asked."""


def fetch(audience: str) -> IdToken:
    """From the metadata server, or by the key of a service account that the environment names. It blocks."""
    request = google.auth.transport.requests.Request()
    try:
        credentials = fetch_id_token_credentials(audience, request)
        credentials.refresh(request)
    finally:
        request.session.close()
    return IdToken(credentials.token, credentials.expiry.replace(tzinfo=UTC))


class IdTokenAuth(httpx.Auth):
    """Of a client: each request has an ID token for the service of this URL, which is fetched beforehand."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        fetch: Callable[[str], IdToken] = fetch,
        headers: Sequence[str] = HEADERS,
    ) -> None:
        """``fetch`` may block: it is called in a thread. ``headers`` are those that have the token."""
        self._headers = headers
        self._audience = url.removesuffix("/")
        self._clock = clock
        self._fetch = fetch
        self._known: IdToken | None = None
        self._tried_at: datetime | None = None
        self._fetching = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Raises ``NoIdToken``."""
        bearer = f"Bearer {await self._token()}"
        request.headers.update(dict.fromkeys(self._headers, bearer))
        yield request

    async def _token(self) -> str:
        if self._should_fetch() and not (self._usable() and self._fetching.locked()):
            async with self._fetching:
                if self._should_fetch():
                    await self._replace()
        usable = self._usable()
        if usable is None:
            raise NoIdToken("Google has given no ID token")
        return usable.text

    def _should_fetch(self) -> bool:
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < RETRY_INTERVAL:
            return False
        return self._known is None or now >= self._known.expires_at - RENEWAL

    def _usable(self) -> IdToken | None:
        return self._known if self._known is not None and self._clock() < self._known.expires_at else None

    async def _replace(self) -> None:
        """The one before stays where this fails."""
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                self._known = await asyncio.to_thread(self._fetch, self._audience)
        except (GoogleAuthError, TimeoutError, ValueError) as error:
            log.warning("Google gives no ID token for %s: %r", self._audience, error)
        finally:
            self._tried_at = self._clock()
