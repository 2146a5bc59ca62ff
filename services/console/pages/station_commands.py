"""The commands of one station: sends any operation and any command of its version, and shows what became of
each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData

from libs.csms.errors import NotFound
from libs.ocpp_messages.version import Version

from ..answers import OPERATIONS, STATUSES, of_refusal, put
from ..composer import Composed, composed, new_key, started
from ..curl import device_curl
from ..forms.commands import command_form, commands
from ..forms.form import Form
from ..forms.texts import BadForm
from ..operation_forms import OperationForms
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import page, seen_other, segment, url
from .station import Frame, frame_of

router = APIRouter()

JOURNAL_SIZE = 20

WAITS = (0, 10, 30, 60)
"""Seconds that one may wait for the answer. A browser, and the console, do not wait for longer."""


@dataclass(frozen=True)
class Chosen:
    """What is to be sent: an operation, or a command of the station's version."""

    name: str
    path: str
    """Where the REST takes it."""
    form: Form


@dataclass(frozen=True)
class Options:
    """How it is to be sent, as a person has chosen it."""

    wait: str = "30"
    when_online: bool = False
    ttl: str = "86400"
    key: str = field(default_factory=new_key)

    @classmethod
    def of(cls, sent: FormData) -> Options:
        text = {name: str(sent[name]).strip() for name in ("wait", "ttl", "key") if name in sent}
        return cls(**text, when_online="whenOnline" in sent)

    @property
    def parameters(self) -> Mapping[str, str]:
        waiting = {"deliver": "when-online", "ttl": self.ttl} if self.when_online else {}
        return {"wait": self.wait, **waiting}


@dataclass(frozen=True)
class Sending:
    """What a person is about to send, or has sent, as the page shows it."""

    chosen: Chosen | None = None
    written: Composed | None = None
    options: Options = field(default_factory=Options)
    answer: Json | None = None
    """The command or operation, as the REST has it."""
    refusal: Refusal | None = None

    @property
    def status(self) -> int:
        """Of the page."""
        if self.refusal is not None:
            return self.refusal.status
        return 200 if self.written is None else self.written.status

    @property
    def next_options(self) -> Options:
        """After a command was made, the next one is another one."""
        return Options(self.options.wait, self.options.when_online, self.options.ttl)


@router.get("/stations/{id}/commands")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    """``send`` is the operation or command; ``like`` the command that gives its payload; ``id`` the one that
    is shown.
    """
    frame = await frame_of(person, id)
    chosen = await _chosen(request, person, frame)
    like, shown = request.query_params.get("like", ""), request.query_params.get("id", "")
    written = None
    if chosen is not None:
        payload = (await _command(person, frame, like))["payload"] if like else None
        written = started(chosen.form, payload)
    answer = await _command(person, frame, shown) if shown else None
    return await _page(request, person, frame, Sending(chosen, written, answer=answer))


@router.post("/stations/{id}/commands")
async def send(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    """The answer is on the page itself. To send the page again is harmless: it has an Idempotency-Key."""
    frame = await frame_of(person, id)
    chosen = await _chosen(request, person, frame)
    if chosen is None:
        raise Refusal(422, {"detail": "nothing to send was chosen"})
    try:
        written = composed(chosen.form, form)
    except BadForm as error:
        raise Refusal(422, {"detail": str(error)}) from error
    sending = Sending(chosen, written, Options.of(form))
    if written.is_sent:
        sending = await _sent(person, sending, chosen, written)
    return await _page(request, person, frame, sending)


@router.post("/stations/{id}/commands/{command}/cancel")
async def cancel(request: Request, person: ThePerson, id: str, command: str) -> Response:
    """Takes back what is not sent."""
    frame = await frame_of(person, id)
    await _command(person, frame, command)
    try:
        await person.device.send("DELETE", f"/commands/{segment(command)}")
    except Refusal as refusal:
        return await _page(request, person, frame, Sending(refusal=refusal))
    return seen_other(request, url(f"{frame.path}/commands", id=command))


async def _sent(person: Person, sending: Sending, chosen: Chosen, written: Composed) -> Sending:
    """With what came of it. What was typed stays."""
    options = sending.options
    try:
        answer = await person.device.send(
            "POST", chosen.path, written.filled.json, key=options.key, **options.parameters
        )
    except Refusal as refusal:
        made = of_refusal(refusal)
        if refusal.status == 422 and "idTokenStatus" not in refusal.problem:
            put(refusal, written.filled)
        options = options if made is None else sending.next_options
        return replace(sending, refusal=refusal, answer=made, options=options)
    return replace(sending, answer=answer, options=sending.next_options)


async def _page(request: Request, person: Person, frame: Frame, sending: Sending) -> Response:
    journal = await _journal(request, person, frame)
    return page(
        request,
        "station_commands.html",
        person,
        sending.status,
        frame=frame,
        operations=await operations(request, person),
        commands=commands(Version(frame.version)) if frame.version else [],
        curl=_curl(request, person, sending),
        waits=WAITS,
        journal=journal,
        open=any(one["status"] in ("queued", "sent") for one in journal["items"]),
        statuses=STATUSES,
        operation_words=OPERATIONS,
        may_send=may_send(person),
        **vars(sending),
    )


def _curl(request: Request, person: Person, sending: Sending) -> str:
    if sending.chosen is None or sending.written is None:
        return ""
    options, text = sending.options, sending.written.json_text
    return device_curl(request, person, sending.chosen.path, text, options.key, **options.parameters)


async def _journal(request: Request, person: Person, frame: Frame) -> Json:
    names = ("status", "action", "pageToken")
    asked = {name: request.query_params.get(name, "") for name in names}
    found: Json = await person.device.get(f"{frame.rest}/commands", pageSize=JOURNAL_SIZE, **asked)
    return found


async def _command(person: Person, frame: Frame, id: str) -> Json:
    """Raises ``Refusal``, also for a command of another station."""
    found: Json = await person.device.get(f"/commands/{segment(id)}")
    if found["stationId"] != frame.id:
        raise Refusal(404, {"detail": "the station has no such command"})
    return found


async def _chosen(request: Request, person: Person, frame: Frame) -> Chosen | None:
    name = request.query_params.get("send", "")
    if not name:
        return None
    known = await operations(request, person)
    if name in known:
        return Chosen(name, f"{frame.rest}/remote/{segment(name)}", known[name])
    if not frame.version:
        raise Refusal(404, {"detail": "the station has never connected: its version of OCPP is unknown"})
    try:
        form = command_form(Version(frame.version), name)
    except NotFound as error:
        raise Refusal(404, {"detail": str(error)}) from error
    return Chosen(name, f"{frame.rest}/commands/{segment(name)}", form)


async def operations(request: Request, person: Person) -> Mapping[str, Form]:
    forms: OperationForms = request.app.state.operation_forms
    return await forms.known(person.device)


def may_send(person: Person) -> bool:
    """Whether there is anything that he may send."""
    return any(person.may(one) for one in ("commands:charging", "commands:maintain", "credentials:write"))
