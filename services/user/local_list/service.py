"""Local lists as clients, tokens, stations and others change them: each time by one write of one document."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import shorten
from typing import Concatenate, ParamSpec, Self

import httpx

from libs.csms.alarm import Alarm
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import Clock
from libs.csms.errors import Invalid, NotFound, Unavailable
from libs.csms.messaging.router import Router
from libs.csms.parallel import each
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Collection, Index, Query, Store

from ..tokens.changes import TokenChange
from ..tokens.model import IdToken, token_key
from ..tokens.service import Tokens
from .model import ListedToken, LocalList

MAX_TOKENS = 5_000
"""On one list."""
MAX_TEXT_BYTES = 200_000
"""Of all texts on one list: its document, which holds them up to three times, has a mebibyte in Firestore."""
LISTS_PER_PAGE = 10
"""A page of them has some megabytes."""

P = ParamSpec("P")
Change = Callable[Concatenate[LocalList, datetime, P], LocalList]
"""A pure function of the list, the time, and what else has happened."""

router: Router[LocalLists] = Router("user")


@dataclass(frozen=True)
class LocalLists:
    """What the handlers, paths and the loop of local lists are given."""

    documents: Collection[LocalList]
    tokens: Tokens
    clock: Clock

    @classmethod
    def of(cls, store: Store, tokens: Tokens, clock: Clock) -> Self:
        return cls(store.collection("localLists", LocalList, [Index((), "retryAt")]), tokens, clock)

    @property
    def alarm(self) -> Alarm:
        """Wakes the loop for what changes in this process."""
        return self.tokens.changes.alarm

    async def shown(self, station_id: str) -> LocalList:
        """Pending while the change of one of its tokens has not been applied to it. Raises ``NotFound``."""
        known = _existing(await self.documents.get(station_id))
        if known.status == "synchronized":
            changed = await self.tokens.changes.outstanding()
            return known if changed.isdisjoint(known.desired) else known.changed(status="pending")
        return known

    async def replace(self, device: DeviceClient, station_id: str, texts: Sequence[str]) -> LocalList:
        """The first one replaces what the station has. Raises ``NotFound``, ``Unavailable``, ``Invalid``."""
        try:
            exists = await device.exists(station_id)
        except httpx.HTTPError as error:
            raise Unavailable("the device service does not answer", retry_after=5) from error
        if not exists:
            raise NotFound("there is no charging station of that id")
        desired = _within_bounds(await self._registered(texts, "idTokens"), "idTokens")
        now = self.clock()
        new = LocalList(station_id=station_id, list_id=uuid.uuid4().hex, updated_at=now)
        updated = await self.documents.update(station_id, lambda one: (one or new).edited(now, desired))
        return self._scheduled(updated)

    async def patch(self, station_id: str, add: Sequence[str], remove: Sequence[str]) -> LocalList:
        """Raises ``NotFound`` and ``Invalid``."""
        added, removed = await self._registered(add, "add"), {token_key(text) for text in remove}
        if both := sorted(added.keys() & removed):
            raise Invalid(f"body: in add and in remove: {_named(both)}")

        def patched(known: LocalList, now: datetime) -> LocalList:
            kept = {key: token for key, token in (known.desired | added).items() if key not in removed}
            return known.edited(now, _within_bounds(kept, "add"))

        return _existing(await self.change(station_id, patched))

    async def delete(self, station_id: str) -> LocalList:
        """The station is sent an empty list, then the list is removed. Raises ``NotFound``."""
        return _existing(await self.change(station_id, LocalList.edited, {}, is_leaving=True))

    async def change(
        self, station_id: str, change: Change[P], *arguments: P.args, **options: P.kwargs
    ) -> LocalList | None:
        """None if the station has no list, as most have none: that costs one read."""
        now = self.clock()
        changed = await update_existing(
            self.documents, station_id, lambda known: change(known, now, *arguments, **options)
        )
        return None if changed is None else self._scheduled(changed)

    async def station_deleted(self, station_id: str, at: datetime) -> None:
        """A list that was changed after that is for another station, which got the same id."""
        known = await self.documents.get(station_id)
        if known is not None and known.updated_at <= at:
            await self.remove(known)
        elif known is not None:
            await self.change(station_id, LocalList.station_replaced)

    async def remove(self, known: LocalList) -> None:
        """Unless somebody has just changed it: then the station is sent all of it."""
        deleted = await self.documents.delete(known.station_id)
        if deleted is not None and (deleted.list_id, deleted.revision) != (known.list_id, known.revision):
            again = deleted.station_replaced(self.clock())
            self._scheduled(await self.documents.update(known.station_id, lambda one: one or again))

    async def apply_token_changes(self, changes: Sequence[TokenChange]) -> None:
        """Tell the lists, in one pass for all these tokens, then forget the changes."""
        changed = {change.token for change in changes}
        deleted = {change.token for change in changes if change.is_deletion}
        deleted |= changed - (await found(changed - deleted, self.tokens.documents.get)).keys()
        async for known in every(self.documents, Query(page_size=LISTS_PER_PAGE)):
            if not changed.isdisjoint(known.desired):
                await self.change(known.station_id, LocalList.tokens_changed, changed, deleted)
        await self.tokens.changes.remove(changes)

    def _scheduled(self, known: LocalList) -> LocalList:
        if known.retry_at is not None:
            self.alarm.set(known.retry_at)
        return known

    async def _registered(self, texts: Sequence[str], field: str) -> dict[str, ListedToken]:
        """The texts as they are registered, by key. A PIN is refused without being repeated."""
        wanted = {token_key(text): text for text in texts}
        tokens = await found(wanted, self.tokens.documents.get)
        missing = [text for key, text in wanted.items() if key not in tokens]
        if await found(missing, self.tokens.key_code):
            raise Invalid(f"body.{field}: one is a KeyCode, whose text is not kept: no list has it")
        if missing:
            raise Invalid(f"body.{field}: unknown tokens: {_named(missing)}", idTokens=missing)
        return {key: ListedToken(tokens[key].id_token or text) for key, text in wanted.items()}


async def found(names: Iterable[str], find: Callable[[str], Awaitable[IdToken | None]]) -> dict[str, IdToken]:
    """The tokens that exist, by the names under which they are looked for."""
    tokens: dict[str, IdToken | None] = {}

    async def look_for(name: str) -> None:
        tokens[name] = await find(name)

    await each(names, look_for)
    return {name: token for name, token in tokens.items() if token is not None}


def _existing(known: LocalList | None) -> LocalList:
    if known is None:
        raise NotFound("the charging station has no local list")
    return known


def _within_bounds(tokens: Mapping[str, ListedToken], field: str) -> Mapping[str, ListedToken]:
    size = sum(len(token.id_token.encode()) for token in tokens.values())
    if len(tokens) > MAX_TOKENS or size > MAX_TEXT_BYTES:
        raise Invalid(
            f"body.{field}: a list has at most {MAX_TOKENS} tokens, which have at most {MAX_TEXT_BYTES} "
            "characters together, where one beyond ASCII counts as the bytes of its UTF-8"
        )
    return tokens


def _named(texts: Iterable[str]) -> str:
    """The first of them. Where they are no secrets, all are in the problem's member ``idTokens``."""
    return shorten(", ".join(texts), 300, placeholder=" and more")
