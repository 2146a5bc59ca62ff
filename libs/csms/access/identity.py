"""Who sends a request. It is pure ASGI, and comes after the guard: nothing of the body is read before."""

from __future__ import annotations

import hmac
import logging
import time

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import Forbidden
from ..limits import FailedLogins, Seconds
from ..settings import Settings
from ..web.guard import DOCUMENTATION, HEALTH, SAFE_METHODS, is_exempt, requests_by, too_many
from ..web.problems import problem, problem_of
from ..web.server import is_loopback
from .callers import CALLER, LOCAL, NOBODY, SERVICES, TOKEN, Caller
from .identity_tokens import ExpiredToken, WrongToken
from .keys import Keys
from .sessions import CSRF_HEADER, SESSION, SIGN_IN, Sessions, account_of, cookie_in
from .signing_keys import KeysUnavailable
from .token_callers import IdentityTokens

log = logging.getLogger(__name__)

TOKEN_HOLDER = "token"
"""The account of whoever presents what does not look like a key."""


class Identity:
    """An ASGI application around another one, which finds the caller at ``CALLER`` in the scope."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        keys: Keys | None,
        service_keys: dict[str, str],
        clock: Seconds = time.monotonic,
        tokens: IdentityTokens | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        """``keys`` and ``sessions`` are those in the store; None for an API without one. ``service_keys`` are
        those of other services, by their names. ``tokens`` are those of outside issuers, where there are any.
        """
        self._app = app
        self._keys = keys
        self._tokens = tokens
        self._sessions = sessions
        self._token = settings.api_token.get_secret_value().encode() if settings.api_token else None
        self._service_keys = service_keys
        self._is_loopback = is_loopback(settings.host)
        self._requests = requests_by(settings, clock)
        self._failures = FailedLogins(settings.failed_logins_per_minute, clock=clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or CALLER in scope or path in HEALTH or path.startswith(DOCUMENTATION):
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else ""
        found = NOBODY if (scope["method"], path) == SIGN_IN else await self._found(scope, address)
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        scope[CALLER] = found
        await self._app(scope, receive, send)

    async def _found(self, scope: Scope, address: str) -> Caller | Response:
        headers = Headers(scope=scope)
        return (
            await self._by_identity_token(headers, address)
            or await self._by_session(scope, headers, address)
            or await self._caller(headers.get("Authorization", ""), address)
        )

    async def _caller(self, authorization: str, address: str) -> Caller | Response:
        """Or the refusal. A request without a key guesses nothing, so it does not count as a failure."""
        scheme, _, presented = authorization.partition(" ")
        presented, is_bearer = presented.strip(), scheme.lower() == "bearer"
        account = _account(presented)
        if is_bearer and (wait := self._failures.wait(address, account)):
            return too_many(wait, "too many wrong tokens")
        caller = await self._known(presented) if is_bearer else None
        if caller is not None:
            if caller.kind == "key":  # whose owner others at his address do not slow down
                self._failures.succeeded(address, account)
            wait = 0 if is_exempt(address) else self._requests.take(caller.id)
            return too_many(wait, "too many requests of this caller") if wait else caller
        if await self._needs_no_key():
            return LOCAL
        if is_bearer:
            self._failures.failed(address, account)
            log.warning("address %s: a bearer token was wrong", address)
        return problem(401, "a key is needed, as the bearer", {"WWW-Authenticate": "Bearer"})

    async def _by_identity_token(self, headers: Headers, address: str) -> Caller | Response | None:
        """Whom an identity token names, or the refusal; None where there is none. One that has expired is no
        guess.
        """
        presented = self._tokens.presented(headers) if self._tokens is not None else None
        if self._tokens is None or presented is None:
            return None
        account = presented.account
        if wait := self._failures.wait(address, account):
            return too_many(wait, "too many wrong tokens")
        try:
            caller = await self._tokens.caller(presented)
        except ExpiredToken:
            return _refused("the identity token has expired")
        except WrongToken as error:
            self._failures.failed(address, account)
            log.warning("address %s: an identity token was wrong: %s", address, error)
            return _refused("the identity token does not count here")
        except (Forbidden, KeysUnavailable) as error:
            return problem_of(error)
        self._failures.succeeded(address, account)
        wait = 0 if is_exempt(address) else self._requests.take(caller.id)
        return too_many(wait, "too many requests of this caller") if wait else caller

    async def _by_session(self, scope: Scope, headers: Headers, address: str) -> Caller | Response | None:
        """Whose session the cookie shows, or the refusal; None where there is none. A bearer goes first."""
        if self._sessions is None or headers.get("Authorization", "").lower().startswith("bearer "):
            return None
        cookie = cookie_in(headers, scope["scheme"])
        if cookie is None or not await self._sessions.is_anybody():
            return None
        account = account_of(cookie)
        if wait := self._failures.wait(address, account):
            return too_many(wait, "too many cookies of sessions that are over, or never were")
        session = await self._sessions.signed_in(cookie)
        if session is None:
            self._failures.failed(address, account)
            return problem(401, "the session has ended: sign in again", {"WWW-Authenticate": "Bearer"})
        self._failures.succeeded(address, account)
        if scope["method"] not in SAFE_METHODS and not session.accepts(headers.get(CSRF_HEADER, "")):
            return problem(
                403, f"who shows a session cookie needs {CSRF_HEADER} too, with the csrfToken of GET /me"
            )
        scope[SESSION] = session
        wait = 0 if is_exempt(address) else self._requests.take(session.caller.id)
        return too_many(wait, "too many requests of this caller") if wait else session.caller

    async def _known(self, presented: str) -> Caller | None:
        if self._token is not None and hmac.compare_digest(presented.encode(), self._token):
            return TOKEN
        for name, key in self._service_keys.items():
            if hmac.compare_digest(presented.encode(), key.encode()):
                return SERVICES[name]
        return await self._keys.caller(presented) if self._keys is not None else None

    async def _needs_no_key(self) -> bool:
        """On loopback, until somebody has configured who may do what."""
        if self._token is not None or self._tokens is not None or not self._is_loopback:
            return False
        if self._sessions is not None and await self._sessions.is_anybody():
            return False
        return self._keys is None or not await self._keys.is_any()


def _account(presented: str) -> str:
    """Whose secret is guessed: the key of the id in what is presented."""
    prefix, _, rest = presented.partition("_")
    return rest.partition("_")[0][:32] if prefix == "csms" else TOKEN_HOLDER


def _refused(detail: str) -> Response:
    return problem(401, detail, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
