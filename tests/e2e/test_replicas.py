"""Two replicas of the device service share its work: whichever does what, every command is sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from .station import Station, booted_station
from .system import System

ACCEPTED = {"status": "Accepted"}
GATEWAYS = pytest.mark.parametrize("gateway", [0, 2], ids=["action", "inbox"])


@pytest.fixture
async def system(google: System) -> System:
    assert len(google.devices) == 2
    return google


async def post(
    system: System, replica: int, id: str, action: str, payload: Any, key: str = "", **options: Any
) -> Any:
    """The command as that replica answers it. ``options`` are query parameters."""
    url = f"{system.devices[replica]}/chargingstations/{id}/commands/{action}"
    headers = {"Idempotency-Key": key} if key else {}
    answer = await system.http.post(url, json=payload, params=options, headers=headers, timeout=60)
    assert answer.status_code in (200, 202), answer.text
    return answer.json()


async def until_ended(system: System, replica: int, id: str, timeout: float = 60) -> str:
    async with asyncio.timeout(timeout):
        while True:
            command = await system.get(f"{system.devices[replica]}/commands/{id}")
            if command["status"] not in ("queued", "sent"):
                return str(command["status"])
            await asyncio.sleep(0.1)


def counting(connected: Station, action: str, answer: Any = ACCEPTED) -> Sequence[Any]:
    """The payloads of all commands of that action that the station gets. It answers all alike."""
    received: list[Any] = []

    def take(payload: Any) -> Any:
        received.append(payload)
        return answer

    connected.answers[action] = take
    return received


async def test_commands_asked_at_either_get_their_own_answers(system: System, name: str) -> None:
    """Each replica consumes some of the answers, whichever was asked. At gateways of both routings."""

    async def ask(number: int, gateway: str) -> None:
        id = f"CS{number}-{name}"
        async with booted_station(gateway, id) as connected:
            connected.answers["DataTransfer"] = lambda payload: ACCEPTED | {"data": [id, payload["data"]]}
            for turn in range(6):
                payload = {"vendorId": "V", "data": turn}
                command = await post(system, (number + turn) % 2, id, "DataTransfer", payload)
                assert (command["status"], command["response"]["data"]) == ("answered", [id, turn])

    await system.register(*(f"CS{number}-{name}" for number in range(len(system.gateways))))
    async with asyncio.TaskGroup() as tasks:
        for number, gateway in enumerate(system.gateways):
            tasks.create_task(ask(number, gateway))


@GATEWAYS
async def test_the_same_key_at_both_is_sent_once(system: System, cs: str, gateway: int) -> None:
    async with booted_station(system.gateways[gateway], cs) as connected:
        received = counting(connected, "ClearCache")
        asked = (post(system, turn % 2, cs, "ClearCache", {}, key="k") for turn in range(6))

        commands = await asyncio.gather(*asked)

        assert {(command["id"], command["status"]) for command in commands} == {
            (commands[0]["id"], "answered")
        }
        await connected.call("Heartbeat", {})
        assert received == [{}]


@GATEWAYS
async def test_what_waits_for_a_station_is_delivered_once(system: System, cs: str, gateway: int) -> None:
    async with booted_station(system.gateways[gateway], cs):
        pass
    async with asyncio.timeout(20):
        while (await system.status(cs))["connected"]:
            await asyncio.sleep(0.1)
    later = {"deliver": "when-online", "ttl": 600}
    waiting = [await post(system, turn % 2, cs, "ClearCache", {}, **later) for turn in range(3)]
    assert [command["status"] for command in waiting] == ["queued"] * 3

    async with booted_station(system.gateways[gateway + 1], cs) as connected:
        received = counting(connected, "ClearCache")
        for turn, command in enumerate(waiting):
            assert await until_ended(system, (turn + 1) % 2, command["id"]) == "answered"
        await connected.call("Heartbeat", {})
        assert received == [{}] * 3


async def test_one_is_killed_after_it_has_sent_a_command(system: System, cs: str) -> None:
    """The other settles it; or ends it, where the answer was in the hands of the one that died."""
    killed = system.processes["device1"]
    try:
        async with booted_station(system.gateways[0], cs) as connected:
            expected = asyncio.create_task(connected.expect("ClearCache"))
            id = (await post(system, 1, cs, "ClearCache", {}, wait=0))["id"]
            command = await expected
            killed.kill()
            received = counting(connected, "ClearCache")
            await command.answer(ACCEPTED)

            assert await until_ended(system, 0, id, timeout=200) in ("answered", "unknown")
            assert (await post(system, 0, cs, "GetLocalListVersion", {}, wait=0))["status"] == "queued"
            await connected.call("Heartbeat", {})
            assert received == []
    finally:
        await killed.start()
