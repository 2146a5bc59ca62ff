"""What the commands package is given: commands and all that it takes to send them."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from libs.csms.alarm import Alarm, LocalSignals
from libs.csms.clock import Clock
from libs.csms.errors import Conflict, NotFound
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.router import Router
from libs.csms.storage.store import Collection, Store, filters
from libs.ocpp_messages.action import Action

from ..connectivity.service import Connectivity
from ..device_model.service import DeviceModel
from ..registry.service import Registry
from ..security.service import Security
from .batch import Batch
from .model import INDEXES, Command

router: Router[Commands] = Router("device")

Check = Callable[[str, str, Action[Any, Any], Any], Awaitable[None]]
"""From a station's id, a command's id, its action and payload. Raises ``DomainError`` where it must not be
sent. It may be asked again about the same command.
"""


class UnknownCommand(NotFound):
    """There is no command of that id."""

    def __init__(self) -> None:
        super().__init__("there is no command of that id")


class NotConnected(Conflict):
    """A command that may not wait is for a station that is away."""

    def __init__(self) -> None:
        super().__init__("the charging station is not connected")


def new_process_id() -> str:
    return f"device-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class Commands:
    commands: Collection[Command]
    batches: Collection[Batch]
    registry: Registry
    connectivity: Connectivity
    security: Security
    device_model: DeviceModel
    bus: Bus
    clock: Clock
    alarm: Alarm
    """Wakes the scheduler."""
    signals: LocalSignals = field(default_factory=LocalSignals)
    """By command id: something about the command has changed."""
    checks: list[Check] = field(default_factory=list)
    """Of the packages above that may have something against a command."""
    process_id: str = field(default_factory=new_process_id)

    @classmethod
    def of(
        cls,
        store: Store,
        registry: Registry,
        connectivity: Connectivity,
        security: Security,
        device_model: DeviceModel,
    ) -> Self:
        return cls(
            commands=store.collection("commands", Command, INDEXES),
            batches=store.collection("commandBatches", Batch, filters("status")),
            registry=registry,
            connectivity=connectivity,
            security=security,
            device_model=device_model,
            bus=registry.bus,
            clock=registry.clock,
            alarm=Alarm(registry.clock),
        )

    async def existing(self, id: str) -> Command:
        """Raises ``UnknownCommand``."""
        command = await self.commands.get(id)
        if command is None:
            raise UnknownCommand
        return command
