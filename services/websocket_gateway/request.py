"""What a frame of a station asks: its action, and a payload that fits the schema, repaired if need be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode, Violation
from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.repair import Repair, place_text, repair
from libs.ocpp_messages.version import Version

from .registration import Registration

_ACTIONS = {
    version: {name.casefold(): action for name, action in actions.items()}
    for version, actions in ACTIONS.items()
}
"""For actions with other capitals."""


class Request(NamedTuple):
    """A message that goes onto the bus."""

    action: Action[Any, Any]
    payload: dict[str, Any]
    """Fits its schema."""
    repairs: list[Repair]
    """What made it fit."""


def read_request(
    message: frame.Call | frame.Send,
    version: Version,
    registration: Registration,
    received_at: str,
    refused_rules: Collection[str],
) -> Request:
    """Raises ``CallError`` for what the station may not send now, and for what no rule repairs."""
    action = _checked_action(message, version, registration)
    repairs: list[Repair] = []
    if message.departures or message.action != action.name:
        repairs = _departures(message, action)
        if Rule.FRAME in refused_rules:
            place = place_text(repairs[0].place)
            raise CallError(ErrorCode.RPC_FRAMEWORK_ERROR, f"{place}: is not as OCPP-J has it")
    try:
        action.request_validator.check(message.payload)
    except Violation:
        repaired = repair(action.request_validator, message.payload, received_at, refused_rules)
        return Request(action, repaired.payload, repairs + repaired.repairs)
    return Request(action, message.payload, repairs)


def _checked_action(
    message: frame.Call | frame.Send, version: Version, registration: Registration
) -> Action[Any, Any]:
    """The action of a message that the station may send now. Raises ``CallError``."""
    action = ACTIONS[version].get(message.action) or _ACTIONS[version].get(message.action.casefold())
    if action is None:
        raise CallError(ErrorCode.NOT_IMPLEMENTED, f"{version} has no such action")
    if not action.from_station:
        raise CallError(ErrorCode.NOT_SUPPORTED, f"{action.name} is sent by the CSMS, not to it")
    if action.answered is not isinstance(message, frame.Call):
        type_ = "a CALL" if action.answered else "a SEND"
        raise CallError(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, f"{action.name} is {type_}")
    registration.check(action.name)
    return action


def _departures(message: frame.Call | frame.Send, action: Action[Any, Any]) -> list[Repair]:
    """What is not as OCPP-J has it in a frame that is read all the same."""
    places = {"messageId": message.id}
    repairs = [Repair(Rule.FRAME, (part,), places.get(part)) for part in message.departures]
    if message.action != action.name:
        repairs.append(Repair(Rule.FRAME, ("action",), message.action))
    return repairs
