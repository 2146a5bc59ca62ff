"""Commands to many stations by REST: one request, and the outcome at each station."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, get_args

import orjson
from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import Field

from libs.csms.access.callers import Caller, TheCaller
from libs.csms.access.groups import in_order_of_groups
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import ACTION_SCOPES, Scope
from libs.csms.errors import Forbidden, Invalid, NotFound
from libs.csms.secrets import masked
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Page, Query
from libs.csms.web.app import Body
from libs.csms.web.fields import AnyJson
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.schemas import Validator

from .api import DAY, CommandView, Deliver, Ttl, listed
from .batch import Batch, BatchView, Selection
from .cancellation import cancel_batch
from .model import Requester, Status
from .request import MAX_PAYLOAD, NEVER_QUEUED, NotACommand, PayloadTooLarge
from .service import Commands

SENDING_LIMIT = timedelta(minutes=5)
"""How long a command to many may take to be sent to the connected stations."""

Name = Annotated[str, Field(min_length=1, max_length=255)]

BatchPageSize = Annotated[
    int, Parameter(alias="pageSize", ge=1, le=100, description="Items in a page; each is counted.")
]


class UnknownBatch(NotFound):
    """There is no command to many of that id."""

    def __init__(self) -> None:
        super().__init__("there is no command to many of that id")


class NotInYourGroups(Forbidden):
    """A caller who is bound to groups would send to stations of others."""

    def __init__(self) -> None:
        super().__init__("body.selection.group: you may select one of your groups only")


class SelectionBody(Body):
    """The stations that match all of its fields, of which there is at least one."""

    ids: Annotated[list[Name], Field(min_length=1, max_length=10_000)] | None = Field(
        default=None, description="Ids of stations."
    )
    model: Name | None = Field(
        default=None, description="Model, as the stations report it in BootNotification."
    )
    firmware_version: Name | None = Field(
        default=None, description="Firmware version, as the stations report it in BootNotification."
    )
    group: Name | None = Field(
        default=None, description="The group that the operator has put the stations into."
    )


class BatchBody(Body):
    selection: SelectionBody = Field(description="The stations that the command is for.")
    payload: dict[str, AnyJson] = Field(
        default={},
        description="Payload of the CALL. The command ends in error for stations of an OCPP version "
        "in which it is invalid.",
    )


def batches_api(commands: Commands) -> APIRouter:
    router = ScopedRouter(Scope.COMMANDS_READ, Scope.COMMANDS_RAW, prefix="/commands", tags=["Commands"])

    @router.post(
        "/{action}",
        status_code=202,
        response_model=BatchView,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def send_to_many(
        action: str,
        body: BatchBody,
        response: Response,
        caller: TheCaller,
        deliver: Deliver = None,
        ttl: Ttl = DAY,
    ) -> BatchView:
        """Send to the connected stations; with deliver=when-online, also to the others once they connect.

        Needs the scope of the action too. A caller who is bound to groups selects by one of them.
        """
        if not caller.sees_group(body.selection.group):
            raise NotInYourGroups
        if action in ACTION_SCOPES:
            caller.check(ACTION_SCOPES[action])
        created_at = commands.clock()
        batch = Batch(
            id=uuid.uuid4().hex,
            action=action,
            payload=_payload(action, body),
            selection=Selection(**body.selection.model_dump()),
            waits=deliver is not None,
            requested_by=Requester.of(caller),
            created_at=created_at,
            expires_at=created_at + (timedelta(seconds=ttl) if deliver else SENDING_LIMIT),
        )
        await commands.batches.update(batch.id, lambda _: batch)
        commands.alarm.set(created_at)
        response.headers["Location"] = f"/commands/batches/{batch.id}"
        return batch.view(dict.fromkeys(get_args(Status), 0))

    @router.get(
        "/batches",
        response_model=PageOf[BatchView],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_batches(
        caller: TheCaller, page_size: BatchPageSize = 20, page_token: PageToken = ""
    ) -> PageOf[BatchView]:
        """Commands to many stations, the newest first; for a caller who is bound to groups, of one group
        after the other.
        """
        page = await _find(commands, caller, page_size, page_token)
        views = await asyncio.gather(*(_view(commands, batch) for batch in page.items))
        return page_of(Page(views, page.next_page_token))

    @router.get(
        "/batches/{id}",
        response_model=BatchView,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def get_batch(id: str, caller: TheCaller) -> BatchView:
        return await _view(commands, await _seen_by(caller, commands, id))

    @router.delete(
        "/batches/{id}",
        response_model=BatchView,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def cancel_command_to_many(id: str, caller: TheCaller) -> BatchView:
        """Cancel the commands that have not been sent: their status becomes expired. Needs the scope of the
        action too.
        """
        batch = await _seen_by(caller, commands, id)
        caller.check(ACTION_SCOPES[batch.action])
        return await _view(commands, await cancel_batch(commands, batch))

    @router.get(
        "/batches/{id}/commands",
        response_model=PageOf[CommandView],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_commands_of_batch(
        id: str,
        caller: TheCaller,
        status: Status | None = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[CommandView]:
        """The command of each station, in the order of station ids."""
        await _seen_by(caller, commands, id)
        found = equals(batchId=id, status=status)
        query = Query(found, "stationId", page_size=page_size, page_token=page_token)
        return listed(await commands.commands.find(query))

    return router


async def _find(commands: Commands, caller: Caller, size: int, token: str) -> Page[Batch]:
    """Those for the groups that the caller may see."""

    async def find(equals: Mapping[str, str], rest: str) -> Page[Batch]:
        query = Query(equals, "createdAt", descending=True, page_size=size, page_token=rest)
        return await commands.batches.find(query)

    async def find_in_group(group: str, rest: str) -> tuple[Sequence[Batch], str]:
        page = await find({"selection.group": group}, rest)
        return page.items, page.next_page_token

    if caller.groups is None:
        return await find({}, token)
    return Page(*await in_order_of_groups(caller.groups, token, find_in_group))


async def _seen_by(caller: Caller, commands: Commands, id: str) -> Batch:
    """Raises ``UnknownBatch``, also for one that is not for a group that he may see."""
    batch = await commands.batches.get(id)
    if batch is None or not caller.sees_group(batch.selection.group):
        raise UnknownBatch
    return batch


async def _view(commands: Commands, batch: Batch) -> BatchView:
    statuses: tuple[Status, ...] = get_args(Status)
    found = [commands.commands.count({"batchId": batch.id, "status": each}) for each in statuses]
    return batch.view(dict(zip(statuses, await asyncio.gather(*found), strict=True)))


def _payload(action: str, body: BatchBody) -> str:
    """The payload as JSON. Raises ``DomainError`` if no station can take the command, or only one may."""
    actions = [known[action] for known in ACTIONS.values() if action in known and known[action].to_station]
    if not actions:
        raise NotACommand(f"OCPP has no command {action[:50]} for charging stations")
    if action in NEVER_QUEUED:
        raise Invalid(f"{action} is for one station and its driver, and not for many")
    if body.selection == SelectionBody():
        raise Invalid("body.selection: has no field that selects stations")
    try:
        text = orjson.dumps(body.payload)
        payload = orjson.loads(text)
        if masked(payload) != payload:
            raise Invalid("body.payload: holds a secret, which is not for many")
    except (TypeError, CallError) as error:
        raise Invalid(f"body.payload: {error}") from error
    if len(text) > MAX_PAYLOAD:
        raise PayloadTooLarge
    _check([each.request_validator for each in actions], payload)
    return text.decode()


def _check(validators: Sequence[Validator], payload: Any) -> None:
    """Raises ``Invalid`` if the payload is valid in no version."""
    violations = []
    for validator in validators:
        try:
            validator.check(payload)
        except CallError as violation:
            violations.append(violation.description)
        else:
            return
    raise Invalid("body.payload: " + "; or ".join(dict.fromkeys(violations)))
