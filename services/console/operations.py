"""Version-neutral operations as forms send them. After one was sent, the address of the page names its
commands, whose answers the page tells in words: so a reload sends nothing again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Any

import orjson
from fastapi import Request
from starlette.datastructures import FormData

from .person import Json, Person, Refusal
from .rendering import segment

NUMBERS = {"evseId", "connectorId", "reservationId", "duration", "chargingProfileId"}
"""Fields of bodies that are numbers; all others are texts."""

OF_THE_FORM = {"csrf", "key"}
"""Fields of forms that are not those of bodies."""

MAX_COMMANDS = 30
"""Whose answers one page shows; an operation sends no more."""


def operation_key() -> str:
    """Of a form: what is sent twice, as by a double click, is carried out once."""
    return uuid.uuid4().hex


def body_of(form: FormData, not_sent: Collection[str] = ()) -> Json:
    """What was typed, without what was left empty. What is no number stays as it is: the service says what is
    wrong with it.
    """
    given = {name: str(text).strip() for name, text in form.items() if name not in {*OF_THE_FORM, *not_sent}}
    return {name: _value(name, text) for name, text in given.items() if text}


def _value(name: str, text: str) -> Any:
    return int(text) if name in NUMBERS and text.isdecimal() and len(text) < 16 else text


async def operate(person: Person, station_id: str, operation: str, body: Json, key: str) -> str:
    """Carries it out, and returns the part of an address that names its commands. Raises ``Refusal``."""
    digest = blake2b(orjson.dumps([operation, body]), digest_size=12).hexdigest()
    unique = f"console-{key[:64]}-{digest}" if key.isalnum() and key.isascii() else ""
    path = f"/chargingstations/{segment(station_id)}/remote/{operation}"
    answer = await person.device.send("POST", path, body, key=unique)
    person.fleet.forget()
    return "&".join(f"command={segment(id)}" for id in answer.get("commandIds") or [answer["id"]])


async def commands_of(request: Request, person: Person, station_id: str) -> Sequence[Json]:
    """Those that the address names, as ``/commands/{id}`` has them. What is not there, or not of this
    station, is left out.
    """
    ids = request.query_params.getlist("command")[:MAX_COMMANDS]
    if not person.may("commands:read"):
        return []
    found = await asyncio.gather(*(_command(person, id) for id in ids))
    return [one for one in found if one is not None and one["stationId"] == station_id]


async def _command(person: Person, id: str) -> Json | None:
    try:
        command: Json = await person.device.get(f"/commands/{segment(id)}")
    except Refusal as refusal:
        if refusal.status == 404:
            return None
        raise
    return command
