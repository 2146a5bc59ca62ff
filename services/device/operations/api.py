"""Operations by REST: one path for each, and one form of answer for all versions of OCPP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from libs.csms.access.routes import GOES_TO_STATION, ScopedRouter, needs
from libs.csms.access.scopes import Scope
from libs.csms.errors import DomainError, NotFound
from libs.csms.storage.store import Document

from ..commands.api import Delivery, ErrorView, answered
from ..commands.model import Command
from . import definitions
from .model import OPERATIONS, Operation, Status, load
from .outcome import PartOutcome, joined, status_of
from .performing import perform
from .service import Operations

load(definitions)


class OperationView(Document):
    """An operation and its outcome."""

    id: str = Field(description="Id of its command, which has the payload and the response.")
    command_ids: list[str] | None = Field(
        default=None, description="Ids of all its commands, where the station needs several messages."
    )
    station_id: str = Field(description="The charging station that it was sent to.")
    operation: str = Field(description="Its name in the path, such as `reset`.")
    action: str = Field(description="The OCPP action that it was sent as, in the station's version.")
    ocpp_version: str = Field(description="Version of OCPP that the station speaks.")
    status: Status = Field(
        description="The outcome, in the same values for all versions of OCPP. partial: the station has "
        "accepted some of several items, and `result` says which."
    )
    station_status: str | None = Field(
        default=None,
        description="The status of the station's response, as OCPP spells it; absent where several differ.",
    )
    result: Any | None = Field(
        default=None, description="What the operation returns, in the same form for all versions of OCPP."
    )
    error: ErrorView | None = Field(
        default=None,
        description="The station's CALLERROR, or why there is no response; the first of several.",
    )


ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "How it went.", "model": OperationView},
    202: {"description": "No answer of the station yet: see Location.", "model": OperationView},
}


def operations_api(operations: Operations) -> APIRouter:
    router = ScopedRouter(
        Scope.COMMANDS_READ, prefix="/chargingstations/{id}/remote", tags=["Remote operations"]
    )
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
            openapi_extra=needs(operation.scope) | GOES_TO_STATION,
        )

    @router.post("/{operation}", include_in_schema=False)
    async def no_such_operation(id: str, operation: str) -> None:
        await operations.commands.registry.existing(id)
        raise NotFound(f"there is no operation {operation[:50]}; there are {', '.join(OPERATIONS)}")

    return router


def _endpoint(operations: Operations, operation: type[Operation]) -> Callable[..., Awaitable[OperationView]]:
    async def endpoint(
        id: str, body: Operation, response: Response, delivery: Annotated[Delivery, Depends()]
    ) -> OperationView:
        outcomes = await perform(operations, id, body, delivery)
        commands = [one.command for one in outcomes if one.command is not None]
        response.status_code, headers = _answered(commands, delivery.wait)
        response.headers.update(headers)
        return _view(body, commands, outcomes)

    # FastAPI reads the type of the body from this annotation: each operation has a body of its own.
    endpoint.__annotations__["body"] = operation
    return endpoint


def _answered(commands: Sequence[Command], wait: float) -> tuple[int, dict[str, str]]:
    """The HTTP status and headers. Raises ``DomainError`` where the station has answered no command."""
    found: list[tuple[int, dict[str, str]]] = []
    errors: list[DomainError] = []
    for command in commands:
        try:
            found.append(answered(command, wait))
        except DomainError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return max(found, key=lambda answer: answer[0])


def _view(body: Operation, commands: Sequence[Command], outcomes: Sequence[PartOutcome]) -> OperationView:
    first = commands[0]
    statuses = {status for outcome in outcomes for status in outcome.station_statuses}
    return OperationView(
        id=first.id,
        command_ids=[command.id for command in commands] if len(outcomes) > 1 else None,
        station_id=first.station_id,
        operation=body.operation,
        action=first.action,
        ocpp_version=first.ocpp_version,
        status=status_of(outcomes),
        station_status=statuses.pop() if len(statuses) == 1 else None,
        result=joined(outcomes),
        error=next((outcome.error for outcome in outcomes if outcome.error is not None), None),
    )
