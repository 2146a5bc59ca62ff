"""One connector, where cars come, charge and leave; its meter, and the queue of transaction messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any, Literal

from libs.csms.clock import utc_now

from .connection import Connection, Refused, StationContext
from .messages import ConnectorStatus, Reading, Request, Transaction
from .statistics import Statistics
from .vehicle import Vehicle

Availability = Literal["Operative", "Inoperative"]


@dataclass(frozen=True)
class TransactionMessage:
    transaction: Transaction
    make_request: Callable[[], Request]
    """Called for every attempt: in 1.6 the CSMS may have given the transaction its id since the last one."""
    on_response: Callable[[Any], None]


class TransactionQueue:
    """The transaction messages of a station. They are sent in order, however long the station is offline."""

    def __init__(self, connection: Connection, statistics: Statistics) -> None:
        self.undelivered: list[Transaction] = []
        """For each message that the CSMS has not answered yet, its transaction."""
        self._connection = connection
        self._statistics = statistics
        self._messages: asyncio.Queue[TransactionMessage] = asyncio.Queue()

    def put(self, message: TransactionMessage) -> None:
        self.undelivered.append(message.transaction)
        self._messages.put_nowait(message)

    async def run(self) -> None:
        """Sends until cancelled. A message that the CSMS refuses too often is given up and counted."""
        while True:
            message = await self._messages.get()
            try:
                message.on_response(await self._connection.call_until_answered(message.make_request))
            except Refused:
                self._statistics.lost_messages += 1
            self.undelivered.remove(message.transaction)
            self._messages.task_done()

    async def delivered(self) -> None:
        """Returns when nothing is left."""
        await self._messages.join()


class Meter:
    """The energy meter of a connector, whose register only rises."""

    def __init__(self, rated_power_w: int, random: Random) -> None:
        self.power_w = 0
        self._rated_power_w = rated_power_w
        self._random = random
        self._register_wh = Decimal(random.randrange(1_000_000))

    @property
    def register_wh(self) -> int:
        return int(self._register_wh)

    def run(self, seconds: float, vehicle: Vehicle | None) -> None:
        """Energy flowed for so long, at a little less than the rated power, or than the vehicle takes."""
        power_w = self._rated_power_w if vehicle is None else min(vehicle.wanted_w, self._rated_power_w)
        self.power_w = round(power_w * (0.95 + self._random.random() / 20))
        energy_wh = Decimal(self.power_w) * Decimal(seconds) / 3600
        self._register_wh += energy_wh
        if vehicle is not None:
            vehicle.take(float(energy_wh))


class Connector:
    def __init__(
        self, id: int, station: StationContext, connection: Connection, queue: TransactionQueue
    ) -> None:
        self.id = id
        self.transaction: Transaction | None = None
        self.next_vehicle: Callable[[], Vehicle | None] = lambda: None
        """Which vehicle comes. None takes all the power there is."""
        self.knows_soc = False
        """Whether the station learns the state of charge of a vehicle."""
        self._vehicle: Vehicle | None = None
        self._station = station
        self._messages = station.messages
        self._connection = connection
        self._queue = queue
        self._meter = Meter(station.simulation.power, station.random)
        self._operative = asyncio.Event()
        self._operative.set()
        self._occupied = asyncio.Lock()
        self._has_fault = False
        self._status: ConnectorStatus = "Available"
        self._reported_status = ""

    @property
    def free(self) -> bool:
        return self._operative.is_set() and not self.occupied

    @property
    def occupied(self) -> bool:
        """A car is plugged in."""
        return self._occupied.locked()

    async def until_unplugged(self) -> None:
        async with self._occupied:
            return

    async def charge(self, id_tag: str) -> None:
        """A driver plugs in and presents a token. Waits until the connector is free."""
        await self._operative.wait()
        async with self._occupied:
            await self._set_status("Preparing")
            if await self._authorize(id_tag):
                await self._transact(id_tag, None)
            else:
                self._station.statistics.refused_sessions += 1
            await self._set_status(self._idle_status)

    async def charge_remotely(self, id_tag: str, remote_start_id: int | None) -> None:
        """As ``charge``, without Authorize: the CSMS has authorized the driver already."""
        async with self._occupied:
            await self._set_status("Preparing")
            await self._transact(id_tag, remote_start_id)
            await self._set_status(self._idle_status)

    def break_down(self) -> None:
        """Before the station starts: it has a fault, and no car can charge."""
        self._has_fault, self._status = True, "Faulted"
        self._operative.clear()

    async def change_availability(self, type_: Availability) -> None:
        """A car that is charging may finish."""
        if type_ == "Operative" and not self._has_fault:
            self._operative.set()
        else:
            self._operative.clear()
        if not self.occupied:
            await self._set_status(self._idle_status)

    async def report_status(self) -> None:
        """Sends a StatusNotification if the station is online, else when it comes online."""
        status = self._status
        if self._connection.online.is_set():
            request = self._messages.status_notification(self.id, status, utc_now())
            answered = await self._connection.try_call(request)
            self._reported_status = self._messages.status_name(status) if answered else ""

    def report_meter_values(self) -> None:
        """Of the transaction that is going on; nothing without one."""
        if self.transaction:
            self._enqueue(self._messages.meter_values, self.transaction)

    async def _set_status(self, status: ConnectorStatus) -> None:
        self._status = status
        if self._messages.status_name(status) != self._reported_status:
            await self.report_status()

    @property
    def _idle_status(self) -> ConnectorStatus:
        if self._has_fault:
            return "Faulted"
        return "Available" if self._operative.is_set() else "Unavailable"

    async def _authorize(self, id_tag: str) -> bool:
        try:
            response = await self._connection.call_until_answered(lambda: self._messages.authorize(id_tag))
        except Refused:
            return False
        return self._messages.is_accepted(response)

    async def _transact(self, id_tag: str, remote_start_id: int | None) -> None:
        messages, statistics = self._messages, self._station.statistics
        start_wh = self._meter.register_wh
        transaction = Transaction(self.id, id_tag, messages.new_transaction_id(), remote_start_id)
        self.transaction, self._vehicle = transaction, self.next_vehicle()
        statistics.charging += 1
        on_start_response = partial(messages.apply_start_response, transaction)
        self._enqueue(messages.transaction_started, transaction, on_start_response)
        await self._set_status("Charging")
        try:
            await self._deliver_energy(transaction)
        finally:
            statistics.charging -= 1
        self._enqueue(messages.transaction_ended, transaction)
        self.transaction = None
        statistics.add_transaction(self._station.id, transaction, self._meter.register_wh - start_wh)
        await self._set_status("Finishing")

    async def _deliver_energy(self, transaction: Transaction) -> None:
        """Until the session is over or somebody stops the transaction."""
        clock = asyncio.get_running_loop().time
        simulation = self._station.simulation
        now = clock()
        end = now + simulation.duration
        while not transaction.stopping and now < end:
            await transaction.stopped_within(min(simulation.meter_interval, end - now))
            measured_at, now = now, clock()
            self._meter.run(now - measured_at, self._vehicle)
            if now < end and not transaction.stopping:
                self._enqueue(self._messages.meter_values, transaction)

    def _enqueue(
        self,
        make_request: Callable[[Transaction, Reading], Request],
        transaction: Transaction,
        on_response: Callable[[Any], None] = lambda response: None,
    ) -> None:
        """The reading is taken now, whenever the message is sent."""
        soc = self._vehicle.soc_percent if self._vehicle and self.knows_soc else None
        reading = transaction.read(
            utc_now(), self._meter.register_wh, self._meter.power_w, self._connection.online, soc
        )
        make = partial(make_request, transaction, reading)
        self._queue.put(TransactionMessage(transaction, make, on_response))
