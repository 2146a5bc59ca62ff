"""What the handlers are given: transactions and meter values as stored, and the events about them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from libs.csms.alarm import Alarm
from libs.csms.clients.authorization import Authorize
from libs.csms.clock import Clock, rfc3339
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.router import Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.station_messages.quota import DEFAULT_LIMITS, DailyLimits
from libs.csms.storage.queries import update_existing
from libs.csms.storage.store import Collection, Index, Store
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import (
    TRANSACTION_ENDED,
    TRANSACTION_INCOMPLETE,
    TRANSACTION_RESUMED,
    TRANSACTION_STARTED,
    Event,
    TransactionEnded,
    TransactionIncomplete,
    TransactionResumed,
    TransactionStarted,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .evidence import Evidence, Facts, OperatorEnd, moment, statements
from .meter_values import MeterValues
from .model import Transaction, TransactionUpdate, UnknownTransaction
from .transaction_ids import TransactionIdReservation
from .updates import Reported

TRANSACTION_INDEXES = [
    Index((), "startedAt", descending=True),
    Index(("stationId",), "startedAt", descending=True),
    Index(("active",), "startedAt", descending=True),
    Index(("idTokenKey",), "startedAt", descending=True),
    Index(("idTokenKey", "active"), "startedAt", descending=True),
    Index(("quality",), "startedAt", descending=True, embedded=False),
    Index((), "askAt"),
]

START_FACTS = {"started", "remoteStartId", "reservationId"}
"""Those of ``Facts`` that TransactionStarted is published for."""

Data = TypeVar("Data")


@dataclass(frozen=True)
class TransactionService:
    transactions: Collection[Transaction]
    """By ``Transaction.id``."""
    meter_values: Collection[MeterValues]
    """By ids that ``meter_values`` makes."""
    transaction_ids: Collection[TransactionIdReservation]
    """By transaction id of OCPP 1.6."""
    authorize: Authorize
    """Asks the user service."""
    bus: Bus
    clock: Clock
    message_log: MessageLog
    missing_events_delay: timedelta
    """Without a message for so long, the station is asked for the missing ones."""
    alarm: Alarm
    """Wakes the loop that asks."""

    @classmethod
    def of(
        cls,
        store: Store,
        authorize: Authorize,
        bus: Bus,
        clock: Clock,
        missing_events_delay: timedelta = timedelta(minutes=1),
        limits: DailyLimits = DEFAULT_LIMITS,
    ) -> TransactionService:
        return cls(
            transactions=store.collection("transactions", Transaction, TRANSACTION_INDEXES),
            meter_values=store.collection("meterValues", MeterValues, [Index(("transaction",), "timestamp")]),
            transaction_ids=store.collection("transactionIds", TransactionIdReservation),
            authorize=authorize,
            bus=bus,
            clock=clock,
            message_log=MessageLog.of(store, "transaction", limits),
            missing_events_delay=missing_events_delay,
            alarm=Alarm(clock),
        )

    async def transaction(self, id: str) -> Transaction:
        """Raises ``UnknownTransaction``."""
        transaction = await self.transactions.get(id)
        if transaction is None:
            raise UnknownTransaction(id)
        return transaction

    async def store_meter_values(self, documents: Mapping[str, MeterValues]) -> None:
        """Returns when all of them are durable."""
        async with asyncio.TaskGroup() as tasks:
            for id, document in documents.items():
                tasks.create_task(self._stored(id, document))

    async def store(self, reported: Reported) -> Transaction:
        """The transaction with what was reported, once it and all that was measured are durable.

        Publishes TransactionStarted with the start, and again with what it came from or its EVSE where these
        come later; TransactionEnded with the end and every message that arrives after it, for each may change
        the energy.
        """
        update = reported.update
        async with asyncio.TaskGroup() as tasks:
            for id, document in reported.measured.items():
                tasks.create_task(self._stored(id, document))
            transaction = await self.merge(update)
        if update.evidence.first.keys() & START_FACTS or _first_names_the_evse(update, transaction):
            await self._publish_started(transaction)
        if not transaction.active:
            await self._publish_ended(transaction)
        return transaction

    async def merge(self, update: TransactionUpdate) -> Transaction:
        ask_at = self.clock() + self.missing_events_delay

        def merged(known: Transaction | None) -> Transaction:
            new = known.merge(update.evidence) if known else Transaction.of(update)
            return new if new is known else new.scheduled(ask_at)

        transaction = await self.transactions.update(update.id, merged)
        if transaction.ask_at is not None:
            self.alarm.set(transaction.ask_at)
        return transaction

    async def note(self, id: str, at: datetime, facts: Facts) -> None:
        """Add the latest statements of that moment to a transaction, if it is known."""
        evidence = Evidence(last=statements(moment(at), facts))
        await update_existing(self.transactions, id, lambda known: known.merge(evidence))

    async def end(self, id: str, end: OperatorEnd) -> Transaction:
        """Ended by the operator, once that is durable. The same end again is published again.

        Raises ``UnknownTransaction`` and ``AlreadyEnded``.
        """

        def ended(known: Transaction | None) -> Transaction:
            if known is None:
                raise UnknownTransaction(id)
            return known.ended_by_operator(end)

        transaction = await self.transactions.update(id, ended)
        await self._publish_ended(transaction)
        return transaction

    def _stored(self, id: str, document: MeterValues) -> Coroutine[Any, Any, object]:
        """What was repaired may have come in good form too."""
        if document.repairs is None:
            return self.meter_values.put(id, document)
        return self.meter_values.update(id, lambda known: known.merge(document) if known else document)

    async def publish_resumed(self, transaction: Transaction, seq_no: int) -> None:
        """The station goes on with the transaction after an interruption (E17)."""
        resumed = TransactionResumed(**_identity(transaction), seq_no=seq_no)
        await self._publish(TRANSACTION_RESUMED, resumed, transaction)

    async def _publish_started(self, transaction: Transaction) -> None:
        started = TransactionStarted(
            **_identity(transaction),
            evse_id=transaction.evse_id,
            connector_id=transaction.connector_id,
            id_token=transaction.id_token or "",
            remote_start_id=transaction.remote_start_id,
            reservation_id=transaction.reservation_id,
            started_at=rfc3339(transaction.started_at),
        )
        await self._publish(TRANSACTION_STARTED, started, transaction)

    async def _publish_ended(self, transaction: Transaction) -> None:
        ended = TransactionEnded(
            **_identity(transaction),
            energy_wh=transaction.energy_wh,
            id_token=transaction.id_token or "",
            started_at=rfc3339(transaction.started_at),
            ended_at=rfc3339(transaction.ended_at or transaction.last_event_at),
            quality=transaction.quality,
            warnings=transaction.warnings,
        )
        await self._publish(TRANSACTION_ENDED, ended, transaction)

    async def publish_incomplete(self, transaction: Transaction) -> None:
        """Events are missing: the station has to be asked for them."""
        incomplete = TransactionIncomplete(
            **_identity(transaction), missing_seq_nos=transaction.missing_seq_nos
        )
        await self._publish(TRANSACTION_INCOMPLETE, incomplete, transaction)

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


def _identity(transaction: Transaction) -> dict[str, Any]:
    """What every event about a transaction says of it."""
    return {"id": transaction.id, "transaction_id": transaction.transaction_id}


def _first_names_the_evse(update: TransactionUpdate, transaction: Transaction) -> bool:
    """A station may start a transaction before it knows on which EVSE (E02)."""
    evse_id = update.evidence.first.get("evseId")
    return evse_id is not None and evse_id == transaction.evidence.first["evseId"]


router: Router[TransactionService] = Router("transaction")
