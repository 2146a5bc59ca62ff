"""Operations by REST: one path for each, and one form of answer for all versions of OCPP."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
from fastapi import APIRouter, Response
from pydantic import Field

from libs.csms.errors import NotFound
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version

from ..commands.api import DAY, CommandView, Deliver, ErrorView, Key, Ttl, Wait, answered
from ..commands.model import Command
from ..commands.request import CommandRequest, NeverConnected, request
from . import definitions
from .model import OPERATIONS, STATUSES, Operation, Status, load
from .outcome import outcome_of
from .service import Operations

load(definitions)


class OperationView(Document):
    """An operation and its outcome."""

    id: str = Field(description="Id of its command, which has the payload and the response.")
    station_id: str = Field(description="The charging station that it was sent to.")
    operation: str = Field(description="Its name in the path, such as `reset`.")
    action: str = Field(description="The OCPP action that it was sent as, in the station's version.")
    ocpp_version: str = Field(description="Version of OCPP that the station speaks.")
    status: Status = Field(description="The outcome, in the same values for all versions of OCPP.")
    station_status: str | None = Field(
        default=None, description="The status of the station's response, as OCPP spells it."
    )
    result: Any | None = Field(
        default=None, description="What the operation returns, in the same form for all versions of OCPP."
    )
    error: ErrorView | None = Field(
        default=None, description="The station's CALLERROR, or why there is no response."
    )


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "How it went.", "model": OperationView},
    202: {"description": "No answer of the station yet: see Location.", "model": OperationView},
}


def operations_api(operations: Operations) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}/remote", tags=["Remote operations"])
    for operation in OPERATIONS.values():
        router.add_api_route(
            f"/{operation.operation}",
            _endpoint(operations, operation),
            name=f"remote_{operation.__name__}",
            summary=operation.operation,
            description=operation.__doc__ if "__doc__" in vars(operation) else None,
            methods=["POST"],
            response_model=OperationView,
            response_model_exclude_none=True,
            responses=ANSWERS,
        )

    @router.post("/{operation}", include_in_schema=False)
    async def no_such_operation(id: str, operation: str) -> None:
        await operations.commands.registry.existing(id)
        raise NotFound(f"there is no operation {operation[:50]}; there are {', '.join(OPERATIONS)}")

    return router


def _endpoint(operations: Operations, operation: type[Operation]) -> Callable[..., Awaitable[OperationView]]:
    async def perform(
        id: str,
        body: Operation,
        response: Response,
        wait: Wait = 30,
        deliver: Deliver = None,
        ttl: Ttl = DAY,
        idempotency_key: Key = None,
    ) -> OperationView:
        command_request = CommandRequest(
            id,
            operation.operation,
            b"",
            key=idempotency_key or uuid.uuid4().hex,
            ttl=ttl if deliver else None,
            operation=orjson.dumps([operation.operation, body.model_dump(mode="json")]),
            wait=wait,
        )
        translated = await _translated(operations, command_request, body)
        command = await request(operations.commands, translated)
        command, result = await outcome_of(operations, command, body, command_request.number, wait)
        response.status_code, headers = answered(command, wait)
        response.headers.update(headers)
        return _view(body, command, result)

    # FastAPI reads the type of the body from this annotation: each operation has a body of its own.
    perform.__annotations__["body"] = operation
    return perform


async def _translated(
    operations: Operations, command_request: CommandRequest, operation: Operation
) -> CommandRequest:
    """The request in the station's version of OCPP. Raises ``DomainError`` if that version has none."""
    await operations.commands.registry.existing(command_request.station_id)
    connection = await operations.commands.connectivity.connection(command_request.station_id)
    if connection.ocpp_version is None:
        raise NeverConnected
    message = operation.request(Version(connection.ocpp_version), command_request.number)
    action = type(message).__name__.removesuffix("Request")
    return replace(command_request, action=action, body=encode(message))


def _view(operation: Operation, command: Command, result: Json | None) -> OperationView:
    view = CommandView.of(command)
    response, error = view.response, view.error
    if isinstance(response, dict) and "withheld" in response:
        withheld = f"the station's answer is not kept: {response['withheld']}"
        response, error = None, ErrorView(code="GenericError", description=withheld, details={})
    if view.warning is None:
        station_status = operation.station_status(response) if response is not None else None
    else:
        station_status = command.readable_status
        if station_status is None:
            error = ErrorView(code="FormatViolation", description=view.warning, details={})
    return OperationView(
        id=view.id,
        station_id=view.station_id,
        operation=operation.operation,
        action=view.action,
        ocpp_version=view.ocpp_version,
        status=_status(error, station_status),
        station_status=station_status,
        result=result,
        error=error,
    )


def _status(error: ErrorView | None, station_status: str | None) -> Status:
    if station_status is not None:
        return STATUSES.get(station_status, "rejected")
    if error is None:
        return "pending"
    return "unsupported" if error.code in ("NotImplemented", "NotSupported") else "error"
