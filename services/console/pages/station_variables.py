"""The variables of a station as a tree by component: searched, compared with another station, and changed,
several in one batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from ..fleet import every
from ..operations import commands_of, operate, operation_key
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other, url
from .station import Frame, address_of, frame_of, rest_of, section_page

router = APIRouter()

PAGE_SIZE = 100
MAX_VARIABLES = 5_000
"""Of a station. There is no more to search and to compare."""

BOOLEANS = ("true", "false")
UNCHANGED = {"detail": "nothing was changed: every value is as the station has reported it"}


@dataclass(frozen=True)
class Variable:
    """A variable of a station, or a configuration key of OCPP 1.6."""

    name: str
    """As operations take it: ``Component[instance]:evse:connector.Variable[instance]``, or the key of 1.6."""
    meaning: str
    """Such a name in the words of OCPP 2.x, whatever version the station speaks."""
    component: str
    label: str
    """Its name within the component, or the key of 1.6."""
    value: str
    """Empty too where it is not known or not shown."""
    writable: bool
    is_secret: bool
    """It can be set and not read."""
    choices: Sequence[str]
    """The values that it can have, where the station has reported them."""
    about: str
    """Its unit, type and limits."""
    others: Mapping[str, str]
    """Values of attributes other than Actual, by their types."""
    reported_at: str


@dataclass(frozen=True)
class Tree:
    """What of the variables is shown."""

    counts: Mapping[str, int]
    """How many there are of each component."""
    shown: Mapping[str, Sequence[Variable]]
    """Those of this page, by component."""
    total: int
    """That fit, on all pages."""
    next: int | None
    """Where the next page begins."""
    is_whole: bool
    """Whether there are no more variables than are looked at."""


@dataclass(frozen=True)
class Result:
    """What became of one change."""

    name: str
    value: str
    status: str
    """In the word of OCPP; that of the command where the station has not answered."""
    command: Json = field(repr=False)
    reason: str = ""


@router.get("/stations/{id}/variables")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    frame = await frame_of(person, id)
    if other := request.query_params.get("with", "").strip():
        return await _compared(request, person, frame, other)
    return await _page(request, person, frame, {}, None)


@router.post("/stations/{id}/variables")
async def change(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    frame, typed = await frame_of(person, id), changes_of(form)
    settings = [{"name": name, "value": value} for name, value in typed.items()]
    try:
        if not settings:
            raise Refusal(422, UNCHANGED)
        commands = await operate(
            person, id, "change-configuration", {"settings": settings}, str(form.get("key", ""))
        )
    except Refusal as refusal:
        return await _page(request, person, frame, typed, refusal)
    return seen_other(request, _address(request, frame, commands))


@router.post("/stations/{id}/variables/read")
async def read(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    """Ask the station for all of them."""
    frame = await frame_of(person, id)
    try:
        commands = await operate(person, id, "get-configuration", {}, str(form.get("key", "")))
    except Refusal as refusal:
        return await _page(request, person, frame, {}, refusal)
    return seen_other(request, _address(request, frame, commands))


def _address(request: Request, frame: Frame, commands: str) -> str:
    kept = {name: request.query_params.get(name) for name in ("q", "component", "first")}
    path = url(f"{frame.path}/variables", **kept)
    return f"{path}{'&' if '?' in path else '?'}{commands}"


def changes_of(form: FormData) -> dict[str, str]:
    """The new values of those that differ from what the page showed, by name."""
    names, before, after = (list(map(str, form.getlist(field))) for field in ("name", "was", "value"))
    if not len(names) == len(before) == len(after):
        raise Refusal(422, {"detail": "the form is not whole: load the page again"})
    return {name: new for name, old, new in zip(names, before, after, strict=True) if new != old}


async def _page(
    request: Request, person: Person, frame: Frame, typed: Mapping[str, str], refusal: Refusal | None
) -> Response:
    commands = await commands_of(request, person, frame.id)
    variables = await variables_of(person, frame.id)
    return section_page(
        request,
        person,
        "station_variables.html",
        frame,
        refusal,
        tree=tree_of(variables, request.query_params),
        query={name: request.query_params.get(name, "") for name in ("q", "component", "first")},
        address=address_of(request, f"{frame.path}/variables"),
        results=results_of(commands),
        commands=commands,
        typed=typed,
        key=operation_key(),
    )


async def _compared(request: Request, person: Person, frame: Frame, other: str) -> Response:
    try:
        await person.device.get(rest_of(other))
    except Refusal as refusal:
        return await _page(request, person, frame, {}, refusal)
    ours, theirs = await variables_of(person, frame.id), await variables_of(person, other)
    differences = differences_of(ours, theirs)
    return section_page(
        request,
        person,
        "station_variables_compared.html",
        frame,
        other=other,
        differences=differences,
        alike=len({one.meaning for one in (*ours, *theirs)}) - len(differences),
    )


async def variables_of(person: Person, id: str) -> Sequence[Variable]:
    """In the order of components, EVSEs and names. One more than ``MAX_VARIABLES`` at most."""
    found = []
    async for one in every(person.device, f"{rest_of(id)}/variables"):
        found.append(variable_of(one))
        if len(found) > MAX_VARIABLES:
            break
    return found


def variable_of(reported: Json) -> Variable:
    attributes = {one["type"]: one for one in reported["attributes"]}
    actual, about = attributes.get("Actual", {}), reported.get("characteristics", {})
    mutability = actual.get("mutability", "ReadWrite")
    component, label = component_of(reported["component"]), named(reported["variable"])
    return Variable(
        name=reported.get("configurationKey") or f"{component}.{label}",
        meaning=f"{component}.{label}",
        component=component,
        label=reported.get("configurationKey") or label,
        value=actual.get("value", ""),
        writable=bool(actual) and mutability != "ReadOnly",
        is_secret=mutability == "WriteOnly",
        choices=choices_of(actual.get("value", ""), about),
        about=about_of(about),
        others={type: one.get("value", "") for type, one in attributes.items() if type != "Actual"},
        reported_at=max(one["reportedAt"] for one in reported["attributes"]),
    )


def component_of(component: Json) -> str:
    evse = component.get("evse", {})
    numbers = [evse[name] for name in ("id", "connectorId") if name in evse]
    return named(component) + "".join(f":{number}" for number in numbers)


def named(thing: Json) -> str:
    return f"{thing['name']}[{thing['instance']}]" if thing.get("instance") else str(thing["name"])


def choices_of(value: str, about: Json) -> Sequence[str]:
    """Among them the value, however the station writes it."""
    known: Sequence[str] = ()
    if about.get("dataType") == "boolean":
        known = BOOLEANS
    elif about.get("dataType") == "OptionList" and about.get("valuesList"):
        known = [text.strip() for text in about["valuesList"].split(",")]
    return [*([value] if known and value not in known else []), *known]


def about_of(about: Json) -> str:
    limits = [
        f"{sign} {about[name]}" for name, sign in (("minLimit", "≥"), ("maxLimit", "≤")) if name in about
    ]
    texts = [about.get("dataType", ""), about.get("unit", ""), *limits]
    if about.get("dataType") in ("MemberList", "SequenceList"):
        texts.append(about.get("valuesList", ""))
    return " ".join(text for text in texts if text)


def tree_of(variables: Sequence[Variable], query: Mapping[str, str]) -> Tree:
    counts: dict[str, int] = {}
    for one in islice(variables, MAX_VARIABLES):
        counts[one.component] = counts.get(one.component, 0) + 1
    search, component = query.get("q", "").strip().lower(), query.get("component", "")
    fitting = [
        one
        for one in islice(variables, MAX_VARIABLES)
        if component in ("", one.component) and search in f"{one.component}.{one.label}\n{one.value}".lower()
    ]
    given = query.get("first", "")
    first = int(given) if given.isdecimal() and len(given) < 8 else 0
    last = first + PAGE_SIZE
    shown: dict[str, list[Variable]] = {}
    for one in fitting[first:last]:
        shown.setdefault(one.component, []).append(one)
    following = last if last < len(fitting) else None
    return Tree(counts, shown, len(fitting), following, len(variables) <= MAX_VARIABLES)


def results_of(commands: Sequence[Json]) -> Sequence[Result]:
    return [result for command in commands for result in _results(command)]


def _results(command: Json) -> Sequence[Result]:
    payload, response = command["payload"], command.get("response")
    answered = response if command["status"] == "answered" and isinstance(response, dict) else {}
    if command["action"] == "ChangeConfiguration":
        status = answered.get("status", "")
        return [Result(str(payload.get("key")), str(payload.get("value")), status, command)]
    if command["action"] != "SetVariables":
        return []
    by_name = {_name(one): one for one in answered.get("setVariableResult", [])}
    return [_result(one, by_name.get(_name(one), {}), command) for one in payload["setVariableData"]]


def _result(sent: Json, answer: Json, command: Json) -> Result:
    info = answer.get("attributeStatusInfo", {})
    reason = " ".join(str(info[name]) for name in ("reasonCode", "additionalInfo") if name in info)
    status = str(answer.get("attributeStatus", ""))
    return Result(_name(sent), str(sent.get("attributeValue")), status, command, reason)


def _name(one: Json) -> str:
    return f"{component_of(one['component'])}.{named(one['variable'])}"


def differences_of(ours: Sequence[Variable], theirs: Sequence[Variable]) -> Sequence[tuple[str, Any, Any]]:
    """Name and the two values, of those that are not alike; None where a station has no such variable."""
    left, right = ({one.meaning: one.value for one in side} for side in (ours, theirs))
    names = dict.fromkeys([*left, *right])
    return [(name, left.get(name), right.get(name)) for name in names if left.get(name) != right.get(name)]
