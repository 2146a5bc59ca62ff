"""What may pass: a station's message onto the bus, and a command from the bus to a station."""

from __future__ import annotations

from typing import Any

import orjson

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version

from .registration import Registration
from .replies import undelivered


def accepted(
    message: frame.Call | frame.Send, version: Version, registration: Registration
) -> Action[Any, Any]:
    """The action of a message that the station may send now. Raises ``CallError``."""
    action = ACTIONS[version].get(message.action)
    if action is None:
        raise CallError(ErrorCode.NOT_IMPLEMENTED, f"{version} has no such action")
    if not action.from_station:
        raise CallError(ErrorCode.NOT_SUPPORTED, f"{action.name} is sent by the CSMS, not to it")
    if action.answered is not isinstance(message, frame.Call):
        type_ = "a CALL" if action.answered else "a SEND"
        raise CallError(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, f"{action.name} is {type_}")
    registration.check(action.name)
    action.request_validator.check(message.payload)
    return action


def sendable(command: Message, version: Version) -> tuple[Action[Any, Any], dict[str, Any]]:
    """The action and payload of a command that may be sent to the station. Raises ``CallError``."""
    action = ACTIONS[version].get(command.action)
    if action is None or not action.to_station or command.ocpp_version not in (None, version):
        raise undelivered("invalidRequest", f"{command.action} is no command of {version}")
    if not 0 < len(command.message_id) <= 36:
        raise undelivered("invalidRequest", "the message id must have 1 to 36 characters")
    try:
        request = orjson.loads(command.data)
        action.request_validator.check(request)
    except orjson.JSONDecodeError:
        raise undelivered("invalidRequest", "the payload is not JSON") from None
    except CallError as violation:
        raise undelivered("invalidRequest", violation.description, violation.code) from violation
    return action, request
