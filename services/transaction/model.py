"""A transaction, in any version of OCPP: its fields follow from the evidence alone, whatever came first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.errors import Conflict, NotFound
from libs.csms.ranges import MAX_MISSING
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, JsonDecimal

from .derived import Quality, derived
from .energy import Readings
from .evidence import Evidence, Facts, OperatorEnd, statements
from .warnings import SENTENCES

MAX_STATUS_REQUESTS = 10
"""For one transaction; a station may leave ever new gaps."""

NO_EVIDENCE = Evidence()


class UnknownTransaction(NotFound):
    """No station has sent anything about a transaction of this id."""

    def __init__(self, id: str) -> None:
        super().__init__(f"there is no transaction {id}")


class AlreadyEnded(Conflict):
    """The transaction has an end: the station's, or another one of the operator."""

    def __init__(self, id: str) -> None:
        super().__init__(f"transaction {id} has ended")


class TransactionView(Document):
    """A transaction as it is shown."""

    id: str = Field(description="Unique over all stations.")
    station_id: str = Field(description="The charging station that it takes place at.")
    transaction_id: str = Field(
        description="The station's own id of it: transactionId of TransactionEvent, or in OCPP 1.6 the "
        "number that StartTransaction was answered with."
    )
    ocpp_version: str = Field(
        description="The version that the station speaks: ocpp1.6, ocpp2.0.1 or ocpp2.1."
    )
    evse_id: int | None = Field(default=None, description="evse.id of OCPP 2.x; none in 1.6.")
    connector_id: int | None = Field(
        default=None, description="evse.connectorId of OCPP 2.x, connectorId of 1.6."
    )
    id_token: str | None = Field(
        default=None,
        description="The token that it was first authorized with: idToken of OCPP 2.x, idTag of 1.6. "
        "Not shown for the type KeyCode, which is a secret.",
    )
    id_token_type: str | None = Field(default=None, description="idToken.type of OCPP 2.x; none in 1.6.")
    id_token_status: str | None = Field(
        default=None,
        description="AuthorizationStatusEnumType of OCPP 2.x: what the station was answered about the token, "
        "ConcurrentTx if it was one transaction too many.",
    )
    active: bool = Field(description="Whether its end has not been received.")
    started_at: Time = Field(
        description="The station's time of the start; of the first message while the start is missing."
    )
    ended_at: Time | None = Field(default=None, description="The station's time of the end.")
    last_event_at: Time = Field(description="The station's time of the latest message about it.")
    meter_start_wh: JsonDecimal | None = Field(
        default=None,
        description="The energy register at the start, in Wh: meterStart of OCPP 1.6, the sample with "
        "context Transaction.Begin, or else the earliest.",
    )
    meter_stop_wh: JsonDecimal | None = Field(
        default=None,
        description="The energy register at the end, in Wh: meterStop of OCPP 1.6, the sample with "
        "context Transaction.End, or else the latest. None while it is active.",
    )
    meter_highest_wh: JsonDecimal | None = Field(
        default=None,
        description="The highest energy register between start and end, in Wh, where the last one is lower.",
    )
    energy_wh: JsonDecimal | None = Field(
        default=None,
        description="The energy that it took in Wh, so far while it is active. None where it is not known, "
        "or would be negative. With a `meterHighestWh`, the energy up to that, unless a vehicle cannot take "
        "so much.",
    )
    stopped_reason: str | None = Field(
        default=None,
        description="transactionInfo.stoppedReason of OCPP 2.x, reason of StopTransaction in 1.6. "
        "Local where the station named none.",
    )
    charging_state: str | None = Field(
        default=None,
        description="transactionInfo.chargingState of OCPP 2.x, the latest; none in 1.6. Of a transaction "
        "that has ended, what its last event said; it is never Charging then.",
    )
    remote_start_id: int | None = Field(
        default=None,
        description="transactionInfo.remoteStartId of OCPP 2.x: the RequestStartTransaction that it "
        "came from.",
    )
    reservation_id: int | None = Field(
        default=None, description="reservationId: the reservation that it has used."
    )
    offline: bool = Field(
        default=False,
        description="Whether any part of it happened while the station was offline: offline of "
        "TransactionEvent.",
    )
    missing_seq_nos: list[int] = Field(
        default=[],
        description="seqNo of TransactionEvents that have not been received, though later ones have: "
        f"the first {MAX_MISSING}.",
    )
    warnings: list[str] = Field(
        default=[],
        description="What looks wrong about it, sorted: "
        + "; ".join(f"`{warning}`" for warning in SENTENCES),
    )
    quality: Quality = Field(
        default="clean",
        description="How far its fields can be relied on: `clean` without a warning, `repaired` where "
        "messages were read against their schema and nothing else is wrong, `doubtful` where a person has to "
        "look at it.",
    )
    messages_in_queue: bool | None = Field(
        default=None,
        description="Whether the station has more messages of it: messagesInQueue of its latest answer to "
        "GetTransactionStatus (E14), which the CSMS sends where events are missing. None without an answer.",
    )
    operator_end: OperatorEnd | None = Field(
        default=None,
        description="That the operator has ended it. Where the station reports an end too, that one counts.",
    )


class TransactionUpdate(NamedTuple):
    """What one message says of one transaction."""

    id: str
    """``Transaction.id``."""
    station_id: str
    transaction_id: str
    evidence: Evidence

    @property
    def at(self) -> str:
        """The moment of the message."""
        return self.evidence.first["message"][0]

    @classmethod
    def of(
        cls,
        station_id: str,
        transaction_id: str,
        at: str,
        readings: Readings,
        facts: Facts,
        *,
        until: str = "",
        charging_state: str | None = None,
        received: Sequence[int] = (),
        event_digests: str = "",
        salvaged: Sequence[str] = (),
    ) -> TransactionUpdate:
        """``at`` is the moment of the message; one about a span of time has ``until`` too. ``received`` are
        its sequence numbers. The rest is as in ``Evidence``.
        """
        evidence = NO_EVIDENCE.copied(
            dict(
                first=statements(at, {"message": 1, **facts}),
                last=statements(until or at, {"message": 1, "chargingState": charging_state}),
                first_readings=readings.first,
                last_readings=readings.last,
                highest_reading=readings.highest,
                register_history=readings.history,
                units=sorted(readings.units),
                received=[seq_no for one in received for seq_no in (one, one)],
                event_digests=event_digests,
                warnings=sorted(readings.warnings),
                salvaged=list(salvaged),
            )
        )
        return cls(document_id(station_id, transaction_id), station_id, transaction_id, evidence)


class AskedEvents(Document):
    """Missing events that a station was asked for with GetTransactionStatus."""

    seq_nos: list[int] = Field(default=[], description="Those that were missing the last time.")
    times: int = Field(default=0, description="How often it was asked.")


class Transaction(TransactionView):
    """A transaction as it is stored."""

    id_token_key: str | None = Field(
        default=None, description="id_token as other tokens compare with it, see ``token_key``."
    )
    ask_at: Time | None = Field(
        default=None,
        description="When the station is to be asked for missing events, if nothing comes before.",
    )
    asked_events: AskedEvents | None = Field(
        default=None, description="What the station was asked for; none if it never was."
    )
    evidence: Evidence = Field(description="All that was received about it, from which the fields follow.")

    @classmethod
    def of(cls, update: TransactionUpdate) -> Transaction:
        return cls(
            id=update.id,
            station_id=update.station_id,
            transaction_id=update.transaction_id,
            **derived(update.evidence),
        )

    def merge(self, evidence: Evidence) -> Transaction:
        """With this evidence too, the same in any order. This very object if it adds nothing."""
        merged = self.evidence.merge(evidence)
        if merged is self.evidence:
            return self
        return self.copied(derived(merged, self.evidence))

    def scheduled(self, at: datetime) -> Transaction:
        """Ask the station at this time, if it was not asked for the missing events yet."""
        if not self.missing_seq_nos and self.ask_at is None:
            return self
        asked = self.asked_events or AskedEvents()
        is_due = asked.times < MAX_STATUS_REQUESTS and not set(asked.seq_nos).issuperset(self.missing_seq_nos)
        return self.changed(ask_at=at if is_due else None)

    def asked(self, since: Transaction) -> Transaction:
        """The station has been asked. This very object if something has come since then."""
        if self.ask_at is None or self.ask_at != since.ask_at:
            return self
        times = self.asked_events.times if self.asked_events else 0
        return self.changed(
            ask_at=None, asked_events=AskedEvents(seq_nos=since.missing_seq_nos, times=times + 1)
        )

    def ended_by_operator(self, end: OperatorEnd) -> Transaction:
        """This very object where the operator has ended it so before. Raises ``AlreadyEnded``."""
        known = self.operator_end
        if known is not None and known.changed(requested_at=end.requested_at) == end:
            return self
        if not self.active:
            raise AlreadyEnded(self.id)
        return self.merge(Evidence(operator_end=end))

    def start_status(self, at: str) -> str | None:
        """What a start at that moment was answered about its token, if it was answered."""
        answered_at, status = self.evidence.first.get("startStatus", ("", ""))
        return str(status) if answered_at == at else None

    def competes_with(self, other: Transaction) -> bool:
        """Whether ``other`` may be refused because of this one, when only one of them may be active.

        It may not where both are on one connector, which can hold only one. Of two that have not been
        answered yet, the earlier competes with the later alone.
        """
        if self.id == other.id or (self.place is not None and self.place == other.place):
            return False
        if self.id_token_status is None:
            return (self.started_at, self.id) < (other.started_at, other.id)
        return self.id_token_status == "Accepted"

    @property
    def place(self) -> tuple[str, int | None, int | None] | None:
        """The station with the EVSE in OCPP 2.x, with the connector in 1.6. None if neither is known."""
        connector_id = None if self.evse_id is not None else self.connector_id
        known = self.evse_id is not None or connector_id is not None
        return (self.station_id, self.evse_id, connector_id) if known else None


@lru_cache(maxsize=10_000)
def document_id(station_id: str, transaction_id: str) -> str:
    """``Transaction.id``."""
    return composite_id(station_id, transaction_id)
