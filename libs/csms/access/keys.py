"""Keys of programs: how they are made, stored and recognized. Only this module knows their secrets, of which
it keeps hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from pydantic import Field

from ..clock import Clock, Time
from ..errors import Conflict, NotFound, TooMany
from ..storage.queries import every, update_existing
from ..storage.store import Collection, Document, NotStored, Page, Query, Store
from .callers import Caller
from .scopes import ROLES, Role, Scope, with_implied

SECRET_BYTES = 32

LIFETIME = timedelta(days=90)
"""Of a secret, unless it is said otherwise."""

ROTATION_OVERLAP = timedelta(days=7)
"""How long the secret before counts beside a new one."""

SECRETS_PER_KEY = 2
"""That count at the same time."""

MAX_KEYS = 1_000
"""Those that are revoked or expired make room for new ones."""

CACHE_LIFETIME = timedelta(seconds=5)
"""After which a key is read again: so long a revoked key may count in another process."""

CACHE_SIZE = 1_024
"""Keys, and ids of which there is no key."""

USE_INTERVAL = timedelta(hours=1)
"""The last use of a key is stored once in this time."""

_KEY = re.compile(r"csms_([0-9a-z]{1,32})_([A-Za-z0-9_-]{43})")


class UnknownKey(NotFound):
    """There is no key of that id."""

    def __init__(self) -> None:
        super().__init__("there is no key of that id")


class RevokedKey(Conflict):
    """The key is revoked, for good."""

    def __init__(self) -> None:
        super().__init__("the key is revoked: create another one")


class KeySecret(Document):
    """A plain hash is enough, because the secret is 256 random bits."""

    sha256: str = Field(description="SHA-256 of the secret, hexadecimal.")
    expires_at: Time = Field(description="The secret does not count from this time on.")


class Key(Document):
    id: str = Field(description="The middle part of the key as it is presented; no secret.")
    name: str = Field(description="What the key is for, in the words of who made it.")
    role: Role | None = Field(default=None, description="Whose scopes the key has, besides its own.")
    scopes: tuple[Scope, ...] = Field(default=(), description="The scopes of the key, besides its role's.")
    groups: tuple[str, ...] | None = Field(
        default=None, description="The groups whose stations it may see; absent: all stations."
    )
    secrets: tuple[KeySecret, ...] = Field(description="The newest first; one or two.")
    created_at: Time = Field(description="When it was made.")
    created_by: str = Field(description="Id of the caller who made it.")
    last_used_at: Time | None = Field(default=None, description="When it was last used, to one hour.")
    revoked_at: Time | None = Field(default=None, description="When it was revoked; absent while it counts.")

    @property
    def expires_at(self) -> datetime:
        return max(secret.expires_at for secret in self.secrets)

    @property
    def caller(self) -> Caller:
        role = ROLES[self.role] if self.role is not None else frozenset()
        groups = None if self.groups is None else frozenset(self.groups)
        return Caller(self.id, "key", with_implied(role | set(self.scopes)), groups)

    def counts(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at

    def accepts(self, sha256: str, at: datetime) -> bool:
        """Compares every secret in constant time."""
        matches = [hmac.compare_digest(one.sha256, sha256) and at < one.expires_at for one in self.secrets]
        return any(matches) and self.revoked_at is None

    def used(self, at: datetime) -> Key:
        if self.last_used_at is not None and at - self.last_used_at < USE_INTERVAL:
            return self
        return self.changed(last_used_at=at)

    def revoked(self, at: datetime) -> Key:
        return self if self.revoked_at is not None else self.changed(revoked_at=at)

    def rotated(self, secret: KeySecret, at: datetime, overlap: timedelta) -> Key:
        """Raises ``RevokedKey``."""
        if self.revoked_at is not None:
            raise RevokedKey
        before = [one.changed(expires_at=min(one.expires_at, at + overlap)) for one in self.secrets]
        kept = [one for one in before if at < one.expires_at]
        return self.changed(secrets=(secret, *kept)[:SECRETS_PER_KEY])


class NewKey(NamedTuple):
    key: Key
    text: str
    """What the program presents. It is nowhere else."""


class _Cached(NamedTuple):
    key: Key | None
    read_at: datetime


class Keys:
    """The stored keys. Every process caches those that it sees; a change counts in all of them within
    ``CACHE_LIFETIME``, and in its own at once.
    """

    def __init__(self, documents: Collection[Key], clock: Clock) -> None:
        self.documents = documents
        self.clock = clock
        self._cache: OrderedDict[str, _Cached] = OrderedDict()
        self._any: tuple[bool, datetime] | None = None

    @classmethod
    def of(cls, store: Store, clock: Clock) -> Self:
        return cls(store.collection("keys", Key), clock)

    async def caller(self, text: str) -> Caller | None:
        """Who presents this key; None if it does not count."""
        parsed = _KEY.fullmatch(text)
        if parsed is None:
            return None
        id, secret = parsed.groups()
        key, now = await self._cached(id), self.clock()
        if key is None or not key.accepts(_digest(secret), now):
            return None
        if key.used(now) is not key:
            await self._store_use(id, now)
        return key.caller

    async def is_any(self) -> bool:
        """Whether there is a key, also one that does not count any more."""
        now = self.clock()
        if self._any is None or not (self._any[0] or now - self._any[1] < CACHE_LIFETIME):
            page = await self.documents.find(Query(page_size=1))
            self._any = bool(page.items), now
        return self._any[0]

    async def page(self, size: int, token: str) -> Page[Key]:
        return await self.documents.find(Query(page_size=size, page_token=token))

    async def existing(self, id: str) -> Key:
        """Raises ``UnknownKey``."""
        key = await self.documents.get(id)
        if key is None:
            raise UnknownKey
        return key

    async def create(
        self,
        name: str,
        created_by: str,
        role: Role | None = None,
        scopes: Sequence[Scope] = (),
        groups: Sequence[str] | None = None,
        lifetime: timedelta = LIFETIME,
    ) -> NewKey:
        """Raises ``TooMany``."""
        await self._make_room()
        id, secret, now = secrets.token_hex(8), secrets.token_urlsafe(SECRET_BYTES), self.clock()
        key = Key(
            id=id,
            name=name,
            role=role,
            scopes=tuple(sorted(set(scopes))),
            groups=None if groups is None else tuple(sorted(set(groups))),
            secrets=(KeySecret(sha256=_digest(secret), expires_at=now + lifetime),),
            created_at=now,
            created_by=created_by,
        )
        await self.documents.put(id, key)
        self._any = True, now
        self._forget(id)
        return NewKey(key, f"csms_{id}_{secret}")

    async def rotate(
        self, id: str, overlap: timedelta = ROTATION_OVERLAP, lifetime: timedelta = LIFETIME
    ) -> NewKey:
        """A new secret; the one before counts for ``overlap`` longer, one before that no more. Raises
        ``UnknownKey`` and ``RevokedKey``.
        """
        text, now = secrets.token_urlsafe(SECRET_BYTES), self.clock()
        new = KeySecret(sha256=_digest(text), expires_at=now + lifetime)
        key = await update_existing(self.documents, id, lambda known: known.rotated(new, now, overlap))
        self._forget(id)
        if key is None:
            raise UnknownKey
        return NewKey(key, f"csms_{id}_{text}")

    async def revoke(self, id: str) -> Key:
        """Raises ``UnknownKey``."""
        now = self.clock()
        key = await update_existing(self.documents, id, lambda known: known.revoked(now))
        self._forget(id)
        if key is None:
            raise UnknownKey
        return key

    async def _cached(self, id: str) -> Key | None:
        known, now = self._cache.get(id), self.clock()
        if known is None or now - known.read_at >= CACHE_LIFETIME:
            known = _Cached(await self.documents.get(id), now)
            self._cache[id] = known
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        self._cache.move_to_end(id)
        return known.key

    def _forget(self, id: str) -> None:
        self._cache.pop(id, None)

    async def _store_use(self, id: str, at: datetime) -> None:
        """Nobody is refused because this cannot be written."""
        try:
            key = await update_existing(self.documents, id, lambda known: known.used(at))
        except NotStored:
            return
        if key is not None:
            self._cache[id] = _Cached(key, at)

    async def _make_room(self) -> None:
        if await self.documents.count({}) < MAX_KEYS:
            return
        now = self.clock()
        useless = [key.id async for key in every(self.documents, Query()) if not key.counts(now)]
        for id in useless:
            await self.documents.delete(id)
        if not useless:
            raise TooMany(f"there are {MAX_KEYS} keys already: revoke those that nobody uses")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
