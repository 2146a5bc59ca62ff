"""Commands by REST: one path for each action of OCPP that the CSMS sends, and what became of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Header, Request, Response
from fastapi import Query as Parameter

from libs.csms.clock import Time
from libs.csms.errors import Conflict, DomainError, NoAnswer, TooMany
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .delivery import cancel, outcome
from .forms import COMMANDS, form
from .model import Command, CommandError, StartedTransaction, Status
from .request import MAX_PAYLOAD, CommandRequest, NotACommand, PayloadTooLarge, request
from .service import Commands


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


DAY = 86_400

Wait = Annotated[float, Parameter(ge=0, le=120, description="Seconds to wait for the station's answer.")]
Deliver = Annotated[
    Literal["when-online"] | None, Parameter(description="Let the command wait for a station that is away.")
]
Ttl = Annotated[int, Parameter(ge=1, le=30 * DAY, description="With deliver: seconds that it may wait.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The same key gives the same command of this station, however often it is asked for.",
    ),
]
ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The station's answer, or its CALLERROR.", "model": CommandView},
    202: {"description": "No answer yet: see Location.", "model": CommandView},
}
_UNDELIVERED: dict[str, tuple[type[DomainError], str]] = {
    "notConnected": (Conflict, "the charging station is not connected"),
    "overloaded": (TooMany, "too many commands wait for the charging station"),
}
"""By the reason of the gateway."""


def commands_api(commands: Commands) -> APIRouter:
    router = APIRouter(tags=["Commands"])

    for action in COMMANDS:
        router.add_api_route(
            f"/chargingstations/{{id}}/commands/{action}",
            _endpoint(commands, action),
            name=f"send_{action}",
            summary=action,
            methods=["POST"],
            response_model=CommandView,
            response_model_exclude_none=True,
            responses=ANSWERED,
            openapi_extra=form(action),
        )

    @router.post("/chargingstations/{id}/commands/{action}", include_in_schema=False)
    async def no_such_command(id: str, action: str) -> None:
        await commands.registry.existing(id)
        raise NotACommand(f"OCPP has no command {action[:50]} for charging stations")

    @router.get(
        "/chargingstations/{id}/commands",
        response_model=PageOf[CommandView],
        response_model_exclude_none=True,
    )
    async def list_commands(
        id: str,
        action: str | None = None,
        status: Status | None = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[CommandView]:
        """The newest first."""
        await commands.registry.existing(id)
        found = equals(stationId=id, action=action, status=status)
        query = Query(found, "createdAt", True, page_size=page_size, page_token=page_token)
        page = await commands.commands.find(query)
        return page_of(Page([CommandView.of(command) for command in page.items], page.next_page_token))

    @router.get("/commands/{id}", response_model=CommandView, response_model_exclude_none=True)
    async def get_command(id: str) -> CommandView:
        return CommandView.of(await commands.existing(id))

    @router.delete("/commands/{id}", response_model=CommandView, response_model_exclude_none=True)
    async def cancel_command(id: str) -> CommandView:
        """One that waits for its station: then it has the status expired. What has been sent cannot be."""
        return CommandView.of(await cancel(commands, id))

    return router


def _endpoint(commands: Commands, action: str) -> Callable[..., Awaitable[CommandView]]:
    async def send(
        id: str,
        sent: Request,
        response: Response,
        wait: Wait = 30,
        deliver: Deliver = None,
        ttl: Ttl = DAY,
        idempotency_key: Key = None,
    ) -> CommandView:
        """The payload is of the station's own version of OCPP. Secrets in it are sent, and not kept."""
        asked = CommandRequest(id, action, await _body(sent), idempotency_key, ttl if deliver else None)
        command = await request(commands, asked)
        if command.status != "queued":
            command = await outcome(commands, command, wait)
        response.status_code, headers = answered(command, wait)
        response.headers.update(headers)
        return CommandView.of(command)

    return send


async def _body(sent: Request) -> bytes:
    body = b""
    async for part in sent.stream():
        body += part
        if len(body) > MAX_PAYLOAD:
            raise PayloadTooLarge
    return body


def answered(command: Command, wait: float) -> tuple[int, dict[str, str]]:
    """The HTTP status and headers. Raises ``DomainError`` where there is no answer of the station."""
    location = f"/commands/{quote(command.id, safe='')}"
    if command.status == "queued" or (command.status == "sent" and wait == 0):
        return 202, {"Location": location}
    if command.status in ("sent", "timeout", "expired"):
        detail = "the charging station has not answered in time"
        raise NoAnswer(detail, location=location, commandId=command.id)
    if command.error is not None and command.error.reason in _UNDELIVERED:
        kind, detail = _UNDELIVERED[command.error.reason]
        raise kind(detail, location=location, commandId=command.id, reason=command.error.description)
    return 200, {}
