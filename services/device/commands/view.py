"""A command as it is shown by REST."""

from __future__ import annotations

from typing import Any, Self

import orjson

from libs.csms.clock import Time
from libs.csms.storage.store import Document

from .command import Command, CommandError, StartedTransaction, Status


class ErrorView(Document):
    code: str
    description: str
    details: Any

    @classmethod
    def of(cls, error: CommandError) -> Self:
        return cls(code=error.code, description=error.description, details=orjson.loads(error.details))


class CommandView(Document):
    """Secrets in it are hidden."""

    id: str
    station_id: str
    action: str
    ocpp_version: str
    payload: Any
    status: Status
    response: Any | None = None
    error: ErrorView | None = None
    created_at: Time
    sent_at: Time | None = None
    answered_at: Time | None = None
    expires_at: Time | None = None
    batch_id: str | None = None
    transaction: StartedTransaction | None = None

    @classmethod
    def of(cls, command: Command) -> Self:
        known = command.model_dump(include=set(cls.model_fields) - {"payload", "response", "error"})
        return cls(
            **known,
            payload=orjson.loads(command.payload),
            response=None if command.response is None else orjson.loads(command.response),
            error=None if command.error is None else ErrorView.of(command.error),
        )
