"""Commands that wait are cancelled: sent or cancelled, and never both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from libs.ocpp_messages.event import StationConnected
from services.device.commands.batches import prepare
from services.device.commands.delivery import schedule_next
from services.device.commands.scheduler import look_after
from services.device.service import Device

from .operator import Operator, operating
from .replicas import replica_of
from .station import Csms, StoppedClock, after
from .test_commands import ACCEPTED, RESET
from .test_commands_batch import results, to_many
from .test_commands_waiting import queue, reconnects, status


@pytest.fixture
async def operator(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    async with operating(device, clock) as operator:
        await operator.connected()
        await operator.away()
        yield operator


async def test_a_waiting_command_is_cancelled_and_the_others_are_delivered(
    operator: Operator, csms: Csms
) -> None:
    ids = await queue(operator, "Reset", "ClearCache", "GetLocalListVersion")

    cancelled = await operator.http.delete(f"/commands/{ids[0]}")
    await reconnects(operator, csms, 100)
    await operator.look_after(106)

    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "expired")
    assert await operator.command(ids[0]) == cancelled.json()
    assert (await operator.next()).message_id == ids[1]
    assert operator.sent.empty()
    [event] = operator.events
    assert (event.action, event.message_id, json.loads(event.data)["status"]) == (
        "CommandEnded",
        ids[0],
        "expired",
    )


async def test_the_next_one_is_due_when_the_first_is_cancelled(operator: Operator, csms: Csms) -> None:
    ids = await queue(operator, "Reset", "ClearCache")
    await reconnects(operator, csms, 100)
    operator.clock.at = after(106)

    await operator.http.delete(f"/commands/{ids[0]}")
    await operator.look_after(107)

    assert (await operator.next()).message_id == ids[1]


async def test_a_command_that_does_not_wait_cannot_be_cancelled(operator: Operator) -> None:
    await operator.connected()
    sent = (await operator.post("Reset", RESET)).json()["id"]
    command = await operator.next()
    await operator.says_sent(command)
    too_late = await operator.http.delete(f"/commands/{sent}")
    await operator.answer(command, ACCEPTED)
    over = await operator.http.delete(f"/commands/{sent}")

    assert (too_late.status_code, too_late.json()["commandStatus"]) == (409, "sent")
    assert "it was sent" in too_late.json()["detail"]
    assert (over.status_code, over.json()["commandStatus"]) == (409, "answered")
    assert await status(operator, sent) == "answered"
    assert (await operator.http.delete("/commands/none")).status_code == 404
    assert (await operator.http.delete("/commands/batches/none")).status_code == 404


async def test_a_command_that_is_just_being_sent_is_sent_or_cancelled(operator: Operator) -> None:
    for number in range(10):
        id = f"CS{number}"
        await operator.connected(id=id)
        await operator.away(id)
        waiting = (await operator.post("ClearCache", id=id, deliver="when-online")).json()["id"]
        await operator.connected(id=id)
        await schedule_next(operator.device.commands, id, operator.clock())

        replicas = [look_after(replica_of(operator.device).commands) for _ in range(2)]
        gateway = asyncio.create_task(send_next(operator))
        cancelled, *_ = await asyncio.gather(operator.http.delete(f"/commands/{waiting}"), *replicas)
        gateway.cancel()
        [is_sent] = await asyncio.gather(gateway, return_exceptions=True)

        assert cancelled.status_code == (409 if is_sent is True else 200), cancelled.text
        assert await status(operator, waiting) == ("sent" if is_sent is True else "expired")
        assert operator.sent.empty()


async def send_next(operator: Operator) -> bool:
    await operator.says_sent(await operator.next())
    return True


async def test_a_batch_is_cancelled_for_stations_where_it_waits(operator: Operator, csms: Csms) -> None:
    for id in ("CS2", "CS3"):
        await operator.connected(id=id)
    await operator.away("CS3")
    path = await to_many(
        operator, "ClearCache", {"ids": ["CS1", "CS2", "CS3"]}, deliver="when-online", ttl=600
    )
    command = await operator.next()
    await operator.says_sent(command)

    cancelled = await operator.http.delete(path)

    assert cancelled.status_code == 200, cancelled.text
    assert (cancelled.json()["counts"]["expired"], cancelled.json()["counts"]["sent"]) == (2, 1)
    assert (cancelled.json()["status"], cancelled.json()["total"]) == ("running", 3)
    assert "cancelledAt" in cancelled.json()
    await operator.answer(command, ACCEPTED)
    assert await results(operator, path) == {"CS1": "expired", "CS2": "answered", "CS3": "expired"}
    assert (await operator.http.get(path)).json()["status"] == "done"
    again = await operator.http.delete(path)
    assert again.status_code == 409
    await csms.event(StationConnected(), station_id="CS3", connection_id="6", at=after(10))
    await operator.look_after(30)
    assert operator.sent.empty()


async def test_commands_of_a_cancelled_batch_that_are_prepared_later_are_not_sent(
    operator: Operator, device: Device
) -> None:
    """Another replica had begun to prepare it, and goes on with what it read."""
    await operator.connected()
    body = {"selection": {"ids": ["CS1"]}, "payload": {}}
    path = (await operator.http.post("/commands/ClearCache", json=body)).headers["Location"]
    batch = await device.commands.batches.get(path.rpartition("/")[2])
    assert batch is not None and batch.status == "preparing"
    assert (await operator.http.delete(path)).status_code == 200

    await asyncio.gather(
        prepare(replica_of(operator.device).commands, batch), look_after(operator.device.commands)
    )
    await operator.look_after(2)

    assert operator.sent.empty()
    assert await results(operator, path) == {"CS1": "expired"}
    assert (await operator.http.get(path)).json()["status"] == "done"
