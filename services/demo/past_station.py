"""What one station did in the past, as acts in the order of their times; each tells the CSMS of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from libs.ocpp_messages.event import StationDisconnected
from services.simulator.messages import ConnectorStatus, Reading, Request, Transaction, VersionMessages

from .past import PastConnection, PastGateway
from .scenario import DemoStation
from .sessions import Session

PLUGGED_IN_BEFORE = timedelta(seconds=30)
AUTHORIZED_BEFORE = timedelta(seconds=10)
UNPLUGGED_AFTER = timedelta(seconds=90)
AWAY_AROUND = timedelta(minutes=1)
"""Before the first message that got lost, and after the last one."""

ABNORMAL_CLOSURE = 1006
GOING_AWAY = 1001


@dataclass(frozen=True, order=True)
class Act:
    """Something that the station did once."""

    at: datetime
    number: int
    """Tells the order of what happened at the same moment."""
    do: Callable[[datetime], Awaitable[object]] = field(compare=False)


class PastStation:
    def __init__(
        self,
        station: DemoStation,
        gateway: PastGateway,
        sessions: Sequence[Session],
        since: datetime,
        until: datetime,
    ) -> None:
        """It comes at ``since`` and is disconnected at ``until``, unless it leaves in a session."""
        self.ended: list[Session] = []
        """Sessions whose end was told."""
        self.calls = 0
        """That were answered."""
        self._station = station
        self._messages = station.messages
        self._gateway = gateway
        self._connection: PastConnection
        self._reported: dict[int, str] = {}
        self._numbers = count()
        self._acts = sorted(self._all_acts(sessions, since, until), reverse=True)

    def has_acts_until(self, at: datetime) -> bool:
        return bool(self._acts) and self._acts[-1].at <= at

    async def tell_until(self, at: datetime) -> None:
        while self.has_acts_until(at):
            act = self._acts.pop()
            await act.do(act.at)

    def _act(self, at: datetime, do: Callable[[datetime], Awaitable[object]]) -> Act:
        return Act(at, next(self._numbers), do)

    def _all_acts(self, sessions: Sequence[Session], since: datetime, until: datetime) -> Iterator[Act]:
        yield self._act(since + timedelta(seconds=1), self._connect)
        yield self._act(since + timedelta(seconds=2), self._boot)
        for session in sessions:
            yield from self._acts_of(PastSession(self, session), session)
        if all(session.ends for session in sessions):
            yield self._act(until, partial(self._disconnect, GOING_AWAY, "the past ends"))

    def _acts_of(self, past: PastSession, session: Session) -> Iterator[Act]:
        start, end = session.started_at, session.ended_at
        yield self._act(start - PLUGGED_IN_BEFORE, partial(past.status, "Preparing"))
        yield self._act(start - AUTHORIZED_BEFORE, past.authorize)
        yield self._act(start, past.start)
        yield self._act(start + timedelta(seconds=2), partial(past.status, "Charging"))
        for number, reading in enumerate(session.readings[1:-1], start=1):
            if number not in session.lost:
                yield self._act(reading.at, partial(past.meter, reading))
        if session.lost:
            yield from self._acts_of_absence(session)
        if not session.ends:
            yield self._act(end + AWAY_AROUND, partial(self._disconnect, ABNORMAL_CLOSURE, ""))
            return
        yield self._act(end, past.end)
        yield self._act(end + timedelta(seconds=1), partial(past.status, "Finishing"))
        yield self._act(end + UNPLUGGED_AFTER, partial(past.status, "Available"))

    def _acts_of_absence(self, session: Session) -> Iterator[Act]:
        first, last = session.readings[session.lost[0]], session.readings[session.lost[-1]]
        yield self._act(first.at - AWAY_AROUND, partial(self._disconnect, ABNORMAL_CLOSURE, ""))
        yield self._act(last.at + AWAY_AROUND, self._connect)

    async def call(self, request: Request, at: datetime) -> Any:
        response = await self._connection.call(request, at)
        self.calls += 1
        return response

    async def report(self, connector: int, status: ConnectorStatus, at: datetime) -> None:
        """Nothing, where the version of OCPP has the same word for it as for the one before."""
        name = self._messages.status_name(status)
        if self._reported.get(connector) != name:
            self._reported[connector] = name
            await self.call(self._messages.status_notification(connector, status, at), at)

    @property
    def messages(self) -> VersionMessages:
        return self._messages

    async def _connect(self, at: datetime) -> None:
        station = self._station
        address = f"192.0.2.{sum(station.id.encode()) % 254 + 1}:{49_152 + len(station.id)}"
        self._connection = await self._gateway.connect(
            station.id, station.model.version, station.secret, address, at
        )

    async def _disconnect(self, code: int, reason: str, at: datetime) -> None:
        await self._connection.announce(StationDisconnected(code=code, reason=reason), at)

    async def _boot(self, at: datetime) -> None:
        await self.call(self._messages.boot_notification(self._station.id, "PowerUp"), at)
        for connector in range(self._messages.first_connector, self._station.model.connectors + 1):
            await self.report(connector, "Available", at)


class PastSession:
    """A session as it is told: in 1.6 the CSMS gives the transaction its id."""

    def __init__(self, station: PastStation, session: Session) -> None:
        self._station = station
        self._messages = station.messages
        self._session = session
        self._transaction = Transaction(session.connector, session.token, session.transaction_id)
        self._refused = False

    async def status(self, status: ConnectorStatus, at: datetime) -> None:
        if not self._refused:
            await self._station.report(self._session.connector, status, at)

    async def authorize(self, at: datetime) -> None:
        """Where the token is refused, the driver leaves at once."""
        response = await self._station.call(self._messages.authorize(self._session.token), at)
        if not self._messages.is_accepted(response):
            await self.status("Available", at)
            self._refused = True

    async def start(self, at: datetime) -> None:
        if not self._refused:
            reading = self._session.readings[0]
            request = self._messages.transaction_started(self._transaction, reading)
            response = await self._station.call(request, at)
            self._messages.apply_start_response(self._transaction, response)

    async def meter(self, reading: Reading, at: datetime) -> None:
        if not self._refused:
            await self._station.call(self._messages.meter_values(self._transaction, reading), at)

    async def end(self, at: datetime) -> None:
        if not self._refused:
            self._transaction.stop(self._session.stop_reason)
            reading = self._session.readings[-1]
            await self._station.call(self._messages.transaction_ended(self._transaction, reading), at)
            self._station.ended.append(self._session)
