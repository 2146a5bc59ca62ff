"""What happened in a session, in the order of time. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from urllib.parse import quote

from .curves import moment
from .explanation import Absence, Part
from .person import Json

MIN_POWER = 0.05
"""kW. Below it nothing is charged."""

MAX_CHANGES = 50
"""Of the power between charging and not."""

INTERRUPTIONS = {
    "Interruption.Begin": "Interrupted: the station says so in a meter value",
    "Interruption.End": "Goes on after an interruption",
}
"""By ReadingContextEnumType."""


@dataclass(frozen=True)
class Happening:
    at: datetime
    kind: str
    """By which the page chooses an icon."""
    what: Part
    is_bad: bool = False


def timeline(
    transaction: Json,
    power: Mapping[datetime, float],
    values: Sequence[Json],
    commands: Sequence[Json],
    messages: Sequence[Json],
    absences: Sequence[Absence],
) -> list[Happening]:
    """``commands`` and ``messages`` are those of its station in its time, as the REST has them."""
    station = f"/stations/{quote(str(transaction['stationId']), safe='')}"
    found = [
        *_bounds(transaction),
        *_changes(power),
        *_interruptions(values),
        *(_command(one, station) for one in commands),
        *(_message(one, station) for one in messages),
        *_absences(absences, station),
    ]
    return sorted(found, key=lambda one: one.at)


def _bounds(transaction: Json) -> Iterator[Happening]:
    started = moment(transaction["startedAt"])
    if "remoteStartId" in transaction:
        text = Part("Started by the command with remoteStartId %(id)s", {"id": transaction["remoteStartId"]})
    else:
        text = Part("Started")
    yield Happening(started, "start", text)
    if status := transaction.get("idTokenStatus"):
        values = {"token": transaction.get("idToken", "–"), "status": status}
        answered = Part("Token %(token)s was answered %(status)s", values)
        yield Happening(started, "token", answered, status != "Accepted")
    if chosen := transaction.get("operatorEnd"):
        yield Happening(moment(chosen["requestedAt"]), "operator", Part("An operator ended it"))
    if transaction["active"] and (state := transaction.get("chargingState")):
        at = moment(transaction["lastEventAt"])
        yield Happening(at, "state", Part("Charging state: %(state)s", {"state": state}))
    if ended := transaction.get("endedAt"):
        reason = transaction.get("stoppedReason", "–")
        yield Happening(moment(ended), "end", Part("Ended: %(reason)s", {"reason": reason}))


def _changes(power: Mapping[datetime, float]) -> Iterator[Happening]:
    """From charging to not, and back."""
    charging = [(at, kw >= MIN_POWER) for at, kw in sorted(power.items())]
    changed = [later for earlier, later in pairwise([(None, False), *charging]) if earlier[1] != later[1]]
    for at, is_charging in changed[:MAX_CHANGES]:
        assert at is not None
        text = Part("Power flows") if is_charging else Part("No power flows any more")
        yield Happening(at, "power" if is_charging else "pause", text)


def _interruptions(values: Sequence[Json]) -> list[Happening]:
    found = {(moment(one["timestamp"]), one["context"]) for one in values if one["context"] in INTERRUPTIONS}
    return [Happening(at, "pause", Part(INTERRUPTIONS[context])) for at, context in found]


def _command(command: Json, station: str) -> Happening:
    by = (command.get("requestedBy") or {}).get("id", "–")
    values = {"action": command["action"], "by": by, "status": command["status"]}
    what = Part("%(action)s by %(by)s: %(status)s", values, f"{station}/commands")
    return Happening(moment(command["createdAt"]), "command", what, command["status"] in ("error", "timeout"))


def _message(message: Json, station: str) -> Happening:
    at, path = moment(message["receivedAt"]), f"{station}/log"
    if refused := message.get("refused"):
        values = {"action": message["action"], "reason": refused["reason"] or refused["code"]}
        return Happening(at, "refused", Part("%(action)s was refused: %(reason)s", values, path), True)
    values = {"action": message["action"], "rules": ", ".join(message["repairs"])}
    return Happening(at, "repaired", Part("%(action)s was repaired: %(rules)s", values, path))


def _absences(absences: Sequence[Absence], station: str) -> Iterator[Happening]:
    for start, end in absences:
        yield Happening(start, "gone", Part("The connection ended", path=f"{station}/log"), True)
        if end is not None:
            yield Happening(end, "back", Part("The station is connected again", path=f"{station}/log"))
