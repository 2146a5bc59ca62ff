"""What a station reports of itself: jobs with their progress, events of its device model, and monitors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from ..listing import Column
from ..operations import body_of, commands_of, operate, operation_key
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other, segment
from .station import Frame, address_of, frame_of, section_page
from .station_variables import component_of, named

router = APIRouter()

PAGE_SIZE = 50

JOBS = ("get-diagnostics", "update-firmware")
"""Operations that begin a job."""

KINDS = ("firmware", "publish-firmware", "log", "diagnostics")


def variable_of(item: Json) -> str:
    return f"{component_of(item['component'])}.{named(item['variable'])}"


def _field(name: str, title: str, kind: str = "text") -> Column:
    return Column(name, title, lambda item: item.get(name), kind)


def _transaction(item: Json) -> str:
    id = f"{segment(item['stationId'])}:{segment(item['transactionId'])}"
    return f"/transactions/{segment(id)}" if "transactionId" in item else ""


EVENTS = (
    _field("timestamp", "Time", "time"),
    Column("variable", "Variable", variable_of),
    _field("actualValue", "Value", "code"),
    _field("trigger", "Trigger"),
    _field("severity", "Severity", "number"),
    Column("cleared", "Cleared", lambda item: item.get("cleared", False), "boolean"),
    _field("techCode", "Error code"),
    _field("techInfo", "Details"),
    Column("transaction", "Transaction", lambda item: item.get("transactionId"), link=_transaction),
    _field("variableMonitoringId", "Monitor", "number"),
)

MONITORS = (
    _field("id", "Number", "number"),
    Column("variable", "Variable", variable_of),
    _field("type", "Type"),
    _field("value", "Value", "number"),
    _field("severity", "Severity", "number"),
    _field("transaction", "Only in transactions", "boolean"),
    _field("eventNotificationType", "Made by"),
    _field("reportedAt", "Reported", "time"),
)


@router.get("/stations/{id}/events")
async def show_events(request: Request, person: ThePerson, id: str) -> Response:
    times = {name: request.query_params.get(name, "").strip() for name in ("from", "to")}
    given = {name: in_utc(text) for name, text in times.items()}
    return await _reported(request, person, id, "events", EVENTS, given, times=times)


@router.get("/stations/{id}/monitors")
async def show_monitors(request: Request, person: ThePerson, id: str) -> Response:
    return await _reported(request, person, id, "monitors", MONITORS, {}, times=None)


async def _reported(
    request: Request,
    person: Person,
    id: str,
    section: str,
    columns: Sequence[Column],
    parameters: dict[str, str],
    **values: Any,
) -> Response:
    frame, refusal = await frame_of(person, id), None
    token = request.query_params.get("pageToken", "")
    try:
        found = await person.device.get(
            f"{frame.rest}/{section}", pageSize=PAGE_SIZE, pageToken=token, **parameters
        )
    except Refusal as refused:
        found, refusal = {"items": []}, refused
    address = address_of(request, f"{frame.path}/{section}")
    return section_page(
        request,
        person,
        "station_reports.html",
        frame,
        refusal,
        name=section,
        columns=columns,
        found=found,
        address=address,
        **values,
    )


def in_utc(text: str) -> str:
    """What a field for date and time holds has no zone: it is UTC."""
    return f"{text}Z" if text and text[-1].isdigit() and "T" in text else text


@router.get("/stations/{id}/jobs")
async def show_jobs(request: Request, person: ThePerson, id: str) -> Response:
    return await _jobs(request, person, await frame_of(person, id), {}, None)


@router.post("/stations/{id}/jobs/{operation}")
async def begin(request: Request, person: ThePerson, form: TheForm, id: str, operation: str) -> Response:
    frame, body = await frame_of(person, id), body_of(form)
    try:
        if operation not in JOBS:
            raise Refusal(404, {"detail": "there is no such job"})
        commands = await operate(person, id, operation, body, str(form.get("key", "")))
    except Refusal as refusal:
        return await _jobs(request, person, frame, body | {"operation": operation}, refusal)
    return seen_other(request, f"{frame.path}/jobs?{commands}")


async def _jobs(
    request: Request, person: Person, frame: Frame, typed: Json, refusal: Refusal | None
) -> Response:
    kind, token = (request.query_params.get(name, "") for name in ("kind", "pageToken"))
    kind = kind if kind in KINDS else ""
    path = f"{frame.rest}/jobs"
    return section_page(
        request,
        person,
        "station_jobs.html",
        frame,
        refusal,
        commands=await commands_of(request, person, frame.id),
        found=await person.device.get(path, pageSize=PAGE_SIZE, pageToken=token, kind=kind),
        address=address_of(request, f"{frame.path}/jobs"),
        kinds=KINDS,
        kind=kind,
        typed=typed,
        key=operation_key(),
    )
