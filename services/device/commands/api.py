"""Commands by REST: one path for each OCPP action that the CSMS sends, and their outcomes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi import Query as Parameter
from pydantic import Field

from libs.csms.access.callers import TheCaller
from libs.csms.access.groups import TheStations
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter, needs
from libs.csms.access.scopes import ACTION_SCOPES, Scope
from libs.csms.audit.requests import CommandIds
from libs.csms.clock import Time
from libs.csms.errors import Conflict, DomainError, NoAnswer, TooMany
from libs.csms.station_messages.api import bound
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .cancellation import cancel
from .delivery import outcome
from .forms import COMMANDS, form
from .model import (
    REQUESTER_DESCRIPTION,
    STATUS_DESCRIPTION,
    Command,
    CommandError,
    Requester,
    StartedTransaction,
    Status,
)
from .request import MAX_PAYLOAD, CommandRequest, NotACommand, PayloadTooLarge, request
from .service import Commands

StationId = Annotated[str | None, Parameter(alias="stationId", description="To this charging station.")]
ActionName = Annotated[str | None, Parameter(description="Of this OCPP action, such as `Reset`.")]
RequestedBy = Annotated[
    str | None,
    Parameter(alias="requestedBy", description="Asked for by the caller of this id, as in `/me`."),
]
BatchId = Annotated[str | None, Parameter(alias="batchId", description="Of this command to many stations.")]
From = Annotated[Time | None, Parameter(alias="from", description="Made at this time or later.")]
To = Annotated[Time | None, Parameter(description="Made before this time.")]


class ErrorView(Document):
    """Why a command has no response."""

    code: str = Field(description="An error code of OCPP-J, as the station spells it.")
    description: str = Field(description="The station's errorDescription, or why there is no answer.")
    details: Any = Field(description="The station's errorDetails; a gateway's reason stands under `gateway`.")

    @classmethod
    def of(cls, error: CommandError) -> Self:
        return cls(code=error.code, description=error.description, details=orjson.loads(error.details))


class CommandView(Document):
    """A command and its outcome. Secrets in it are hidden."""

    id: str = Field(description="The message id of the CALL.")
    station_id: str = Field(description="The charging station that it is for.")
    action: str = Field(description="OCPP action, such as `Reset`.")
    ocpp_version: str = Field(description="Version of OCPP that the station speaks, and the payload is in.")
    payload: Any = Field(description="Payload of the CALL.")
    status: Status = Field(description=STATUS_DESCRIPTION)
    response: Any | None = Field(
        default=None,
        description="Payload of the CALLRESULT; if it cannot be kept, the reason under `withheld`.",
    )
    warning: str | None = Field(
        default=None,
        description="How the response breaks its schema: the station may have acted all the same.",
    )
    error: ErrorView | None = Field(
        default=None, description="The station's CALLERROR, or why there is no answer."
    )
    created_at: Time = Field(description="When the CSMS made it.")
    sent_at: Time | None = Field(default=None, description="When it was sent to the station.")
    answered_at: Time | None = Field(default=None, description="When the gateway received the answer.")
    expires_at: Time | None = Field(default=None, description="It is not sent after that.")
    batch_id: str | None = Field(default=None, description="The command to many stations that it is part of.")
    requested_by: Requester | None = Field(default=None, description=REQUESTER_DESCRIPTION)
    transaction: StartedTransaction | None = Field(
        default=None, description="The transaction that a remote start has led to."
    )

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

Wait = Annotated[
    float,
    Parameter(
        ge=0,
        le=120,
        description="Seconds to wait for the station's answer: a command that is not sent by then never is. "
        "With 0, it is sent within 30 seconds or never.",
    ),
]
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
        description="Requests with the same key for the same station send one command only.",
    ),
]


@dataclass(frozen=True)
class Delivery:
    """The parameters of every request that sends a command: who, when, and how long to wait."""

    caller: TheCaller
    command_ids: CommandIds
    wait: Wait = 30
    deliver: Deliver = None
    ttl: Ttl = DAY
    idempotency_key: Key = None

    @property
    def time_to_live(self) -> int | None:
        """Seconds that the command may wait for its station; None if it may not."""
        return self.ttl if self.deliver else None

    @property
    def with_secrets(self) -> bool:
        """Whether the caller may send secrets to stations."""
        return Scope.CREDENTIALS_WRITE in self.caller.scopes


ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The station's answer, or its CALLERROR.", "model": CommandView},
    202: {"description": "No answer yet: see Location.", "model": CommandView},
}
_UNDELIVERED: dict[str, tuple[type[DomainError], str]] = {
    "notConnected": (Conflict, "the charging station is not connected: the command was never sent"),
    "overloaded": (TooMany, "too many commands wait for the charging station: this one was never sent"),
}
"""By the reason that the gateway gives."""


def commands_api(commands: Commands) -> APIRouter:
    router = ScopedRouter(Scope.COMMANDS_READ, Scope.COMMANDS_RAW, tags=["Commands"])

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
            openapi_extra=form(action) | needs(Scope.COMMANDS_RAW, ACTION_SCOPES[action]),
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
        return listed(await commands.commands.find(query))

    @router.get(
        "/commands",
        response_model=PageOf[CommandView],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_commands_of_fleet(
        stations: TheStations,
        station_id: StationId = None,
        action: ActionName = None,
        status: Status | None = None,
        requested_by: RequestedBy = None,
        batch_id: BatchId = None,
        from_: From = None,
        to: To = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[CommandView]:
        """Of all stations, the newest first; for a caller who is bound to groups, of one station after the
        other.
        """
        wanted = equals(action=action, status=status, batchId=batch_id)
        if requested_by is not None:
            wanted["requestedBy.id"] = requested_by

        async def find(id: str | None, size: int, token: str) -> Page[Command]:
            query = Query(
                wanted | equals(stationId=id),
                order_by="createdAt",
                descending=True,
                from_=bound(from_),
                to=bound(to),
                page_size=size,
                page_token=token,
            )
            return await commands.commands.find(query)

        return listed(await stations.find(station_id, find, page_size, page_token))

    @router.get(
        "/commands/{id}",
        response_model=CommandView,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def get_command(id: str, caller: TheCaller) -> CommandView:
        return CommandView.of(await commands.seen_by(caller, id))

    @router.delete(
        "/commands/{id}",
        response_model=CommandView,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def cancel_command(id: str, caller: TheCaller) -> CommandView:
        """Cancel a command that is not sent: its status becomes expired. 409 if it may have been sent.

        Needs the scope of its action too.
        """
        caller.check(ACTION_SCOPES[(await commands.seen_by(caller, id)).action])
        return CommandView.of(await cancel(commands, id))

    return router


def listed(page: Page[Command]) -> PageOf[CommandView]:
    return page_of(Page([CommandView.of(command) for command in page.items], page.next_page_token))


def _endpoint(commands: Commands, action: str) -> Callable[..., Awaitable[CommandView]]:
    async def send(
        id: str, http_request: Request, response: Response, delivery: Annotated[Delivery, Depends()]
    ) -> CommandView:
        """The payload is of the station's version of OCPP. Secrets in it are sent, but not stored."""
        body, key = await _body(http_request), delivery.idempotency_key
        command_request = CommandRequest(
            id,
            action,
            body,
            key,
            delivery.time_to_live,
            wait=delivery.wait,
            with_secrets=delivery.with_secrets,
            requested_by=Requester.of(delivery.caller),
        )
        command = await request(commands, command_request)
        delivery.command_ids.append(command.id)
        command = await outcome(commands, command, delivery.wait)
        response.status_code, headers = answered(command, delivery.wait)
        response.headers.update(headers)
        return CommandView.of(command)

    return send


async def _body(http_request: Request) -> bytes:
    body = b""
    async for part in http_request.stream():
        body += part
        if len(body) > MAX_PAYLOAD:
            raise PayloadTooLarge
    return body


def answered(command: Command, wait: float) -> tuple[int, dict[str, str]]:
    """The HTTP status and headers. Raises ``DomainError`` where there is no answer of the station."""
    location = f"/commands/{quote(command.id, safe='')}"
    if not command.is_final and (wait == 0 or (command.waits and command.status == "queued")):
        return 202, {"Location": location}
    if command.status not in ("answered", "error"):
        detail = f"the charging station has not answered in time: {command.what_became_of_it}"
        raise NoAnswer(detail, location=location, **command.facts)
    if command.error is not None and command.error.reason in _UNDELIVERED:
        kind, detail = _UNDELIVERED[command.error.reason]
        raise kind(detail, location=location, reason=command.error.description, **command.facts)
    return 200, {}
