"""What became of a command, in words: above all, whether it may have been carried out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .forms.form import Filled
from .forms.words import N_
from .person import Json, Refusal

WORDS = {
    "queued": N_("It waits, and can be taken back."),
    "sent": N_("It is on the wire, and has no answer yet: it may have been carried out."),
    "answered": N_("The station has answered."),
    "error": N_("The station answered with an error: it was not carried out."),
    "timeout": N_("It was sent, and no answer came in time: it may have been carried out."),
    "expired": N_("It was never sent: its time was over, or it was taken back."),
    "unknown": N_("The connection ended before an answer came: it may have been carried out."),
    "pending": N_("There is no answer yet."),
    "accepted": N_("The station has accepted it."),
    "scheduled": N_("The station will do it later."),
    "partial": N_("The station has accepted some of it: the result says what."),
    "rejected": N_("The station has rejected it: it was not carried out."),
    "unsupported": N_("The station does not know how to do that: it was not carried out."),
}
"""By the status of a command, and of an operation, in docs/api.md."""

STATUSES = ("queued", "sent", "answered", "error", "timeout", "expired", "unknown")
"""Of commands."""

NOT_SENT = N_("It could not be sent: it was not carried out.")

_DONE = {"", "Accepted", "AcceptedCanceled", "RebootRequired", "Scheduled", "Unlocked"}
"""What stations answer to what they do. Answers without a status are results."""

_PLACE = re.compile(r"(?:body(?:\.payload)?(?:\.|: ))?(?:([A-Za-z][A-Za-z0-9_.]*): )?(.+)", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What a person is told of a command that he has sent."""

    status: str
    """Of the command, or of the operation."""
    words: str
    station_status: str
    """In the station's own word; empty where it has said none."""
    error: str
    """What the station, or the gateway, has said went wrong."""
    shown: Json
    """All of it, as the REST has it."""

    @property
    def id(self) -> str:
        """Of the command; empty where it is not known."""
        return str(self.shown.get("id", ""))


def answer_of(sent: Json) -> Answer:
    """Of a command or operation as the REST has it."""
    status = str(sent["status"])
    response = sent.get("response")
    said = response.get("status", "") if isinstance(response, dict) else sent.get("stationStatus") or ""
    error = sent.get("error") or {}
    found = (error.get("code"), error.get("description"))
    return Answer(status, words_of(sent), str(said), " ".join(one for one in found if one), sent)


def words_of(sent: Json) -> str:
    """What became of a command or operation, for gettext."""
    if sent["status"] == "error" and "operation" not in sent and "sentAt" not in sent:
        return NOT_SENT
    return WORDS.get(str(sent["status"]), "")


def answer_of_refusal(refusal: Refusal) -> Answer | None:
    """Of a command that was made and has no answer; None where none was made."""
    known = refusal.problem
    if "commandStatus" not in known:
        return None
    facts = {name: known[name] for name in ("sentAt",) if name in known}
    error = {"code": "", "description": refusal.detail}
    return answer_of({"id": known["commandId"], "status": known["commandStatus"], "error": error} | facts)


def put(refusal: Refusal, filled: Filled) -> None:
    """What a service has found wrong with a payload, at the field that it names."""
    found = _PLACE.fullmatch(refusal.detail)
    filled.refused((found[1] or "") if found else "", found[2] if found else refusal.detail)


def failure_of(command: Json) -> str:
    """Why a command has ended without doing what it is for; empty where it has not, or not yet."""
    response, error = command.get("response"), command.get("error")
    match command["status"]:
        case "queued" | "sent":
            return ""
        case "answered":
            said = str(response.get("status", "")) if isinstance(response, dict) else ""
            return "" if said in _DONE else said
        case "error" if error is not None:
            return f"{error['code']} {error['description']}".strip()
    return str(command["status"])
