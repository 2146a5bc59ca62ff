"""What a station and the CSMS have said to each other: each call with its answer, from what is stored,
and from frames as they pass.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from .forms import exact_json
from .person import Json

MAX_WAITING = 200
"""Calls whose answers are waited for, in one stream."""

IN, OUT = "in", "out"
"""From the station, and to it."""

REFUSED = "refused"
ACCEPTED = "accepted"
WAITING = "no answer yet"
ANSWERED = "answered"
FAILED = "error"


@dataclass(frozen=True)
class Problem:
    """What was wrong with a message."""

    rule: str
    """That was broken, or the error code."""
    place: str
    description: str


@dataclass(frozen=True)
class Exchange:
    """A message, and what was answered as far as that is known."""

    id: str
    """Of its row in the page."""
    at: str
    direction: str
    """Of the call: ``in`` from the station, or ``out`` to it."""
    action: str
    state: str
    duration_ms: float | None = None
    """From the call to the answer."""
    messages: Sequence[str] = ()
    """The call and the answer as JSON, or as they came where they are none."""
    problems: Sequence[Problem] = ()
    requested_by: str = ""
    dropped: int = 0
    """Frames before it that nobody copied, for there were too many."""

    @property
    def line(self) -> Json:
        """As one line of the file that is downloaded."""
        known = {
            "at": self.at,
            "direction": self.direction,
            "action": self.action,
            "state": self.state,
            "durationMs": self.duration_ms,
            "messages": [_read(text) for text in self.messages],
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class Filters:
    """Which exchanges a person wants to see. Empty ones let everything pass."""

    action: str = ""
    direction: str = ""
    q: str = ""
    """Text anywhere in the messages, in any case."""

    def fit(self, exchange: Exchange) -> bool:
        return (
            (not self.action or self.action.lower() == exchange.action.lower())
            and self.direction in ("", exchange.direction)
            and (not self.q or any(self.q.lower() in text.lower() for text in exchange.messages))
        )


def of_message(message: Json) -> Exchange:
    """Of a message of a station, as the REST has it."""
    refused = message.get("refused")
    problems = [_repair(text) for text in message.get("repairs") or []]
    if refused is not None:
        problems.append(Problem(refused["code"], "", refused["reason"]))
    return Exchange(
        _new_id(),
        message["receivedAt"],
        IN,
        message["action"],
        ACCEPTED if refused is None else REFUSED,
        messages=[exact_json.pretty(message["payload"])],
        problems=problems,
    )


def of_command(command: Json) -> Exchange:
    """Of a command, as the REST has it."""
    answer = command.get("response", command.get("error"))
    error = command.get("error")
    return Exchange(
        _new_id(),
        command.get("sentAt") or command["createdAt"],
        OUT,
        command["action"],
        command["status"],
        _duration(command),
        [exact_json.pretty(each) for each in (command["payload"], answer) if each is not None],
        [Problem(error["code"], "", error["description"])] if error else [],
        (command.get("requestedBy") or {}).get("id", ""),
    )


@dataclass
class Pairing:
    """Frames of one station as they pass, put together to exchanges."""

    _calls: OrderedDict[tuple[str, str, str], Exchange] = field(default_factory=OrderedDict)
    """Those without an answer: by connection, direction and message id."""

    def take(self, connection_id: str, at: str, frame: Mapping[str, Any]) -> Exchange:
        """The exchange that the frame begins, or ends: that has the id of its call then."""
        direction, kind = str(frame["direction"]), str(frame.get("kind", ""))
        id = str(frame.get("messageId", ""))
        if kind in ("result", "error"):
            call = self._calls.pop((connection_id, OUT if direction == IN else IN, id), None)
            return _answered(call, at, frame)
        exchange = Exchange(
            _new_id(),
            at,
            direction,
            str(frame.get("action", "")),
            _state(frame),
            messages=[_shown(frame)],
            problems=_problems(frame),
            dropped=int(frame.get("dropped", 0)),
        )
        if kind == "call":
            self._calls[connection_id, direction, id] = exchange
            if len(self._calls) > MAX_WAITING:
                self._calls.popitem(last=False)
        return exchange


def _answered(call: Exchange | None, at: str, frame: Mapping[str, Any]) -> Exchange:
    """Of an answer whose call was not seen, what it says itself."""
    if call is None:
        direction = OUT if frame["direction"] == IN else IN
        call = Exchange(_new_id(), at, direction, str(frame.get("action", "")), WAITING)
    refused = frame.get("refused") or (frame.get("kind") == "error" and call.direction == IN)
    return replace(
        call,
        state=REFUSED if refused else FAILED if frame.get("kind") == "error" else ANSWERED,
        duration_ms=frame.get("durationMs"),
        messages=[*call.messages, _shown(frame)],
        problems=[*call.problems, *_problems(frame)],
        dropped=call.dropped + int(frame.get("dropped", 0)),
    )


def _state(frame: Mapping[str, Any]) -> str:
    if frame.get("refused"):
        return REFUSED
    return WAITING if frame.get("kind") == "call" else ACCEPTED


def _problems(frame: Mapping[str, Any]) -> list[Problem]:
    found = frame.get("problems") or []
    return [Problem(one["rule"], one.get("place", ""), one.get("description", "")) for one in found]


def _shown(frame: Mapping[str, Any]) -> str:
    """The frame for people. One that is no JSON, or was cut, as it is."""
    text = str(frame.get("text", ""))
    try:
        return exact_json.pretty(exact_json.read(text))
    except exact_json.BadJson:
        return text


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _repair(text: str) -> Problem:
    rule, _, place = text.partition("@")
    return Problem(rule, place, "")


def _duration(command: Json) -> float | None:
    if "sentAt" not in command or "answeredAt" not in command:
        return None
    took = datetime.fromisoformat(command["answeredAt"]) - datetime.fromisoformat(command["sentAt"])
    return took.total_seconds() * 1000


def _new_id() -> str:
    return f"exchange-{uuid.uuid4().hex[:16]}"
