"""Routers whose every path says which scopes it needs, and checks them before the body is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from ..audit.requests import begin_act
from ..web.guard import SAFE_METHODS
from .callers import OtherGroups, caller_of
from .masking import with_masked_tokens
from .scopes import Scope

SCHEME = "key"
"""Of the security in OpenAPI: the bearer of ``Authorization``."""

TELLS_GROUPS_APART = {"x-tells-groups-apart": True}
"""For ``openapi_extra`` of a path whose handler shows callers who are bound to groups of stations only those.
Without it, such callers may use paths below ``/chargingstations/{id}`` of a service that knows the groups.
"""

CHANGES_NOTHING = {"x-changes-nothing": True}
"""For ``openapi_extra`` of a path that only asks, by POST: it is not in the audit trail."""

GOES_TO_STATION = {"x-goes-to-station": True}
"""For ``openapi_extra`` of a path whose body becomes a command. The audit trail has only the names of its
fields: the command has the payload, and it is known of that what is secret.
"""

MaySee = Callable[[str, frozenset[str]], Awaitable[None]]
"""From a station's id, and the groups that the caller is bound to. Raises ``NotFound`` if it is in none."""


def needs(*scopes: Scope) -> dict[str, Any]:
    """For ``openapi_extra`` of a path: all these scopes."""
    return {"security": [{SCHEME: [str(scope) for scope in scopes]}]}


class ScopedRoute(APIRoute):
    """Raises ``MissingScope``, and ``OtherGroups`` for those who may not see all that the path shows."""

    @property
    def scopes(self) -> list[Scope]:
        """All of them are needed."""
        declared = (self.openapi_extra or {}).get("security", [])
        return [Scope(scope) for one in declared for scope in one[SCHEME]]

    @property
    def is_act(self) -> bool:
        """Whether it may change something."""
        return not (set(self.methods or ()) <= SAFE_METHODS or self._says(CHANGES_NOTHING))

    def _fields(self) -> frozenset[str]:
        """Of the body, as clients may name them."""
        if self.body_field is None:
            return frozenset()
        annotation = self.body_field.field_info.annotation
        models = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
        fields = [one.model_fields for one in models if issubclass(one, BaseModel)]
        return frozenset(
            name for one in fields for field in one for name in (field, one[field].alias or field)
        )

    def _says(self, extra: dict[str, Any]) -> bool:
        return extra.items() <= (self.openapi_extra or {}).items()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle, scopes = super().get_route_handler(), self.scopes
        is_apart, is_act = self._says(TELLS_GROUPS_APART), self.is_act
        known = frozenset() if self._says(GOES_TO_STATION) else self._fields()

        async def checked(request: Request) -> Response:
            caller = caller_of(request)
            for scope in scopes:
                caller.check(scope)
            if caller.groups is not None and not is_apart:
                await _check_station(request, caller.groups)
            if is_act:
                await begin_act(request, self.path_format, known)
            response = await handle(request)
            return response if caller.sees_tokens else with_masked_tokens(response)

        return checked


async def _check_station(request: Request, groups: frozenset[str]) -> None:
    """By the id in the path, where the service knows the stations."""
    may_see: MaySee | None = request.app.state.may_see
    id = request.path_params.get("id")
    if may_see is None or id is None or not request.scope["path"].startswith("/chargingstations/"):
        raise OtherGroups
    await may_see(id, groups)


class ScopedRouter(APIRouter):
    """``reads`` is what GET needs, ``writes`` what the other methods need, unless a path says ``needs``."""

    def __init__(self, reads: Scope, writes: Scope | None = None, **options: Any) -> None:
        super().__init__(route_class=ScopedRoute, **options)
        self._reads = reads
        self._writes = writes or reads

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = set(options.get("methods") or ["GET"])
        default = needs(self._reads if methods == {"GET"} else self._writes)
        options["openapi_extra"] = default | (options.get("openapi_extra") or {})
        super().add_api_route(path, endpoint, **options)
