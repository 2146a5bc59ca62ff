"""What stations sent, as it came, and the messages that no attempt could handle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from pydantic import Field

from libs.csms.clock import Clock, Time
from libs.csms.messaging.router import Call, Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.store import Collection, Document, Index, Store

from ..connectivity.service import Connectivity

router: Router[Messages] = Router("device")


class DeadMessage(Document):
    """A message that no attempt could handle."""

    id: str
    received_at: Time = Field(description="When it was given up.")
    topic: str = Field(description="Where it had been published.")
    subscription: str = Field(description="Whose consumer could not handle it.")
    reason: str = Field(description="The last error, without values.")
    attempts: int = Field(description="How often it was tried.")
    data: str = Field(description="Its data where that is text without secrets.")
    attributes: dict[str, str] = Field(description="Its attributes on the bus.")
    station_id: str


@dataclass(frozen=True)
class Messages:
    log: MessageLog
    dead_letters: Collection[DeadMessage]
    connectivity: Connectivity
    clock: Clock

    @classmethod
    def of(cls, store: Store, connectivity: Connectivity, clock: Clock) -> Self:
        return cls(
            log=MessageLog.of(store, "device"),
            dead_letters=store.collection(
                "deadLetters", DeadMessage, [Index((), "receivedAt", descending=True)]
            ),
            connectivity=connectivity,
            clock=clock,
        )

    async def append(self, call: Call[Any]) -> None:
        """Keep a message as it came, which shows that its station is alive. Returns when it is durable."""
        await self.log.append(call)
        await self.connectivity.touch(call)
