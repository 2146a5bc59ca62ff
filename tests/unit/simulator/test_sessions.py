from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from random import Random

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import Response
from websockets.typing import Subprotocol

from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages.version import Version
from services.simulator.connection import Lost, OcppSocket, StationContext
from services.simulator.messages_v2 import MessagesV2
from services.simulator.options import Simulation, Versions
from services.simulator.quirks import quirk_of
from services.simulator.simulation import simulate
from services.simulator.statistics import Progress, Statistics, Summary
from tests.unit.simulator.csms import DROP, SILENCE, Answer, Csms, Json, csms, http


def simulation(csms: Csms, version: Versions = "2.0.1", stations: int = 1, sessions: int = 1) -> Simulation:
    return Simulation(
        url=csms.url,
        version=version,
        stations=stations,
        sessions=sessions,
        duration=0.05,
        meter_interval=0.01,
        pause=0.01,
        power=50_000_000,
        retry_interval=0.01,
        call_timeout=0.5,
        connect_attempts=3,
    )


async def run(simulation: Simulation) -> Summary:
    return await simulate(simulation, lambda progress: None)


def energies_v2(csms: Csms) -> dict[str, int]:
    """What each transaction brought, from its first and last register."""
    registers: dict[str, list[float]] = {}
    for event in csms.payloads("TransactionEvent"):
        value = event["meterValue"][0]["sampledValue"][0]["value"]
        registers.setdefault(event["transactionInfo"]["transactionId"], []).append(value)
    return {id: int(max(values) - min(values)) for id, values in registers.items()}


def seq_nos(csms: Csms) -> list[int]:
    return sorted({event["seqNo"] for event in csms.payloads("TransactionEvent")})


async def test_a_station_that_has_done_leaves_in_good_order() -> None:
    async with csms() as system:
        await run(simulation(system))

        [socket] = system.connections.values()
        await socket.wait_closed()
        assert socket.close_code == 1000


async def test_when_a_station_leaves_the_calls_that_wait_for_their_turn_end_too() -> None:
    async with csms() as system:
        context = StationContext(
            id="SIM00000",
            simulation=replace(simulation(system), call_timeout=3600),
            messages=MessagesV2(Version.V201),
            statistics=Statistics(1),
            random=Random(0),
            quirk=quirk_of("", 0),
        )
        system.misbehave = lambda station, action, payload: SILENCE
        async with connect(f"{system.url}/SIM00000", subprotocols=[Subprotocol("ocpp2.0.1")]) as websocket:
            socket = OcppSocket(websocket, context)
            listening = asyncio.create_task(socket.listen(lambda call, send: asyncio.sleep(0)))
            calls = [asyncio.create_task(socket.call(context.messages.heartbeat())) for _ in range(3)]
            await system.until(lambda: system.actions() == ["Heartbeat"])
            listening.cancel()
            async with asyncio.timeout(10):
                ended = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error) for error in ended] == [Lost] * 3
    assert system.actions() == ["Heartbeat"]
    assert context.statistics.errors == {}


async def test_a_1_6_station_boots_authorizes_charges_and_stops() -> None:
    async with csms() as system:
        summary = await run(simulation(system, "1.6"))

    actions = [action for action in dict.fromkeys(system.actions())]
    assert actions == [
        "BootNotification",
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
    ]
    (start,), (stop,) = system.payloads("StartTransaction"), system.payloads("StopTransaction")
    assert stop["transactionId"] == 1
    assert stop["meterStop"] - start["meterStart"] == summary.energy_wh > 0
    statuses = [s["status"] for s in system.payloads("StatusNotification") if s["connectorId"] == 1]
    assert statuses == ["Available", "Preparing", "Charging", "Finishing", "Available"]


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_2_x_station_sends_one_chain_of_transaction_events(version: Versions) -> None:
    async with csms() as system:
        summary = await run(simulation(system, version))

    events = system.payloads("TransactionEvent")
    types = [event["eventType"] for event in events]
    assert types == ["Started", *["Updated"] * (len(events) - 2), "Ended"]
    assert [event["seqNo"] for event in events] == list(range(len(events)))
    assert energies_v2(system) == {a.transaction_id: a.energy_wh for a in summary.transactions}
    assert summary.energy_wh > 0


async def test_many_stations_of_mixed_versions_charge_and_the_summary_counts_them() -> None:
    reports: list[Progress] = []
    async with csms() as system:
        summary = await simulate(simulation(system, "mixed", stations=9, sessions=2), reports.append)

    assert summary.sessions == 18
    assert len(set(system.opened)) == 9
    assert summary.errors == {}
    assert summary.messages == len(system.calls)
    assert 0 < summary.p50 <= summary.p99
    assert reports[-1].sessions == 18
    assert reports[-1].energy_wh == summary.energy_wh


async def test_a_dropped_connection_loses_no_energy_and_no_event() -> None:
    async with csms() as system:
        drops = iter([True, False, True, False, False, True])

        def misbehave(station: str, action: str, payload: Json) -> Answer | None:
            return DROP if action == "TransactionEvent" and next(drops, False) else None

        system.misbehave = misbehave
        summary = await run(simulation(system))

    assert len(system.opened) == 4
    assert summary.reconnects == 3
    assert len(energies_v2(system)) == 1
    assert seq_nos(system) == list(range(len(seq_nos(system))))
    assert list(energies_v2(system).values()) == [summary.energy_wh]
    assert system.payloads("TransactionEvent")[-1]["eventType"] == "Ended"
    assert len(system.payloads("BootNotification")) == 1


async def test_what_happens_offline_is_sent_later_in_order_with_the_time_when_it_happened() -> None:
    async with csms() as system:
        drops = iter([True])
        refusals = iter([http(HTTPStatus.SERVICE_UNAVAILABLE, {})] * 2)
        upgrades: list[datetime] = []

        def misbehave(station: str, action: str, payload: Json) -> Answer | None:
            return DROP if action == "TransactionEvent" and next(drops, False) else None

        def refuse(path: str) -> Response | None:
            refusal = next(refusals, None) if upgrades else None
            if refusal is None:
                upgrades.append(utc_now())
            return refusal

        system.misbehave, system.refuse = misbehave, refuse
        await run(replace(simulation(system), retry_interval=0.05, duration=0.5))

    events = system.payloads("TransactionEvent")[1:]  # without the one whose answer was lost
    offline = [event for event in events if event.get("offline")]
    times = [event["timestamp"] for event in events]
    assert offline[0]["timestamp"] < rfc3339(upgrades[1])
    assert times == sorted(times)
    assert [event["seqNo"] for event in events] == list(range(len(events)))


async def test_a_lost_answer_to_start_transaction_is_asked_for_again_with_the_same_content() -> None:
    async with csms() as system:
        silences = iter([True])

        def misbehave(station: str, action: str, payload: Json) -> Answer | None:
            return SILENCE if action == "StartTransaction" and next(silences, False) else None

        system.misbehave = misbehave
        summary = await run(simulation(system, "1.6"))

    first, second = system.payloads("StartTransaction")
    assert first == second
    assert system.payloads("StopTransaction")[0]["transactionId"] == 1
    assert all(values["transactionId"] == 1 for values in system.payloads("MeterValues"))
    assert summary.errors == {"no answer": 1}


async def test_refused_events_are_repeated_until_the_csms_takes_them() -> None:
    async with csms() as system:
        refusals = iter([True, True, False, True])

        def misbehave(station: str, action: str, payload: Json) -> Answer | None:
            return ("InternalError", "") if action == "TransactionEvent" and next(refusals, False) else None

        system.misbehave = misbehave
        summary = await run(simulation(system))

    assert summary.errors == {"TransactionEvent: InternalError": 3}
    assert summary.lost_messages == 0
    assert list(energies_v2(system).values()) == [summary.energy_wh]


async def test_events_that_are_always_refused_are_given_up_and_counted() -> None:
    async with csms() as system:
        system.misbehave = lambda station, action, payload: (
            ("InternalError", "") if payload.get("eventType") == "Ended" else None
        )
        summary = await run(simulation(system))

    assert summary.lost_messages == 1
    assert len([e for e in system.payloads("TransactionEvent") if e["eventType"] == "Ended"]) == 5


async def test_a_pending_station_asks_again_and_sends_nothing_else() -> None:
    async with csms() as system:
        statuses = iter(["Pending", "Rejected"])

        def misbehave(station: str, action: str, payload: Json) -> Answer | None:
            if action == "BootNotification" and (status := next(statuses, None)):
                return {"currentTime": "2026-11-20T18:12:00Z", "interval": 0, "status": status}
            return None

        system.misbehave = misbehave
        await run(simulation(system))

    assert system.actions()[:4] == [*["BootNotification"] * 3, "StatusNotification"]


async def test_a_station_that_the_csms_has_forgotten_boots_again() -> None:
    async with csms() as system:
        forgets = iter([True])

        def misbehave(station: str, action: str, payload: Json) -> Answer | None:
            return ("SecurityError", "boot first") if action == "Authorize" and next(forgets, False) else None

        system.misbehave = misbehave
        summary = await run(simulation(system))

    assert len(system.payloads("BootNotification")) == 2
    assert summary.sessions == 1


async def test_a_token_that_is_not_accepted_starts_nothing() -> None:
    async with csms() as system:
        system.misbehave = lambda station, action, payload: (
            {"idTokenInfo": {"status": "Blocked"}} if action == "Authorize" else None
        )
        summary = await run(simulation(system))

    assert summary.refused_sessions == 1
    assert summary.sessions == 0
    assert system.payloads("TransactionEvent") == []


async def test_a_transaction_whose_token_is_refused_at_the_start_ends_deauthorized() -> None:
    async with csms() as system:
        system.misbehave = lambda station, action, payload: (
            {"idTagInfo": {"status": "ConcurrentTx"}, "transactionId": 7}
            if action == "StartTransaction"
            else None
        )
        await run(simulation(system, "1.6"))

    assert system.payloads("StopTransaction")[0]["reason"] == "DeAuthorized"


async def test_an_answer_that_breaks_the_schema_is_an_error() -> None:
    async with csms() as system:
        system.misbehave = lambda station, action, payload: (
            {"status": "Accepted"} if action == "StatusNotification" else None
        )
        summary = await run(simulation(system, "1.6"))

    assert summary.errors["StatusNotification: bad answer"] > 0


async def test_a_station_waits_as_long_as_the_csms_asks_before_it_connects_again() -> None:
    async with csms() as system:
        refusals = iter([http(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "1"})])
        system.refuse = lambda path: next(refusals, None)
        begun = time.monotonic()
        summary = await run(simulation(system))

    assert time.monotonic() - begun >= 1
    assert summary.errors == {"connect: HTTP 503": 1}
    assert summary.sessions == 1


async def test_a_station_that_never_gets_in_gives_up_and_is_counted() -> None:
    async with csms() as system:
        system.refuse = lambda path: http(HTTPStatus.NOT_FOUND, {})
        summary = await run(simulation(system))

    assert summary.unreachable_stations == 1
    assert summary.errors == {"connect: HTTP 404": 3}


async def test_a_lifetime_ends_a_session_properly() -> None:
    async with csms() as system:
        long = simulation(system)
        summary = await run(
            Simulation(
                url=system.url, version="2.1", stations=2, duration=3600, lifetime=0.1, power=long.power
            )
        )

    assert summary.sessions == 2
    ends = [e for e in system.payloads("TransactionEvent") if e["eventType"] == "Ended"]
    assert [e["transactionInfo"]["stoppedReason"] for e in ends] == ["Local", "Local"]
    assert sum(energies_v2(system).values()) == summary.energy_wh
