"""A command of the CSMS to a station, from the request to the answer. A final status never changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.store import Document, Index, filters
from libs.ocpp_messages.errors import ErrorCode

from ..connectivity.model import Connection

Status = Literal["queued", "sent", "answered", "error", "timeout", "expired"]

ANSWER_DEADLINE = timedelta(seconds=150)
"""From sending to ``timeout``: a gateway queues it for up to 90 seconds, then waits 30 seconds for the
answer; the rest is a margin.
"""

ANSWER_GRACE = timedelta(seconds=10)
"""How long an answer may travel through the CSMS after its connection has ended."""

INDEXES = [
    Index(("stationId",), "createdAt", descending=True),
    Index(("stationId", "action"), "createdAt", descending=True),
    Index(("stationId", "status"), "createdAt", descending=True),
    Index(("stationId", "status"), "createdAt"),
    Index(("status",), "sentAt", descending=True),
    Index(("status",), "expiresAt"),
    Index(("status",), "dueAt"),
    Index(("batchId",), "stationId"),
    Index(("batchId", "status"), "stationId"),
    *filters("batchId", "stationId", "status", "waits"),
]


class CommandError(Document):
    code: str = Field(description="An error code of OCPP-J, as the station spells it.")
    description: str = Field(
        default="", description="The station's errorDescription, or why there is no answer."
    )
    details: str = Field(
        default="{}", description="errorDetails as JSON text. A gateway's reason stands under `gateway`."
    )

    @property
    def reason(self) -> str:
        """The gateway's reason: ``timeout``, ``notConnected``, ``overloaded``, ``invalidResponse``, …"""
        details = orjson.loads(self.details)
        return str(details.get("gateway", "")) if isinstance(details, dict) else ""


class StartedTransaction(Document):
    """The transaction that a remote start has led to."""

    id: str = Field(description="Unique over all stations.")
    transaction_id: str = Field(description="The station's own id: transactionId of OCPP.")
    evse_id: int | None = Field(default=None, description="evse.id of OCPP 2.x; none in 1.6.")
    connector_id: int | None = Field(
        default=None, description="connectorId of OCPP 1.6, evse.connectorId of 2.x."
    )
    id_token: str | None = Field(
        default=None, description="Text of the idToken that it began with; idTag of OCPP 1.6."
    )
    started_at: Time = Field(description="The station's time of the start.")


class Command(Document):
    """In ``payload``, ``response`` and ``error`` secrets are hidden."""

    id: str = Field(description="The message id of the CALL.")
    station_id: str = Field(description="The charging station that it is for.")
    action: str = Field(description="OCPP action, such as `Reset`.")
    ocpp_version: str = Field(description="Version of OCPP that the station speaks, and the payload is in.")
    payload: str = Field(description="Payload of the CALL, as JSON text.")
    status: Status = Field(description="queued and sent are open; every other status is final.")
    response: str | None = Field(
        default=None,
        description="Payload of the CALLRESULT as JSON; if it cannot be kept, the reason under `withheld`.",
    )
    error: CommandError | None = Field(
        default=None, description="The station's CALLERROR, or why there is no answer."
    )
    created_at: Time = Field(description="When the CSMS made it.")
    sent_at: Time | None = Field(default=None, description="When it was handed to the station's gateway.")
    answered_at: Time | None = Field(default=None, description="When the gateway received the answer.")
    waits: bool = Field(default=False, description="Whether it may wait for its station until it expires.")
    expires_at: Time | None = Field(default=None, description="Until when it may wait for its station.")
    due_at: Time | None = Field(
        default=None, description="When it is to be sent; none while its station is not connected."
    )
    connection_id: str = Field(
        default="",
        description="The connection that it was sent over; while it waits, the only one that it may use.",
    )
    fingerprint: str = Field(
        default="",
        description="HMAC that shows whether a later request with the same Idempotency-Key is the same.",
    )
    batch_id: str | None = Field(default=None, description="The command to many stations that it is part of.")
    reply_to: str = Field(default="", description="Id of the process in which a client waits for its end.")
    transaction: StartedTransaction | None = Field(
        default=None, description="The transaction that a remote start has led to."
    )

    @property
    def is_final(self) -> bool:
        return self.status not in ("queued", "sent")

    def scheduled(self, at: datetime) -> Command:
        """To be sent at this time, or earlier if it was scheduled earlier."""
        if self.status != "queued" or (self.due_at is not None and self.due_at <= at):
            return self
        return self.changed(due_at=at.replace(microsecond=0))

    def unscheduled(self, since: datetime | None) -> Command:
        """Not to be sent, as its station is not connected; unless it has been scheduled anew meanwhile."""
        return self.changed(due_at=None) if self.due_at == since else self

    def sent(self, connection_id: str, at: datetime) -> Command:
        """Only one caller gets a changed command: that one must send it."""
        if self.status != "queued":
            return self
        return self.changed(status="sent", sent_at=at, connection_id=connection_id)

    def answered(self, response: str, at: datetime) -> Command:
        return self._ended(status="answered", response=response, answered_at=at)

    def refused(self, error: CommandError, at: datetime) -> Command:
        """Ended by an error of the station or the gateway. The gateway's ``timeout`` is no answer."""
        if error.reason == "timeout":
            return self._ended(status="timeout", error=error)
        return self._ended(status="error", error=error, answered_at=at)

    def started(self, transaction: StartedTransaction) -> Command:
        """A remote start has led to a transaction. Only the first one is kept."""
        return self.changed(transaction=transaction) if self.transaction is None else self

    def expired(self, at: datetime) -> Command:
        """Ended if ``expires_at`` has passed before it was sent."""
        return self if self.expires_at is None or at < self.expires_at else self.expire()

    def expire(self) -> Command:
        """Ended if it has not been sent."""
        return self._ended(status="expired") if self.status == "queued" else self

    def timed_out(self, connection: Connection | None, at: datetime) -> Command:
        """Ended if its connection has ended, or ``ANSWER_DEADLINE`` has passed."""
        if self.status != "sent" or self.sent_at is None:
            return self
        if at < self.sent_at + ANSWER_DEADLINE and not self._is_past(connection, at):
            return self
        error = CommandError(code=ErrorCode.GENERIC_ERROR, description="no answer came")
        return self._ended(status="timeout", error=error)

    def _is_past(self, connection: Connection | None, at: datetime) -> bool:
        """Whether the connection that it was sent over ended at least ``ANSWER_GRACE`` ago."""
        if connection is None or (connection.connection_id == self.connection_id and connection.connected):
            return False
        ended_at = connection.connected_at if connection.connected else connection.disconnected_at
        return ended_at is not None and ended_at + ANSWER_GRACE <= at

    def _ended(self, **changes: Any) -> Command:
        return self if self.is_final else self.model_copy(update={**changes, "due_at": None})
