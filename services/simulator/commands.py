"""How a station answers what the CSMS asks of it: one function for each command."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.version import Version

from .panel import Panel

Req = TypeVar("Req")
Res = TypeVar("Res")


@dataclass(frozen=True)
class Answer:
    """``then`` runs once the answer is sent."""

    response: Any
    then: Callable[[], Coroutine[Any, Any, None]] | None = None


Handler = Callable[[Panel, Any], Answer]


class Commands:
    def __init__(self) -> None:
        self._handlers: dict[tuple[Version, str], Handler] = {}

    def on(
        self, *actions: Action[Req, Res]
    ) -> Callable[[Callable[[Panel, Req], Answer]], Callable[[Panel, Req], Answer]]:
        def register(handler: Callable[[Panel, Req], Answer]) -> Callable[[Panel, Req], Answer]:
            for action in actions:
                self._handlers[action.version, action.name] = handler
            return handler

        return register

    def answer(self, station: Panel, version: Version, call: frame.Call) -> Answer:
        """Raises ``CallError`` where the answer is one."""
        action = ACTIONS[version].get(call.action)
        if action is None:
            raise CallError(ErrorCode.NOT_IMPLEMENTED, f"{call.action[:50]} is not known")
        handler = self._handlers.get((version, call.action))
        if handler is None:
            raise CallError(ErrorCode.NOT_SUPPORTED, f"this station does not do {call.action}")
        action.request_validator.check(call.payload)
        return handler(station, msgspec.convert(call.payload, action.request, strict=False))


def frame_of(answer: Answer, call: frame.Call) -> bytes:
    return frame.format_result(call.id, encode(answer.response))


def refusal_of(error: CallError, version: Version, call: frame.Call) -> bytes:
    return frame.format(frame.Error(call.id, error.code.of(version), error.description, error.details))


commands = Commands()
