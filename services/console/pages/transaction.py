"""One transaction: its curves over one time axis, what happened, and the explanation with the evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from markupsafe import Markup

from ..curves import Curves, as_json, curves_of, limits_of, moment, within
from ..explanation import Absence, Part, explain
from ..languages import language_of, translations
from ..person import Api, Json, Person, Refusal, TheForm, ThePerson
from ..rendering import page, seen_other, segment
from ..timeline import timeline
from ..typed import typed, utc

router = APIRouter()

MAX_VALUES = 20_000
"""Sampled values that are read of one transaction. Beyond it, the curves end early, and say so."""

MAX_MESSAGES = 1_000
"""Messages and commands of the station that are read, of the time of the transaction."""

LATE = timedelta(days=1)
"""For so long after its end messages about it are looked for, which the station kept while it was offline."""

LIVE_SECONDS = 10
"""Between two readings of a transaction that goes on, while somebody looks at it."""


@dataclass(frozen=True)
class Session:
    """A transaction, and all that is known about the time of it."""

    transaction: Json
    values: Sequence[Json]
    curves: Curves
    absences: Sequence[Absence]
    is_whole: bool
    """Whether all values were read."""

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return bounds_of(self.transaction)


@router.get("/transactions/{id}")
async def show(request: Request, id: str, person: ThePerson) -> Response:
    return await _shown(request, person, id)


@router.get("/transactions/{id}/facts")
async def show_facts(request: Request, id: str, person: ThePerson) -> Response:
    """The head of the page alone, for a page whose transaction goes on."""
    transaction = await person.transaction.get(f"/transactions/{segment(id)}")
    return page(request, "transaction_facts.html", person, transaction=transaction, live=LIVE_SECONDS)


@router.get("/transactions/{id}/values.json")
async def values(request: Request, id: str, person: ThePerson) -> Response:
    """The curves as ``charts.js`` draws them."""
    session = await _session(person, id)
    end = session.bounds[1]
    absences = [(start, until or end) for start, until in session.absences]
    translate = translations()[language_of(request)].gettext
    return JSONResponse(as_json(session.curves, absences, translate), headers={"Cache-Control": "no-store"})


@router.post("/transactions/{id}/end")
async def end(request: Request, id: str, person: ThePerson, form: TheForm) -> Response:
    given = typed(form, "reason", "meterStopWh", "endedAt", "belowHighest")
    try:
        await person.transaction.send("POST", f"/transactions/{segment(id)}/end", end_body(given))
    except Refusal as refusal:
        return await _shown(request, person, id, refusal.status, refusal=refusal, typed=given)
    person.fleet.forget()
    return seen_other(request, f"/transactions/{segment(id)}")


def end_body(given: Mapping[str, str]) -> Json:
    body: Json = {name: given[name] for name in ("reason", "meterStopWh") if given[name]}
    if given["endedAt"]:
        body["endedAt"] = utc(given["endedAt"])
    return body | ({"belowHighest": True} if given["belowHighest"] else {})


def bounds_of(transaction: Json) -> tuple[datetime, datetime]:
    """When it began and ended; one that goes on ends now."""
    ended = transaction.get("endedAt")
    return moment(transaction["startedAt"]), moment(ended) if ended else datetime.now(UTC)


async def _shown(request: Request, person: Person, id: str, status: int = 200, **more: Any) -> Response:
    session = await _session(person, id)
    transaction, (start, until) = session.transaction, session.bounds
    period = {"from": start.isoformat(), "to": until.isoformat()}
    messages, commands = await asyncio.gather(
        _unusual_messages(person, transaction, start, until),
        _if_allowed(
            person.device, "/commands", stationId=transaction["stationId"], pageSize=MAX_MESSAGES, **period
        ),
    )
    power = session.curves.by_name["power"].points
    return page(
        request,
        "transaction.html",
        person,
        status,
        transaction=transaction,
        session=session,
        sentences=explain(transaction, session.curves.silences, messages, session.absences),
        happenings=timeline(transaction, power, session.values, commands, messages, session.absences),
        shown=shown,
        live=LIVE_SECONDS,
        **{"refusal": None, "typed": {}} | more,
    )


def shown(part: Part) -> dict[str, object]:
    """The values of a part as pages show them."""
    return {
        name: clock(value) if isinstance(value, datetime) else value for name, value in part.values.items()
    }


def clock(at: datetime) -> Markup:
    """The time of the day; the date is on hover."""
    moment = at.isoformat().replace("+00:00", "Z")
    return Markup('<time data-clock datetime="{}" title="{}">{:%H:%M:%S}</time>').format(moment, moment, at)


async def _session(person: Person, id: str) -> Session:
    """Raises ``Refusal``."""
    transaction = await person.transaction.get(f"/transactions/{segment(id)}")
    (values, is_whole), limits, absences = await asyncio.gather(
        _values(person, id), _limits(person, transaction), _absences(person, transaction)
    )
    return Session(transaction, values, curves_of(transaction, values, limits), absences, is_whole)


async def _values(person: Person, id: str) -> tuple[list[Json], bool]:
    """Of the oldest at most ``MAX_VALUES``, and whether that is all."""
    found: list[Json] = []
    token = ""
    while len(found) < MAX_VALUES:
        path = f"/transactions/{segment(id)}/metervalues"
        read = await person.transaction.get(path, pageSize=1_000, pageToken=token)
        found += read["items"]
        token = read.get("nextPageToken") or ""
        if not token:
            return found, True
    return found, False


async def _limits(person: Person, transaction: Json) -> dict[datetime, float]:
    """In kW: of the last composite schedule of its EVSE, or else of its own charging profile."""
    evse = transaction.get("evseId", transaction.get("connectorId"))
    start, end = bounds_of(transaction)
    path = f"/chargingstations/{segment(transaction['stationId'])}"
    for composite in await _if_allowed(person.device, f"{path}/compositeschedules", evseId=evse):
        begins = moment(composite.get("scheduleStart") or composite["receivedAt"])
        if limits := within(limits_of(composite["schedule"], begins, end), start, end):
            return limits
    for profile in await _if_allowed(person.device, f"{path}/chargingprofiles", evseId=evse):
        stated = profile["chargingProfile"]
        if str(stated.get("transactionId", "")) == transaction["transactionId"]:
            schedules = stated["chargingSchedule"]
            schedule = schedules[0] if isinstance(schedules, list) else schedules
            begins = moment(schedule.get("startSchedule") or transaction["startedAt"])
            return within(limits_of(schedule, begins, end), start, end)
    return {}


async def _absences(person: Person, transaction: Json) -> list[Absence]:
    """In its time, as far as the newest connection of the station tells of them."""
    row = await person.fleet.row(person, transaction["stationId"])
    if row is None:
        return []
    start, end = bounds_of(transaction)
    known = row.connection
    found: list[Absence] = []
    if known.get("absentSince") and known.get("connectedAt"):
        found.append((moment(known["absentSince"]), moment(known["connectedAt"])))
    if known.get("disconnectedAt") and not known.get("connected"):
        found.append((moment(known["disconnectedAt"]), None))
    return [
        (gone, back) for gone, back in found if gone < end and (back is None or start < back) and gone != back
    ]


async def _unusual_messages(
    person: Person, transaction: Json, start: datetime, until: datetime
) -> list[Json]:
    """Those that were refused or repaired: of its time, and what the station has sent of it later."""
    found = await _if_allowed(
        person.device,
        f"/chargingstations/{segment(transaction['stationId'])}/messages",
        pageSize=MAX_MESSAGES,
        **{"from": start.isoformat(), "to": (until + LATE).isoformat()},
    )
    return [
        one
        for one in found
        if (one.get("refused") or one.get("repairs"))
        and (moment(one["receivedAt"]) <= until or _names(one["payload"], transaction["transactionId"]))
    ]


def _names(payload: Any, transaction_id: str) -> bool:
    """Whether a message is about that transaction, as far as it can be read."""
    about = payload.get("transactionInfo", payload) if isinstance(payload, dict) else None
    return isinstance(about, dict) and str(about.get("transactionId")) == transaction_id


async def _if_allowed(api: Api, path: str, **parameters: Any) -> Sequence[Json]:
    """A page of a list; empty where the person may not see it, or there is no such station any more."""
    try:
        found: Sequence[Json] = (await api.get(path, **parameters))["items"]
    except Refusal as refusal:
        if refusal.status in (403, 404, 405):
            return []
        raise
    return found
