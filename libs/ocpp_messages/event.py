"""What happens in the CSMS beside OCPP messages. Each event has a topic of its name and data in camelCase."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from .errors import Unparseable

Data = TypeVar("Data")


@dataclass(frozen=True)
class Event(Generic[Data]):
    """A kind of event, with the type of its data."""

    type: type[Data]

    @cached_property
    def name(self) -> str:
        return self.type.__name__

    def decode(self, data: bytes) -> Data:
        """Raises ``Unparseable`` if the data does not fit."""
        try:
            return msgspec.json.decode(data, type=self.type, strict=False)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Unparseable(f"{self.name}: {error}") from error


class EventData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The message that carries it names the station, the gateway, the connection and the time."""


class StationConnected(EventData, frozen=True):
    """A gateway accepted a station's WebSocket."""

    remote_address: str = ""
    """Address, and port where it is known, that it came from. Of CSMS_TRUSTED_PROXIES, they say it."""
    inbox: str = ""
    """The topic for commands to the station. Empty where they go to ``<Action>Request``."""


class StationDisconnected(EventData, frozen=True):
    """A station's WebSocket is gone, in good order or not."""

    code: int
    """The WebSocket close code (RFC 6455). 1006 if none came."""
    reason: str = ""
    """The text of the close frame."""


class StationAccessRevoked(EventData, frozen=True):
    """The operator has deleted the station, does not accept it any more, or has given it another secret: the
    connections that were admitted before have to end.
    """

    reason: str
    """The text of the close frame that the station gets."""
    connection_number: int = 0
    """That of the newest connection which may have been admitted before: it and older ones have to end."""


class RegistrationStatusChanged(EventData, frozen=True):
    """The operator has decided anew whether a station may operate. It counts for its open connection too."""

    status: str
    """``Accepted``, ``Pending`` or ``Rejected``: what counts until a BootNotification is answered. After the
    operator's Accepted it is Pending if the station was told otherwise when it last booted.
    """
    number: int
    """Greater than that of every earlier decision about the station: an event that comes late is ignored."""


class SecurityProfileLowered(EventData, frozen=True):
    """The operator has lowered what a station must show to connect. It is for who keeps watch."""

    before: int
    """The security profile that the station needed until then."""
    profile: int
    """The one that it needs now; 0 is none."""


class StationDeleted(EventData, frozen=True):
    """The operator has deleted the station: whoever comes later under its id inherits nothing of it. Sent at
    least once, after the station is refused and before its id can be used again.
    """


class RefusalReason(StrEnum):
    """Why a gateway refuses a handshake. Below each what the operator can do."""

    WRONG_PATH = "wrongPath"
    """The path has not the form ``/ocpp/{stationId}``: set CSMS_GATEWAY_PATHS, or the URL at the station."""
    BAD_IDENTITY = "badIdentity"
    """The path names what no station may be called: give the station another identity."""
    NO_SUBPROTOCOL = "noSubprotocol"
    """It offers no version of OCPP that the CSMS speaks: set the ``defaultVersion`` of the station."""
    UNKNOWN_STATION = "unknownStation"
    """There is no station of that id: register it."""
    WRONG_SECRET = "wrongSecret"
    """Its secret or user name is wrong, or it sent none: set the secret, here or at the station."""
    WEAK_SECRET = "weakSecret"
    """Its secret is right, but too short for CSMS_WEAK_SECRETS=refused: give it a longer one."""
    PROFILE_TOO_LOW = "profileTooLow"
    """It needs TLS or a secret that it lacks: raise it at the station, or lower what it needs."""
    FOREIGN_ORIGIN = "foreignOrigin"
    """A web page has sent it, which stations never are: set CSMS_ALLOWED_ORIGINS if the page is yours."""
    TOO_MANY_CONNECTIONS = "tooManyConnections"
    """Two devices use one identity, and each ends the connection of the other: find the second one."""
    TOO_MANY_ATTEMPTS = "tooManyAttempts"
    """Its address connects or guesses too often: find out who is there, or raise the limit
    (CSMS_CONNECTIONS_PER_ADDRESS, CSMS_FAILED_LOGINS_PER_MINUTE)."""


class ConnectionRefused(EventData, frozen=True):
    """A gateway refused the handshake of a station, or of who claims to be one. The event names the station
    if the path did. A gateway sends it at most once a minute for the same station and reason.
    """

    reason: str
    """A value of RefusalReason."""
    detail: str
    """Why, in words. The HTTP response may have said less."""
    path: str = ""
    """The path of the request, cut short, if it names no station."""
    remote_address: str = ""
    """Address, and port where it is known, that it came from. Of CSMS_TRUSTED_PROXIES, they say it."""
    subprotocols: list[str] = []
    """What it offered in Sec-WebSocket-Protocol, cut short."""
    count: int = 1
    """How often, since the last event of this gateway for the same station and reason."""


class GatewayAlive(EventData, frozen=True):
    """Sent by every gateway twice a minute: a gateway that stops sending it has died with its connections."""


class StationsSeen(EventData, frozen=True):
    """Which stations of a gateway have sent something lately, answers included. Sent every five minutes, in
    parts of 500 stations. It concerns no single station: its station id is empty.
    """

    seconds_ago: dict[str, int]
    """By station id: how many seconds before the event its last message was received."""


class TransactionStarted(EventData, frozen=True):
    """The start of a transaction is stored; or its EVSE, or which remote start or reservation it came from,
    where that is known only later.
    """

    id: str
    """Of the transaction over all stations, as ``/transactions/{id}`` has it."""
    transaction_id: str
    """The station's own; in 1.6 the number that the CSMS gave it."""
    started_at: str
    """RFC 3339, by the station's clock."""
    evse_id: int | None = None
    """EVSEType.id of 2.x."""
    connector_id: int | None = None
    """EVSEType.connectorId, or StartTransaction.connectorId of 1.6."""
    id_token: str = ""
    """The token that began it; empty where there was none, or it is a secret."""
    remote_start_id: int | None = None
    """TransactionType.remoteStartId: that of the RequestStartTransaction."""
    reservation_id: int | None = None
    """The reservation that it used."""


class RemoteStartMatched(EventData, frozen=True):
    """A transaction of OCPP 2.x comes from a remote start of the CSMS: it names its remoteStartId. So the
    token that was sent with it is the one that began the transaction, unless the station has named another.
    """

    id: str
    """Of the transaction over all stations, as ``/transactions/{id}`` has it."""
    transaction_id: str
    """The station's own."""
    started_at: str
    """RFC 3339, by the station's clock, as in TransactionStarted."""
    command_id: str
    """That of the RequestStartTransaction in the REST API."""
    id_token: str
    """IdTokenType.idToken of the RequestStartTransaction; empty where it is a secret."""
    id_token_type: str
    """IdTokenType.type of the RequestStartTransaction."""


class TransactionResumed(EventData, frozen=True):
    """A station goes on with a transaction after an interruption, in which it may have forgotten what is for
    this transaction alone.
    """

    id: str
    """Of the transaction over all stations, as ``/transactions/{id}`` has it."""
    transaction_id: str
    """The station's own."""
    seq_no: int
    """TransactionEvent.seqNo of the message whose triggerReason was TxResumed."""


class TransactionEnded(EventData, frozen=True):
    """The last event of a transaction is stored, or the operator has ended it. Comes again with each message
    after that: the newest counts.
    """

    id: str
    """Of the transaction over all stations, as ``/transactions/{id}`` has it."""
    transaction_id: str
    """The station's own; in 1.6 the number that the CSMS gave it."""
    started_at: str
    """RFC 3339, by the station's clock; of what came first, where its start has not been received."""
    ended_at: str
    """RFC 3339, by the station's clock."""
    energy_wh: Decimal | None = None
    """In Wh; None where the station sent no energy register."""
    id_token: str = ""
    """The token that began it, or else the one that ended it; empty where there was none."""
    quality: str = "clean"
    """``clean``, ``repaired``, or ``doubtful``: then a person has to look at it before anybody pays."""
    warnings: list[str] = []
    """What looks wrong about it, as ``/transactions/{id}`` has it."""


class TransactionIncomplete(EventData, frozen=True):
    """Events of a transaction are missing, and none has come for a while: the station has to be asked whether
    it has more (E14).
    """

    id: str
    """Of the transaction over all stations, as ``/transactions/{id}`` has it."""
    transaction_id: str
    """The station's own."""
    missing_seq_nos: list[int]
    """TransactionEvent.seqNo of the first of them."""


class ConnectorAvailable(EventData, frozen=True):
    """A connector that was not has been Available for some minutes: a transaction that is still active there
    may have ended without a word.
    """

    evse_id: int
    """EVSEType.id of 2.x; connectorId of 1.6."""
    connector_id: int
    """EVSEType.connectorId, or connectorId of 1.6."""
    since: str
    """RFC 3339: the time in the station's StatusNotification, or of its receipt, where it has none."""


class CommandSent(EventData, frozen=True):
    """A command has been sent to its station, which has not answered for a moment. A command that is answered
    at once has none: its answer says when it was sent.
    """

    id: str
    """The id of the command in the REST API, and its message id in OCPP-J."""
    sent_at: str
    """When the gateway wrote it to the station's WebSocket, in RFC 3339 and UTC."""
    answer_timeout: float
    """Seconds from then until the gateway waits no longer for the answer."""


class CommandCancelled(EventData, frozen=True):
    """A command that waits in a gateway is not to be sent. The gateway answers it, unless it is sent."""

    id: str
    """The id of the command in the REST API, and its message id in OCPP-J."""


class CommandEnded(EventData, frozen=True):
    """A command has ended, by an answer of the station or without one. Secrets in it are hidden."""

    id: str
    """The id of the command in the REST API, and its message id in OCPP-J."""
    action: str
    """The OCPP action, such as ``Reset``."""
    status: str
    """``answered``; ``error``: the station refused it, or it could not be sent; ``timeout``: sent, and no
    answer came in time; ``expired``: never sent; ``unknown``: the connection ended before an answer came.
    """
    payload: Any
    """The payload of the request."""
    response: Any = None
    """The payload of the station's CALLRESULT, as it came. None where there is none."""
    warning: str = ""
    """How the response breaks its schema; empty if it does not."""
    answered_at: str = ""
    """When the gateway received the answer, in RFC 3339. Empty where there is none."""
    error_code: str = ""
    """Of a command that the station refused: the code of its CALLERROR, such as ``NotSupported``."""
    gateway_reason: str = ""
    """Why the gateway has no answer of the station: ``notConnected``, ``overloaded``, ``invalidRequest``,
    ``expired`` or ``cancelled`` if it was never sent, else ``timeout`` or ``disconnected``.
    """

    @property
    def station_status(self) -> str:
        """``status`` of the response. Empty if there is no response, or none with a status."""
        if self.status != "answered" or not isinstance(self.response, dict):
            return ""
        status = self.response.get("status")
        return status if isinstance(status, str) else ""

    @property
    def is_unknown_to_station(self) -> bool:
        """Whether the station has no such action."""
        return self.error_code in ("NotSupported", "NotImplemented")

    @property
    def may_be_accepted(self) -> bool:
        """Whether the station accepted it, or may have: it was sent, and no readable answer came."""
        if self.status == "answered":
            return self.station_status == "Accepted" or (not self.station_status and bool(self.warning))
        return self.status in ("timeout", "unknown")


class MessageRefused(EventData, frozen=True):
    """A station has sent a message that carries energy or money and that no rule can repair. It got a
    CALLERROR; what can be read of the message still counts.
    """

    action: str
    """``StartTransaction``, ``StopTransaction``, ``MeterValues`` or ``TransactionEvent``."""
    message_id: str
    """The id in the OCPP-J frame."""
    payload: Any
    """As it came."""
    code: str
    """The code of the CALLERROR."""
    reason: str
    """The text of the CALLERROR: the place and what is wrong there."""


class Deviation(EventData, frozen=True):
    """One way in which a station departs from OCPP, and how often it did."""

    rule: str
    """A rule of ``ocpp_messages.leniency``; of a refused message, the code of its CALLERROR."""
    action: str
    """The OCPP action."""
    place: str
    """The place in the payload, as ``meterValue.0.timestamp``, with ``*`` for the numbers in lists."""
    example: str
    """What stood there, or what was wrong, without secrets. At most 500 characters."""
    repaired: bool
    """False if the message was refused."""
    count: int
    """How often, since the last event of this gateway."""
    last_seen: str
    """RFC 3339, by the clock of the gateway."""


class StationDeviated(EventData, frozen=True):
    """A station departs from OCPP. Sent for the first time at once, after that in batches."""

    deviations: list[Deviation]
    """Each rule, action and place once."""


class StationWatched(EventData, frozen=True):
    """Somebody looks at a station's frames: the gateway that holds its connection is to copy them. Whoever
    watches publishes it again and again. An earlier one that comes late changes nothing.
    """

    until: str
    """RFC 3339: when copying ends, unless another one comes. At most five minutes from now count."""


class FrameProblem(EventData, frozen=True):
    """What is wrong with a frame of a station."""

    rule: str
    """A rule of ``ocpp_messages.leniency`` that was broken and repaired; else an error code of OCPP, or
    ``unexpected`` for an answer that nobody waits for."""
    place: str = ""
    """The place in the payload, as ``meterValue.0.timestamp``. Empty for the whole frame."""
    description: str = ""
    """Of a repair, what stood there; else what is wrong. Without secrets, at most 500 characters."""


class StationFrame(EventData, frozen=True):
    """One frame on the WebSocket of a watched station, also one that was refused. The time of the message
    that carries it is that of the frame. A message of a station is copied when its turn has come.
    """

    direction: str
    """``in`` from the station, or ``out`` to it."""
    kind: str
    """``call``, ``result``, ``error`` or ``send``. Empty for text that is no OCPP-J frame."""
    text: str
    """The frame as JSON without secrets. Of one longer than 16,000 bytes the beginning; in that, and in text
    that is no frame, everything is hidden that may be secret."""
    number: int
    """Counts the copies of frames of this connection, from 1 on."""
    message_id: str = ""
    """The id in the frame: that of an answer is the one of its call."""
    action: str = ""
    """Of an answer, the action of its call. Empty where that is not known."""
    length: int = 0
    """Of the whole frame, in bytes."""
    duration_ms: float | None = None
    """Of an answer: from its call to it, where the call was copied too."""
    refused: bool = False
    """Whether the CSMS did not take it."""
    problems: list[FrameProblem] = []
    """Why it was refused, or what was wrong and was taken all the same. At most 20."""
    dropped: int = 0
    """Frames of this connection that were not copied since the one before, for there were too many."""


class DeadLetter(EventData, frozen=True):
    """A message that no attempt could handle."""

    topic: str
    """The topic that it was published to."""
    subscription: str
    """The subscription whose consumer failed."""
    reason: str
    """How the last attempt failed."""
    attempts: int
    """How many attempts there were."""
    data: str = ""
    """Its data, where that is text."""
    attributes: dict[str, str] = {}
    """Its attributes."""


STATION_CONNECTED = Event(StationConnected)
STATION_DISCONNECTED = Event(StationDisconnected)
STATION_ACCESS_REVOKED = Event(StationAccessRevoked)
REGISTRATION_STATUS_CHANGED = Event(RegistrationStatusChanged)
SECURITY_PROFILE_LOWERED = Event(SecurityProfileLowered)
STATION_DELETED = Event(StationDeleted)
CONNECTION_REFUSED = Event(ConnectionRefused)
GATEWAY_ALIVE = Event(GatewayAlive)
STATIONS_SEEN = Event(StationsSeen)
TRANSACTION_STARTED = Event(TransactionStarted)
REMOTE_START_MATCHED = Event(RemoteStartMatched)
TRANSACTION_RESUMED = Event(TransactionResumed)
TRANSACTION_ENDED = Event(TransactionEnded)
TRANSACTION_INCOMPLETE = Event(TransactionIncomplete)
CONNECTOR_AVAILABLE = Event(ConnectorAvailable)
COMMAND_SENT = Event(CommandSent)
COMMAND_CANCELLED = Event(CommandCancelled)
COMMAND_ENDED = Event(CommandEnded)
MESSAGE_REFUSED = Event(MessageRefused)
STATION_DEVIATED = Event(StationDeviated)
STATION_WATCHED = Event(StationWatched)
STATION_FRAME = Event(StationFrame)
DEAD_LETTER = Event(DeadLetter)

EVENTS: list[Event[Any]] = [
    STATION_CONNECTED,
    STATION_DISCONNECTED,
    STATION_ACCESS_REVOKED,
    REGISTRATION_STATUS_CHANGED,
    SECURITY_PROFILE_LOWERED,
    STATION_DELETED,
    CONNECTION_REFUSED,
    GATEWAY_ALIVE,
    STATIONS_SEEN,
    TRANSACTION_STARTED,
    REMOTE_START_MATCHED,
    TRANSACTION_RESUMED,
    TRANSACTION_ENDED,
    TRANSACTION_INCOMPLETE,
    CONNECTOR_AVAILABLE,
    COMMAND_SENT,
    COMMAND_CANCELLED,
    COMMAND_ENDED,
    MESSAGE_REFUSED,
    STATION_DEVIATED,
    STATION_WATCHED,
    STATION_FRAME,
    DEAD_LETTER,
]
