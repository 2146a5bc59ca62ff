"""OCPP-J frames: the JSON arrays that stations and the CSMS exchange over a WebSocket (part 4, section 4)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import orjson
from msgspec import Struct, field

from .errors import ErrorCode
from .leniency import MONEY_ACTIONS
from .version import Version

UNREADABLE_ID = "-1"
"""The message id of an error about a frame whose own id could not be read."""


MAX_ID_CHARACTERS = 255
"""Of the message ids that stations may use. The standard has 36, which ours keep to."""


class NumericId(str):
    """A message id that a station wrote as a number: it is answered with that number."""

    __slots__ = ()


class Call(Struct, frozen=True):
    id: str
    action: str
    payload: dict[str, Any]
    departures: tuple[str, ...] = ()
    """What is not as the standard has it, and is read all the same: ``messageId``, ``payload``."""


class Result(Struct, frozen=True):
    """``payload`` is an object in a valid frame, and may be any JSON in this one."""

    id: str
    payload: Any


class Error(Struct, frozen=True):
    """The refusal of a CALL. ``code`` is spelled as the version of the connection spells it."""

    id: str
    code: str
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class ResultError(Struct, frozen=True):
    """OCPP 2.1: the refusal of a CALLRESULT."""

    id: str
    code: str
    description: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class Send(Struct, frozen=True):
    """OCPP 2.1: a message that is never answered."""

    id: str
    action: str
    payload: dict[str, Any]
    departures: ClassVar[tuple[str, ...]] = ()


Frame = Call | Result | Error | ResultError | Send

_SHAPES = {
    2: "a CALL is [2, id of 1 to 36 characters, action, payload]",
    3: "a CALLRESULT is [3, id, payload]",
    4: "a CALLERROR is [4, id, code, description, details]",
}
_SHAPES_21 = _SHAPES | {
    5: "a CALLRESULTERROR is [5, id, code, description, details]",
    6: "a SEND is [6, id, action, payload]",
}


class FrameError(Exception):
    """Text that is no frame. The sender is told ``answer``, or nothing where the standard says silence."""

    def __init__(self, description: str, answer: Error | ResultError | None) -> None:
        super().__init__(description)
        self.answer = answer


def parse(text: str | bytes, version: Version) -> Frame:
    """Read one frame. Validates no payload. Raises ``FrameError`` and nothing else, whatever the text."""
    try:
        array = orjson.loads(text)
        if len(text) > 500:  # long enough to be nested so deeply that it could not be written again
            orjson.dumps(array)
    except orjson.JSONDecodeError as error:
        raise _malformed(None, version, "the text is not JSON") from error
    except orjson.JSONEncodeError as error:
        raise _malformed(array, version, "the text is nested too deeply") from error
    match array:
        case [2, str(id), str(action), payload] if _is_id(id):
            return Call(id, action, _object(version, id, payload))
        case [3, str(id), payload] if _is_called(id):
            return Result(id, {} if payload is None else payload)
        case [4, str(id), str(code), *rest] if _is_called(id) and len(rest) < 3:
            return Error(id, code[:50], *_explanation(rest))
        case [5, str(id), str(code), *rest] if version is Version.V21 and _is_called(id) and len(rest) < 3:
            return ResultError(id, code[:50], *_explanation(rest))
        case [6, str(id), str(action), dict(payload)] if version is Version.V21 and _is_id(id):
            return Send(id, action, payload)
    return _call_with_departures(array, version)


def _call_with_departures(array: object, version: Version) -> Call:
    """A CALL whose message id or payload is not as the standard has it. Raises ``FrameError``."""
    match array:
        case [2, str() | int() as sent_id, str(action), *rest] if rest in ([], [None]) or _one_object(rest):
            departures = [] if isinstance(sent_id, str) and _is_id(sent_id) else ["messageId"]
            departures += [] if rest else ["payload"]
            id = sent_id if isinstance(sent_id, str) else NumericId(sent_id)
            if 0 < len(id) <= MAX_ID_CHARACTERS and not isinstance(sent_id, bool):
                return Call(id, action, _object(version, id, rest[0] if rest else None), tuple(departures))
    raise _malformed(array, version)


def _one_object(rest: list[Any]) -> bool:
    return len(rest) == 1 and isinstance(rest[0], dict)


def money_action(text: str) -> str:
    """The one of ``MONEY_ACTIONS`` that text which is no frame would have been a CALL of, or empty."""
    found = _MONEY_CALL.match(text)
    return MONEY_ACTIONS[found[1].casefold()] if found else ""


_MONEY_CALL = re.compile(
    rf'\s{{0,9}}\[\s{{0,9}}2\s{{0,9}},[^,]{{1,300}},\s{{0,9}}"({"|".join(MONEY_ACTIONS)})"', re.IGNORECASE
)


def format(frame: Frame) -> bytes:
    """The text of a frame. Raises nothing for what ``parse`` returned."""
    match frame:
        case Call(id, action, payload):
            array = [2, id, action, payload]
        case Result(id, payload):
            array = [3, _wire_id(id), payload]
        case Error(id, code, description, details):
            array = [4, _wire_id(id), code, description[:255], details]
        case ResultError(id, code, description, details):
            array = [5, id, code, description[:255], details]
        case Send(id, action, payload):
            array = [6, id, action, payload]
    return orjson.dumps(array)


def format_result(id: str, payload: bytes) -> bytes:
    """A CALLRESULT around a payload that is JSON already."""
    return b"[3," + orjson.dumps(_wire_id(id)) + b"," + payload + b"]"


def format_call(id: str, action: str, payload: bytes) -> bytes:
    """A CALL around a payload that is JSON already."""
    return b"[2," + orjson.dumps(id) + b"," + orjson.dumps(action) + b"," + payload + b"]"


def _is_called(id: str) -> bool:
    """Whoever made the call has chosen it."""
    return 0 < len(id) <= MAX_ID_CHARACTERS


def _is_id(id: str) -> bool:
    return 0 < len(id) <= 36


def _wire_id(id: str) -> str | int:
    return int(id) if isinstance(id, NumericId) else id


def _id(array: object) -> str:
    match array:
        case [_, str(id), *_] if 0 < len(id) <= MAX_ID_CHARACTERS:
            return id
    return UNREADABLE_ID


def _object(version: Version, id: str, payload: object) -> dict[str, Any]:
    """The payload of a CALL. Part 4 tolerates null where it means an empty object."""
    if isinstance(payload, dict):
        return payload
    if payload is None:
        return {}
    description = "the payload must be an object"
    raise FrameError(description, Error(id, ErrorCode.FORMAT_VIOLATION.of(version), description))


def _explanation(rest: list[Any]) -> tuple[str, dict[str, Any]]:
    """The description and details of an error, which many stations leave out or fill with null."""
    description = rest[0] if rest and isinstance(rest[0], str) else ""
    details = rest[1] if len(rest) > 1 and isinstance(rest[1], dict) else {}
    return description[:255], details


def _malformed(array: object, version: Version, problem: str = "") -> FrameError:
    """What to answer to text that is no frame depends on its type, on its id and on the version."""
    shapes = _SHAPES_21 if version is Version.V21 else _SHAPES
    match array:
        case [int(number), *_] if type(number) is int:
            description = problem or shapes.get(number, f"message type {number} is not supported")
            return FrameError(description, _answer(number, _id(array), version, description))
    description = problem or "a frame is a JSON array that begins with the number of its type"
    return FrameError(description, Error(_id(array), ErrorCode.RPC_FRAMEWORK_ERROR.of(version), description))


def _answer(number: int, id: str, version: Version, description: str) -> Error | ResultError | None:
    known = id != UNREADABLE_ID
    match number, version:
        case 2, _:
            return Error(id, ErrorCode.RPC_FRAMEWORK_ERROR.of(version), description)
        case 3, Version.V21 if known:
            return ResultError(id, ErrorCode.RPC_FRAMEWORK_ERROR.of(version), description)
        case ((3 | 4), _):
            return None
        case _, Version.V201 if known:
            return Error(id, ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED.of(version), description)
    return None
