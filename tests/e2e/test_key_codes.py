"""Stations that guess KeyCodes, through the whole system."""

from __future__ import annotations

import asyncio

import pytest

from .station import Json, Station, booted_station
from .system import System
from .test_remote import operate

VERSIONS = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


def key_code(text: str) -> Json:
    return {"idToken": text, "type": "KeyCode"}


async def authorized(connected: Station, id_token: Json) -> str:
    answer = await connected.call("Authorize", {"idToken": id_token})
    return str(answer["idTokenInfo"]["status"])


async def started(connected: Station, transaction_id: str, id_token: Json) -> str:
    event = {
        "eventType": "Started",
        "timestamp": "2026-11-20T12:00:00Z",
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": transaction_id},
        "evse": {"id": 1},
        "idToken": id_token,
    }
    answer = await connected.call("TransactionEvent", event)
    return str(answer["idTokenInfo"]["status"])


@VERSIONS
async def test_after_five_wrong_keycodes_the_right_one_is_invalid_too(
    system: System, cs: str, name: str, tag: str, version: str
) -> None:
    """By Authorize and by TransactionEvent together; cards and the operator are not blocked."""
    pin, card = key_code(f"1234-{name}"), {"idToken": tag, "type": "ISO14443"}
    await system.token(pin["idToken"], type="KeyCode")
    async with booted_station(system.gateways[-1], cs, version) as connected:
        assert await authorized(connected, pin) == "Accepted"
        for n in range(3):
            assert await authorized(connected, key_code(f"{n}-{name}")) == "Unknown"
        for n in range(2):
            assert await started(connected, f"T{n}-{name}", key_code(f"T{n}-{name}")) == "Unknown"

        assert await authorized(connected, pin) == "Invalid"
        assert await started(connected, f"R-{name}", pin) == "Invalid"
        assert await authorized(connected, card) == "Accepted"

        starting = operate(system, cs, "start-session", {"idToken": pin["idToken"], "type": "KeyCode"})
        command = await connected.expect("RequestStartTransaction")
        assert command.payload["idToken"] == pin
        await command.answer({"status": "Rejected"})
        await starting


@VERSIONS
async def test_an_operator_who_mistypes_a_keycode_blocks_no_station(
    system: System, cs: str, name: str, version: str
) -> None:
    pin = key_code(f"1234-{name}")
    await system.token(pin["idToken"], type="KeyCode")
    async with booted_station(system.gateways[0], cs, version) as connected:
        body = {"idToken": f"wrong-{name}", "type": "KeyCode"}
        answers = await asyncio.gather(*(operate(system, cs, "start-session", body) for _ in range(6)))
        assert {answer.status_code for answer in answers} == {422}

        assert await authorized(connected, pin) == "Accepted"


async def test_a_station_that_waits_for_no_answer_gets_no_more_guesses(
    system: System, cs: str, name: str
) -> None:
    """OCPP allows one call at a time, and a station that guesses does not care."""
    async with booted_station(system.gateways[0], cs, "2.0.1") as connected:
        guesses = [authorized(connected, key_code(f"{n}-{name}")) for n in range(12)]
        statuses = await asyncio.gather(*guesses)

    assert [statuses.count(status) for status in ("Unknown", "Invalid")] == [5, 7]
