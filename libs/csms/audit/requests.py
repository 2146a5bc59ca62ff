"""Requests in the audit trail: what is written of one before it is carried out, and when it is over."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..access.callers import CALLER, Caller
from ..web.guard import REQUEST_ID, SAFE_METHODS
from ..web.problems import problem
from .changes import changes_of, filled, shown_location, shown_parameters
from .model import Change, End, Record, outcome_of
from .segment import NotRecorded
from .trail import Trail

ACT = "csms.act"
"""Where the act stands in the ASGI scope of its request. Nothing on the wire can write there."""

NOBODY = "nobody"
"""Kind of the caller who is about to sign in."""

_CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass
class Act:
    """A request that may change something."""

    trail: Trail
    service: str
    record: Record | None = None
    """As it was written before it is carried out."""
    sign_in: Record | None = None
    """Of a request without a caller, who may become one by it: it is written when it is over, as anybody can
    send as many as he likes.
    """
    command_ids: list[str] = field(default_factory=list)
    """Of the commands that it has made; its handler adds them."""

    async def begin(self, request: Request, template: str, known: Collection[str]) -> None:
        """Write down what is going to happen. Raises ``NotRecorded``.

        Of a sign-in only the names of the fields: people type their passwords where their names belong.
        """
        caller: Caller | None = request.scope.get(CALLER)
        is_sign_in = caller is None or caller.kind == NOBODY
        changes = changes_of(await request.body(), () if is_sign_in else known)
        draft = draft_of(request.scope, self.service, self.trail, template, _token_type(changes))
        target = draft.target or next((one.value for one in changes if one.field == "id"), None)
        draft = draft.changed(changes=changes, target=target)
        if is_sign_in:
            self.sign_in = draft
        else:
            self.record = await self.trail.begin(draft)

    async def signed_in(self, scope: Scope, status: int) -> None:
        """Write down a sign-in before its answer is sent. Raises ``NotRecorded``."""
        draft, caller = self.sign_in, scope.get(CALLER)
        if draft is not None and status >= 400:
            self.trail.refused(status, draft.address or "", draft.changed)
        elif draft is not None and caller is not None:
            draft = draft.changed(status=status, outcome=outcome_of(status))
            await self.trail.add(draft.changed(caller_id=caller.id, caller_kind=caller.kind))

    async def end(self, status: int, location: str | None) -> None:
        if self.record is not None:
            made = None if location is None else shown_location(location)
            end = End(
                at=self.trail.clock(), status=status, command_ids=tuple(self.command_ids), location=made
            )
            await self.trail.end(self.record, end)


class Recorder:
    """An ASGI application around another one, whose paths write down their acts."""

    def __init__(self, app: ASGIApp, trail: Trail, service: str) -> None:
        self._app = app
        self._trail = trail
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        act = scope[ACT] = Act(self._trail, self._service)
        start: Message | None = None
        is_withheld = False

        async def noted(message: Message) -> None:
            nonlocal start, is_withheld
            if message["type"] == "http.response.start":
                start = message
                try:
                    await act.signed_in(scope, message["status"])
                except NotRecorded as error:
                    is_withheld = True
                    await problem(503, error.detail, {"Retry-After": str(error.retry_after)})(
                        scope, receive, send
                    )
            if not is_withheld:
                await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if start is not None:
                await act.end(start["status"], Headers(raw=start["headers"]).get("Location"))


class Refusals:
    """Writes down requests that were not let through, wherever that was."""

    def __init__(self, trail: Trail, service: str) -> None:
        self._trail = trail
        self._service = service

    def __call__(self, scope: Scope, status: int) -> None:
        act: Act | None = scope.get(ACT)
        if act is None or (act.record is None and act.sign_in is None):
            address = scope["client"][0] if scope.get("client") else ""
            self._trail.refused(status, address, lambda: self._draft(scope))

    def _draft(self, scope: Scope) -> Record:
        template = getattr(scope.get("route"), "path_format", None)
        return draft_of(scope, self._service, self._trail, template)


def draft_of(
    scope: Scope, service: str, trail: Trail, template: str | None, token_type: str | None = None
) -> Record:
    """Who asks for what. Of a path that nobody knows, only the first part is kept."""
    headers = Headers(scope=scope)
    caller: Caller | None = scope.get(CALLER)
    client_request_id = headers.get("X-Request-ID", "")
    parameters = shown_parameters(scope.get("path_params") or {}, token_type)
    path = filled(template, parameters) if template else "/" + scope["path"][1:].partition("/")[0][:50]
    of_station = template is not None and template.startswith("/chargingstations/{id}")
    return Record(
        id="",
        segment="",
        kind="act",
        at=trail.clock(),
        service=service,
        request_id=scope.get(REQUEST_ID),
        client_request_id=client_request_id if _CLIENT_REQUEST_ID.fullmatch(client_request_id) else None,
        caller_id=caller.id if caller else None,
        caller_kind=caller.kind if caller else None,
        address=scope["client"][0] if scope.get("client") else None,
        action=f"{scope['method']} {template or path}",
        path=path,
        target=list(parameters.values())[-1] if parameters else None,
        station_id=parameters.get("id") if of_station else None,
    )


def _token_type(changes: Sequence[Change]) -> str | None:
    return next((one.value for one in changes if one.field == "type"), None)


async def begin_act(request: Request, template: str, known: Collection[str]) -> None:
    """For a path that may change something, before it does. Raises ``NotRecorded``.

    Of the fields of the body that are ``known``, the values are kept too.
    """
    act: Act | None = request.scope.get(ACT)
    if act is not None:
        await act.begin(request, template, known)


def _command_ids(request: Request) -> list[str]:
    act: Act | None = request.scope.get(ACT)
    return [] if act is None else act.command_ids


CommandIds = Annotated[list[str], Depends(_command_ids)]
"""For handlers that make commands: they add their ids."""
