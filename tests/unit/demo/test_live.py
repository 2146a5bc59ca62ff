"""Stations of the demo at the smallest CSMS: what they say of themselves, and their troubles."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.ocpp_messages import frame
from services.demo import scenario
from services.demo.live import run_stations
from services.demo.scenario import STATIONS, UNKNOWN_STATION, DemoStation
from tests.unit.simulator.csms import Csms, csms


def station_with(trouble: str) -> DemoStation:
    return next(one for one in STATIONS if one.trouble == trouble)


@asynccontextmanager
async def here(*stations: DemoStation) -> AsyncIterator[Csms]:
    async with csms() as system, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run_stations(stations, system.url, seed=0))
        yield system
        running.cancel()


async def test_a_station_says_whose_it_is() -> None:
    station = station_with(scenario.REJECTS)

    async with here(station) as system:
        await system.until(lambda: bool(system.payloads("BootNotification")))

    boot = system.payloads("BootNotification")[0]["chargingStation"]
    assert (boot["vendorName"], boot["model"]) == (station.model.vendor, station.model.name)


async def test_a_faulted_connector_is_reported_as_that() -> None:
    async with here(station_with(scenario.FAULTED)) as system:
        await system.until(lambda: len(system.payloads("StatusNotification")) >= 3)

    statuses = {one["connectorId"]: one for one in system.payloads("StatusNotification")[:3]}
    assert (statuses[2]["status"], statuses[2]["errorCode"]) == ("Faulted", "GroundFailure")
    assert statuses[1]["errorCode"] == "NoError"


async def test_a_station_with_a_wrong_secret_shows_another_than_its_own() -> None:
    station = station_with(scenario.WRONG_SECRET)

    async with here(station) as system:
        await system.until(lambda: bool(system.payloads("BootNotification")))

    user, _, secret = b64decode(system.headers[0].removeprefix("Basic ")).decode().partition(":")
    assert user == station.id
    assert secret not in ("", station.secret)


async def test_a_station_refuses_its_local_list() -> None:
    station = station_with(scenario.NO_LIST)

    async with here(station) as system:
        await system.until(lambda: bool(system.payloads("BootNotification")))
        payload = {"versionNumber": 1, "updateType": "Full"}
        answer = await system.command(station.id, "SendLocalList", payload)

    assert isinstance(answer, frame.Result)
    assert answer.payload == {"status": "Failed"}


async def test_the_station_that_is_away_stays_away_and_one_comes_that_nobody_knows() -> None:
    async with here(station_with(scenario.AWAY)) as system:
        await system.until(lambda: bool(system.payloads("BootNotification")))

    assert system.opened == [UNKNOWN_STATION]


async def test_a_dc_station_tells_the_state_of_charge() -> None:
    station = next(one for one in STATIONS if one.model.is_dc and one.model.version == "ocpp2.0.1")
    start = {"idToken": {"idToken": "TAG", "type": "Central"}, "remoteStartId": 1, "evseId": 1}

    async with here(station) as system:
        await system.until(lambda: len(system.payloads("StatusNotification")) >= 2)
        await system.command(station.id, "RequestStartTransaction", start)
        await system.until(lambda: bool(system.payloads("TransactionEvent")))

    samples = system.payloads("TransactionEvent")[0]["meterValue"][0]["sampledValue"]
    soc = {sample["measurand"]: sample for sample in samples}["SoC"]
    assert 8 <= soc["value"] <= 60
    assert soc["unitOfMeasure"] == {"unit": "Percent"}
