"""Local lists as clients, tokens, stations and others change them: each time by one write of one document."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Self

import httpx

from libs.csms.clients.stations import DeviceClient, command_id
from libs.csms.clock import Clock, rfc3339
from libs.csms.errors import Invalid, NotFound, Unavailable
from libs.csms.messaging.router import Router
from libs.csms.parallel import each
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Collection, Index, Query, Store

from ..tokens.changes import TokenChange
from ..tokens.model import IdToken, token_key
from ..tokens.service import Tokens
from .model import LocalList, Status

MAX_TOKENS = 5_000
"""On one list."""
MAX_TEXT_BYTES = 200_000
"""Of all texts on one list: its document, which holds them up to three times, has a mebibyte in Firestore."""
MAX_NAMED_TOKENS = 20
"""In the detail of a problem; all of them are in its member ``idTokens``."""
LISTS_PER_PAGE = 10
"""A page of them has some megabytes."""

router: Router[LocalLists] = Router("user")


class UnknownLocalList(NotFound):
    """The charging station has no local list here."""

    def __init__(self) -> None:
        super().__init__("the charging station has no local list")


class UnknownStation(NotFound):
    """There is no charging station of that id."""

    def __init__(self) -> None:
        super().__init__("there is no charging station of that id")


@dataclass(frozen=True)
class LocalLists:
    """What the handlers, paths and the loop of local lists are given."""

    documents: Collection[LocalList]
    tokens: Tokens
    clock: Clock
    due: dict[str, datetime] = field(default_factory=dict)
    """When each list is to be worked on next, as far as this process knows. It saves the loop all reads."""

    @classmethod
    def of(cls, store: Store, tokens: Tokens, clock: Clock) -> Self:
        return cls(store.collection("localLists", LocalList, [Index((), "retryAt")]), tokens, clock)

    @property
    def signal(self) -> asyncio.Event:
        """Set when a list or a token has changed in this process."""
        return self.tokens.changes.signal

    async def existing(self, station_id: str) -> LocalList:
        """Raises ``UnknownLocalList``."""
        found = await self.documents.get(station_id)
        if found is None:
            raise UnknownLocalList
        return found

    async def status(self, known: LocalList) -> Status:
        """A list is not synchronized while the change of one of its tokens has not been applied to it."""
        if known.status != "synchronized":
            return known.status
        changed = await self.tokens.changes.outstanding()
        return "pending" if any(text.casefold() in changed for text in known.desired) else "synchronized"

    async def replace(self, device: DeviceClient, station_id: str, texts: Sequence[str]) -> LocalList:
        """The whole list. The first one of a station replaces whatever the station has.

        Raises ``UnknownStation``, ``Unavailable`` and ``Invalid``.
        """
        await _require_station(device, station_id)
        desired = _within_bounds(await self._registered(texts, "idTokens"), "idTokens")
        now = self.clock()
        new = LocalList(station_id=station_id, list_id=uuid.uuid4().hex, updated_at=now)
        changed = await self.documents.update(station_id, lambda one: (one or new).edited(desired, now))
        return self._scheduled(changed)

    async def patch(self, station_id: str, add: Sequence[str], remove: Sequence[str]) -> LocalList:
        """Raises ``UnknownLocalList`` and ``Invalid``."""
        await self.existing(station_id)
        added = {token_key(text): text for text in await self._registered(add, "add")}
        removed = {token_key(text) for text in remove}
        if both := sorted(text for key, text in added.items() if key in removed):
            raise Invalid(f"body: in add and in remove: {_named(both)}")
        now = self.clock()

        def patched(known: LocalList) -> LocalList:
            texts = {token_key(text): text for text in known.desired} | added
            kept = [text for key, text in texts.items() if key not in removed]
            return known.edited(_within_bounds(kept, "add"), now)

        return await self._changed(station_id, patched)

    async def delete(self, station_id: str) -> LocalList:
        """The station is sent an empty list, then the list is removed. Raises ``UnknownLocalList``."""
        now = self.clock()
        return await self._changed(station_id, lambda known: known.edited((), now, is_leaving=True))

    async def change(self, station_id: str, change: Callable[[LocalList], LocalList]) -> LocalList | None:
        """None if the station has no list, as most have none: that costs one read."""
        changed = await update_existing(self.documents, station_id, change)
        return None if changed is None else self._scheduled(changed)

    async def list_sent(self, station_id: str, command: str, version: int) -> None:
        """The station has accepted a SendLocalList, or may have: ours, or that of somebody else."""
        now = self.clock()

        def noticed(known: LocalList) -> LocalList:
            is_ours = command == command_id(station_id, known.key_of(version))
            return known if is_ours else known.replaced_by_others(command, version, now)

        await self.change(station_id, noticed)

    async def station_deleted(self, station_id: str, at: datetime) -> None:
        """A list that was changed after that is for another station, which got the same id."""
        known = await self.documents.get(station_id)
        if known is not None and known.updated_at <= at:
            await self.remove(known)
        elif known is not None:
            now = self.clock()
            await self.change(station_id, lambda one: one.station_replaced(now))

    async def remove(self, known: LocalList) -> None:
        """Unless somebody has just changed it: then the station is sent all of it."""
        deleted = await self.documents.delete(known.station_id)
        self.due.pop(known.station_id, None)
        if deleted is not None and (deleted.list_id, deleted.revision) != (known.list_id, known.revision):
            again = deleted.station_replaced(self.clock())
            self._scheduled(await self.documents.update(known.station_id, lambda one: one or again))

    async def apply_token_changes(self, changes: Sequence[TokenChange]) -> None:
        """Tell the lists, in one pass for all these tokens, then forget the changes."""
        changed = {change.token for change in changes}
        deleted = {change.token for change in changes if change.is_deletion}

        async def look_up(token: str) -> None:
            if await self.tokens.documents.get(token) is None:
                deleted.add(token)

        await each(changed - deleted, look_up)
        apply = partial(LocalList.tokens_changed, changed=changed, deleted=deleted, now=self.clock())
        async for known in every(self.documents, Query(page_size=LISTS_PER_PAGE)):
            if apply(known) is not known:
                await self.change(known.station_id, apply)
        await self.tokens.changes.remove(changes)

    async def find_due(self) -> None:
        """What other processes have left behind: this one does it next."""
        until = rfc3339(self.clock() + timedelta(milliseconds=1))
        query = Query(order_by="retryAt", to=until, page_size=LISTS_PER_PAGE)
        async for known in every(self.documents, query):
            self._scheduled(known)

    def take_due(self, limit: int) -> list[str]:
        """The stations whose lists have waited longest; each is taken once. Costs no read."""
        now = self.clock()
        stations = sorted((at, station_id) for station_id, at in self.due.items() if at <= now)[:limit]
        for _, station_id in stations:
            del self.due[station_id]
        return [station_id for _, station_id in stations]

    async def _changed(self, station_id: str, change: Callable[[LocalList], LocalList]) -> LocalList:
        changed = await self.change(station_id, change)
        if changed is None:
            raise UnknownLocalList
        return changed

    def _scheduled(self, known: LocalList) -> LocalList:
        if known.retry_at is None:
            self.due.pop(known.station_id, None)
        else:
            self.due[known.station_id] = known.retry_at
            self.signal.set()
        return known

    async def _registered(self, texts: Sequence[str], field: str) -> list[str]:
        """The texts as they are registered, each once. A PIN is refused without being repeated."""
        wanted = {token_key(text): text for text in texts}
        found: dict[str, IdToken | None] = {}

        async def find(key: str) -> None:
            found[key] = await self.tokens.find(wanted[key], None)

        await each(wanted, find)
        if unknown := [text for key, text in wanted.items() if found[key] is None]:
            raise Invalid(f"body.{field}: unknown tokens: {_named(unknown)}", idTokens=unknown)
        registered = [token.id_token for key in wanted if (token := found[key]) is not None]
        if None in registered:
            raise Invalid(f"body.{field}: one is a KeyCode, whose text is not kept: no list has it")
        return [text for text in registered if text is not None]


async def _require_station(device: DeviceClient, station_id: str) -> None:
    try:
        exists = await device.exists(station_id)
    except httpx.HTTPError as error:
        raise Unavailable("the device service does not answer", retry_after=5) from error
    if not exists:
        raise UnknownStation


def _within_bounds(texts: Sequence[str], field: str) -> Sequence[str]:
    if len(texts) > MAX_TOKENS:
        raise Invalid(f"body.{field}: a list has at most {MAX_TOKENS} tokens")
    if sum(len(text.encode()) for text in texts) > MAX_TEXT_BYTES:
        raise Invalid(
            f"body.{field}: the tokens of a list have at most {MAX_TEXT_BYTES} characters together, "
            "where one beyond ASCII counts as the bytes of its UTF-8"
        )
    return texts


def _named(texts: Iterable[str]) -> str:
    every_one = list(texts)
    more = f" and {len(every_one) - MAX_NAMED_TOKENS} more" if len(every_one) > MAX_NAMED_TOKENS else ""
    return ", ".join(every_one[:MAX_NAMED_TOKENS]) + more
