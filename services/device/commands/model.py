"""A command of the CSMS to a station, from the request to the answer. A final status never changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, Self

import orjson
from pydantic import Field

from libs.csms.access.callers import Caller
from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Document, Index, filters
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.message import Message

from ..connectivity.model import Connection

Status = Literal["queued", "sent", "answered", "error", "timeout", "expired", "unknown"]

Stage = Literal["waiting", "published", "ended"]

MAX_GATEWAY_WAIT = timedelta(seconds=90)
"""How long a command may wait in a gateway for its turn."""

ANSWER_DEADLINE = timedelta(seconds=150)
"""From publishing a command to its end, if the gateway has not said that it is sent: it waits there for up to
``MAX_GATEWAY_WAIT``, then 30 seconds for the answer; the rest is a margin.
"""

ANSWER_MARGIN = timedelta(seconds=30)
"""How much later than the gateway the CSMS gives up a command that is sent."""

ANSWER_GRACE = timedelta(seconds=10)
"""How long an answer may travel through the CSMS after its connection has ended."""

RETRY_DELAY = timedelta(seconds=10)
"""Until a command that waits for its station is published again, where the gateway had no turn for it."""

INDEXES = [
    Index((), "createdAt", descending=True),
    Index(("status",), "createdAt", descending=True),
    *(
        Index((field,), "createdAt", descending=True, embedded=False)
        for field in ("action", "batchId", "requestedBy.id")
    ),
    Index(("stationId",), "createdAt", descending=True),
    Index(("stationId", "action"), "createdAt", descending=True),
    Index(("stationId", "status"), "createdAt", descending=True),
    Index(("stationId", "stage"), "createdAt"),
    Index(("stage",), "publishedAt"),
    Index(("stage",), "expiresAt"),
    Index(("stage",), "dueAt"),
    Index(("status",), "sentAt", descending=True),
    Index(("batchId",), "stationId"),
    Index(("batchId", "status"), "stationId"),
    *filters("batchId", "stationId", "stage", "status", "waits"),
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
        """The gateway's reason; empty if it is the station's error."""
        details = orjson.loads(self.details)
        return str(details.get("gateway", "")) if isinstance(details, dict) else ""


NEVER_SENT = {"notConnected", "overloaded", "invalidRequest", "expired", "cancelled"}
"""Reasons of a gateway that mean that the command has not reached the station."""

RETRIED = {"notConnected", "overloaded", "expired"}
"""Of these, what may be otherwise later."""


class Requester(Document):
    """Whoever has asked for a command."""

    id: str = Field(description="Id of the caller, as in `/me`; of `system`, what it is sent for.")
    kind: str = Field(description="Kind of the caller, as in `/me`; `system`: the CSMS itself.")

    @classmethod
    def of(cls, caller: Caller) -> Self:
        return cls(id=caller.id, kind=caller.kind)

    @classmethod
    def system(cls, reason: str) -> Self:
        return cls(id=reason, kind="system")


REQUESTER_DESCRIPTION = "Who asked for it; absent of what was made before this was kept."


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


STATUS_DESCRIPTION = (
    "queued: it waits, for its station or at the gateway; sent: it is on the wire; answered; error: the "
    "station answered with a CALLERROR, or it could not be sent; timeout: sent, and no answer came in time; "
    "expired: never sent; unknown: the connection ended before an answer came. After timeout and unknown it "
    "may have been carried out."
)


class Command(Document):
    """In ``payload``, ``response`` and ``error`` secrets are hidden."""

    id: str = Field(description="The message id of the CALL.")
    station_id: str = Field(description="The charging station that it is for.")
    action: str = Field(description="OCPP action, such as `Reset`.")
    ocpp_version: str = Field(description="Version of OCPP that the station speaks, and the payload is in.")
    payload: str = Field(description="Payload of the CALL, as JSON text.")
    status: Status = Field(description=STATUS_DESCRIPTION)
    stage: Stage = Field(
        default="waiting",
        description="waiting in the CSMS, published to a gateway (queued or sent), or ended.",
    )
    response: str | None = Field(
        default=None,
        description="Payload of the CALLRESULT as JSON; if it cannot be kept, the reason under `withheld`.",
    )
    warning: str | None = Field(default=None, description="How the response breaks its schema.")
    error: CommandError | None = Field(
        default=None, description="The station's CALLERROR, or why there is no answer."
    )
    created_at: Time = Field(description="When the CSMS made it.")
    published_at: Time | None = Field(default=None, description="When it was published to a gateway.")
    sent_at: Time | None = Field(default=None, description="When the gateway sent it to the station.")
    answered_at: Time | None = Field(default=None, description="When the gateway received the answer.")
    waits: bool = Field(default=False, description="Whether it may wait for its station until it expires.")
    expires_at: Time | None = Field(default=None, description="It is not sent after that.")
    cancelled_at: Time | None = Field(default=None, description="When a client asked that it be not sent.")
    due_at: Time | None = Field(
        default=None, description="When it is to be published; none while its station is not connected."
    )
    bound_to: str = Field(
        default="", description="The only connection that it may be sent over, if it is one."
    )
    connection_id: str = Field(default="", description="The connection that it was published for.")
    send_by: Time | None = Field(
        default=None, description="Until when the gateway may send it; tells one publication from the next."
    )
    overdue_at: Time | None = Field(
        default=None, description="When it ends without a word of its gateway. Only while it is published."
    )
    fingerprint: str = Field(
        default="",
        description="HMAC that shows whether a later request with the same Idempotency-Key is the same.",
    )
    batch_id: str | None = Field(default=None, description="The command to many stations that it is part of.")
    requested_by: Requester | None = Field(default=None, description=REQUESTER_DESCRIPTION)
    reply_to: str = Field(default="", description="Id of the process in which a client waits for its end.")
    transaction: StartedTransaction | None = Field(
        default=None, description="The transaction that a remote start has led to."
    )

    @property
    def is_final(self) -> bool:
        return self.status not in ("queued", "sent")

    @property
    def readable_status(self) -> str | None:
        """``status`` of the response, also of one that breaks its schema."""
        match orjson.loads(self.response or "{}"):
            case {"status": str(status)}:
                return status
        return None

    @property
    def what_became_of_it(self) -> str:
        """A sentence for people; above all whether it may have been carried out."""
        match self.status:
            case "queued" if self.stage == "waiting":
                return "it waits for the charging station"
            case "queued":
                return "its gateway has not said whether it was sent: it may be carried out"
            case "sent":
                return "it was sent and has no answer yet: it may have been carried out"
            case "timeout":
                return "it was sent, and no answer came in time: it may have been carried out"
            case "unknown":
                return "the connection ended before an answer came: it may have been carried out"
            case "expired":
                return "it was never sent"
            case "error" if self.sent_at is None:
                return "it could not be sent"
        return "the charging station has answered it"

    @property
    def facts(self) -> dict[str, Any]:
        """What a problem about it says to programs."""
        known = {"commandId": self.id, "commandStatus": self.status}
        return known if self.sent_at is None else known | {"sentAt": rfc3339(self.sent_at)}

    def scheduled(self, at: datetime) -> Command:
        """To be published at this time, or earlier if it was scheduled earlier."""
        if self.stage != "waiting" or (self.due_at is not None and self.due_at <= at):
            return self
        return self.changed(due_at=at.replace(microsecond=0))

    def unscheduled(self, since: datetime | None) -> Command:
        """Not to be published, as its station is away; unless it has been scheduled anew meanwhile."""
        return self.changed(due_at=None) if self.due_at == since else self

    def published(self, connection_id: str, at: datetime) -> Command:
        """Only one caller gets a changed command: that one must publish it."""
        if self.stage != "waiting":
            return self
        return self.changed(
            stage="published",
            published_at=at,
            connection_id=connection_id,
            send_by=self._next_send_by(at),
            overdue_at=at + ANSWER_DEADLINE,
            due_at=None,
        )

    def is_published_as(self, message: Message) -> bool:
        """Whether the message is from the gateway that has this publication, and not an earlier one."""
        if self.stage != "published" or self.send_by is None:
            return False
        return (message.connection_id, message.expires_at) == (self.connection_id, rfc3339(self.send_by))

    def sent(self, connection_id: str, at: datetime, answer_timeout: float) -> Command:
        """The gateway has sent it, and gives the station so many seconds to answer."""
        if self.stage != "published" or self.status != "queued" or connection_id != self.connection_id:
            return self
        overdue_at = at + timedelta(seconds=answer_timeout) + ANSWER_MARGIN
        return self.changed(status="sent", sent_at=at, overdue_at=overdue_at)

    def answered(
        self, response: str, sent_at: datetime | None, at: datetime, warning: str | None = None
    ) -> Command:
        sent_at = sent_at or self.sent_at or self.published_at
        return self._ended("answered", response=response, warning=warning, sent_at=sent_at, answered_at=at)

    def refused(self, error: CommandError, sent_at: datetime | None, at: datetime) -> Command:
        """Ended by an error of the station, or by the gateway after it was sent."""
        sent_at = sent_at or self.sent_at or self.published_at
        match error.reason:
            case "":
                return self._ended("error", error=error, sent_at=sent_at, answered_at=at)
            case "timeout":
                return self._ended("timeout", error=error, sent_at=sent_at)
        return self._ended("unknown", error=error, sent_at=sent_at)

    def not_sent(self, error: CommandError, at: datetime) -> Command:
        """The gateway has not sent it, and will not. What may wait for its station waits again."""
        if self.status == "sent":
            return self
        is_late = self.expires_at is not None and at >= self.expires_at
        is_gone = error.reason == "notConnected" and self.bound_to != ""
        if (
            error.reason == "cancelled"
            or self.cancelled_at is not None
            or (self.waits and (is_late or is_gone))
        ):
            return self._ended("expired", error=error)
        if self.waits and error.reason in RETRIED:
            due_at = None if error.reason == "notConnected" else (at + RETRY_DELAY).replace(microsecond=0)
            return self._unpublished(due_at)
        return self._ended("expired" if error.reason == "expired" else "error", error=error)

    def _unpublished(self, due_at: datetime | None) -> Command:
        return self.changed(
            stage="waiting",
            published_at=None,
            connection_id="",
            overdue_at=None,
            due_at=due_at,
        )

    def _next_send_by(self, at: datetime) -> datetime:
        """Other than that of every publication before."""
        limit = at + MAX_GATEWAY_WAIT
        send_by = limit if self.expires_at is None else min(self.expires_at, limit)
        if self.send_by is None or send_by - self.send_by > timedelta(seconds=1):
            return send_by
        return self.send_by - timedelta(milliseconds=1)

    def started(self, transaction: StartedTransaction) -> Command:
        """A remote start has led to a transaction. Only the first one is kept."""
        return self.changed(transaction=transaction) if self.transaction is None else self

    def expired(self, at: datetime) -> Command:
        """Ended if ``expires_at`` has passed before it was published."""
        return self if self.expires_at is None or at < self.expires_at else self.expire()

    def expire(self) -> Command:
        """Ended if it has not been published."""
        return self._ended("expired") if self.stage == "waiting" else self

    def cancelled(self, at: datetime) -> Command:
        """Ended if it has not been published. If it has, its gateway must be asked to take it back."""
        if self.stage == "published" and self.cancelled_at is None:
            return self.changed(cancelled_at=at)
        return self.expire()

    def overdue(self, connection: Connection, at: datetime) -> Command:
        """Ended if its gateway should have said by now what became of it: its connection has ended, or
        ``overdue_at`` has passed.
        """
        if self.stage != "published" or self.overdue_at is None:
            return self
        has_ended = self._is_past(connection, at)
        if not has_ended and at < self.overdue_at:
            return self
        if self.status == "sent" and not has_ended:
            return self._ended("timeout", error=_no_answer("no answer came"))
        return self._ended("unknown", error=_no_answer("the gateway has not said what became of it"))

    def is_due_to_end(self, at: datetime) -> bool:
        """Whether its gateway is about to say that it is sent, or that it will not be."""
        return (
            self.stage == "published"
            and self.status == "queued"
            and self.send_by is not None
            and at >= self.send_by
        )

    def _is_past(self, connection: Connection, at: datetime) -> bool:
        """Whether the connection that it was published for ended at least ``ANSWER_GRACE`` ago."""
        if connection.connection_id == self.connection_id and connection.connected:
            return False
        ended_at = connection.connected_at if connection.connected else connection.disconnected_at
        return ended_at is not None and ended_at + ANSWER_GRACE <= at

    def _ended(self, status: Status, **changes: Any) -> Command:
        if self.is_final:
            return self
        ended = {"status": status, "stage": "ended", "due_at": None, "send_by": None, "overdue_at": None}
        return self.copied({**ended, **changes})


def _no_answer(why: str) -> CommandError:
    return CommandError(code=ErrorCode.GENERIC_ERROR, description=why)
