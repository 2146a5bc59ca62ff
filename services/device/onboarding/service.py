"""Asks new stations for their settings, stations that were away for their connectors, and stations for a
BootNotification that the operator has decided anew about.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from libs.csms.alarm import Alarm
from libs.csms.clock import Clock, rfc3339
from libs.csms.errors import DomainError
from libs.csms.messaging.router import Router
from libs.csms.storage.store import Collection, Index, Query, Store
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version

from ..commands.model import Requester
from ..commands.request import CommandRequest, request
from ..commands.service import Commands
from ..connectivity.model import Connection, Connector
from ..registry.model import Station
from ..station_profiles.service import StationProfiles
from .model import Onboarding

log = logging.getLogger(__name__)

router: Router[Onboardings] = Router("device")

FOLLOW_UP_DELAY = timedelta(seconds=3)
"""A station that has just connected or booted sends its own messages first."""

STATIONS_PER_ROUND = 50
"""Stations that are asked at the same time; after many connections at once the others follow later."""

ROUND_INTERVAL = timedelta(seconds=2)
"""Time between two rounds while more stations than that are to be asked."""

RECOVERY_INTERVAL = 300.0
"""Seconds between two searches for stations that a failed process has not asked."""

MAX_CONNECTORS = 50
"""Connectors of one station that are asked for."""

REQUEST_TTL = timedelta(minutes=10)
"""How long a request may wait for its station."""


@dataclass(frozen=True)
class Onboardings:
    stations: Collection[Onboarding]
    """By station id."""
    commands: Commands
    station_profiles: StationProfiles
    clock: Clock
    alarm: Alarm
    """Wakes the loop that asks."""
    min_absence: timedelta
    """A station that was away for less than this is not asked for its connectors."""
    heartbeat_interval: int
    """Seconds, for stations without an interval of their own."""
    boot_retry_interval: int = 60
    """Seconds to the next BootNotification of a station that is not accepted."""

    @classmethod
    def of(
        cls,
        store: Store,
        commands: Commands,
        station_profiles: StationProfiles,
        min_absence: timedelta,
        heartbeat_interval: int,
    ) -> Self:
        return cls(
            stations=store.collection("onboardings", Onboarding, [Index((), "followUpAt")]),
            commands=commands,
            station_profiles=station_profiles,
            clock=commands.clock,
            alarm=Alarm(commands.clock),
            min_absence=min_absence,
            heartbeat_interval=heartbeat_interval,
        )

    async def of_station(self, station_id: str) -> Onboarding:
        return await self.stations.get(station_id) or Onboarding(station_id=station_id)

    async def schedule(self, station_id: str, connection_id: str, delay: timedelta = FOLLOW_UP_DELAY) -> None:
        """Ask the station over this connection after this time."""
        at, new = (self.clock() + delay).replace(microsecond=0), Onboarding(station_id=station_id)
        await self.stations.update(station_id, lambda known: (known or new).scheduled(connection_id, at))
        self.alarm.set(at)

    async def lacks_inventory(self, station: Station) -> bool:
        onboarding = await self.of_station(station.id)
        return onboarding.lacks_inventory(station.firmware_version) and await self.may_ask(station)

    async def may_ask(self, station: Station) -> bool:
        """Unless the profile of the station forbids it."""
        profile = await self.station_profiles.profile_of(station)
        return profile is None or profile.onboarding

    async def inventoried(self, station_id: str, command_id: str) -> None:
        """The station has answered this command for its settings. Ignored if it has booted since the command
        was sent: it may have other firmware.
        """
        command = await self.commands.commands.get(command_id)
        station = await self.commands.registry.get(station_id)
        if command is None or command.sent_at is None or station is None:
            return
        if station.last_boot is not None and command.sent_at < station.last_boot:
            return
        firmware, new = station.firmware_version, Onboarding(station_id=station_id)
        await self.stations.update(station_id, lambda known: (known or new).inventoried(firmware))

    async def ask(self, station_id: str, requests: Iterable[CommandRequest]) -> None:
        """Ask a station for what matters less than what it does by itself."""
        station = await self.commands.registry.get(station_id)
        if station is None or not await self.may_ask(station):
            return
        for command_request in requests:
            try:
                await request(self.commands, command_request)
            except DomainError as error:
                log.info("station %s: not asked for its limits: %s", station_id, error.detail)

    async def forget(self, station_id: str) -> None:
        await self.stations.delete(station_id)

    async def keep_following_up(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.follow_up()
            except Exception:
                log.exception("stations were not asked for their settings and connectors")
                self.alarm.set(self.clock() + ROUND_INTERVAL)
            await self.alarm.wait(RECOVERY_INTERVAL)

    async def follow_up(self) -> None:
        """Several processes may do this at once: each request is sent once for a connection."""
        until = rfc3339(self.clock() + timedelta(milliseconds=1))
        due = await self.stations.find(Query(order_by="followUpAt", to=until, page_size=STATIONS_PER_ROUND))
        async with asyncio.TaskGroup() as tasks:
            for onboarding in due.items:
                tasks.create_task(self._follow_up(onboarding))
        if due.next_page_token:
            self.alarm.set(self.clock() + ROUND_INTERVAL)

    async def _follow_up(self, onboarding: Onboarding) -> None:
        station_id = onboarding.station_id
        try:
            station = await self.commands.registry.get(station_id)
            connection = await self.commands.connectivity.connection(station_id)
            if station is not None and connection.connected:
                async for command_request in self._requests(station, connection, onboarding):
                    await request(self.commands, command_request)
        except DomainError as error:
            log.info("station %s: not asked for its settings: %s", station_id, error.detail)
        except Exception:
            log.exception("station %s: not asked for its settings", station_id)
        await self.stations.update(station_id, lambda known: (known or onboarding).done(onboarding))

    async def _requests(
        self, station: Station, connection: Connection, onboarding: Onboarding
    ) -> AsyncIterator[CommandRequest]:
        version = Version(connection.ocpp_version or "")
        if station.must_boot:
            yield _boot(station, connection, version)
        if not (station.may_operate and await self.may_ask(station)):
            return
        if onboarding.lacks_inventory(station.firmware_version):
            yield _inventory(station, connection, version)
        unknown = await self._unreported(connection)
        if unknown and version is Version.V16:
            trigger = encode(ocpp16.TriggerMessageRequest("StatusNotification"))
            yield _request(connection, "TriggerMessage", trigger, "connectors")
        elif unknown:
            for connector in unknown[:MAX_CONNECTORS]:
                yield _status_of(connection, connector)

    async def _unreported(self, connection: Connection) -> list[Connector]:
        """After an absence, the connectors that the station has not reported since then. Connector 0 is the
        whole station of 1.6; some stations of 2.x report it too.
        """
        if connection.connected_at is None or not connection.was_absent(self.min_absence):
            return []
        found = await self.commands.connectivity.connectors_of(connection.station_id)
        return [one for one in found if one.reported_at < connection.connected_at]


def _boot(station: Station, connection: Connection, version: Version) -> CommandRequest:
    """The answer to the BootNotification tells the station what the operator has decided (B02, B03)."""
    if version is Version.V16:
        trigger = encode(ocpp16.TriggerMessageRequest("BootNotification"))
    else:
        trigger = encode(ocpp2.TriggerMessageRequest("BootNotification"))
    return _request(connection, "TriggerMessage", trigger, f"boot {station.decision_number}")


def _inventory(station: Station, connection: Connection, version: Version) -> CommandRequest:
    """Asks for all settings: the full inventory of 2.x (B07), every configuration key of 1.6."""
    topic = f"inventory {station.firmware_version or ''} {station.last_boot}"
    if version is Version.V16:
        return _request(connection, "GetConfiguration", encode(ocpp16.GetConfigurationRequest()), topic)
    empty = _request(connection, "GetBaseReport", b"", topic)
    return replace(empty, body=encode(ocpp2.GetBaseReportRequest(empty.number, "FullInventory")))


def _status_of(connection: Connection, connector: Connector) -> CommandRequest:
    evse = ocpp2.EVSEType(connector.evse_id, connector_id=connector.connector_id)
    trigger = encode(ocpp2.TriggerMessageRequest("StatusNotification", evse=evse))
    topic = f"connector {connector.evse_id} {connector.connector_id}"
    return replace(_request(connection, "TriggerMessage", trigger, topic), in_turn=True)


def _request(connection: Connection, action: str, body: bytes, topic: str) -> CommandRequest:
    """A request whose idempotency key depends on connection and topic only, so that it is sent once."""
    key = f"{connection.connection_id} {topic}"
    ttl = int(REQUEST_TTL.total_seconds())
    requested_by = Requester.system("onboarding")
    return CommandRequest(
        connection.station_id, action, body, key, ttl=ttl, bound=True, requested_by=requested_by
    )
