"""What the handlers are given: the book in which every transaction is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from libs.csms.clients.authorization import Authorize
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import Clock, rfc3339
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.router import Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.store import Collection, Store
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import (
    TRANSACTION_ENDED,
    TRANSACTION_RESUMED,
    TRANSACTION_STARTED,
    Event,
    TransactionEnded,
    TransactionResumed,
    TransactionStarted,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .charging_profiles.book import ProfileBook
from .meter_values import MeterValues
from .model import Transaction
from .report import Report
from .transaction_ids import Claim

TRANSACTION_INDEXES = [
    ("startedAt",),
    ("stationId", "startedAt"),
    ("active", "startedAt"),
    ("idTokenKey", "startedAt"),
    ("idTokenKey", "active", "startedAt"),
]

BEGINNINGS = {"started", "remoteStartId", "reservationId"}

Data = TypeVar("Data")


@dataclass(frozen=True)
class Ledger:
    """``stations`` is None for those who only want profiles checked: these send nothing."""

    transactions: Collection[Transaction]
    meter_values: Collection[MeterValues]
    transaction_ids: Collection[Claim]
    authorize: Authorize
    bus: Bus
    clock: Clock
    message_log: MessageLog
    profiles: ProfileBook
    answers_needs: bool = False
    stations: DeviceClient | None = None

    @classmethod
    def of(cls, store: Store, authorize: Authorize, bus: Bus, clock: Clock) -> Ledger:
        return cls(
            transactions=store.collection("transactions", Transaction, TRANSACTION_INDEXES),
            meter_values=store.collection("meterValues", MeterValues, [("transaction", "timestamp")]),
            transaction_ids=store.collection("transactionIds", Claim),
            authorize=authorize,
            bus=bus,
            clock=clock,
            message_log=MessageLog.of(store, "transaction"),
            profiles=ProfileBook.of(store),
        )

    async def keep(self, documents: Mapping[str, MeterValues]) -> None:
        """Returns when all of them are durable."""
        async with asyncio.TaskGroup() as tasks:
            for id, document in documents.items():
                tasks.create_task(self.meter_values.put(id, document))

    async def record(self, report: Report, measured: Mapping[str, MeterValues]) -> Transaction:
        """What is known of the transaction once this is known too, durable with all that was measured.

        Whoever waits for transactions to start or end is told so, of the end again each time something
        arrives after it.
        """
        async with asyncio.TaskGroup() as tasks:
            for id, document in measured.items():
                tasks.create_task(self.meter_values.put(id, document))
            transaction = await self.tell(report)
        if report.evidence.first.keys() & BEGINNINGS:
            await self._publish_start(transaction)
        if not transaction.active:
            await self._publish_end(transaction)
        return transaction

    async def tell(self, report: Report) -> Transaction:
        return await self.transactions.update(
            report.id, lambda known: known.told(report.evidence) if known else Transaction.of(report)
        )

    async def resumed(self, transaction: Transaction, seq_no: int) -> None:
        """The station went on with it after an interruption. Nothing waits for what follows from that."""
        resumed = TransactionResumed(
            id=transaction.id, transaction_id=transaction.transaction_id, seq_no=seq_no
        )
        await self._publish(TRANSACTION_RESUMED, resumed, transaction)

    async def _publish_start(self, transaction: Transaction) -> None:
        started = TransactionStarted(
            id=transaction.id,
            transaction_id=transaction.transaction_id,
            evse_id=transaction.evse_id,
            connector_id=transaction.connector_id,
            id_token=transaction.id_token or "",
            remote_start_id=transaction.remote_start_id,
            reservation_id=transaction.reservation_id,
            started_at=rfc3339(transaction.started_at),
        )
        await self._publish(TRANSACTION_STARTED, started, transaction)

    async def _publish_end(self, transaction: Transaction) -> None:
        ended = TransactionEnded(
            id=transaction.id,
            transaction_id=transaction.transaction_id,
            energy_wh=transaction.energy_wh,
            id_token=transaction.id_token or "",
            started_at=rfc3339(transaction.started_at),
            ended_at=rfc3339(transaction.ended_at or transaction.last_event_at),
        )
        await self._publish(TRANSACTION_ENDED, ended, transaction)

    async def _publish(self, event: Event[Data], data: Data, transaction: Transaction) -> None:
        message = Message(
            data=encode(data),
            message_id=transaction.id,
            station_id=transaction.station_id,
            action=event.name,
            kind=Kind.EVENT,
            origin=Direction.FROM_STATION,
            ocpp_version=Version(transaction.ocpp_version),
            sent_at=rfc3339(self.clock()),
        )
        await self.bus.publish(event.name, message)


router: Router[Ledger] = Router("transaction")
