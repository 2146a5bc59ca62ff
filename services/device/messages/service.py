"""The log of messages that stations sent, and the messages that could not be handled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field

from libs.csms.clock import Clock, Time
from libs.csms.messaging.router import Call, Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.station_messages.quota import DailyLimits
from libs.csms.storage.store import Collection, Document, Index, Store

from ..connectivity.service import Connectivity

router: Router[Messages] = Router("device")


class DeadMessage(Document):
    """A message that was given up after its last attempt (dead letter of Pub/Sub)."""

    id: str = Field(description="Made from the message, so that it is stored once.")
    received_at: Time = Field(description="When it was given up.")
    topic: str = Field(description="The topic that it was published to.")
    subscription: str = Field(description="The subscription whose consumer could not handle it.")
    reason: str = Field(description="The last error, without values of the message.")
    attempts: int = Field(description="How often it was delivered.")
    data: str = Field(description="Its data, where that is text without secrets.")
    attributes: dict[str, str] = Field(description="Its attributes as a message of the bus.")
    station_id: str = Field(description="The station that the message is from or for.")


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
            dead_letters=store.collection(
                "deadLetters", DeadMessage, [Index((), "receivedAt", descending=True)]
            ),
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
