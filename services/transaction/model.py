"""A transaction, in any version of OCPP: what it is follows from the evidence alone, whatever came first."""

from __future__ import annotations

from typing import Any

from libs.csms.clock import Time
from libs.csms.ranges import missing
from libs.csms.storage.store import Document, JsonDecimal

from .energy import energy
from .evidence import Evidence, time_of
from .report import Report

NO_START = "its start has not been received"
ENDED_EARLY = "it ended before it started"
NEVER_GIVEN = "stopped under a transactionId that was never given"


class TransactionView(Document):
    """A transaction as it is shown. ``id`` is unique over all stations, ``transaction_id`` the station's own.

    ``id_token_status`` is what the station was told at its start. While it is active, ``energy_wh`` is what
    it took so far. ``missing_seq_nos`` names a hundred at most; ``suspect`` says what looks wrong.
    """

    id: str
    station_id: str
    transaction_id: str
    ocpp_version: str
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: str | None = None
    id_token_type: str | None = None
    id_token_status: str | None = None
    active: bool
    started_at: Time
    ended_at: Time | None = None
    last_event_at: Time
    meter_start_wh: JsonDecimal | None = None
    meter_stop_wh: JsonDecimal | None = None
    energy_wh: JsonDecimal | None = None
    stopped_reason: str | None = None
    charging_state: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False
    missing_seq_nos: list[int] = []
    suspect: list[str] = []


class Transaction(TransactionView):
    """A transaction as it is stored. ``id_token_key`` is the token as others compare with it."""

    id_token_key: str | None = None
    evidence: Evidence

    @classmethod
    def of(cls, report: Report) -> Transaction:
        return cls(**report._asdict(), **_following(report.evidence))

    def told(self, evidence: Evidence) -> Transaction:
        """With this evidence too, the same in any order. This very object if it is not new."""
        joined = self.evidence.joined(evidence)
        if joined is self.evidence:
            return self
        return self.model_copy(update={"evidence": joined, **_following(joined)})

    def start_status(self, at: str) -> str | None:
        """What the station was told about the token of the start at that moment, if it was told."""
        told_at, status = self.evidence.first.get("startStatus", ("", ""))
        return str(status) if told_at == at else None

    def competes_with(self, other: Transaction) -> bool:
        """Whether ``other`` may be refused for the sake of this one, when only one of them may be active.

        It may not where both are on one connector, which can hold only one. Of two that nobody has answered
        yet, the earlier competes with the later alone.
        """
        if self.id == other.id or (self.place is not None and self.place == other.place):
            return False
        if self.id_token_status is None:
            return (self.started_at, self.id) < (other.started_at, other.id)
        return self.id_token_status == "Accepted"

    @property
    def place(self) -> tuple[str, int | None, int | None] | None:
        connector_id = None if self.evse_id is not None else self.connector_id
        known = self.evse_id is not None or connector_id is not None
        return (self.station_id, self.evse_id, connector_id) if known else None


def token_key(id_token: str) -> str:
    """Tokens that differ in case alone are the same."""
    return id_token.casefold()


def _following(evidence: Evidence) -> dict[str, Any]:
    """The fields that follow from the evidence."""
    said = {name: value for name, (_, value) in evidence.first.items()}
    started = evidence.first.get("started")
    begin = started or evidence.first["seen"]
    ended = evidence.first.get("ended")
    charging_state = evidence.last.get("chargingState")
    token = "idToken" if said.keys() & {"idToken", "idTokenType"} else "endIdToken"
    id_token = said.get(token)
    wh = energy(evidence)
    doubts = [*evidence.notes, *([wh.doubt] if wh.doubt else []), *([] if started else [NO_START])]
    if ended and ended[0] < begin[0]:
        doubts.append(ENDED_EARLY)
    return {
        "ocpp_version": said["ocppVersion"],
        "evse_id": said.get("evseId"),
        "connector_id": said.get("connectorId", said.get("meterConnectorId")),
        "id_token": id_token,
        "id_token_type": said.get(f"{token}Type"),
        "id_token_status": said.get("startStatus", said.get("tokenStatus")),
        "id_token_key": token_key(str(id_token)) if id_token else None,
        "active": ended is None,
        "started_at": time_of(begin[0]),
        "ended_at": time_of(ended[0]) if ended else None,
        "last_event_at": time_of(evidence.last["seen"][0]),
        "meter_start_wh": wh.start,
        "meter_stop_wh": wh.stop,
        "energy_wh": wh.used,
        "stopped_reason": said.get("stoppedReason"),
        "charging_state": charging_state and charging_state[1],
        "remote_start_id": said.get("remoteStartId"),
        "reservation_id": said.get("reservationId"),
        "offline": "offline" in said,
        "missing_seq_nos": missing(evidence.received, int(started[1]) if started else None),
        "suspect": sorted(set(doubts)),
    }
