"""The one thing that travels on the bus: an OCPP payload or a domain event, with its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from .action import Direction, encode
from .errors import CallError, Unparseable
from .version import Version


class Kind(StrEnum):
    CALL = "call"
    RESULT = "result"
    ERROR = "error"
    SEND = "send"
    """OCPP 2.1: like a call, and never answered."""
    EVENT = "event"
    """Something that happened in the CSMS."""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """An OCPP payload, or an event. Everything but ``data`` travels as attributes."""

    data: bytes
    """JSON: an OCPP payload as on the wire, unless ``repairs`` says otherwise, or the data of an event."""
    message_id: str
    """The id in the OCPP-J frame. Some stations use the same ids again after every boot: it tells answers
    apart on one connection, and is no key for anything that lasts.
    """
    station_id: str
    """The charging station that it concerns. The ordering key."""
    action: str
    """The OCPP action, such as ``BootNotification``, or the name of the event."""
    kind: Kind
    """``call``, ``result``, ``error``, ``send`` (of OCPP 2.1: a request without an answer) or ``event``."""
    sent_at: str
    """When the gateway received it from the station, or when it was published, in RFC 3339 and UTC."""
    origin: Direction
    """Who sent the request: ``station`` or ``csms``."""
    ocpp_version: Version | None = None
    """``ocpp1.6``, ``ocpp2.0.1`` or ``ocpp2.1``. Events that concern no connection have none."""
    gateway_id: str = ""
    """The gateway process that holds the connection."""
    connection_id: str = ""
    """The connection of the station."""
    reply_to: str = ""
    """The topic for the answer. Empty where none is wanted."""
    traceparent: str = ""
    """The context of a trace (W3C Trace Context)."""
    error_code: str = ""
    """Of an error: the code of the CALLERROR. Of the result of a command: how it breaks its schema."""
    error_description: str = ""
    """Of an error: the text of the CALLERROR. Of the result of a command: where it breaks its schema."""
    expires_at: str = ""
    """Of a command and its answer: the command is not sent to the station after that, in RFC 3339 and UTC."""
    priority: str = ""
    """Of a command: ``low`` where nobody waits for it; all others overtake it at the gateway."""
    command_sent_at: str = ""
    """Of the answer to a command: when the gateway sent the command to the station, in RFC 3339 and UTC.
    Empty if it never did.
    """
    repairs: str = ""
    """Of a request of a station that broke its schema: the rules that made ``data`` valid, each with the
    place in the payload, as ``rule@place``, separated by spaces. At most 1,000 characters.
    """

    def attributes(self) -> dict[str, str]:
        """Everything but the data, without what is empty."""
        attributes: dict[str, str] = msgspec.to_builtins(self, builtin_types=(bytes,))
        del attributes["data"]
        return attributes

    @classmethod
    def of(cls, data: bytes, attributes: Mapping[str, str]) -> Message:
        """Raises ``Unparseable`` where an attribute is missing or has an impossible value."""
        try:
            message = msgspec.convert({**attributes, "data": data}, cls)
        except msgspec.ValidationError as error:
            raise Unparseable(str(error)) from error
        if message.origin is Direction.BOTH:
            raise Unparseable("a message comes from a station or the CSMS, not from both")
        return message

    def result(self, payload: msgspec.Struct, sent_at: str) -> Message:
        """The answer to this call."""
        return self._answer(kind=Kind.RESULT, data=encode(payload), sent_at=sent_at)

    def error(self, error: CallError, sent_at: str, command_sent_at: str = "") -> Message:
        """The refusal of this call, its code spelled as the version of the call has it."""
        return self._answer(
            kind=Kind.ERROR,
            data=msgspec.json.encode(error.details),
            sent_at=sent_at,
            error_code=error.code.of(self.ocpp_version or Version.V21),
            error_description=error.description,
            command_sent_at=command_sent_at,
        )

    def _answer(self, **changes: Any) -> Message:
        return msgspec.structs.replace(self, reply_to="", **changes)
