"""The log of a service: the messages of stations as they came, and which reports are complete."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Self

import msgspec
from pydantic import Field

from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import MessageRefused

from ..clock import Time
from ..messaging.router import Call
from ..secrets import masked, masked_frame, masked_text, may_hold_secret
from ..storage.queries import composite_id
from ..storage.store import Collection, Document, Index, Store
from .quota import DEFAULT_LIMITS, DailyLimits, MessageQuota, MessageUsage
from .report import MultipartReport, ReportPart

MAX_PAYLOAD = 900_000
"""Bytes. A document of Firestore holds a mebibyte."""

NEVER_LEFT_OUT = {"SecurityEventNotification", "NotifySettlement"}
"""Messages that are stored whatever else a station has sent."""

MAX_PAYLOAD_BEYOND_QUOTA = 16_000
"""Bytes of one of these, where the station has used up its quota. No honest one is nearly as long."""

OWN_TIMES = ("timestamp", "generatedAt", "timeBase", "basetime", "settlementTime")
"""Properties in which a message says when it was made. With one, it is the same message whenever it comes."""


class Refusal(Document):
    """The CALLERROR that a message was answered with."""

    code: str = Field(description="Its error code, such as FormationViolation.")
    reason: str = Field(description="Its text: the place in the payload, and what is wrong there.")


class StationMessage(Document):
    """A message as its station sent it."""

    station_id: str = Field(description="Id of the charging station.")
    action: str = Field(description="Name of the OCPP message, such as NotifyReport.")
    ocpp_version: str = Field(description="Version of OCPP that the payload is of.")
    received_at: Time = Field(description="When the gateway received it.")
    request_id: int | None = Field(
        default=None,
        description="`requestId` of the payload: the request of the CSMS that it answers.",
    )
    payload: str = Field(description="The JSON as on the wire, in which only secrets are hidden.")
    refused: Refusal | None = Field(
        default=None, description="How it was refused; absent for a message that was accepted."
    )
    repairs: list[str] | None = Field(
        default=None,
        description="The rules that repaired it, as `rule@place`; absent for a message that fits its schema."
        " The payload is the repaired one.",
    )


@dataclass(frozen=True)
class MessageLog:
    """A message is kept once, however often it is delivered or sent again, as far as the quota of its station
    goes.
    """

    messages: Collection[StationMessage]
    reports: Collection[MultipartReport]
    quota: MessageQuota

    @classmethod
    def of(cls, store: Store, service: str, limits: DailyLimits = DEFAULT_LIMITS) -> Self:
        by_report = ("stationId", "action", "requestId")
        messages = [
            Index(("stationId",), "receivedAt", descending=True),
            Index(("stationId", "action"), "receivedAt", descending=True),
            Index(by_report, "receivedAt", descending=True),
            Index(by_report, "receivedAt"),
        ]
        reports = [Index(("stationId",), "startedAt", descending=True)]
        return cls(
            messages=store.collection(f"{service}Messages", StationMessage, messages),
            reports=store.collection(f"{service}Reports", MultipartReport, reports),
            quota=MessageQuota(
                store.collection(f"{service}MessageUsage", MessageUsage), limits, store.has_room
            ),
        )

    async def append(self, call: Call[Any]) -> bool:
        """Returns when the message is durable, and so is the report that it is a part of. False if it is not
        stored, because the station has used up its quota.

        Raises ``CallError`` for a payload that no document can hold.
        """
        size = len(call.message.data)
        if call.message.action not in NEVER_LEFT_OUT:
            return await self.store(call, size, partial(self._append, call, MAX_PAYLOAD))
        max_bytes = self._max_bytes(call, size)
        await self._count(call, min(size, max_bytes), partial(self._append, call, max_bytes))
        return True

    async def append_refused(self, call: Call[MessageRefused]) -> None:
        """Returns when the refused message is durable. A payload that no document can hold is left out."""
        refused = call.request
        text = _refused_text(refused.payload)
        key = _key(call.station_id, refused.action, refused.payload, text, call.message.sent_at)
        text = _cut(text, self._max_bytes(call, len(text)))
        message = StationMessage(
            station_id=call.station_id,
            action=refused.action,
            ocpp_version=call.version.value,
            received_at=call.received_at,
            payload=text.decode(),
            refused=Refusal(code=refused.code, reason=masked_text(refused.reason)),
        )
        await self._count(call, len(text), partial(self._put, f"{key}:refused", message))

    async def store(self, call: Call[Any], size: int, store: Callable[[], Awaitable[bool]]) -> bool:
        """Call ``store`` if the quota of the station has room for so many bytes; False if not. It returns
        whether what it has stored is new.
        """
        if self.quota.has_room(call.station_id, call.received_at, size):
            await self._count(call, size, store)
            return True
        await self.quota.not_stored(call.station_id, call.received_at)
        return False

    async def report(self, station_id: str, action: str, request_id: int) -> MultipartReport | None:
        """What the station has sent so far in answer to that request."""
        return await self.reports.get(report_key(station_id, action, request_id))

    def _max_bytes(self, call: Call[Any], size: int) -> int:
        """How long a payload may be that is stored in any case."""
        has_room = self.quota.has_room(call.station_id, call.received_at, size)
        return MAX_PAYLOAD if has_room else MAX_PAYLOAD_BEYOND_QUOTA

    async def _count(self, call: Call[Any], size: int, store: Callable[[], Awaitable[bool]]) -> None:
        await self.quota.count(call.station_id, call.received_at, size, store)

    async def _append(self, call: Call[Any], max_bytes: int) -> bool:
        payload = msgspec.json.decode(call.message.data)
        text = _masked_text(call.message.data, payload)
        part = _part(call)
        message = StationMessage(
            station_id=call.station_id,
            action=call.message.action,
            ocpp_version=call.version.value,
            received_at=call.received_at,
            request_id=part.request_id if part else getattr(call.request, "request_id", None),
            payload=_cut(text, max_bytes).decode(),
            repairs=call.message.repairs.split() or None,
        )
        key = _key(call.station_id, message.action, payload, text, call.message.sent_at)
        is_new = await self._put(key, message)
        if part is not None:
            await self.reports.update(
                part.key, lambda known: known.merge(part) if known else MultipartReport.of(part)
            )
        return is_new

    async def _put(self, key: str, message: StationMessage) -> bool:
        """Whether it is new."""
        return await self.messages.update(key, lambda known: known or message) is message


def _key(station_id: str, action: str, payload: Any, text: bytes, sent_at: str) -> str:
    """The same for the same message again. One without a time of its own is known by when it came."""
    timed = isinstance(payload, dict) and any(name in payload for name in OWN_TIMES)
    digest = blake2b(text, digest_size=12).hexdigest()
    return composite_id(station_id, action, digest) + ("" if timed else sent_at)


def _masked_text(data: bytes, payload: Any) -> bytes:
    shown = masked(payload)
    text = data if shown == payload else msgspec.json.encode(shown)
    if len(text) > MAX_PAYLOAD:
        raise CallError(ErrorCode.FORMAT_VIOLATION, f"the payload has more than {MAX_PAYLOAD} bytes")
    return text


def _cut(text: bytes, max_bytes: int) -> bytes:
    if len(text) <= max_bytes:
        return text
    return msgspec.json.encode({"withheld": f"more than {max_bytes} bytes"})


def _refused_text(payload: Any) -> bytes:
    if isinstance(payload, str) and may_hold_secret(payload):
        payload = masked_frame(payload)  # Text that is no JSON: nobody knows where a secret ends.
    try:
        text = msgspec.json.encode(masked(payload))
    except CallError as error:
        return msgspec.json.encode({"withheld": error.description})
    return _cut(text, MAX_PAYLOAD)


def _part(call: Call[Any]) -> ReportPart | None:
    """None for a message of no report: those of reports have ``tbc`` (to be continued) and ``requestId``."""
    request = call.request
    if not hasattr(request, "tbc") or not hasattr(request, "request_id"):
        return None
    action = call.message.action
    return ReportPart(
        key=report_key(call.station_id, action, request.request_id),
        station_id=call.station_id,
        action=action,
        request_id=request.request_id,
        seq_no=getattr(request, "seq_no", None),
        is_last=not request.tbc,
        received_at=call.received_at,
    )


def report_key(station_id: str, action: str, request_id: int) -> str:
    """The id of a report among those of all stations."""
    return composite_id(station_id, action, request_id)
