"""The bus messages that answer a command: with the station's words, or with why there are none."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message


def undelivered(reason: str, description: str, code: ErrorCode = ErrorCode.INTERNAL_ERROR) -> CallError:
    """An error that is the gateway's own and not the station's: its details are ``{"gateway": reason}``.

    The reasons are ``timeout``, ``notConnected``, ``overloaded``, ``invalidRequest`` and ``invalidResponse``.
    """
    return CallError(code, description, {"gateway": reason})


def checked(action: Action[Any, Any], reply: frame.Result) -> dict[str, Any]:
    """The response of a station. Raises ``CallError`` if it violates its schema."""
    action.response_validator.check(reply.payload)
    response: dict[str, Any] = reply.payload
    return response


def result(command: Message, response: dict[str, Any], sent_at: str) -> Message:
    return msgspec.structs.replace(
        command, kind=Kind.RESULT, data=orjson.dumps(response), sent_at=sent_at, reply_to=""
    )


def error(command: Message, reply: frame.Error, sent_at: str) -> Message:
    """The station's CALLERROR, its code as the station spells it."""
    return msgspec.structs.replace(
        command,
        kind=Kind.ERROR,
        data=orjson.dumps(reply.details),
        sent_at=sent_at,
        reply_to="",
        error_code=reply.code[:50] or ErrorCode.GENERIC_ERROR.value,
        error_description=reply.description[:255],
    )
