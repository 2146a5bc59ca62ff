"""A command: what the CSMS asks of a station, from the request to the answer. Final is final."""

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
"""From sending to ``timeout``: a gateway lets it wait a minute and a half for its turn, and the station half
a minute for its answer.
"""

ANSWER_GRACE = timedelta(seconds=10)
"""How long an answer may take through the CSMS after its connection has ended."""

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
    description: str = Field(default="", description="Of the station, or why there is no answer.")
    details: str = Field(default="{}", description="JSON. From a gateway, its reason stands under `gateway`.")

    @property
    def reason(self) -> str:
        """Of the gateway: ``timeout``, ``notConnected``, ``overloaded``, ``invalidResponse``, …"""
        details = orjson.loads(self.details)
        return str(details.get("gateway", "")) if isinstance(details, dict) else ""


class StartedTransaction(Document):
    """A transaction that a station began because it was asked to."""

    id: str = Field(description="Unique over all stations.")
    transaction_id: str = Field(description="The station's own.")
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: str | None = Field(default=None, description="The token that it began with.")
    started_at: Time


class Command(Document):
    """In ``payload``, ``response`` and ``error`` secrets are hidden."""

    id: str = Field(description="The message id of the CALL.")
    station_id: str
    action: str
    ocpp_version: str = Field(description="Of the station, whose payload it is.")
    payload: str = Field(description="JSON.")
    status: Status
    response: str | None = Field(default=None, description="JSON; of an answer that cannot be kept, why.")
    error: CommandError | None = Field(
        default=None, description="The station's CALLERROR, or why there is no answer."
    )
    created_at: Time
    sent_at: Time | None = Field(default=None, description="When it was handed to the station's gateway.")
    answered_at: Time | None = Field(default=None, description="When the gateway received the answer.")
    waits: bool = Field(default=False, description="Whether it may wait for its station, until it expires.")
    expires_at: Time | None = Field(default=None, description="Until when it may wait.")
    due_at: Time | None = Field(
        default=None, description="When it is to be sent; absent while its station has not come back."
    )
    connection_id: str = Field(
        default="",
        description="The connection that it was sent over, or alone may be sent over while it waits.",
    )
    fingerprint: str = Field(
        default="", description="Tells whether a request with the same idempotency key asks for the same."
    )
    batch_id: str | None = Field(default=None, description="The command to many that it is part of.")
    reply_to: str = Field(default="", description="The process in which a client waits for its end.")
    transaction: StartedTransaction | None = Field(
        default=None, description="What a remote start has led to."
    )

    @property
    def is_final(self) -> bool:
        return self.status not in ("queued", "sent")

    def scheduled(self, at: datetime) -> Command:
        """It is to be sent then, or earlier where that was known already."""
        if self.status != "queued" or (self.due_at is not None and self.due_at <= at):
            return self
        return self.changed(due_at=at.replace(microsecond=0))

    def unscheduled(self, since: datetime | None) -> Command:
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

    def started(self, transaction: StartedTransaction) -> Command:
        """It has led to a transaction. The first one counts."""
        return self.changed(transaction=transaction) if self.transaction is None else self

    def expired(self, at: datetime) -> Command:
        """It has waited too long."""
        return self if self.expires_at is None or at < self.expires_at else self.expire()

    def expire(self) -> Command:
        """It is not sent any more, unless it has been."""
        return self._ended(status="expired") if self.status == "queued" else self

    def timed_out(self, connection: Connection | None, at: datetime) -> Command:
        """Ended if no answer can come any more, or none has for so long that nobody should wait for it."""
        if self.status != "sent" or self.sent_at is None:
            return self
        if at < self.sent_at + ANSWER_DEADLINE and not self._is_past(connection, at):
            return self
        error = CommandError(code=ErrorCode.GENERIC_ERROR, description="no answer came")
        return self._ended(status="timeout", error=error)

    def _is_past(self, connection: Connection | None, at: datetime) -> bool:
        """Whether the connection that it was sent over ended a while ago."""
        if connection is None or (connection.connection_id == self.connection_id and connection.connected):
            return False
        ended_at = connection.connected_at if connection.connected else connection.disconnected_at
        return ended_at is not None and ended_at + ANSWER_GRACE <= at

    def _ended(self, **changes: Any) -> Command:
        return self if self.is_final else self.model_copy(update={**changes, "due_at": None})
