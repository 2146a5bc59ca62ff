"""The settings that are in force in the process of the console, without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from libs.csms.settings import Settings, variables

from ..person import Refusal, ThePerson
from ..rendering import page

router = APIRouter()

MASK = "••••"

_USER_INFO = re.compile(r"//[^/@\s]*@")
"""Of a URL, in which a password may be."""


@dataclass(frozen=True)
class Setting:
    name: str
    value: str
    default: str
    description: str

    @property
    def is_changed(self) -> bool:
        return self.value != self.default


@router.get("/settings")
async def show(request: Request, person: ThePerson, q: str = "") -> Response:
    if not person.may("stations:read"):
        raise Refusal(403, {"title": "Forbidden", "missingScope": "stations:read"})
    words = q.lower().split()
    found = [
        one
        for one in in_force(request.app.state.settings)
        if all(word in f"{one.name} {one.description}".lower() for word in words)
    ]
    return page(request, "settings.html", person, settings=found, q=q)


def in_force(settings: Settings) -> list[Setting]:
    """All of them, by their environment variables."""
    return [
        Setting(
            " or ".join(variables(name)),
            shown(getattr(settings, name)),
            "" if field.default is PydanticUndefined else shown(field.default),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def shown(value: object) -> str:
    """Without what is secret in it."""
    match value:
        case None:
            return ""
        case SecretStr():
            return MASK
        case Mapping():
            return ", ".join(f"{name}={shown(one)}" for name, one in value.items())
        case tuple() | list():
            return ", ".join(map(shown, value))
        case _:
            return _USER_INFO.sub(f"//{MASK}@", str(value))
