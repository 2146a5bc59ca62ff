"""How a process starts: what stands in its way is said first, and the welcome when it can be used."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from libs.csms.settings import BadSetting, Settings, load
from libs.csms.storage.sqlite.store import SqliteStore
from services.processes import ServiceName, run_all, run_one

from ..ports import free_port
from .system import ROOT

PORTS = ("gateway_port", "device_port", "transaction_port", "user_port", "console_port")


def settings_for(folder: Path, **ports: int) -> Settings:
    return load(data_dir=folder, **{port: free_port() for port in PORTS} | ports)


@pytest.mark.parametrize("field", PORTS)
async def test_a_port_in_use_stops_the_start_before_anything_else_is_done(tmp_path: Path, field: str) -> None:
    folder = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(folder, **{field: taken.getsockname()[1]})

        with pytest.raises(BadSetting, match=f"^CSMS_{field.upper()}=.* is in use; set CSMS_"):
            await run_all(settings, lambda: pytest.fail("it has not started"))

    assert not folder.exists()


async def test_the_port_of_the_one_service_that_runs_is_named_by_its_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BadSetting, match=f"^PORT={port}: 127.0.0.1:{port} is in use; set PORT "):
            await run_one(ServiceName.USER, load(port=port))
        with pytest.raises(BadSetting, match=f"^CSMS_USER_PORT={port}: "):
            await run_one(ServiceName.USER, load(user_port=port))


async def test_a_start_that_fails_frees_the_ports_that_it_had(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    store = SqliteStore(tmp_path / "csms.db")

    with pytest.raises(BadSetting, match="another CSMS runs on it"):
        await run_all(settings, lambda: pytest.fail("it has not started"))
    await store.close()

    for field in PORTS:
        socket.create_server(("127.0.0.1", getattr(settings, field))).close()


def test_a_second_csms_says_which_port_is_in_use_and_nothing_else(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {f"CSMS_{field.upper()}": str(free_port()) for field in PORTS}
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "services.cli",
                "up",
                "--data-dir",
                str(tmp_path),
                "--user-port",
                str(port),
            ],
            cwd=ROOT,
            env=os.environ | ports,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )

    assert ended.returncode == 2
    line = f"csms: CSMS_USER_PORT={port}: 127.0.0.1:{port} is in use; set CSMS_USER_PORT to another port"
    assert ended.stdout.decode().splitlines() == [line]


async def test_when_the_csms_says_that_it_is_up_stations_and_clients_are_served(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    started = asyncio.Event()

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks, httpx.AsyncClient() as http:
        process = tasks.create_task(run_all(settings, started.set))
        await started.wait()
        base = f"http://127.0.0.1:{settings.device_port}"
        created = await http.post(f"{base}/chargingstations", json={"id": "CS1"})
        ready = [
            (await http.get(f"http://127.0.0.1:{getattr(settings, port)}/readyz")).status_code
            for port in PORTS
        ]
        url = f"ws://127.0.0.1:{settings.gateway_port}/ocpp/CS1"
        async with connect(url, subprotocols=["ocpp2.0.1"]) as station:  # type: ignore[list-item]
            boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
            await station.send(json.dumps([2, "1", "BootNotification", boot]))
            answer = json.loads(await station.recv())
        os.kill(os.getpid(), signal.SIGTERM)
        await process

    assert (created.status_code, ready) == (201, [200] * len(PORTS))
    assert (answer[:2], answer[2]["status"]) == ([3, "1"], "Accepted")
