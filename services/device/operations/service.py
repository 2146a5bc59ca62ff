"""What the operations need: commands to send, the messages that stations report in, and facts of stations."""

from __future__ import annotations

from dataclasses import dataclass

from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.version import Version

from ..commands.limits import MessageLimits, limits_of
from ..commands.request import NeverConnected
from ..commands.service import Commands
from ..messages.service import Messages


@dataclass(frozen=True)
class Operations:
    commands: Commands
    messages: Messages

    async def target(self, station_id: str) -> Target:
        """Raises ``UnknownStation`` and ``NeverConnected``."""
        await self.commands.registry.existing(station_id)
        connection = await self.commands.connectivity.connection(station_id)
        if connection.ocpp_version is None:
            raise NeverConnected
        return Target(station_id, Version(connection.ocpp_version), self.commands)


@dataclass(frozen=True)
class Target:
    """The station that an operation is for, and what is known of it."""

    station_id: str
    version: Version
    """That the station speaks."""
    _commands: Commands

    async def limits(self, action: str) -> MessageLimits:
        """What the station takes in one message."""
        return await limits_of(self._commands, self.station_id, action)

    async def connectors(self) -> list[tuple[int, int]]:
        """Numbers of the EVSE and the connector of each that the station has reported, in their order."""
        found = {
            (one.evse_id, one.connector_id)
            for one in await self._commands.connectivity.connectors_of(self.station_id)
        }
        query = Query({"stationId": self.station_id, "component.name": "Connector"})
        async for variable in every(self._commands.device_model.variables, query):
            evse = variable.component.evse
            if evse is not None:
                found.add((evse.id, evse.connector_id or 1))
        return sorted(numbers for numbers in found if min(numbers) > 0)
