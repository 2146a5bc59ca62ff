"""What becomes known of reservations, as messages on the bus."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.event import (
    COMMAND_ENDED,
    STATION_DELETED,
    TRANSACTION_STARTED,
    CommandEnded,
    StationDeleted,
    TransactionStarted,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.user.service import User, router

from .moment import NOW

Json = dict[str, Any]


def minute(number: float) -> str:
    """Minutes from now."""
    return rfc3339(NOW + timedelta(minutes=number))


def command_ended(
    action: str,
    payload: Json,
    at: float,
    status: str = "Accepted",
    version: Version = Version.V201,
    id: str = "",
    end: str = "answered",
) -> Message:
    """The station's answer ``status``, ``at`` a minute."""
    ACTIONS[version][action].request_validator.check(payload)
    message_id = id or f"{action}@{at}"
    data = CommandEnded(
        id=message_id,
        action=action,
        status=end,
        payload=payload,
        response={"status": status} if end == "answered" else None,
        answered_at="" if end in ("timeout", "expired", "unknown") else minute(at),
    )
    return _event(COMMAND_ENDED.name, data, minute(at), version, message_id)


def reserved(at: float, expiry: float = 60, number: int = 7, **changes: Any) -> Message:
    """A ReserveNow of 2.x was accepted."""
    payload: Json = {
        "id": number,
        "expiryDateTime": minute(expiry),
        "idToken": {"idToken": "Tag1", "type": "ISO14443"},
        **changes.pop("payload", {}),
    }
    return command_ended("ReserveNow", payload, at, **changes)


def reserved_16(at: float, expiry: float = 60, number: int = 7, **changes: Any) -> Message:
    payload: Json = {
        "connectorId": 0,
        "expiryDate": minute(expiry),
        "idTag": "Tag1",
        "reservationId": number,
        **changes.pop("payload", {}),
    }
    return command_ended("ReserveNow", payload, at, version=Version.V16, **changes)


def cancelled(at: float, status: str = "Accepted", number: int = 7, **changes: Any) -> Message:
    return command_ended("CancelReservation", {"reservationId": number}, at, status, **changes)


def used(
    started: float, received: float | None = None, transaction: str = "t1", number: int | None = 7
) -> Message:
    """``received`` is when it was published: by default when it started."""
    data = TransactionStarted(
        id=f"CS1:{transaction}",
        transaction_id=transaction,
        started_at=minute(started),
        id_token="Tag1",
        reservation_id=number,
    )
    return _event(
        TRANSACTION_STARTED.name, data, minute(started if received is None else received), Version.V201
    )


def updated(at: float, status: str, number: int = 7) -> Message:
    """ReservationStatusUpdate."""
    return Message(
        data=msgspec.json.encode({"reservationId": number, "reservationUpdateStatus": status}),
        message_id="1",
        station_id="CS1",
        action="ReservationStatusUpdate",
        kind=Kind.CALL,
        origin=Direction.FROM_STATION,
        ocpp_version=Version.V21,
        sent_at=minute(at),
    )


def deleted(at: float) -> Message:
    """The station was."""
    data = StationDeleted()
    return _event(STATION_DELETED.name, data, minute(at), Version.V201)


async def deliver(user: User, *messages: Message) -> None:
    bus: Any = None  # nobody waits for an answer
    for message in messages:
        await router.handle(message, bus, user, user.clock)


def _event(name: str, data: msgspec.Struct, sent_at: str, version: Version, id: str = "1") -> Message:
    return Message(
        data=encode(data),
        message_id=id,
        station_id="CS1",
        action=name,
        kind=Kind.EVENT,
        origin=Direction.FROM_STATION,
        ocpp_version=version,
        sent_at=sent_at,
    )
