"""The log of messages that stations sent, and the messages that could not be handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from libs.csms.clock import Clock
from libs.csms.messaging.router import Call, Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.station_messages.quota import DailyLimits
from libs.csms.storage.store import Collection, Store

from ..connectivity.service import Connectivity
from .dead_letters import DeadMessage, dead_letters_of

router: Router[Messages] = Router("device")


@dataclass(frozen=True)
class Messages:
    log: MessageLog
    dead_letters: Collection[DeadMessage]
    connectivity: Connectivity
    clock: Clock

    @classmethod
    def of(
        cls,
        store: Store,
        connectivity: Connectivity,
        clock: Clock,
        limits: DailyLimits,
    ) -> Self:
        return cls(
            log=MessageLog.of(store, "device", limits),
            dead_letters=dead_letters_of(store),
            connectivity=connectivity,
            clock=clock,
        )

    async def append(self, call: Call[Any]) -> bool:
        """Store a message as it was received, and that its station is alive. Returns when it is durable.

        False if it is not stored, because the station has used up its quota: then nothing else of it is.
        """
        is_stored = await self.log.append(call)
        await self.connectivity.touch(call)
        return is_stored
