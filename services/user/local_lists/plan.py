"""The next message that a station needs, if any: what differs between the wanted and the confirmed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.version import Version

from ..service import User
from .entry import Entry
from .limits import FRAME, Limits, size
from .message import AuthorizationData, IdTokenInfo, Message, UpdateType
from .model import LocalList


@dataclass(frozen=True)
class Draft:
    """Of the list ``known``, for a station that speaks ``version`` and has these limits."""

    user: User
    known: LocalList
    version: Version
    limits: Limits

    async def full(self) -> Message:
        """The first of the wanted; what does not fit follows in differential messages."""
        return await self._message("Full", self._wanted())

    async def differential(self) -> Message | None:
        """None if the station has all that is wanted. Tokens go before others come, which need their room."""
        message = await self._message("Differential", self._different())
        return message if message.items else None

    async def _message(self, update_type: UpdateType, found: AsyncIterator[AuthorizationData]) -> Message:
        items: list[AuthorizationData] = []
        room = self.limits.bytes - FRAME
        async for item in found:
            room -= size(item)
            if items and (room < 0 or len(items) == self.limits.items):
                break
            items.append(item)
        return Message(
            station_id=self.known.station_id,
            life=self.known.life,
            version=self.known.number + 1,
            update_type=update_type,
            items=tuple(items),
        )

    async def _wanted(self) -> AsyncIterator[AuthorizationData]:
        async for entry in self.user.local_lists.of_station(self.known.station_id, wanted=True):
            if (item := await self._item(entry)).info is not None:
                yield item

    async def _different(self) -> AsyncIterator[AuthorizationData]:
        for wanted in (False, True):
            equals = {"stationId": self.known.station_id, "wanted": wanted}
            query = Query(equals, "told", to=self.known.epoch, page_size=1000)
            async for entry in every(self.user.local_lists.entries, query):
                if (item := await self._to_tell(entry)) is not None:
                    yield item

    async def _to_tell(self, entry: Entry) -> AuthorizationData | None:
        """None if the station has it right already, which is then noted."""
        item = await self._item(entry)
        held = entry.is_held(self.known.epoch)
        if item.info is None and not held:
            await self.user.local_lists.drop(entry)
            return None
        if item.info is not None and held and item.digest == entry.digest:
            await self._settle(entry)
            return None
        if held and entry.type.casefold() != item.type.casefold():
            return item.changed(info=None, type=entry.type)  # then it differs once more
        return item

    async def _item(self, entry: Entry) -> AuthorizationData:
        token = await self.user.id_tokens.get(entry.token) if entry.wanted else None
        if token is None or token.id_token is None:
            return AuthorizationData(
                token=entry.token,
                stamp=entry.stamp,
                id_token=entry.id_token,
                type=entry.type or "ISO14443",
            )
        return AuthorizationData(
            token=entry.token,
            stamp=entry.stamp,
            id_token=token.id_token,
            type=token.type,
            info=IdTokenInfo.of(token, self.version),
        )

    async def _settle(self, entry: Entry) -> None:
        version = self.known.version or self.known.epoch
        await self.user.local_lists.entries.update(
            entry.key, lambda now: (now or entry).settled(entry.stamp, version)
        )
