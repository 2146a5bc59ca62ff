"""Whatever process dies in the middle of a charging session, no kilowatt-hour is lost or counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from .sessions import Session2, Session16
from .station import Refused, Station, booted_station, station
from .system import System, two_embedded_gateways
from .test_charging import assert_charged, session


async def until_answered(
    gateway: str, id: str, version: str, step: Callable[[Station], Awaitable[object]]
) -> None:
    """Do a step of a session as a station must: again, on a new connection, until it is answered."""
    async with asyncio.timeout(60):
        while True:
            try:
                async with station(gateway, id, version) as connected:
                    await step(connected)
                    return
            except (ConnectionClosed, InvalidHandshake, OSError, Refused):
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_transaction_service_is_killed_in_mid_session(
    system: System, cs: str, tag: str, version: str
) -> None:
    process = system.process_of("transaction")
    async with booted_station(system.gateways[0], cs, version) as connected:
        charging = session(version, connected, tag)
        await charging.start()
        await charging.meter(0)
        asking = asyncio.create_task(charging.meter(1))
        process.kill()
        await process.start()
        await asyncio.gather(asking, return_exceptions=True)

    async def goes_on(connected: Station) -> None:
        charging.station = connected
        for step in (1, 2):
            await charging.meter(step)
        await charging.stop()
        await charging.stop()

    await until_answered(system.gateways[0], cs, version, goes_on)
    [transaction] = await system.transactions(cs)
    assert_charged(transaction)
    values = [repr(value) for value in await system.meter_values(transaction["id"])]
    assert len(values) == len(set(values))


async def charge_at_two(system: System, name: str, first_gateway: str, second_gateway: str) -> None:
    """Two stations, each at its own gateway, charge at the same time under the same message ids."""
    await system.register(f"one-{name}", f"two-{name}")
    await system.token(f"T1-{name}")
    await system.token(f"T2-{name}")
    async with (
        booted_station(first_gateway, f"one-{name}", "1.6") as first,
        booted_station(second_gateway, f"two-{name}", "2.0.1") as second,
    ):

        async def charge(charging: Session16 | Session2) -> None:
            for _ in range(5):
                assert await charging.authorize() == "Accepted"
            assert await charging.start() == "Accepted"
            for step in range(3):
                await charging.meter(step)
            await charging.stop()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(charge(Session16(first, f"T1-{name}")))
            tasks.create_task(charge(Session2(second, "TX-1", f"T2-{name}")))

    for id in (f"one-{name}", f"two-{name}"):
        [transaction] = await system.transactions(id)
        assert_charged(transaction)


@pytest.mark.parametrize("gateways", [(0, 1), (2, 3), (1, 2)], ids=["action", "inbox", "both"])
async def test_two_gateways_lose_and_cross_no_answer(
    google: System, name: str, gateways: tuple[int, int]
) -> None:
    first, second = gateways
    await charge_at_two(google, name, google.gateways[first], google.gateways[second])


@pytest.mark.parametrize("routing", ["action", "inbox"])
async def test_two_gateways_on_the_embedded_bus_lose_and_cross_no_answer(
    tmp_path: Path, name: str, routing: str
) -> None:
    async with two_embedded_gateways(tmp_path, routing) as system:
        await charge_at_two(system, name, *system.gateways)


@pytest.mark.parametrize("routing", ["action", "inbox"])
async def test_a_newer_connection_at_another_gateway_of_the_embedded_bus_replaces_the_older_one(
    tmp_path: Path, name: str, routing: str
) -> None:
    async with two_embedded_gateways(tmp_path, routing) as system:
        await system.register(f"CS-{name}")
        async with booted_station(system.gateways[0], f"CS-{name}") as older:
            async with station(system.gateways[1], f"CS-{name}") as newer:
                with pytest.raises(ConnectionClosed):
                    await older.receive()
                assert (await newer.call("Heartbeat", {}))["currentTime"]
                assert (await system.status(f"CS-{name}"))["connected"] is True


async def test_a_gateway_is_killed_and_its_stations_go_on_at_the_other(google: System, name: str) -> None:
    await google.register(f"CS-{name}")
    await google.token(f"TAG-{name}")
    killed = google.processes["gateway0"]
    try:
        async with booted_station(google.gateways[0], f"CS-{name}", "2.1") as connected:
            charging = Session2(connected, "TX-1", f"TAG-{name}")
            await charging.start()
            await charging.meter(0)
            killed.kill()
            with pytest.raises(ConnectionClosed):
                await charging.meter(1)

        async with station(google.gateways[1], f"CS-{name}", "2.1") as connected:
            charging.station = connected
            for step in (1, 2):
                await charging.meter(step)
            await charging.stop()
            [transaction] = await google.transactions(f"CS-{name}")
            assert_charged(transaction)
            assert (await google.status(f"CS-{name}"))["connected"] is True
    finally:
        await killed.start()


async def test_a_newer_connection_replaces_the_older_one(system: System, cs: str) -> None:
    """On the emulators the newer one is at another gateway, which routes in the other way."""
    async with booted_station(system.gateways[0], cs) as older:
        async with station(system.gateways[-1], cs) as newer:
            with pytest.raises(ConnectionClosed):
                await older.receive()
            assert (await newer.call("Heartbeat", {}))["currentTime"]
            assert (await system.status(cs))["connected"] is True


async def test_messages_twice_and_in_any_order_make_the_same_transaction(
    system: System, cs: str, tag: str
) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        charging = Session2(connected, "TX-1", tag)
        events = [charging.started(), *(charging.updated(step) for step in range(3)), charging.ended()]
        for index in (4, 2, 0, 2, 3, 1, 0, 4):
            await connected.call("TransactionEvent", events[index])

    [transaction] = await system.transactions(cs)
    assert_charged(transaction)


async def test_a_station_is_told_when_its_gateway_stops(system: System, cs: str) -> None:
    process = system.processes.get("gateway0") or system.processes["csms"]
    try:
        async with booted_station(system.gateways[0], cs) as connected:
            stopping = asyncio.to_thread(process.stop)
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.gather(stopping, connected.receive())
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
    finally:
        await asyncio.to_thread(process.stop)
        await process.start()
