"""What became of a message, as the device service's answer tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import httpx

from libs.csms.storage.store import Json

Outcome = Literal["accepted", "refused", "unsupported", "undelivered", "impossible", "open"]

UNSUPPORTED = {"NotImplemented", "NotSupported"}


@dataclass(frozen=True)
class Answer:
    """``open``: it may have reached the station, whose answer may still come."""

    outcome: Outcome
    command_id: str = ""
    reason: str = ""


def answer_of(response: httpx.Response) -> Answer:
    """Raises ``httpx.HTTPStatusError`` where the device service has failed, which tells nothing."""
    match response.status_code:
        case 200:
            return _of_the_station(response.json())
        case 202:
            return Answer("open", response.json()["id"])
        case 504:
            return Answer("open", response.json().get("commandId", ""))
        case 409 | 429:
            return Answer("undelivered")
        case 404 | 413 | 422:
            return Answer("impossible", reason=response.json()["detail"])
    response.raise_for_status()
    raise httpx.HTTPStatusError("an answer of no known kind", request=response.request, response=response)


def _of_the_station(told: Json) -> Answer:
    id, status, word = told["id"], told["status"], told.get("stationStatus") or ""
    error = told.get("error") or {}
    if status == "accepted":
        return Answer("accepted", id)
    if status == "pending":
        return Answer("open", id)
    if status == "unsupported" or {word, error.get("code")} & UNSUPPORTED:
        return Answer("unsupported", id, "the station supports no local list")
    said = word or f"{error.get('code', status)} {error.get('description', '')}".strip()
    return Answer("refused", id, f"the station answered {said}")
