"""A command that its gateway could not send waits again, or has ended; one that waits there is taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.event import COMMAND_CANCELLED, StationConnected
from libs.ocpp_messages.message import Message
from services.device.commands import cancellation
from services.device.commands.model import Requester
from services.device.commands.request import CommandRequest, request
from services.device.service import Device

from .operator import Operator
from .station import Csms, StoppedClock, after
from .test_commands import ACCEPTED, RESET
from .test_commands_batch import results, to_many
from .test_commands_truth import LATER, not_sent, status


async def reconnects(csms: Csms, connection_id: str, seconds: float) -> None:
    csms.clock.at = after(seconds)
    await csms.event(StationConnected(), connection_id=connection_id, at=after(seconds))


@pytest.mark.parametrize("order", ["answer first", "connection first"])
async def test_a_command_that_came_too_late_for_a_connection_waits_for_the_next(
    operator: Operator, csms: Csms, clock: StoppedClock, order: str
) -> None:
    """That the station has left was not known yet when it was published."""
    await operator.connected()
    id = (await operator.post("Reset", RESET, **LATER)).json()["id"]
    command = await operator.next()
    if order == "connection first":
        await reconnects(csms, "2", 10)
    await not_sent(operator, command)
    assert await status(operator, id) == "queued"
    await operator.look_after(11)
    assert operator.sent.empty() is (order == "answer first")
    if order == "answer first":
        await reconnects(csms, "2", 12)
        await operator.look_after(18)

    again = await operator.next()
    assert (again.message_id, again.connection_id) == (id, "2")
    await not_sent(operator, command)
    await operator.look_after(30)
    assert operator.sent.empty()
    await operator.answer(again, ACCEPTED)
    assert await status(operator, id) == "answered"


async def test_a_client_that_waits_is_told_that_its_command_waits_again(operator: Operator) -> None:
    await operator.connected()
    posting = asyncio.create_task(operator.post("Reset", RESET, **LATER, wait=30))

    await not_sent(operator, await operator.next())

    async with asyncio.timeout(3):
        answer = await posting
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


async def test_a_command_to_many_waits_for_stations_that_have_just_left(
    operator: Operator, csms: Csms
) -> None:
    """Their StationDisconnected is handled after the command is published to them."""
    for id in ("CS1", "CS2", "CS3"):
        await operator.connected(id=id)
    path = await to_many(operator, "ClearCache", {"ids": ["CS1", "CS2", "CS3"]}, **LATER)
    commands = {command.station_id: command for command in [await operator.next() for _ in range(3)]}
    await operator.answer(commands["CS1"], ACCEPTED)
    for id in ("CS2", "CS3"):
        await not_sent(operator, commands[id])
        await operator.away(id)
    await operator.look_after(20)

    counts = (await operator.http.get(path)).json()["counts"]
    assert (counts["queued"], counts["answered"], operator.sent.empty()) == (2, 1, True)
    await csms.event(StationConnected(), station_id="CS2", connection_id="2", at=after(20))
    await operator.look_after(26)
    assert (await operator.next()).station_id == "CS2"


async def test_each_publication_of_a_command_has_a_time_limit_of_its_own(operator: Operator) -> None:
    """So that its gateway, and who reads its answers, tells it from what the bus delivers again."""
    await operator.connected()
    await operator.post("ClearCache", deliver="when-online", ttl=60)

    limits = []
    for second in (10, 20, 30, 40):
        command = await operator.next()
        limits.append(command.expires_at)
        await not_sent(operator, command, "overloaded")
        await operator.look_after(second)

    assert limits == [rfc3339(after(60 - number / 1000)) for number in range(4)]


@pytest.mark.parametrize("reason", ["overloaded", "expired"])
async def test_a_command_that_had_no_turn_is_published_again_after_a_pause(
    operator: Operator, reason: str
) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **LATER)).json()["id"]
    first = await operator.next()
    await not_sent(operator, first, reason)
    await operator.look_after(9)
    assert operator.sent.empty()

    await operator.look_after(10)

    again = await operator.next()
    assert (again.message_id, again.connection_id, again.expires_at > first.expires_at) == (id, "1", True)
    await not_sent(operator, first, reason)
    assert await status(operator, id) == "queued"
    await operator.look_after(30)
    assert operator.sent.empty()


async def test_the_command_that_came_back_goes_before_later_ones(operator: Operator, csms: Csms) -> None:
    await operator.connected()
    first = (await operator.post("ClearCache", **LATER)).json()["id"]
    command = await operator.next()
    operator.clock.at = after(1)
    await operator.away()
    second = (await operator.post("GetLocalListVersion", **LATER)).json()["id"]
    await not_sent(operator, command)
    await reconnects(csms, "2", 2)

    for id in (first, second):
        await operator.look_after(10)
        command = await operator.next()
        assert (command.message_id, operator.sent.empty()) == (id, True)
        await operator.answer(command, ACCEPTED)


async def test_a_command_that_came_back_ends_in_its_time(operator: Operator, csms: Csms) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **LATER)).json()["id"]
    await not_sent(operator, await operator.next())

    await operator.look_after(599)
    assert await status(operator, id) == "queued"
    await operator.look_after(600)

    assert await status(operator, id) == "expired"


@pytest.mark.parametrize("options", [{}, LATER])
@pytest.mark.parametrize("reason", ["invalidRequest", "cancelled"])
async def test_what_would_not_be_sent_another_time_has_ended(
    operator: Operator, options: dict[str, Any], reason: str
) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **options)).json()["id"]

    await not_sent(operator, await operator.next(), reason)

    assert await status(operator, id) == ("expired" if reason == "cancelled" else "error")


async def test_a_command_for_one_connection_expires_with_it(operator: Operator, device: Device) -> None:
    await operator.connected()
    key = CommandRequest(
        "CS1", "ClearCache", b"", "k", ttl=600, bound=True, requested_by=Requester.system("test")
    )
    command = await request(device.commands, key)

    await not_sent(operator, await operator.next())

    assert await status(operator, command.id) == "expired"


async def test_what_a_deleted_station_has_not_got_does_not_wait_for_the_next_of_its_id(
    operator: Operator, device: Device
) -> None:
    await operator.connected()
    id = (await operator.post("ClearCache", **LATER)).json()["id"]
    command = await operator.next()
    await device.registry.delete("CS1")

    await not_sent(operator, command)

    assert await status(operator, id) == "expired"


# What waits in a gateway is taken back.


async def taken_back(operator: Operator) -> Message:
    """The next CommandCancelled that a gateway gets."""
    async with asyncio.timeout(3):
        while True:
            for _, message in operator.bus.published:
                if message.action == COMMAND_CANCELLED.name:
                    return message
            await asyncio.sleep(0)


@pytest.mark.parametrize("inbox", ["", "gateway-g1"])
async def test_a_command_that_waits_in_a_gateway_is_taken_back(operator: Operator, inbox: str) -> None:
    await operator.connected(inbox=inbox)
    id = (await operator.post("Reset", RESET)).json()["id"]
    command = await operator.next()
    deleting = asyncio.create_task(operator.http.delete(f"/commands/{id}"))
    event = await taken_back(operator)
    await not_sent(operator, command, "cancelled")

    cancelled = await deleting

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "expired")
    assert (event.message_id, event.gateway_id, event.connection_id) == (id, "g1", "1")
    assert (inbox or COMMAND_CANCELLED.name) in [
        topic for topic, one in operator.bus.published if one is event
    ]


@pytest.mark.parametrize(("ends", "http"), [("sent", 409), ("answered", 409), ("expired", 200)])
async def test_a_command_that_its_gateway_has_sent_is_not_taken_back(
    operator: Operator, ends: str, http: int
) -> None:
    await operator.connected()
    id = (await operator.post("Reset", RESET, **LATER)).json()["id"]
    command = await operator.next()
    deleting = asyncio.create_task(operator.http.delete(f"/commands/{id}"))
    await taken_back(operator)
    match ends:
        case "sent":
            await operator.says_sent(command)
        case "answered":
            await operator.answer(command, ACCEPTED)
        case _:
            await not_sent(operator, command)

    answer = await deleting

    assert answer.status_code == http, answer.text
    assert await status(operator, id) == ends
    if http == 409:
        assert answer.json()["commandStatus"] == ends and answer.json()["sentAt"]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_gateway_that_says_nothing_leaves_it_open_whether_it_is_taken_back(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    monkeypatch.setattr(cancellation, "GATEWAY_TIMEOUT", 0.05)
    await operator.connected(inbox="gateway-g1")
    id = (await operator.post("Reset", RESET)).json()["id"]
    await operator.next()
    operator.topics_gone |= {"gateway-g1"} if gone else set()

    answer = await operator.http.delete(f"/commands/{id}")

    assert (answer.status_code, answer.json()["commandStatus"]) == (409, "queued")
    assert "it may be carried out" in answer.json()["detail"]
    assert await status(operator, id) == "queued"


async def test_a_command_to_many_is_taken_back_from_the_gateways(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancellation, "POLL_INTERVAL", 0.01)
    for id in ("CS1", "CS2"):
        await operator.connected(id=id)
    path = await to_many(operator, "ClearCache", {"ids": ["CS1", "CS2"]})
    commands = [await operator.next() for _ in range(2)]
    deleting = asyncio.create_task(operator.http.delete(path))
    await taken_back(operator)
    await operator.says_sent(commands[0])
    await not_sent(operator, commands[1])

    cancelled = (await deleting).json()

    assert (cancelled["counts"]["sent"], cancelled["counts"]["expired"]) == (1, 1)
    assert await results(operator, path) == {
        commands[0].station_id: "sent",
        commands[1].station_id: "expired",
    }
