"""One run of the simulator: it registers the stations and their token, then runs all stations at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import httpx

from libs.ocpp_messages.version import Version

from . import commands_v2, commands_v16
from .connection import StationContext
from .messages_v2 import MessagesV2
from .messages_v16 import MessagesV16
from .options import Simulation
from .quirks import quirk_of
from .station import Station
from .statistics import Progress, Statistics, Summary

MAX_CONCURRENT_REGISTRATIONS = 16


class RegistrationFailed(Exception):
    """The CSMS refused to register a station or token. The text says which and why."""


async def simulate(simulation: Simulation, report: Callable[[Progress], None]) -> Summary:
    """Returns when every station has left. Raises ``RegistrationFailed``; the summary has other failures."""
    if simulation.register or simulation.register_token:
        async with rest_client(simulation) as rest:
            await register(simulation, rest)
    statistics = Statistics(simulation.stations)
    async with asyncio.TaskGroup() as tasks:
        reporting = tasks.create_task(_report_progress(statistics, simulation.report_interval, report))
        async with asyncio.TaskGroup() as stations:
            for number in range(simulation.stations):
                stations.create_task(_run_station(number, simulation, statistics))
        reporting.cancel()
    report(statistics.progress())
    return statistics.summary()


async def _run_station(number: int, simulation: Simulation, statistics: Statistics) -> None:
    await asyncio.sleep(simulation.ramp * number / simulation.stations)
    version = simulation.station_version(number)
    context = StationContext(
        id=simulation.station_id(number),
        simulation=simulation,
        messages=MessagesV16() if version is Version.V16 else MessagesV2(version),
        statistics=statistics,
        random=random.Random(f"{simulation.seed}-{number}"),
        quirk=quirk_of(simulation.quirks, number),
    )
    commands = commands_v16.router if version is Version.V16 else commands_v2.router
    await Station(context, commands).run()


async def _report_progress(
    statistics: Statistics, interval: float, report: Callable[[Progress], None]
) -> None:
    while True:
        report(statistics.progress())
        await asyncio.sleep(interval)


def rest_client(simulation: Simulation) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {simulation.api_token}"} if simulation.api_token else {}
    return httpx.AsyncClient(headers=headers, timeout=30, trust_env=False)


async def register(simulation: Simulation, client: httpx.AsyncClient) -> None:
    """Registers the token and the stations where the options give an address for them.
    What is registered already is fine. Raises ``RegistrationFailed``.
    """
    if simulation.register_token:
        await _register_token(client, simulation)
    if not simulation.register:
        return
    numbers = iter(range(simulation.stations))

    async def register_stations() -> None:
        for number in numbers:
            await _register_station(client, simulation, number)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(MAX_CONCURRENT_REGISTRATIONS):
                tasks.create_task(register_stations())
    except* RegistrationFailed as failures:
        first = failures.exceptions[0]
    else:
        return
    raise first


async def _register_token(client: httpx.AsyncClient, simulation: Simulation) -> None:
    """``maxActiveTransactions`` 0 is no limit: all stations charge with the one token at the same time."""
    token = {
        "idToken": simulation.id_tag,
        "type": "ISO14443",
        "status": "Accepted",
        "maxActiveTransactions": 0,
    }
    await _post(client, f"{simulation.register_token.rstrip('/')}/idtokens", token)


async def _register_station(client: httpx.AsyncClient, simulation: Simulation, number: int) -> None:
    stations = f"{simulation.register.rstrip('/')}/chargingstations"
    id, version = simulation.station_id(number), simulation.station_version(number)
    body: dict[str, object] = {"id": id}
    if not quirk_of(simulation.quirks, number).subprotocol(version):
        body["defaultVersion"] = version
    await _post(client, stations, body)
    if simulation.password:
        await _post(client, f"{stations}/{id}/credentials", {"secret": simulation.password})


async def _post(client: httpx.AsyncClient, url: str, body: dict[str, object]) -> None:
    try:
        response = await client.post(url, json=body)
    except httpx.HTTPError as error:
        raise RegistrationFailed(f"{url}: {type(error).__name__}") from error
    if response.is_error and response.status_code != httpx.codes.CONFLICT:
        raise RegistrationFailed(f"{url}: HTTP {response.status_code} {response.text[:200]}")
