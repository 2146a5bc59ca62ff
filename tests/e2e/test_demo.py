"""``csms demo``, small: a CSMS whose past and troubles are seen as what they are."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.demo import scenario
from services.demo.scenario import STATIONS, UNKNOWN_STATION

from ..ports import free_port
from .system import ROOT, Process

COUNT = 7
CHOSEN = STATIONS[:COUNT]


def station_with(trouble: str) -> str:
    return next(one.id for one in CHOSEN if one.trouble == trouble)


@dataclass
class RunningDemo:
    process: Process
    folder: Path
    ports: dict[str, int]
    http: httpx.AsyncClient

    async def get(self, service: str, path: str, **params: Any) -> Any:
        answer = await self.http.get(f"http://127.0.0.1:{self.ports[service]}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def items(self, service: str, path: str, **params: Any) -> list[Any]:
        return list((await self.get(service, path, pageSize=1000, **params))["items"])


def demo_of(folder: Path) -> tuple[Process, dict[str, int]]:
    ports = {name: free_port() for name in ("gateway", "device", "transaction", "user", "console")}
    flags = [text for name, port in ports.items() for text in (f"--{name}-port", str(port))]
    arguments = ["demo", "--days", "2", "--stations", str(COUNT), *flags]
    temporary = {"TMPDIR": str(folder)}
    return Process("demo", arguments, temporary, ports["gateway"], folder / "demo.log"), ports


@asynccontextmanager
async def running_demo(folder: Path) -> AsyncIterator[RunningDemo]:
    process, ports = demo_of(folder)
    try:
        await process.start()
        async with httpx.AsyncClient(timeout=20) as http:
            yield RunningDemo(process, folder, ports, http)
    finally:
        process.stop()


@pytest.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningDemo]:
    async with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.1)


async def test_all_stations_come_but_those_that_cannot(demo: RunningDemo) -> None:
    absent = {station_with(scenario.AWAY), station_with(scenario.WRONG_SECRET)}

    async def all_are_here() -> bool:
        stations = await demo.items("device", "/chargingstations", **{"with": "connection"})
        assert len(stations) == COUNT
        return {one["id"] for one in stations if not one["connected"]} == absent

    await until(all_are_here)


async def test_the_past_has_its_sessions_with_the_energy_that_flowed(demo: RunningDemo) -> None:
    log = demo.process.log.read_text()
    transactions = await demo.items("transaction", "/transactions")
    ended = [one for one in transactions if not one["active"]]

    assert f"Told {len(ended)} sessions" in log
    assert len(ended) > COUNT
    for one in ended:
        measured = await demo.items("transaction", f"/transactions/{one['id']}/metervalues")
        registers = [
            float(sample["value"])
            for sample in measured
            if sample["measurand"] == "Energy.Active.Import.Register"
        ]
        risen = max(registers, default=0) - min(registers, default=0)
        if one["ocppVersion"] == "ocpp1.6":  # the readings of its start and end are no meter values
            assert float(one["energyWh"]) >= risen
        else:
            assert float(one["energyWh"]) == risen


async def test_each_trouble_is_seen_as_what_it_is(demo: RunningDemo) -> None:
    async def at_the_door() -> bool:
        attempts = await demo.items("device", "/connectionattempts")
        found = {(one["stationId"], one["reason"]) for one in attempts}
        return found == {
            (station_with(scenario.WRONG_SECRET), "wrongSecret"),
            (UNKNOWN_STATION, "unknownStation"),
        }

    async def faulted() -> bool:
        status = await demo.get("device", f"/chargingstations/{station_with(scenario.FAULTED)}/status")
        return [one["status"] for one in status["connectors"]][-1] == "Faulted"

    async def rejected() -> bool:
        id = station_with(scenario.REJECTS)
        commands = await demo.items("device", f"/chargingstations/{id}/commands")
        return any(
            one["action"] == "Reset" and one.get("response") == {"status": "Rejected"} for one in commands
        )

    async def update_failed() -> bool:
        jobs = await demo.items("device", f"/chargingstations/{station_with(scenario.FAILED_UPDATE)}/jobs")
        return [one.get("outcome") for one in jobs] == ["failed"]

    async def list_refused() -> bool:
        id = station_with(scenario.NO_LIST)
        return bool((await demo.get("user", f"/chargingstations/{id}/locallist"))["status"] == "failed")

    async def messages_lost() -> bool:
        lossy = await demo.items(
            "transaction", "/transactions", stationId=station_with(scenario.LOST_MESSAGES)
        )
        return any("events are missing" in " ".join(one["warnings"]) for one in lossy)

    for trouble in (at_the_door, faulted, rejected, update_failed, list_refused, messages_lost):
        await until(trouble)
    letters = await demo.items("device", "/deadletters")
    assert [one["topic"] for one in letters] == ["MeterValuesRequest"]
    left = await demo.items("transaction", "/transactions", stationId=station_with(scenario.AWAY))
    assert [one["active"] for one in left].count(True) == 1


async def test_stations_go_on_charging(demo: RunningDemo) -> None:
    async def charging() -> bool:
        active = await demo.items("transaction", "/transactions", active="true")
        return any(one["stationId"] != station_with(scenario.AWAY) for one in active)

    await until(charging)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_the_past_is_told_ends_it_and_its_folder(
    number: signal.Signals, tmp_path: Path
) -> None:
    process, ports = demo_of(tmp_path)
    long = [*process.arguments, "--days", "90"]
    with process.log.open("wb") as log:
        popen = subprocess.Popen(
            [sys.executable, "-m", "services.cli", *long],
            cwd=ROOT,
            env=os.environ | process.environment,
            stderr=log,
        )

    async def is_telling() -> bool:
        assert popen.poll() is None, process.log.read_text()
        return any(tmp_path.glob("csms-demo-*/csms.db"))

    try:
        await until(is_telling)
        popen.send_signal(number)
        assert await asyncio.to_thread(popen.wait, 20) == 0
    finally:
        popen.kill()
    assert "Traceback" not in process.log.read_text()
    assert list(tmp_path.glob("csms-demo-*")) == []


async def test_a_folder_with_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "csms.db").write_text("of somebody else")
    process, _ = demo_of(tmp_path)
    command = [sys.executable, "-m", "services.cli", *process.arguments, "--data-dir", str(tmp_path)]

    ended = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True)

    assert ended.returncode == 2
    assert "no complete demo" in ended.stderr
    assert (tmp_path / "csms.db").read_text() == "of somebody else"
