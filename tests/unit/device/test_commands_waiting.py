"""Commands that wait for their station: kept, delivered one after another, and forgotten in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.event import StationConnected
from libs.ocpp_messages.message import Message
from services.device.commands.request import MAX_QUEUED, NEVER_QUEUED
from services.device.registry.model import Station
from services.device.service import Device

from .operator import Operator, operating
from .station import Csms, StoppedClock, after
from .test_commands import ACCEPTED, RESET, V16, V21, V201, example

LATER = {"deliver": "when-online", "ttl": 600, "wait": 30}


@pytest.fixture
async def operator(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    async with operating(device, clock) as operator:
        await operator.connected()
        await operator.away()
        yield operator


async def queue(operator: Operator, *actions: str) -> list[str]:
    """Ids of commands asked for in turn."""
    ids = []
    for action in actions:
        payload = RESET if action == "Reset" else {}
        answer = await operator.post(action, payload, **LATER)
        assert (answer.status_code, answer.json()["status"]) == (202, "queued"), answer.text
        ids.append(answer.json()["id"])
        operator.clock.at = after(len(ids))
    return ids


async def reconnects(operator: Operator, csms: Csms, seconds: float) -> None:
    operator.clock.at = after(seconds)
    await csms.event(StationConnected(), connection_id="2", at=after(seconds))


async def status(operator: Operator, id: str) -> Any:
    return (await operator.command(id))["status"]


async def test_waiting_commands_are_delivered_one_after_another_when_the_station_is_back(
    operator: Operator, csms: Csms
) -> None:
    ids = await queue(operator, "Reset", "ClearCache", "GetLocalListVersion")
    await operator.look_after(60)
    assert operator.sent.empty()

    await reconnects(operator, csms, 100)
    await operator.look_after(101)
    assert operator.sent.empty()
    await operator.look_after(106)

    delivered: list[Message] = []
    for _ in ids:
        delivered.append(await operator.next())
        await operator.look_after(107)
        assert operator.sent.empty()
        await operator.answer(delivered[-1], ACCEPTED)
        await operator.look_after(107)
    assert [command.message_id for command in delivered] == ids
    assert {command.connection_id for command in delivered} == {"2"}
    assert [await status(operator, id) for id in ids] == ["answered"] * 3


async def test_a_station_whose_boot_is_not_accepted_waits_for_that(
    operator: Operator, csms: Csms, device: Device
) -> None:
    await queue(operator, "Reset")
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
    await reconnects(operator, csms, 100)
    await operator.look_after(106)
    assert operator.sent.empty()

    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
    await csms.call("BootNotification", boot, connection_id="2", at=after(107))
    await operator.look_after(108)

    assert (await operator.next()).action == "Reset"


async def test_commands_wait_again_for_a_station_that_disconnects_at_once(
    operator: Operator, csms: Csms
) -> None:
    await queue(operator, "Reset")
    await reconnects(operator, csms, 100)
    await operator.away()
    await operator.look_after(106)
    await operator.connected(connection_id="3")
    await operator.look_after(107)
    assert operator.sent.empty()

    await csms.event(StationConnected(), connection_id="4", at=after(110))
    await operator.look_after(120)

    assert (await operator.next()).connection_id == "4"


async def test_the_next_one_is_delivered_when_the_one_before_gets_no_answer(
    operator: Operator, csms: Csms
) -> None:
    ids = await queue(operator, "Reset", "ClearCache")
    await reconnects(operator, csms, 100)
    await operator.look_after(106)
    await operator.says_sent(await operator.next())

    await operator.look_after(260)

    command = await operator.next()
    assert command.action == "ClearCache"
    await operator.says_sent(command)
    assert [await status(operator, id) for id in ids] == ["timeout", "sent"]


async def test_a_command_that_has_waited_too_long_expires(operator: Operator, csms: Csms) -> None:
    ids = await queue(operator, "Reset", "ClearCache")

    await operator.look_after(600)
    assert [await status(operator, id) for id in ids] == ["expired", "queued"]

    await reconnects(operator, csms, 650)
    await operator.look_after(660)
    assert await status(operator, ids[1]) == "expired"
    assert operator.sent.empty()


async def test_a_connected_station_gets_a_command_at_once_but_after_waiting_ones(operator: Operator) -> None:
    await operator.connected()
    answer = await operator.post("Reset", RESET, **LATER | {"wait": 0})
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    await operator.answer(await operator.next(), ACCEPTED)

    await operator.away()
    [first] = await queue(operator, "Reset")
    await operator.connected(connection_id="2")
    [second] = await queue(operator, "ClearCache")
    await operator.look_after(10)

    command = await operator.next()
    assert command.message_id == first
    await operator.refuse(command, ErrorCode.INTERNAL_ERROR, "broken")
    await operator.look_after(10)
    assert (await operator.next()).message_id == second


async def test_only_one_of_several_replicas_delivers(
    operator: Operator, csms: Csms, device: Device, clock: StoppedClock
) -> None:
    await queue(operator, "Reset", "ClearCache")
    await reconnects(operator, csms, 100)

    await asyncio.gather(*(operator.look_after(106) for _ in range(4)))

    assert (await operator.next()).action == "Reset"
    assert operator.sent.empty()


@pytest.mark.parametrize("action", sorted(NEVER_QUEUED))
async def test_commands_that_move_energy_or_metal_cannot_wait(operator: Operator, action: str) -> None:
    version = next(v for v in (V201, V21, V16) if action in ACTIONS[v])
    await operator.connected(version)
    await operator.away()

    answer = await operator.post(action, example(version, action), **LATER)

    assert answer.status_code == 422, answer.text


async def test_a_command_with_a_secret_cannot_wait(operator: Operator) -> None:
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload = {"setVariableData": [variable | {"attributeValue": "hunter2hunter2hunter2"}]}

    answer = await operator.post("SetVariables", payload, **LATER)

    assert answer.status_code == 422
    assert "secret" in answer.json()["detail"]
    assert (await operator.http.get("/chargingstations/CS1/commands")).json()["items"] == []


async def test_the_number_of_waiting_commands_is_limited(operator: Operator) -> None:
    for number in range(MAX_QUEUED):
        answer = await operator.post("ClearCache", **LATER, key=f"k{number}")
        assert answer.status_code == 202

    assert (await operator.post("ClearCache", **LATER)).status_code == 429
    assert (await operator.post("ClearCache", **LATER, key="k1")).status_code == 202
