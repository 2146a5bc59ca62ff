"""The connections of one gateway process: which one of a station counts, and what it gets from the bus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from websockets.frames import CloseCode

from libs.csms.clock import rfc3339
from libs.csms.logs import station_id
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import CallError, Unparseable
from libs.ocpp_messages.event import (
    COMMAND_CANCELLED,
    REGISTRATION_STATUS_CHANGED,
    STATION_ACCESS_REVOKED,
    STATION_CONNECTED,
    STATION_WATCHED,
    StationConnected,
    StationDisconnected,
)
from libs.ocpp_messages.message import Kind, Message

from .connection import Admitted, Close, Connection, Disconnected, Fences, Receive, Send, least_id
from .context import GatewayContext
from .outbound import undelivered
from .presence import Announcer
from .session import Session
from .tap import Taps

log = logging.getLogger(__name__)

REPLACED = CloseCode.POLICY_VIOLATION, "replaced by a newer connection of the station"
TRY_AGAIN_LATER = CloseCode.TRY_AGAIN_LATER, "the CSMS cannot take connections now"


class Gateway:
    """The newest connection of a station wins, here and over all gateways: an older one is closed.

    Only ids of connections tell which is newer. They come from the device service, and from no clock here.
    """

    def __init__(self, context: GatewayContext) -> None:
        self.ready = False
        """Whether answers and commands would arrive."""
        self.fences = Fences()
        self._context = context
        self._announcer = Announcer(context)
        self._taps = Taps(context, self._unwatch)
        self._by_station: dict[str, Session] = {}
        self._by_connection: dict[str, Session] = {}

    def begin(self, admitted: Admitted, send: Send, close: Close) -> Session:
        """The session of a connection that has just been upgraded. ``serve`` it at once."""
        connection, fence = admitted.connection, admitted.fence
        session = Session(admitted, self._context, send, close)
        self._add(session)
        session.copy_to(self._taps.of(connection))
        if fence.decision is not None:
            session.registration.decided(fence.decision)
        if fence.excludes(connection):
            session.close(fence.code, fence.reason)
        return session

    async def serve(self, session: Session, receive: Receive) -> None:
        """Serve a session until it ends. Whatever way it ends, the bus learns of it."""
        connection, station = session.connection, session.connection.station_id
        log.info(
            "station %s: connected with %s from %s", station, connection.version, connection.remote_address
        )
        end = Disconnected(CloseCode.ABNORMAL_CLOSURE, "")
        try:
            if not await self._announcer.announce(connection, self._connected(connection)):
                session.close(*TRY_AGAIN_LATER)
            end = await session.run(receive)
        finally:
            self._remove(session)
            log.info("station %s: disconnected: %d %s", station, end.code, end.reason)
            await self._announcer.announce(connection, StationDisconnected(code=end.code, reason=end.reason))

    async def receive(self, message: Message) -> None:
        """Hand a bus message to its session. Waits for no station."""
        station_id.set(message.station_id)
        match message.kind, message.origin:
            case Kind.EVENT, _:
                self._handle_event(message)
            case _ if message.gateway_id != self._context.routing.gateway_id:
                return
            case Kind.CALL, Direction.TO_STATION:
                await self._handle_command(message)
            case ((Kind.RESULT | Kind.ERROR), Direction.FROM_STATION):
                if session := self._by_connection.get(message.connection_id):
                    session.handle_answer(message)

    async def drain(self, timeout: float) -> None:
        """Wait until the calls in work have been answered, but not longer than ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout), asyncio.TaskGroup() as tasks:
                for session in self._by_connection.values():
                    if session.busy:
                        tasks.create_task(session.wait_until_idle())
        except TimeoutError:
            busy = sum(session.busy for session in self._by_connection.values())
            log.warning("gateway %s: stops before it has answered %d stations", self._gateway_id, busy)

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        """Receive from the bus while the block lasts. The block fails if the bus does."""
        bus, subscriptions = self._context.bus, self._context.routing.topics.subscriptions
        async with self._announcer.subscribed(), asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(bus.consume(each, self.receive)) for each in subscriptions]
            loops.append(tasks.create_task(self._announcer.keep_announcing_alive()))
            loops.append(tasks.create_task(self._announcer.keep_announcing_seen(self._heard_at)))
            loops.append(tasks.create_task(self._taps.keep_publishing()))
            self.ready = True
            try:
                yield
            finally:
                self.ready = False
                for loop in loops:
                    loop.cancel()

    def _heard_at(self) -> Iterator[tuple[str, float]]:
        return ((id, session.heard_at) for id, session in self._by_station.items())

    @property
    def _gateway_id(self) -> str:
        return self._context.routing.gateway_id

    def _connected(self, connection: Connection) -> StationConnected:
        return StationConnected(remote_address=connection.remote_address, inbox=self._context.routing.inbox)

    def _add(self, session: Session) -> None:
        """Connections are not always upgraded in the order of their admission: the older may come last."""
        connection = session.connection
        self._by_connection[connection.id] = session
        other = self._by_station.get(connection.station_id)
        if other is not None and other.connection.id > connection.id:
            session.close(*REPLACED)
            return
        self._by_station[connection.station_id] = session
        if other is not None:
            other.close(*REPLACED)

    def _remove(self, session: Session) -> None:
        del self._by_connection[session.connection.id]
        if self._by_station.get(session.connection.station_id) is session:
            del self._by_station[session.connection.station_id]

    def _handle_event(self, event: Message) -> None:
        if event.action == STATION_CONNECTED.name:
            self._exclude(event.station_id, event.connection_id, *REPLACED)
        elif event.action == STATION_ACCESS_REVOKED.name:
            revoked = STATION_ACCESS_REVOKED.decode(event.data)
            first_spared = least_id(revoked.connection_number + 1)
            self._exclude(event.station_id, first_spared, CloseCode.POLICY_VIOLATION, revoked.reason)
        elif event.action == REGISTRATION_STATUS_CHANGED.name:
            decision = REGISTRATION_STATUS_CHANGED.decode(event.data)
            self.fences.decided(event.station_id, decision)
            if session := self._by_station.get(event.station_id):
                session.registration.decided(decision)
        elif event.action == COMMAND_CANCELLED.name:
            if session := self._by_connection.get(event.connection_id):
                session.cancel_command(COMMAND_CANCELLED.decode(event.data).id)
        elif event.action == STATION_WATCHED.name:
            self._watch(event.station_id, STATION_WATCHED.decode(event.data).until)

    def _watch(self, station_id: str, until: str) -> None:
        try:
            self._taps.watch(station_id, until)
        except ValueError:
            raise Unparseable(f"{STATION_WATCHED.name}: until is no time") from None
        session = self._by_station.get(station_id)
        if session is not None and session.tap is None:
            session.copy_to(self._taps.of(session.connection))

    def _unwatch(self, station_id: str) -> None:
        if session := self._by_station.get(station_id):
            session.copy_to(None)

    def _exclude(self, station_id: str, least_id: str, code: int, reason: str) -> None:
        """End the connections of a station whose ids are less, also those that are in a handshake now."""
        self.fences.exclude(station_id, least_id, code, reason)
        session = self._by_station.get(station_id)
        if session is not None and session.connection.id < least_id:
            session.close(code, reason)

    async def _handle_command(self, command: Message) -> None:
        try:
            self._addressee(command).enqueue_command(command)
        except CallError as error:
            log.warning(
                "station %s: %s %s refused: %s", command.station_id, command.action, command.message_id, error
            )
            if command.reply_to:
                answer = command.error(error, rfc3339(self._context.clock()))
                await self._context.bus.publish(command.reply_to, answer)

    def _addressee(self, command: Message) -> Session:
        """The session that a command is for: of its connection if it names one. Raises ``CallError``."""
        session = self._by_station.get(command.station_id)
        if session is None or command.connection_id not in ("", session.connection.id):
            raise undelivered("notConnected", "this gateway does not have that connection of the station")
        return session
