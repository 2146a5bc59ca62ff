"""Commands to many stations: sends one, shows how far it is, and repeats what has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from libs.csms.errors import NotFound
from libs.ocpp_messages.version import Version

from ..answers import STATUSES, failure_of, put
from ..composer import Composed, composed, started
from ..curl import device_curl
from ..fleet import every
from ..forms import exact_json
from ..forms.commands import command_form, commands
from ..forms.form import Form
from ..forms.texts import BadForm
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import page, seen_other, segment, url
from ..selection import Selection

router = APIRouter()

SHOWN = 50


@router.get("/commands/many")
async def write(request: Request, person: ThePerson) -> Response:
    """``send`` is the command, ``version`` the one that its form is of. ``ids``, ``group``, ``model`` and
    ``firmware`` choose stations.
    """
    form = _form(request)
    written = started(form) if form is not None else None
    return await _write_page(request, person, written, Selection.of(request.query_params))


@router.post("/commands/many")
async def send(request: Request, person: ThePerson, form: TheForm) -> Response:
    asked = _form(request)
    if asked is None:
        raise Refusal(422, {"detail": "nothing to send was chosen"})
    try:
        written = composed(asked, form)
    except BadForm as error:
        raise Refusal(422, {"detail": str(error)}) from error
    selection = Selection.of(form)
    waiting = {"deliver": "when-online", "ttl": str(form.get("ttl", ""))} if "whenOnline" in form else {}
    if not written.is_sent:
        return await _write_page(request, person, written, selection, waiting=waiting)
    try:
        batch = await _sent(person, _action(request), selection.body, written.filled.payload, waiting)
    except Refusal as refusal:
        if refusal.detail.startswith("body.payload"):
            put(refusal, written.filled)
        return await _write_page(request, person, written, selection, waiting=waiting, refusal=refusal)
    return seen_other(request, f"/commands/batches/{segment(batch['id'])}")


@router.get("/commands/batches/{id}")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    return await _batch_page(request, person, id)


@router.post("/commands/batches/{id}/cancel")
async def cancel(request: Request, person: ThePerson, id: str) -> Response:
    """Takes back what is not sent."""
    try:
        await person.device.send("DELETE", f"/commands/batches/{segment(id)}")
    except Refusal as refusal:
        return await _batch_page(request, person, id, refusal)
    return seen_other(request, f"/commands/batches/{segment(id)}")


@router.post("/commands/batches/{id}/repeat")
async def repeat(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    """A new command to many, to those stations at which this one has failed."""
    batch = await person.device.get(f"/commands/batches/{segment(id)}")
    failed = [one["stationId"] for one in await _results(person, id) if failure_of(one)]
    if not failed:
        return seen_other(request, f"/commands/batches/{segment(id)}")
    group = batch["selection"].get("group")
    selection = {"ids": failed} | ({"group": group} if group else {})
    waiting = {"deliver": "when-online"} if "whenOnline" in form else {}
    try:
        sent = await _sent(person, batch["action"], selection, batch["payload"], waiting)
    except Refusal as refusal:
        return await _batch_page(request, person, id, refusal)
    return seen_other(request, f"/commands/batches/{segment(sent['id'])}")


async def _sent(person: Person, action: str, selection: Json, payload: Json, waiting: dict[str, str]) -> Json:
    """The batch. Raises ``Refusal``."""
    body = exact_json.write({"selection": selection, "payload": payload})
    batch: Json = await person.device.send("POST", f"/commands/{segment(action)}", body, **waiting)
    return batch


async def _write_page(
    request: Request,
    person: Person,
    written: Composed | None,
    selection: Selection,
    *,
    waiting: dict[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    version, action, waiting = _version(request), _action(request), waiting or {}
    curl = "" if written is None else _curl(request, person, written, selection, waiting)
    shown = 200 if written is None else written.status
    return page(
        request,
        "many.html",
        person,
        shown if refusal is None else refusal.status,
        versions=list(Version),
        version=version,
        commands=commands(version),
        action=action,
        written=written,
        selection=selection,
        count=selection.count(await person.fleet.rows(person)),
        waiting=waiting,
        refusal=refusal,
        curl=curl,
        target=url("/commands/many", send=action, version=version.value),
    )


def _curl(
    request: Request, person: Person, written: Composed, selection: Selection, waiting: dict[str, str]
) -> str:
    body = exact_json.write({"selection": selection.body, "payload": written.filled.payload}).decode()
    return device_curl(request, person, f"/commands/{segment(_action(request))}", body, **waiting)


async def _batch_page(request: Request, person: Person, id: str, refusal: Refusal | None = None) -> Response:
    """Of one that goes on, the page reads no more than it shows: it asks again and again."""
    path = f"/commands/batches/{segment(id)}"
    batch = await person.device.get(path)
    names = ("status", "pageToken")
    asked = {name: request.query_params.get(name, "") for name in names}
    results = await person.device.get(f"{path}/commands", pageSize=SHOWN, **asked)
    failures = _failures(await _results(person, id)) if batch["status"] == "done" else []
    return page(
        request,
        "batch.html",
        person,
        refusal.status if refusal is not None else 200,
        batch=batch,
        here=path,
        open=sum(batch["counts"][status] for status in ("queued", "sent")),
        results=results,
        failures=failures,
        failed=sum(count for _, count in failures),
        shown=asked["status"],
        statuses=STATUSES,
        may_send=person.may("commands:raw"),
        refusal=refusal,
    )


async def _results(person: Person, id: str) -> Sequence[Json]:
    """The command of each station."""
    return [one async for one in every(person.device, f"/commands/batches/{segment(id)}/commands")]


def _failures(results: Sequence[Json]) -> Sequence[tuple[str, int]]:
    """Why, and at how many stations: the most frequent first."""
    return Counter(reason for one in results if (reason := failure_of(one))).most_common()


def _form(request: Request) -> Form | None:
    """Of the command that is chosen. Raises ``Refusal`` for one that the version does not have."""
    action = _action(request)
    if not action:
        return None
    try:
        return command_form(_version(request), action)
    except NotFound as error:
        raise Refusal(404, {"detail": str(error)}) from error


def _action(request: Request) -> str:
    return request.query_params.get("send", "")


def _version(request: Request) -> Version:
    version = request.query_params.get("version", "")
    return Version(version) if version in list(Version) else Version.V201
