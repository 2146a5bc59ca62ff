"""What a session is explained with: sentences, and their evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.curves import Silence
from services.console.explanation import Absence, Part, Sentence, explain
from services.transaction.warnings import REPAIRED, SALVAGED, SENTENCES

from ..transaction.fakes import minute

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "id": "CS1!7",
        "stationId": "CS 1",
        "transactionId": "7",
        "active": False,
        "startedAt": minute(0),
        "endedAt": minute(60),
        "energyWh": 5000,
        "meterStartWh": 1000,
        "meterStopWh": 6000,
        "stoppedReason": "EVDisconnected",
        "warnings": [],
    } | changes


def said(part: Part) -> str:
    times = {
        name: f"{value:%H:%M}" if isinstance(value, datetime) else value
        for name, value in part.values.items()
    }
    return part.text % times


def sentences(
    about: dict[str, Any],
    silences: list[Silence] | None = None,
    absences: list[Absence] | None = None,
    messages: list[dict[str, Any]] | None = None,
) -> list[str]:
    return [_text(one) for one in explain(about, silences or [], messages or [], absences or [])]


def _text(sentence: Sentence) -> str:
    evidence = "; ".join(map(said, sentence.evidence))
    return said(sentence.claim) + (f": {evidence}" if evidence else "")


SILENCE = Silence(at(2), at(9), 74.0)

TABLE = [
    (
        transaction(),
        [],
        [],
        [
            "5000 Wh were charged: the register rose from 1000 to 6000 Wh",
            "It ended at 11:00: the vehicle was unplugged",
            "Nothing is missing, and nothing looks wrong",
        ],
    ),
    (
        transaction(missingSeqNos=[12, 13, 14]),
        [SILENCE],
        [(at(2), at(9))],
        [
            "5000 Wh were charged: the register rose from 1000 to 6000 Wh",
            "74 Wh missing from the curve, 10:02–10:09: messages 12–14 never came; "
            "the station was away 10:02–10:09",
            "It ended at 11:00: the vehicle was unplugged",
        ],
    ),
    (
        transaction(active=True, endedAt=None, stoppedReason=None),
        [Silence(at(2), at(9), None)],
        [(at(3), None)],
        [
            "5000 Wh were charged so far: the register rose from 1000 to 6000 Wh",
            "No meter value came from 10:02 to 10:09: the station is away since 10:03",
        ],
    ),
    (
        transaction(missingSeqNos=[2, 5, 6], messagesInQueue=False, stoppedReason="Vandalism"),
        [],
        [],
        [
            "5000 Wh were charged: the register rose from 1000 to 6000 Wh",
            "Messages 2, 5–6 never came: the station says that it has no more of them",
            "It ended at 11:00: the station says: Vandalism",
        ],
    ),
    (
        transaction(energyWh=None, idToken="A/B", idTokenStatus="Blocked", stoppedReason=None),
        [SILENCE],
        [(at(20), at(30))],
        [
            "How much was charged is not known: the register was not read twice",
            "The token A/B was answered Blocked",
            "74 Wh missing from the curve, 10:02–10:09: nothing says why: see the log of the station",
            "It ended at 11:00",
        ],
    ),
]


@pytest.mark.parametrize(("about", "silences", "absences", "expected"), TABLE)
def test_a_session_is_explained(
    about: dict[str, Any], silences: list[Silence], absences: list[Absence], expected: list[str]
) -> None:
    assert sentences(about, silences, absences) == expected


@pytest.mark.parametrize("warning", SENTENCES)
def test_every_warning_says_its_rule_its_place_and_what_to_do(warning: str) -> None:
    found = [one for one in explain(transaction(warnings=[warning]), [], [], []) if one.advice is not None]

    assert len(found) == 1
    assert found[0].advice is not None
    assert found[0].advice.rule
    assert found[0].advice.place
    assert found[0].advice.to_do


def test_a_warning_that_nobody_knows_yet_is_shown_as_it_is() -> None:
    assert "100 % odd" in sentences(transaction(warnings=["100 % odd"]))


def test_what_was_repaired_and_salvaged_names_the_message_and_when_it_came() -> None:
    messages = [
        {"action": "MeterValues", "receivedAt": minute(5), "repairs": ["timestampFormat@x"]},
        {"action": "StopTransaction", "receivedAt": minute(60), "refused": {"code": "X", "reason": "y"}},
    ]
    warnings = [f"{REPAIRED}MeterValues timestampFormat", f"{SALVAGED}StopTransaction meterStop: odd"]

    found = sentences(transaction(warnings=warnings), messages=messages)

    assert "MeterValues was repaired by the rule timestampFormat: it came at 10:05" in found
    refused = "StopTransaction was refused and counts as far as it could be read: meterStop: odd"
    assert f"{refused}: it came at 11:00" in found


def test_evidence_links_to_the_page_of_its_station_whatever_that_is_called() -> None:
    found = explain(transaction(), [SILENCE], [], [(at(2), at(9))])

    assert [part.path for one in found for part in one.evidence if part.path] == ["/stations/CS%201/log"]


def test_of_many_silences_the_longest_are_explained_in_the_order_of_time() -> None:
    lengths = (9, 2, 7, 5, 8)
    silences = [Silence(at(10 * n), at(10 * n + length), 1) for n, length in enumerate(lengths)]

    found = [one for one in sentences(transaction(), silences) if "missing" in one and "curve" in one]

    assert [one.split(", ")[1].split(":")[1][:2] for one in found] == ["00", "20", "40"]
