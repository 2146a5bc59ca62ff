"""What commands need: their collections, the station's connection and security, the bus and the clock."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from libs.csms.access.callers import Caller
from libs.csms.alarm import Alarm, LocalSignals
from libs.csms.clock import Clock
from libs.csms.errors import Conflict, NotFound
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.router import Router
from libs.csms.storage.store import Collection, Store
from libs.ocpp_messages.action import Action

from ..connectivity.service import Connectivity
from ..device_model.service import DeviceModel
from ..registry.service import Registry
from ..security.service import Security
from .batch import INDEXES as BATCH_INDEXES
from .batch import Batch
from .model import INDEXES, Command

router: Router[Commands] = Router("device")

Check = Callable[[str, str, Action[Any, Any], Any], Awaitable[None]]
"""Takes the ids of the station and the command, its action and payload. Raises ``DomainError`` if it must not
be sent. It may be called again for the same command.
"""


class UnknownCommand(NotFound):
    """There is no command of that id."""

    def __init__(self) -> None:
        super().__init__("there is no command of that id")


class NotConnected(Conflict):
    """The station is not connected, and the command may not wait for it."""

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
    """By command id: the stored command has changed."""
    checks: list[Check] = field(default_factory=list)
    """Added by packages that refuse some commands."""
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
            batches=store.collection("commandBatches", Batch, BATCH_INDEXES),
            registry=registry,
            connectivity=connectivity,
            security=security,
            device_model=device_model,
            bus=registry.bus,
            clock=registry.clock,
            alarm=Alarm(registry.clock),
        )

    async def seen_by(self, caller: Caller, id: str) -> Command:
        """Raises ``UnknownCommand``, also for one to a station of a group that he may not see."""
        command = await self.commands.get(id)
        if command is None:
            raise UnknownCommand
        if caller.groups is not None:
            station = await self.registry.get(command.station_id)
            if station is None or not caller.sees_group(station.group):
                raise UnknownCommand
        return command
