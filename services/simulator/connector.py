"""One connector: cars come, charge and leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from libs.csms.clock import utc_now

from .connection import Lost, Refused
from .dialect import Request, Status
from .equipment import Equipment
from .meter import Meter
from .transaction import Reading, Transaction


class Connector:
    def __init__(self, id: int, station: Equipment) -> None:
        self.id = id
        self.status: Status = "Available"
        self.transaction: Transaction | None = None
        self._station = station
        self._operative = asyncio.Event()
        self._operative.set()
        self._cable = asyncio.Lock()
        self._announced = ""
        self._meter = Meter(station.simulation.power, station.chance)

    @property
    def free(self) -> bool:
        return self._operative.is_set() and not self._cable.locked()

    @property
    def busy(self) -> bool:
        return self._cable.locked()

    async def left(self) -> None:
        """Returns when no car is plugged in."""
        async with self._cable:
            return

    async def charge(self, id_tag: str) -> None:
        """A driver plugs in and presents a token. Waits until the connector is free."""
        await self._operative.wait()
        async with self._cable:
            await self.show("Preparing")
            if await self._authorized(id_tag):
                await self._transact(id_tag, None)
            else:
                self._station.tally.refused_sessions += 1
            await self.show(self._idle)

    async def charge_remotely(self, id_tag: str, remote_start_id: int | None) -> None:
        """The CSMS has authorized the driver already."""
        async with self._cable:
            await self.show("Preparing")
            await self._transact(id_tag, remote_start_id)
            await self.show(self._idle)

    async def put_out_of_service(self) -> None:
        """A car that is charging may finish."""
        self._operative.clear()
        if not self.busy:
            await self.show(self._idle)

    async def put_into_service(self) -> None:
        self._operative.set()
        if not self.busy:
            await self.show(self._idle)

    async def show(self, status: Status) -> None:
        self.status = status
        if self._station.dialect.status_name(status) != self._announced:
            await self.announce()

    async def announce(self) -> None:
        """Tell the CSMS the status if that is possible now; what is missed is told once online."""
        name = self._station.dialect.status_name(self.status)
        if not self._station.link.online.is_set():
            return
        try:
            await self._station.link.call(self._station.dialect.status(self.id, self.status, utc_now()))
            self._announced = name
        except (Lost, Refused):
            self._announced = ""

    def measure(self) -> None:
        """Send the meter's values of the transaction that is going on."""
        if self.transaction:
            self._put(self._station.dialect.metered, self.transaction)

    @property
    def _idle(self) -> Status:
        return "Available" if self._operative.is_set() else "Unavailable"

    async def _authorized(self, id_tag: str) -> bool:
        dialect = self._station.dialect
        try:
            answer = await self._station.link.request(lambda: dialect.authorize(id_tag))
        except Refused:
            return False
        return dialect.authorized(answer)

    async def _transact(self, id_tag: str, remote_start_id: int | None) -> None:
        station = self._station
        transaction = Transaction(
            self.id, id_tag, station.dialect.transaction_id(), self._meter.register_wh, remote_start_id
        )
        self.transaction = transaction
        station.tally.charging += 1
        self._put(
            station.dialect.started, transaction, lambda answer: station.dialect.accept(transaction, answer)
        )
        await self.show("Charging")
        try:
            await self._deliver_energy(transaction)
        finally:
            station.tally.charging -= 1
        self._put(station.dialect.ended, transaction)
        self.transaction = None
        station.tally.ended(station.id, transaction, self._meter.register_wh - transaction.meter_start_wh)
        await self.show("Finishing")

    async def _deliver_energy(self, transaction: Transaction) -> None:
        clock = asyncio.get_running_loop().time
        simulation = self._station.simulation
        now = clock()
        end = now + simulation.duration
        while not transaction.stopping and now < end:
            await transaction.stopped_within(min(simulation.meter_interval, end - now))
            then, now = now, clock()
            self._meter.run(now - then)
            if now < end and not transaction.stopping:
                self._put(self._station.dialect.metered, transaction)

    def _put(
        self,
        message: Callable[[Transaction, Reading], Request],
        transaction: Transaction,
        answered: Callable[[Any], None] = lambda answer: None,
    ) -> None:
        link = self._station.link
        reading = transaction.read(utc_now(), self._meter.register_wh, self._meter.power_w, link.online)
        self._station.outbox.put(partial(message, transaction, reading), answered)
