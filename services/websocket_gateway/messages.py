"""The bus messages that a gateway makes itself: what a station sent, and what became of its connection."""

from __future__ import annotations

import random
import uuid
from typing import NamedTuple

import orjson

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import EventData, GatewayAlive
from libs.ocpp_messages.message import Kind, Message

from .connection import Connection

Incoming = frame.Call | frame.Send | frame.Error | frame.ResultError
"""Messages, and the refusals of what is none: these wait for their turn too, so answers keep their order."""


class Received(NamedTuple):
    """``at`` is RFC 3339, ``deadline`` a time of the event loop."""

    frame: Incoming
    at: str
    deadline: float


def from_station(
    connection: Connection, call: frame.Call | frame.Send, received_at: str, gateway_id: str, reply_to: str
) -> Message:
    """``reply_to`` is empty for a SEND."""
    return Message(
        data=orjson.dumps(call.payload),
        message_id=call.id,
        station_id=connection.station_id,
        action=call.action,
        kind=Kind.CALL if isinstance(call, frame.Call) else Kind.SEND,
        sent_at=received_at,
        origin=Direction.FROM_STATION,
        ocpp_version=connection.version,
        gateway_id=gateway_id,
        connection_id=connection.id,
        reply_to=reply_to,
        traceparent=f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01",
    )


def of_connection(connection: Connection, event: EventData, at: str, gateway_id: str) -> Message:
    name = type(event).__name__
    return Message(
        data=encode(event),
        message_id=f"{connection.id}.{name}",
        station_id=connection.station_id,
        action=name,
        kind=Kind.EVENT,
        sent_at=at,
        origin=Direction.FROM_STATION,
        ocpp_version=connection.version,
        gateway_id=gateway_id,
        connection_id=connection.id,
    )


def alive(gateway_id: str, at: str) -> Message:
    """Concerns no station: its station id is empty."""
    return Message(
        data=encode(GatewayAlive()),
        message_id=uuid.uuid4().hex,
        station_id="",
        action=GatewayAlive.__name__,
        kind=Kind.EVENT,
        sent_at=at,
        origin=Direction.FROM_STATION,
        gateway_id=gateway_id,
    )
