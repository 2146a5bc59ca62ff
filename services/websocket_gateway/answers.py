"""The frames that answer a station, from what came over the bus."""

from __future__ import annotations

import logging
from typing import Any

import orjson

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .registration import Registration

log = logging.getLogger(__name__)


def error_frame(id: str, error: CallError, version: Version) -> bytes:
    return frame.format(frame.Error(id, error.code.of(version), error.description, error.details))


def answer_frame(action: Action[Any, Any], answer: Message, registration: Registration) -> bytes:
    """A CALLRESULT or CALLERROR. Raises ``CallError`` for a response against its schema."""
    if answer.kind is Kind.ERROR:
        return _refusal(answer)
    try:
        response = orjson.loads(answer.data)
        action.response_validator.check(response)
    except (orjson.JSONDecodeError, CallError) as violation:
        log.error("the response to %s violates its schema: %s", action.name, violation)
        raise CallError(ErrorCode.INTERNAL_ERROR, "the CSMS made no valid response") from violation
    registration.answered(action.name, response)
    return frame.format_result(answer.message_id, answer.data)


def _refusal(answer: Message) -> bytes:
    try:
        details = orjson.loads(answer.data)
    except orjson.JSONDecodeError:
        details = {}
    return frame.format(
        frame.Error(
            answer.message_id,
            answer.error_code or ErrorCode.INTERNAL_ERROR.value,
            answer.error_description,
            details if isinstance(details, dict) else {},
        )
    )
