"""What happened in a session, in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.console.rendering import TEMPLATES
from services.console.timeline import Happening, timeline

from ..transaction.fakes import minute

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


SESSION: dict[str, Any] = {
    "id": "CS1:7",
    "stationId": "CS 1",
    "transactionId": "7",
    "active": False,
    "startedAt": minute(0),
    "endedAt": minute(60),
    "lastEventAt": minute(60),
    "idToken": "CARD",
    "idTokenStatus": "Accepted",
    "remoteStartId": 5,
    "stoppedReason": "Remote",
    "operatorEnd": {"requestedAt": minute(55)},
}
POWER = {at(1): 11.0, at(2): 11.0, at(20): 0.0, at(25): 0.0, at(30): 7.0}
VALUES = [{"timestamp": minute(10), "context": "Interruption.Begin"}] * 2
COMMANDS = [
    {
        "action": "Reset",
        "status": "timeout",
        "createdAt": minute(40),
        "requestedBy": {"id": "anna", "kind": "person"},
    }
]
MESSAGES = [
    {"action": "MeterValues", "receivedAt": minute(50), "refused": {"code": "X", "reason": "value: odd"}},
    {"action": "MeterValues", "receivedAt": minute(51), "repairs": ["null@a", "frame@b"]},
]
ABSENCES = [(at(3), at(9)), (at(70), None)]


def everything() -> list[Happening]:
    return timeline(SESSION, POWER, VALUES, COMMANDS, MESSAGES, ABSENCES)


def test_all_that_happened_stands_in_its_order() -> None:
    told = [(one.what.text % one.what.values, one.is_bad) for one in everything()]

    assert told == [
        ("Started by the command with remoteStartId 5", False),
        ("Token CARD was answered Accepted", False),
        ("Power flows", False),
        ("The connection ended", True),
        ("The station is connected again", False),
        ("Interrupted: the station says so in a meter value", False),
        ("No power flows any more", False),
        ("Power flows", False),
        ("Reset by anna: timeout", True),
        ("MeterValues was refused: value: odd", True),
        ("MeterValues was repaired: null@a, frame@b", False),
        ("An operator ended it", False),
        ("Ended: Remote", False),
        ("The connection ended", True),
    ]


def test_what_can_be_looked_up_leads_to_the_page_of_the_station() -> None:
    paths = {one.kind: one.what.path for one in everything() if one.what.path}

    assert paths == {
        "gone": "/stations/CS%201/log",
        "back": "/stations/CS%201/log",
        "command": "/stations/CS%201/commands",
        "refused": "/stations/CS%201/log",
        "repaired": "/stations/CS%201/log",
    }


def test_the_charging_state_is_told_of_a_session_that_goes_on() -> None:
    active = SESSION | {"active": True, "chargingState": "SuspendedEV"}

    told = [one.what.text % one.what.values for one in timeline(active, {}, [], [], [], [])]

    assert "Charging state: SuspendedEV" in told


def test_the_page_has_an_icon_for_every_kind() -> None:
    template = (TEMPLATES / "transaction.html").read_text()
    active = timeline(SESSION | {"active": True, "chargingState": "Charging"}, {}, [], [], [], [])

    kinds = {one.kind for one in [*everything(), *active]}

    assert len(kinds) == 12
    assert not {kind for kind in kinds if f'"{kind}": ' not in template}


def test_power_that_comes_and_goes_all_the_time_is_told_a_bounded_number_of_times() -> None:
    power = {at(n): float(n % 2) for n in range(1_000)}

    assert len(timeline(SESSION, power, [], [], [], [])) < 60
