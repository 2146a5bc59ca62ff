"""The forms of every OCPP command of every version, and of the operations that are the same for all."""

from __future__ import annotations

from functools import cache
from typing import Any

from libs.csms.errors import NotFound
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version

from .form import Form

_OPERATIONS = "/chargingstations/{id}/remote/"


@cache
def commands(version: Version) -> list[str]:
    """The actions that the CSMS may send to a station of this version, by the alphabet."""
    return sorted(name for name, action in ACTIONS[version].items() if action.to_station)


@cache
def command_form(version: Version, action: str) -> Form:
    """Raises ``NotFound`` for what is no command of the version."""
    if action not in commands(version):
        raise NotFound(f"{version} has no command {action[:50]}")
    return Form(ACTIONS[version][action].request_validator.schema)


def operation_forms(openapi: dict[str, Any]) -> dict[str, Form]:
    """By the name of each operation in its path, from the OpenAPI of the device service."""
    bodies = {
        path.removeprefix(_OPERATIONS): methods["post"]["requestBody"]["content"]["application/json"]
        for path, methods in openapi["paths"].items()
        if path.startswith(_OPERATIONS)
    }
    return {name: Form(body["schema"], openapi) for name, body in bodies.items()}
