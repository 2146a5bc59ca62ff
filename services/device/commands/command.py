"""A command: what the CSMS asks of a station, from the request to the answer. Final is final."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from libs.csms.clock import Time
from libs.csms.storage.store import Document, Index, filters
from libs.ocpp_messages.errors import ErrorCode

from ..connection import Connection

Status = Literal["queued", "sent", "answered", "error", "timeout", "expired"]

DEADLINE = timedelta(seconds=150)
"""From sending to ``timeout``: a gateway lets it wait a minute and a half for its turn, and the station half
a minute for its answer.
"""

FAREWELL = timedelta(seconds=10)
"""How long an answer may take through the CSMS after its connection has ended."""


INDEXES = [
    Index(("stationId",), "createdAt", descending=True),
    Index(("stationId", "action"), "createdAt", descending=True),
    Index(("stationId", "status"), "createdAt", descending=True),
    Index(("stationId", "status"), "createdAt"),
    Index(("status",), "sentAt"),
    Index(("status",), "sentAt", descending=True),
    Index(("status",), "expiresAt"),
    Index(("status",), "dueAt"),
    Index(("batchId",), "stationId"),
    Index(("batchId", "status"), "stationId"),
    *filters("batchId", "stationId", "status", "waits"),
]


class CommandError(Document):
    """The station's CALLERROR, or why there is no answer: then the CSMS's own words, and in ``details`` the
    reason of the gateway under ``gateway``.
    """

    code: str
    description: str = ""
    details: str = "{}"

    @property
    def reason(self) -> str:
        """Of the gateway: ``timeout``, ``notConnected``, ``overloaded``, ``invalidResponse``, …"""
        details = orjson.loads(self.details)
        return str(details.get("gateway", "")) if isinstance(details, dict) else ""


class StartedTransaction(Document):
    """A transaction that a station began because it was asked to. ``id`` is unique over all stations."""

    id: str
    transaction_id: str
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: str | None = None
    started_at: Time


class Command(Document):
    """``payload``, ``response`` and ``error.details`` are JSON, in which secrets are hidden.

    ``transaction`` is what a remote start has led to.
    ``waits`` is for one that may wait for its station, until ``expires_at``: it is delivered on or after
    ``due_at``, which is absent while the station has not come back. ``fingerprint`` tells whether a request
    with the same idempotency key asks for the same; the key itself is not kept. One that waits with a
    ``connection_id`` is for that connection and no other.
    """

    id: str
    station_id: str
    action: str
    ocpp_version: str
    payload: str
    status: Status
    response: str | None = None
    error: CommandError | None = None
    created_at: Time
    sent_at: Time | None = None
    answered_at: Time | None = None
    waits: bool = False
    expires_at: Time | None = None
    due_at: Time | None = None
    connection_id: str = ""
    fingerprint: str = ""
    batch_id: str | None = None
    transaction: StartedTransaction | None = None

    @property
    def is_final(self) -> bool:
        return self.status not in ("queued", "sent")

    def due(self, at: datetime) -> Command:
        if self.status != "queued" or (self.due_at is not None and self.due_at <= at):
            return self
        return self.changed(due_at=at.replace(microsecond=0))

    def not_due(self, since: datetime | None) -> Command:
        """Its station has left again; unless it is back by now, which would have given another time."""
        return self.changed(due_at=None) if self.due_at == since else self

    def sent(self, connection_id: str, at: datetime) -> Command:
        """Only one caller gets another command than this one: it is the one to send it."""
        if self.status != "queued":
            return self
        return self.changed(status="sent", sent_at=at, connection_id=connection_id)

    def answered(self, response: str, at: datetime) -> Command:
        return self._ended(status="answered", response=response, answered_at=at)

    def refused(self, error: CommandError, at: datetime) -> Command:
        """By the station, or by the gateway: whose ``timeout`` is no answer."""
        if error.reason == "timeout":
            return self._ended(status="timeout", error=error)
        return self._ended(status="error", error=error, answered_at=at)

    def began(self, transaction: StartedTransaction) -> Command:
        """The first one counts."""
        return self.changed(transaction=transaction) if self.transaction is None else self

    def expired(self, at: datetime) -> Command:
        if self.status != "queued" or self.expires_at is None or at < self.expires_at:
            return self
        return self._ended(status="expired")

    def lost(self, connection: Connection | None, at: datetime) -> Command:
        """Ended if no answer can come any more, or none has for so long that nobody should wait for it."""
        if self.status != "sent" or self.sent_at is None:
            return self
        if at < self.sent_at + DEADLINE and not self._outlived(connection, at):
            return self
        error = CommandError(code=ErrorCode.GENERIC_ERROR, description="no answer came")
        return self._ended(status="timeout", error=error)

    def _outlived(self, connection: Connection | None, at: datetime) -> bool:
        """Whether the connection that it was sent over ended a while ago."""
        if connection is None or (connection.connection_id == self.connection_id and connection.connected):
            return False
        over = connection.connected_at if connection.connected else connection.disconnected_at
        return over is not None and over + FAREWELL <= at

    def withdrawn(self) -> Command:
        """The operator has cancelled it, or deleted its station."""
        return self._ended(status="expired") if self.status == "queued" else self

    def _ended(self, **changes: Any) -> Command:
        return self if self.is_final else self.model_copy(update=changes | {"due_at": None})
