"""Tokens: created, changed and deleted for clients, and whether they may charge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from libs.csms.clients.authorization import Authorization, Presented
from libs.csms.clock import Clock
from libs.csms.errors import Conflict, Invalid, NotFound
from libs.csms.messaging.router import Router
from libs.csms.pepper import Pepper
from libs.csms.secrets import is_secret_token_type
from libs.csms.settings import Settings
from libs.csms.storage.queries import update_from
from libs.csms.storage.store import Collection, Page, Query, Scalar, Store, filters

from .authorizer import Authorizer
from .bodies import IdTokenBody, NewIdToken
from .changes import TokenChanges
from .guesses import Guesses
from .model import IdToken, key_code_key, may_be_key_code, old_key_code_key, token_key
from .policies import Policies

router: Router[Tokens] = Router("user")


WRONG = {"Invalid", "Unknown"}
"""Statuses of a KeyCode that nobody knows: it was guessed, or mistyped."""


class UnknownToken(NotFound):
    """There is no token of that text."""

    def __init__(self) -> None:
        super().__init__("there is no token of that text")


class TokenExists(Conflict):
    """There is a token of that text already; in another case it is the same one."""

    def __init__(self) -> None:
        super().__init__("there is a token of that text already")


@dataclass(frozen=True)
class Tokens:
    """What the handlers and paths of tokens are given."""

    documents: Collection[IdToken]
    changes: TokenChanges
    policies: Policies
    guesses: Guesses
    pepper: Pepper
    """With which KeyCodes are hashed."""
    clock: Clock
    cache_lifetime: timedelta | None = None
    """How long a station may rely on an answer; None leaves that to the station."""
    authorizer: Authorizer | None = None
    """Is asked about tokens of the types whose policy says so."""

    @classmethod
    def of(cls, store: Store, clock: Clock, settings: Settings, authorizer: Authorizer | None = None) -> Self:
        pepper = Pepper.of(settings)
        seconds = settings.auth_cache_lifetime
        return cls(
            documents=store.collection("idTokens", IdToken, filters("groupIdToken", "status", "type")),
            changes=TokenChanges.of(store, clock),
            policies=Policies.of(store),
            guesses=Guesses.of(store, pepper, clock),
            pepper=pepper,
            clock=clock,
            cache_lifetime=None if seconds is None else timedelta(seconds=seconds),
            authorizer=authorizer,
        )

    async def authorize(
        self, id_token: str, type_: str | None, presented: Presented | None = None
    ) -> Authorization:
        """Whether a token may charge now; ``type_`` None is any. An unknown token is an answer too.

        What is registered as not Accepted may never charge, under no policy. Reads no policy for a token
        that is registered, unless there is an authorizer. Wrong KeyCodes count where a station presented
        them; nothing is read for that of a token that is registered and no KeyCode.
        """
        if presented is not None and id_token and may_be_key_code(type_):
            return await self._authorize_guess(id_token, type_, presented)
        token = await self.find(id_token, type_) if id_token else None
        return await self._decide(id_token, type_, token)

    async def _authorize_guess(self, id_token: str, type_: str | None, presented: Presented) -> Authorization:
        """While its KeyCodes are blocked, a station does not learn which one is right: not by the status, nor
        by the time that the answer takes.
        """
        if type_ is None and (token := await self._other(id_token)) is not None:
            return await self._decide(id_token, type_, token)
        if await self.guesses.block(presented.station_id):
            if type_ is None:
                return await self._decide(id_token, type_, None)
            return Authorization(
                status="Invalid", cache_expiry_date_time=self._cached_until(None, self.clock())
            )
        key_code = await self.key_code(id_token)
        authorization = await self._decide(id_token, type_, key_code)
        if key_code is None and authorization.status in WRONG:
            await self.guesses.add(presented, id_token)
        return authorization

    async def _decide(self, id_token: str, type_: str | None, token: IdToken | None) -> Authorization:
        """``token`` is what is registered under that text."""
        now = self.clock()
        registered = token if token is not None and token.is_of(type_) else None
        if registered is not None and (self.authorizer is None or registered.status_at(now) != "Accepted"):
            return self._known(registered, now)
        policy = await self.policies.of_type(type_ or (token.type if token is not None else None))
        status = "Accepted" if token is None else token.status_at(now)
        if policy.policy == "ask" and self.authorizer is not None and status == "Accepted":
            answer = await self.authorizer.authorize(id_token, type_)
            if answer is not None:
                until = self._cached_until(answer.cache_expiry_date_time, now)
                return answer.changed(cache_expiry_date_time=until)
        if registered is not None:
            return self._known(registered, now)
        if policy.without_authorizer == "known":
            status = "Unknown"
        return Authorization(status=status, cache_expiry_date_time=self._cached_until(None, now))

    def _known(self, token: IdToken, now: datetime) -> Authorization:
        return Authorization(
            status=token.status_at(now),
            cache_expiry_date_time=self._cached_until(token.expiry_date_time, now),
            group_id_token=token.group_id_token,
            max_active_transactions=token.max_active_transactions or None,
        )

    async def find_all(
        self, filters: Mapping[str, Scalar], beginning: str, size: int, page_token: str
    ) -> Page[IdToken]:
        """With a beginning, tokens whose texts begin like this. No KeyCode is among them: its id begins with
        a hash, which must not be guessed.
        """
        if not beginning:
            return await self.documents.find(Query(filters, page_size=size, page_token=page_token))
        first = token_key(beginning)
        last = first + "\U0010ffff"
        query = Query(filters, from_=first, to=last, page_size=size, page_token=page_token)
        page = await self.documents.find(query)
        return Page([one for one in page.items if one.id_token is not None], page.next_page_token)

    async def find(self, id_token: str, type_: str | None) -> IdToken | None:
        """The token of that text and type, or of any type if that is None."""
        token = None if is_secret_token_type(type_) else await self._other(id_token)
        return token or (await self.key_code(id_token) if may_be_key_code(type_) else None)

    async def _other(self, id_token: str) -> IdToken | None:
        """A token that is no KeyCode. The hash of a KeyCode is no token."""
        token = await self.documents.get(token_key(id_token))
        return None if token is not None and is_secret_token_type(token.type) else token

    async def key_code(self, id_token: str) -> IdToken | None:
        """The KeyCode of that text."""
        key = key_code_key(id_token, self.pepper)
        return await self.documents.get(key) or await self._rehashed(old_key_code_key(id_token), key)

    async def _rehashed(self, old_key: str, key: str) -> IdToken | None:
        """A KeyCode that an earlier version stored, which moves to its new id. Whoever has written it there
        removes the old one. If that has gone, the token was deleted meanwhile: it must not come back.
        """
        old = await self.documents.get(old_key)
        if old is None:
            return None
        before, token = await update_from(self.documents, key, lambda known: known or old)
        if before is None and await self.documents.delete(old_key) is None:
            await self.documents.delete(key)
            return None
        return token

    async def existing(self, id_token: str) -> IdToken:
        """Raises ``UnknownToken``."""
        token = await self.find(id_token, None)
        if token is None:
            raise UnknownToken
        return token

    async def create(self, body: NewIdToken) -> IdToken:
        """Raises ``TokenExists``."""
        if await self.find(body.id_token, None) is not None:
            raise TokenExists

        def created(token: IdToken | None) -> IdToken:
            if token is not None:
                raise TokenExists
            return body.created()

        return await self.documents.update(self.key(body.id_token, body.type), created)

    async def replace(self, id_token: str, body: IdTokenBody) -> IdToken:
        """Of a token that exists. Raises ``UnknownToken`` and ``Invalid``."""
        return await self._change(id_token, body, body.replacing)

    async def patch(self, id_token: str, body: IdTokenBody) -> IdToken:
        """Raises ``UnknownToken`` and ``Invalid``."""
        return await self._change(id_token, body, body.merged_into)

    async def delete(self, id_token: str) -> None:
        """Raises ``UnknownToken``."""
        type_ = (await self.existing(id_token)).type
        key = self.key(id_token, type_)
        change, deleted = await self.changes.begin(key), None
        try:
            if is_secret_token_type(type_):  # a process that died may have left it there when it moved it
                await self.documents.delete(old_key_code_key(id_token))
            deleted = await self.documents.delete(key)
        finally:
            self.changes.complete(change.changed(is_deletion=deleted is not None))
        if deleted is None:
            raise UnknownToken

    async def _change(
        self, id_token: str, body: IdTokenBody, changed: Callable[[IdToken], IdToken]
    ) -> IdToken:
        if body.id_token is not None and body.id_token.casefold() != id_token.casefold():
            raise Invalid("body.idToken: differs from the one in the path")
        key = self.key(id_token, (await self.existing(id_token)).type)

        def found(token: IdToken | None) -> IdToken:
            if token is None:
                raise UnknownToken
            new = changed(token)
            if is_secret_token_type(new.type) is not is_secret_token_type(token.type):
                raise Invalid("body.type: a token cannot become a KeyCode, nor stop being one")
            return new

        change = await self.changes.begin(key)
        try:
            return await self.documents.update(key, found)
        finally:
            self.changes.complete(change)

    def key(self, id_token: str, type_: str | None) -> str:
        """The document id of a token of this type."""
        if is_secret_token_type(type_):
            return key_code_key(id_token, self.pepper)
        return token_key(id_token)

    def _cached_until(self, expiry: datetime | None, now: datetime) -> datetime | None:
        limit = None if self.cache_lifetime is None else now + self.cache_lifetime
        return min((at for at in (expiry, limit) if at is not None), default=None)
