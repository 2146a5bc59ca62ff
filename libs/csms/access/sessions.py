"""The sessions of people: the cookie that shows one, and the token that a page must send beside it. Only this
module knows the secrets of sessions, of which it keeps hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple, Self

from fastapi import Depends, Request
from starlette.datastructures import Headers

from ..clock import Clock
from ..errors import NotFound
from ..limits import TokenBuckets
from ..storage.queries import update_existing
from ..storage.store import Collection, NotStored, Query, Store
from .callers import Caller
from .people import PERSON_ID, SESSION_LIFETIME, Person, Session

TOKEN_BYTES = 32

CACHE_LIFETIME = timedelta(seconds=5)
"""After which a person is read again: so long a session that has ended may count in another process."""

CACHE_SIZE = 1_024
"""People, and ids of which there is nobody."""

REREADS_PER_SECOND = 1.0
"""Of one id, for tokens that are not among the person's sessions. Guesses cost no more than that, and the
same whether or not there is a person of that id."""

MAX_REREADS_AT_ONCE = 10

SIGN_IN = "POST", "/sessions"
"""Method and path of the one request that needs no caller."""

SECURE_COOKIE = "__Host-csms"
"""Over TLS. Browsers take this name from the very host only, over TLS only, and for all of its paths."""

LOOPBACK_COOKIE = "csms-session"
"""Without TLS, where browsers do not take the other name."""

CSRF_HEADER = "X-CSRF-Token"

SESSION = "csms.session"
"""Where the session stands in the ASGI scope of a request that has shown its cookie."""

_COOKIE = re.compile(rf"({PERSON_ID.strip('^$')}):([A-Za-z0-9_-]{{43}})")


class NotSignedIn(NotFound):
    """The caller is no person who has signed in here, so he has no session, password or second factor."""

    def __init__(self) -> None:
        super().__init__("only people who have signed in here have sessions, a password and a second factor")


@dataclass(frozen=True)
class SignedIn:
    """The session of a request."""

    caller: Caller
    session_id: str
    csrf_token: str
    """Which a request that changes something sends as ``X-CSRF-Token``. Pages of other origins cannot read
    it."""

    def accepts(self, csrf_token: str) -> bool:
        """In constant time."""
        return hmac.compare_digest(self.csrf_token.encode(), csrf_token.encode())


class NewSession(NamedTuple):
    session: Session
    cookie: str
    """Its value. It is nowhere else."""
    csrf_token: str


class _Cached(NamedTuple):
    person: Person | None
    read_at: datetime


class Sessions:
    """Every process caches the people who use it. A change counts in all processes within ``CACHE_LIFETIME``,
    and in its own at once if it is made by ``update`` or ``delete``.
    """

    def __init__(self, people: Collection[Person], clock: Clock) -> None:
        self.people = people
        self.clock = clock
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        self._rereads = TokenBuckets(REREADS_PER_SECOND, MAX_REREADS_AT_ONCE)
        self._anybody: tuple[bool, datetime] | None = None
        self._writes = 0

    @classmethod
    def of(cls, store: Store, clock: Clock) -> Self:
        return cls(store.collection("people", Person), clock)

    async def signed_in(self, cookie: str) -> SignedIn | None:
        """Whose cookie this is; None if its session does not count."""
        parsed = _COOKIE.fullmatch(cookie)
        if parsed is None:
            return None
        id, token = parsed.groups()
        sha256, now = _digest(token), self.clock()
        person, read_at = await self._cached(id)
        session = person.session(sha256, now) if person is not None else None
        if session is None and read_at < now and not self._rereads.take(id):
            person = await self._read(id)  # it may have begun in another process since
            session = person.session(sha256, now) if person is not None else None
        if person is None or session is None:
            return None
        if session.used(now) is not session:
            await self._store_use(id, session.id, now)
        return SignedIn(person.caller, session.id, _csrf_token(token))

    async def is_anybody(self) -> bool:
        """Whether there is a person, also one who cannot sign in any more."""
        now = self.clock()
        if self._anybody is None or not (self._anybody[0] or now - self._anybody[1] < CACHE_LIFETIME):
            page = await self.people.find(Query(page_size=1))
            self._anybody = bool(page.items), now
        return self._anybody[0]

    def new(self, person_id: str, address: str) -> NewSession:
        """It begins when it is stored with the person."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self.clock()
        session = Session(
            id=secrets.token_hex(8), sha256=_digest(token), created_at=now, last_used_at=now, address=address
        )
        return NewSession(session, f"{person_id}:{token}", _csrf_token(token))

    async def add(self, id: str, change: Callable[[Person | None], Person]) -> Person:
        """As ``Collection.update``."""
        with self._writing(id):
            person = await self.people.update(id, change)
        self._anybody = True, self.clock()
        return person

    async def update(self, id: str, change: Callable[[Person], Person]) -> Person | None:
        """As ``update_existing``."""
        with self._writing(id):
            return await update_existing(self.people, id, change)

    async def delete(self, id: str) -> Person | None:
        with self._writing(id):
            return await self.people.delete(id)

    @contextmanager
    def _writing(self, id: str) -> Iterator[None]:
        try:
            yield
        finally:
            self._writes += 1
            self._cache.pop(id, None)

    async def _cached(self, id: str) -> _Cached:
        known, now = self._cache.get(id), self.clock()
        if known is None or now - known.read_at >= CACHE_LIFETIME:
            return _Cached(await self._read(id), now)
        self._cache.move_to_end(id)
        return known

    async def _read(self, id: str) -> Person | None:
        now, writes = self.clock(), self._writes
        person = await self.people.get(id)
        if self._writes != writes:  # by this process, and what was read may be older
            return await self.people.get(id)
        self._cache[id] = _Cached(person, now)
        self._cache.move_to_end(id)
        if len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return person

    async def _store_use(self, id: str, session_id: str, at: datetime) -> None:
        """Nobody is refused because this cannot be written."""
        try:
            await self.update(id, lambda known: known.with_use(session_id, at))
        except NotStored:
            return


def cookie_in(headers: Headers, scheme: str) -> str | None:
    """The value of the session cookie. None if there is none, or more than one: who sets a cookie beside ours
    from elsewhere gets no session with it.
    """
    name = _cookie_name(scheme)
    pairs = [pair.strip().partition("=") for text in headers.getlist("Cookie") for pair in text.split(";")]
    values = [value for found, _, value in pairs if found == name]
    return values[0] if len(values) == 1 else None


def account_of(cookie: str) -> str:
    """Whose failures count against a cookie: its own. One that has ended, which a page may still send for
    hours, is not in the way of the next one; and nobody learns which ids are those of people.
    """
    return f"session {_digest(cookie)}"


def set_cookie(value: str, scheme: str) -> str:
    """The header that gives a browser the cookie."""
    return _cookie(value, scheme, int(SESSION_LIFETIME.total_seconds()))


def clear_cookie(scheme: str) -> str:
    """The header that takes the cookie from a browser."""
    return _cookie("", scheme, 0)


def shown_cookie(value: str, scheme: str) -> str:
    """The header with which a request by that scheme shows the cookie."""
    return f"{_cookie_name(scheme)}={value}"


def cookie_given(set_cookie: str) -> str:
    """The value of the cookie that such a header gives to a browser."""
    return set_cookie.partition(";")[0].partition("=")[2]


def session_of(request: Request) -> SignedIn:
    """Raises ``NotSignedIn``."""
    found: SignedIn | None = request.scope.get(SESSION)
    if found is None:
        raise NotSignedIn
    return found


TheSession = Annotated[SignedIn, Depends(session_of)]
"""For handlers that are about the person who asks."""


def _cookie_name(scheme: str) -> str:
    return SECURE_COOKIE if scheme == "https" else LOOPBACK_COOKIE


def _cookie(value: str, scheme: str, max_age: int) -> str:
    secure = "; Secure" if scheme == "https" else ""
    return f"{_cookie_name(scheme)}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Strict{secure}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _csrf_token(token: str) -> str:
    """It follows from the session, so it is stored nowhere, and says nothing of the session's own token."""
    return hmac.digest(token.encode(), b"CSRF token", "sha256").hex()
