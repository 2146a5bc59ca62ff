"""Performs an operation: the messages that it takes for a station are checked, sent and awaited."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import orjson
from pydantic.alias_generators import to_camel

from libs.csms.errors import DomainError, Invalid
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError

from ..commands.api import Delivery
from ..commands.model import Command, Requester
from ..commands.request import CommandRequest, request
from .model import Operation, Part
from .outcome import PartOutcome, outcome_of, refused
from .service import Operations, Target

MAX_PARTS = 30
"""Messages that one operation may take: a gateway holds 32 that wait for a station."""


async def perform(
    operations: Operations, station_id: str, body: Operation, delivery: Delivery
) -> list[PartOutcome]:
    """The outcome of each message. Raises ``DomainError`` if nothing was sent."""
    until = monotonic() + delivery.wait
    target = await operations.target(station_id)
    parts = await _parts(target, body)
    requests = _requests(target, body, parts, delivery)
    sent = [await _sent(operations, body, parts[0], requests[0])]
    for part, command_request in zip(parts[1:], requests[1:], strict=True):
        try:
            sent.append(await _sent(operations, body, part, command_request))
        except DomainError as error:
            sent.append(error)
    delivery.command_ids.extend(one.id for one in sent if isinstance(one, Command))
    outcomes = []
    for part, command_request, command in zip(parts, requests, sent, strict=True):
        if isinstance(command, DomainError):
            outcomes.append(refused(part, command))
        else:
            left = max(0.0, until - monotonic())
            outcomes.append(await outcome_of(operations, part, command, command_request.number, left))
    return outcomes


async def _parts(target: Target, body: Operation) -> Sequence[Part]:
    try:
        parts = await body.parts(target)
    except Invalid as error:
        raise in_terms_of(body, 0, error) from error
    if len(parts) > MAX_PARTS:
        raise Invalid(f"body: the station needs {len(parts)} messages for this; at most {MAX_PARTS} are sent")
    return parts


def _requests(
    target: Target, body: Operation, parts: Sequence[Part], delivery: Delivery
) -> list[CommandRequest]:
    """In the station's version of OCPP. Raises ``Invalid`` if that has none, or one of several is wrong."""
    key = delivery.idempotency_key or uuid.uuid4().hex
    requests = [
        _request(target, body, part, key if number == 0 else f"{key} {number}", delivery)
        for number, part in enumerate(parts)
    ]
    if len(parts) > 1:
        for part, command_request in zip(parts, requests, strict=True):
            validator = ACTIONS[target.version][command_request.action].request_validator
            try:
                validator.check(orjson.loads(command_request.body))
            except CallError as violation:
                raise in_terms_of(body, part.first, Invalid(violation.description)) from violation
    return requests


def _request(target: Target, body: Operation, part: Part, key: str, delivery: Delivery) -> CommandRequest:
    asked = [body.operation, body.model_dump(mode="json"), part.operation.model_dump(mode="json")]
    empty = CommandRequest(
        target.station_id,
        body.operation,
        b"",
        key,
        delivery.time_to_live,
        operation=orjson.dumps(asked),
        wait=delivery.wait,
        with_secrets=delivery.with_secrets,
        requested_by=Requester.of(delivery.caller),
    )
    message = part.operation.request(target.version, empty.number)
    return replace(empty, action=type(message).__name__.removesuffix("Request"), body=encode(message))


async def _sent(
    operations: Operations, body: Operation, part: Part, command_request: CommandRequest
) -> Command | DomainError:
    """The command. Raises ``DomainError``."""
    try:
        return await request(operations.commands, command_request)
    except Invalid as error:
        raise in_terms_of(body, part.first, error) from error


def in_terms_of(body: Operation, first: int, error: Invalid) -> Invalid:
    """The same error, which names a field of the body where it named the payload's."""
    place, colon, why = error.detail.partition(": ")
    own = body.place(place, first)
    fields = set(map(to_camel, type(body).model_fields))
    if not colon or place.startswith("body.") or own.partition(".")[0] not in fields:
        return error
    return Invalid(f"body.{own}: {why}", **error.members)
