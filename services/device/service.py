"""What a handler of the device service is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.clients.profile_check import CheckProfile, unchecked
from libs.csms.clock import Clock
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.router import Call, Router
from libs.csms.settings import Settings
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.queries import every, update_existing, update_from
from libs.csms.storage.store import Collection, Index, Query, Store, filters

from .authentication import authenticate
from .certificates import Sign, no_authority
from .commands.batch import Batch
from .commands.command import INDEXES as COMMAND_INDEXES
from .commands.command import Command
from .connection import INDEXES as CONNECTION_INDEXES
from .connection import SEEN_EVERY, Connection, Connector
from .credential import Credential
from .model import DeadMessage, Gateway, Station
from .news import News
from .recently import Recently
from .reported import Reported

router: Router[Device] = Router("device")

GREETED_AFTER = timedelta(seconds=3)
"""A station that has just connected, or booted, has its own things to say first."""


@dataclass(frozen=True)
class Device:
    """Stations, connections and credentials are kept by station id. Intervals are in seconds."""

    stations: Collection[Station]
    credentials: Collection[Credential]
    connections: Collection[Connection]
    connectors: Collection[Connector]
    gateways: Collection[Gateway]
    dead_letters: Collection[DeadMessage]
    commands: Collection[Command]
    batches: Collection[Batch]
    message_log: MessageLog
    reported: Reported
    bus: Bus
    clock: Clock
    heartbeat_interval: int = 300
    boot_retry_interval: int = 60
    min_security_profile: int = 0
    sign: Sign = no_authority
    check_profile: CheckProfile = unchecked
    news: News = field(default_factory=News)
    recently_seen: Recently = field(default_factory=lambda: Recently(SEEN_EVERY))

    @classmethod
    def of(cls, store: Store, bus: Bus, clock: Clock, settings: Settings) -> Self:
        return cls(
            stations=store.collection(
                "chargingstations", Station, [Index(("group",)), *filters("firmwareVersion", "model")]
            ),
            credentials=store.collection("credentials", Credential),
            connections=store.collection("connections", Connection, indexes=CONNECTION_INDEXES),
            connectors=store.collection(
                "connectors", Connector, [Index(("stationId",)), Index(("status",)), *filters("evseId")]
            ),
            gateways=store.collection("gateways", Gateway, [Index((), "lastSeen")]),
            dead_letters=store.collection(
                "deadLetters", DeadMessage, [Index((), "receivedAt", descending=True)]
            ),
            commands=store.collection("commands", Command, COMMAND_INDEXES),
            batches=store.collection("commandBatches", Batch, filters("status")),
            message_log=MessageLog.of(store, "device"),
            reported=Reported.of(store),
            bus=bus,
            clock=clock,
            heartbeat_interval=settings.heartbeat_interval,
            min_security_profile=settings.min_security_profile,
        )

    async def admit(self, station_id: str, authorization: str, tls: bool) -> Admission:
        """Whether a station with this Authorization header may connect. Raises ``NotAdmitted``.

        One read of the station and one of its secrets, unless the station shows something new with it.
        """
        station = await self.stations.get(station_id)
        if station is None:
            raise NotAdmitted(404, "unknown station")
        profile = max(self.min_security_profile, station.security_profile or 0)
        shown = await authenticate(self.credentials, station_id, authorization, tls, profile)
        if station.reached(shown) is not station:
            if await update_existing(self.stations, station_id, lambda now: now.reached(shown)) is None:
                raise NotAdmitted(404, "unknown station")
        if station.registration_status == "Accepted" and not station.may_operate:
            return Admission(registration_status="Pending")
        return Admission(registration_status=station.registration_status)

    async def seen(self, call: Call[Any]) -> None:
        """Remember that the station is alive. Touches the store at most once a minute for each station."""
        at, new = call.received_at, Connection(station_id=call.station_id)
        if self.recently_seen.done(call.station_id, at):
            return
        before, connection = await update_from(
            self.connections,
            call.station_id,
            lambda known: (known or new).seen(call.message.connection_id, at),
        )
        self.recently_seen.add(call.station_id, at)
        if before is not None and not before.connected and connection.connected:
            await self.align(call.station_id)

    async def meet(self, call: Call[Any]) -> None:
        """A message may be heard of before the connection that it came over, which is known from it then."""
        known = await self.connections.get(call.station_id)
        if known is not None and known.connection_id >= call.message.connection_id:
            return
        newer = Connection.told_by(call.message, call.received_at)
        await self.connections.update(
            call.station_id, lambda known: newer if known is None else known.opened(newer)
        )
        await self.align(call.station_id)

    async def note(self, call: Call[Any]) -> None:
        """Keep a message as it came. Returns when it is durable."""
        await self.message_log.append(call)
        await self.seen(call)

    async def report(self, connector: Connector) -> None:
        """Keep news of a connector. A new one may belong to a connection that has ended meanwhile."""
        before, _ = await update_from(
            self.connectors,
            connector.key,
            lambda known: connector if known is None else known.reported(connector),
        )
        if before is None:
            await self.align(connector.station_id)

    async def greet(self, station_id: str, connection_id: str) -> None:
        """Soon ask over this connection what there is to ask; the station may have something to say first."""
        at = (self.clock() + GREETED_AFTER).replace(microsecond=0)
        await self.connections.update(
            station_id,
            lambda known: (known or Connection(station_id=station_id)).to_be_greeted(connection_id, at),
        )

    async def align(self, station_id: str) -> bool:
        """Make a station's connectors agree with its connection, also if that changes meanwhile.

        Returns whether some of them have yet to be reported on that connection.
        """
        unseen = False
        connection = await self.connections.get(station_id)
        while connection is not None:
            async for connector in every(self.connectors, Query(equals={"stationId": station_id})):
                governed = connection.governs(connector)
                unseen = unseen or governed.offline_since is not None
                if governed is not connector:
                    await self._govern(connection, connector)
            latest = await self.connections.get(station_id)
            if latest is None or latest.is_as_open_as(connection):
                return unseen
            connection = latest
        return unseen

    async def _govern(self, connection: Connection, connector: Connector) -> None:
        await self.connectors.update(
            connector.key, lambda current: connection.governs(connector if current is None else current)
        )
