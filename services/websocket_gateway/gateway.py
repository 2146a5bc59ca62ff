"""The sessions of one gateway process, and which of them a bus message is for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import parse_time, rfc3339
from libs.csms.logs import station_id
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.event import (
    STATION_ACCESS_REVOKED,
    STATION_CONNECTED,
    StationConnected,
    StationDisconnected,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .connection import Close, Connection, ConnectionIds, Disconnected, Receive, Send
from .dismissals import Dismissals
from .presence import Presence
from .replies import undelivered
from .session import Session
from .wiring import Wiring

log = logging.getLogger(__name__)

POLICY_VIOLATION = 1008
REPLACED = POLICY_VIOLATION, "replaced by a newer connection of the station"
NOT_NOW = 1013, "the CSMS cannot take connections now"


class Gateway:
    """The newest connection of a station wins, here and over all gateways: an older one is closed."""

    def __init__(self, wiring: Wiring) -> None:
        self.ready = False
        """Whether answers and commands would arrive."""
        self._wiring = wiring
        self._presence = Presence(wiring)
        self._ids = ConnectionIds(wiring.clock)
        self._by_station: dict[str, Session] = {}
        self._by_connection: dict[str, Session] = {}
        self._dismissals = Dismissals()

    def session(
        self,
        station_id: str,
        version: Version,
        status: RegistrationStatus,
        remote_address: str,
        asked_at: datetime,
        send: Send,
        close: Close,
    ) -> Session:
        """A session for a connection that has just been upgraded. ``hold`` it at once."""
        connection = Connection(self._ids.next(), station_id, version, remote_address, asked_at)
        return Session(connection, status, self._wiring, send, close)

    async def hold(self, session: Session, receive: Receive) -> None:
        """Serve a session until it ends. Whatever way it ends, the bus is told."""
        connection = session.connection
        self._replace(session)
        log.info("connected with %s from %s", connection.version, connection.remote_address)
        gone = Disconnected(1006, "")
        try:
            event = StationConnected(
                remote_address=connection.remote_address, inbox=self._wiring.routing.inbox
            )
            if not await self._presence.tell(connection, event):
                session.close(*NOT_NOW)
            self._dismiss(session)
            gone = await session.run(receive)
        finally:
            self._forget(session)
            log.info("disconnected: %d %s", gone.code, gone.reason)
            await self._presence.tell(connection, StationDisconnected(code=gone.code, reason=gone.reason))

    async def receive(self, message: Message) -> None:
        """Hand a bus message to its session. Waits for no station."""
        station_id.set(message.station_id)
        match message.kind, message.origin:
            case Kind.EVENT, _ if message.action == STATION_ACCESS_REVOKED.name:
                self._dismissed(message)
            case Kind.EVENT, _:
                self._connected_elsewhere(message)
            case _ if message.gateway_id != self._wiring.routing.gateway_id:
                return
            case Kind.CALL, Direction.TO_STATION:
                await self._command(message)
            case ((Kind.RESULT | Kind.ERROR), Direction.FROM_STATION):
                if session := self._by_connection.get(message.connection_id):
                    session.answered(message)

    async def drain(self, timeout: float) -> None:
        """Wait until the calls in work have been answered, but not longer than ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout), asyncio.TaskGroup() as tasks:
                for session in self._by_connection.values():
                    if session.busy:
                        tasks.create_task(session.idle())
        except TimeoutError:
            log.warning("some calls had no answer before the shutdown")

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        """Receive from the bus while the block lasts. The block fails if the bus does."""
        bus, routing = self._wiring.bus, self._wiring.routing
        async with self._presence.on_the_bus(), asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(bus.consume(each, self.receive)) for each in routing.subscriptions]
            loops.append(tasks.create_task(self._presence.beat()))
            self.ready = True
            try:
                yield
            finally:
                self.ready = False
                for loop in loops:
                    loop.cancel()

    def _replace(self, session: Session) -> None:
        connection = session.connection
        older = self._by_station.get(connection.station_id)
        self._by_station[connection.station_id] = self._by_connection[connection.id] = session
        if older is not None:
            older.close(*REPLACED)

    def _forget(self, session: Session) -> None:
        del self._by_connection[session.connection.id]
        if self._by_station.get(session.connection.station_id) is session:
            del self._by_station[session.connection.station_id]

    def _connected_elsewhere(self, message: Message) -> None:
        session = self._by_station.get(message.station_id)
        if session and message.action == STATION_CONNECTED.name:
            if message.connection_id > session.connection.id:
                session.close(*REPLACED)

    def _dismissed(self, message: Message) -> None:
        reason = STATION_ACCESS_REVOKED.decode(message.data).reason
        self._dismissals.add(message.station_id, parse_time(message.sent_at), reason)
        if session := self._by_station.get(message.station_id):
            self._dismiss(session)

    def _dismiss(self, session: Session) -> None:
        connection = session.connection
        reason = self._dismissals.reason(connection.station_id, connection.asked_at)
        if reason is not None:
            session.close(POLICY_VIOLATION, reason)

    async def _command(self, command: Message) -> None:
        try:
            self._addressee(command).commanded(command)
        except CallError as error:
            log.warning("%s %s: %s", command.action, command.message_id, error)
            if command.reply_to:
                answer = command.error(error, rfc3339(self._wiring.clock()))
                await self._wiring.bus.publish(command.reply_to, answer)

    def _addressee(self, command: Message) -> Session:
        """The session that a command is for: of its connection if it names one. Raises ``CallError``."""
        session = self._by_station.get(command.station_id)
        if session is None or command.connection_id not in ("", session.connection.id):
            raise undelivered("notConnected", "this gateway does not have that connection of the station")
        return session
