"""What became of commands: the words for operations, why some failed, and what was wrong with a payload."""

from __future__ import annotations

import re

from .forms.form import Filled
from .forms.words import N_
from .person import Json, Refusal

OPERATIONS = {
    "pending": N_("There is no answer yet."),
    "accepted": N_("The station accepted."),
    "scheduled": N_("The station will do it later."),
    "partial": N_("The station accepted some of it: the result says what."),
    "rejected": N_("The station refused."),
    "unsupported": N_("The station cannot do this."),
    "error": N_("There is no answer that says whether it was carried out."),
}
"""By the status of an operation in docs/api.md. Of commands, ``station_answer.html`` has the words."""

STATUSES = ("queued", "sent", "answered", "error", "timeout", "expired", "unknown")
"""Of commands."""

_DONE = {"", "Accepted", "AcceptedCanceled", "RebootRequired", "Scheduled", "Unlocked"}
"""What stations answer to what they do. Answers without a status are results."""

_PLACE = re.compile(r"(?:body(?:\.payload)?(?:\.|: ))?(?:([A-Za-z][A-Za-z0-9_.]*): )?(.+)", re.DOTALL)


def of_refusal(refusal: Refusal) -> Json | None:
    """The command that was made and has no answer, as far as the refusal says; None where none was made."""
    known = refusal.problem
    if "commandStatus" not in known:
        return None
    sent = {"sentAt": known["sentAt"]} if "sentAt" in known else {}
    error = {"code": "", "description": refusal.detail}
    return {"id": known["commandId"], "status": known["commandStatus"], "error": error} | sent


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
