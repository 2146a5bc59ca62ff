"""The one thing that travels on the bus: an OCPP payload or a domain event, with its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

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
    """All but ``data`` travels as attributes. A text is empty where it is not known, and then left out."""

    data: bytes
    """JSON: an OCPP payload exactly as on the wire, or the data of an event."""
    message_id: str
    """The id in the OCPP-J frame. Some stations use it again after every boot: it tells answers apart on one
    connection, and is no key for anything that lasts.
    """
    station_id: str
    """Also the ordering key: messages of one station arrive in order."""
    action: str
    """Name of the OCPP action, or of the event."""
    kind: Kind
    """Request, answer, or event."""
    sent_at: str
    """RFC 3339 in UTC, by the clock of the process that published it."""
    origin: Direction
    """Who sends the request: actions such as DataTransfer go both ways."""
    ocpp_version: Version | None = None
    """Of the payload. None for an event that no connection caused."""
    gateway_id: str = ""
    """The gateway process that holds the connection."""
    connection_id: str = ""
    """The WebSocket connection of the station."""
    reply_to: str = ""
    """The topic for the answer. Empty where none is wanted."""
    traceparent: str = ""
    """W3C Trace Context."""
    error_code: str = ""
    """Of a CALLERROR, spelled as the version has it."""
    error_description: str = ""
    """Of a CALLERROR."""

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

    def error(self, error: CallError, sent_at: str) -> Message:
        """The refusal of this call, its code spelled as the version of the call has it."""
        return self._answer(
            kind=Kind.ERROR,
            data=msgspec.json.encode(error.details),
            sent_at=sent_at,
            error_code=error.code.of(self.ocpp_version or Version.V21),
            error_description=error.description,
        )

    def _answer(
        self, *, kind: Kind, data: bytes, sent_at: str, error_code: str = "", error_description: str = ""
    ) -> Message:
        return msgspec.structs.replace(
            self,
            kind=kind,
            data=data,
            sent_at=sent_at,
            reply_to="",
            error_code=error_code,
            error_description=error_description,
        )
