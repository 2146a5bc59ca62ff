"""Routes whose path parameters may hold anything, a slash too, when it is percent-encoded."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match


class EncodedRoute(APIRoute):
    """Matches the path as it was sent, and decodes its parameters: ``APIRouter(route_class=EncodedRoute)``.

    A literal part of a path matches only its plain spelling, so ``/things/%6Cist`` is a thing named list.
    """

    def matches(self, scope: Any) -> tuple[Match, Any]:
        sent = scope["raw_path"].decode("latin-1")
        match, child_scope = super().matches({**scope, "path": sent})
        if "path_params" in child_scope:
            parameters = child_scope["path_params"]
            child_scope["path_params"] = {name: unquote(value) for name, value in parameters.items()}
        return match, child_scope
