"""The messages of stations as they came, and which reports are complete."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import msgspec

from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Message

from ..clock import Time
from ..messaging.router import Call
from ..secrets import masked
from ..storage.queries import composite_id
from ..storage.store import Collection, Document, Index, Store
from .report import Part, Report

LONGEST = 900_000
"""Bytes of a payload, so that a document holds it."""

OWN_TIMES = ("timestamp", "generatedAt", "timeBase", "basetime", "settlementTime")
"""A message that says when it was made is the same one whenever it comes."""


class StationMessage(Document):
    """One message of a station. ``payload`` is its JSON, in which only secrets are hidden."""

    station_id: str
    action: str
    ocpp_version: str
    received_at: Time
    request_id: int | None = None
    payload: str


@dataclass(frozen=True)
class MessageLog:
    """Messages and reports are noted once, however often they are delivered or sent again."""

    messages: Collection[StationMessage]
    reports: Collection[Report]

    @classmethod
    def of(cls, store: Store, service: str) -> Self:
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
            reports=store.collection(f"{service}Reports", Report, reports),
        )

    async def append(self, call: Call[Any]) -> None:
        """Returns when the message is durable. One part of a report completes what came before.

        Raises ``CallError`` for a payload that no document can hold.
        """
        payload = msgspec.json.decode(call.message.data)
        shown = masked(payload)
        text = call.message.data if shown == payload else msgspec.json.encode(shown)
        if len(text) > LONGEST:
            raise CallError(ErrorCode.FORMAT_VIOLATION, f"the payload has more than {LONGEST} bytes")
        part = _part(call)
        message = StationMessage(
            station_id=call.station_id,
            action=call.message.action,
            ocpp_version=call.version.value,
            received_at=call.received_at,
            request_id=part.request_id if part else getattr(call.request, "request_id", None),
            payload=text.decode(),
        )
        await self.messages.update(_key(call.message, payload, text), lambda kept: kept or message)
        if part is not None:
            await self.reports.update(part.key, lambda kept: kept.told(part) if kept else Report.of(part))

    async def report(self, station_id: str, action: str, request_id: int) -> Report | None:
        return await self.reports.get(report_key(station_id, action, request_id))


def _key(message: Message, payload: Any, text: bytes) -> str:
    """The same for the same message again. One without a time of its own is told apart by when it came."""
    timed = isinstance(payload, dict) and any(name in payload for name in OWN_TIMES)
    digest = blake2b(text, digest_size=12).hexdigest()
    return composite_id(message.station_id, message.action, digest) + ("" if timed else message.sent_at)


def _part(call: Call[Any]) -> Part | None:
    """The messages of reports are those that can say ``tbc`` (to be continued) about a request."""
    request = call.request
    if not hasattr(request, "tbc") or not hasattr(request, "request_id"):
        return None
    action = call.message.action
    return Part(
        key=report_key(call.station_id, action, request.request_id),
        station_id=call.station_id,
        action=action,
        request_id=request.request_id,
        seq_no=getattr(request, "seq_no", None),
        is_last=not request.tbc,
        received_at=call.received_at,
    )


def report_key(station_id: str, action: str, request_id: int) -> str:
    return composite_id(station_id, action, request_id)
