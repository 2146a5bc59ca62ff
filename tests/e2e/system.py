"""A whole CSMS in processes of its own, to be used over its ports, stopped and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from libs.csms.access.callers import SERVICES
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.lifespan import running
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.server import inside
from services.device import app as device
from services.device.service import Device
from services.transaction import app as transaction
from services.user import app as user
from services.user.service import User
from services.websocket_gateway.app import gateway_service

from ..ports import free_port

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-for-these-tests"


async def until_ready(port: int, check: Callable[[], None] = lambda: None) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            check()
            try:
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)


@dataclass
class Process:
    """``csms`` with these arguments. ``port`` answers /readyz when it is up."""

    name: str
    arguments: Sequence[str]
    environment: dict[str, str]
    port: int
    log: Path
    popen: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "services.cli", *self.arguments],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
            )
        await until_ready(self.port, self._assert_alive)

    def _assert_alive(self) -> None:
        assert self.popen is not None
        assert self.popen.poll() is None, f"{self.name} ended: {self.log.read_text()[-3000:]}"

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(number)
            self.popen.wait(timeout=20)


@dataclass
class System:
    """``gateways`` are WebSocket addresses up to the station's id. ``device`` is the first of ``devices``,
    the replicas of the device service.
    """

    processes: dict[str, Process]
    gateways: list[str]
    device: str
    transaction: str
    user: str
    console: str = ""
    """Of the processes that have one."""
    devices: list[str] = field(default_factory=list)
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=20))

    def process_of(self, service: str) -> Process:
        """The process that runs a service: on the embedded pair there is one for all."""
        return self.processes.get(service) or self.processes["csms"]

    async def register(self, *ids: str) -> None:
        for id in ids:
            answer = await self.http.post(f"{self.device}/chargingstations", json={"id": id})
            assert answer.status_code == 201, answer.text

    async def token(self, id_token: str, **fields: object) -> None:
        body = {"idToken": id_token, "maxActiveTransactions": None} | fields
        answer = await self.http.post(f"{self.user}/idtokens", json=body)
        assert answer.status_code == 201, answer.text

    async def get(self, url: str) -> Any:
        answer = await self.http.get(url)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def status(self, station_id: str) -> Any:
        return await self.get(f"{self.device}/chargingstations/{station_id}/status")

    async def transactions(self, station_id: str) -> list[Any]:
        page = await self.get(f"{self.transaction}/transactions?stationId={station_id}")
        return list(page["items"])

    async def meter_values(self, id: str) -> list[Any]:
        page = await self.get(f"{self.transaction}/transactions/{id}/metervalues?pageSize=1000")
        return list(page["items"])


@asynccontextmanager
async def embedded_system(folder: Path, **settings: str) -> AsyncIterator[System]:
    """The whole CSMS in one process. ``settings`` are environment variables."""
    ports = {name: free_port() for name in ("gateway", "device", "transaction", "user", "console")}
    variables = settings | {f"CSMS_{name.upper()}_PORT": str(port) for name, port in ports.items()}
    csms = Process(
        "csms", ["up", "--data-dir", str(folder)], variables, ports["gateway"], folder / "csms.log"
    )
    system = _system({"csms": csms}, [ports["gateway"]], ports)
    async with _started(system):
        yield system


@asynccontextmanager
async def two_embedded_gateways(folder: Path, routing: str) -> AsyncIterator[System]:
    """All services and two gateways in this process: an embedded bus is shared in no other way."""
    ports = {name: free_port() for name in ("device", "user", "transaction", "gateway", "second")}
    settings = load(gateway_routing=routing)
    store, bus = SqliteStore(folder / "csms.db"), EmbeddedBus()
    stations, tokens = Device.of(store, bus, utc_now, settings), User.of(store, utc_now, settings)
    device_api = device.app_of(stations, settings, tokens.keys, tokens.accounts.sessions)
    asked = DeviceClient(inside(device_api, SERVICES["user"]))
    services = [
        device.service_of(stations, device_api, settings),
        user.service_of(tokens, user.app_of(tokens, asked, settings), asked, settings, bus),
        transaction.transaction_service(
            settings, bus, store, tokens.authorize, utc_now, stations=stations.registry
        ),
        gateway_service(settings, bus, stations.security.admit, utc_now),
        gateway_service(settings, bus, stations.security.admit, utc_now),
    ]
    await provision(bus, [subscription for service in services for subscription in service.subscriptions])
    system = _system({}, [ports["gateway"], ports["second"]], ports)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        for service, port in zip(services, ports.values(), strict=True):
            listener = socket.create_server(("127.0.0.1", port))
            await stack.enter_async_context(running(service, listener))
        yield system
        await system.http.aclose()


ROUTING = {"gateway0": "action", "gateway1": "action", "gateway2": "inbox", "gateway3": "inbox"}


@asynccontextmanager
async def google_system(folder: Path, emulators: dict[str, str]) -> AsyncIterator[System]:
    """Each service in its own process, the device service in two, with the gateways of ``ROUTING``."""
    ports = {name: free_port() for name in ("device", "device1", "transaction", "user", *ROUTING)}
    variables = emulators | {
        "GOOGLE_CLOUD_PROJECT": f"csms-{uuid4().hex[:12]}",
        "CSMS_API_TOKEN": TOKEN,
        "CSMS_SERVICE_KEYS": str(folder / "keys"),
        "CSMS_DEVICE_URL": f"http://127.0.0.1:{ports['device']}",
        "CSMS_USER_URL": f"http://127.0.0.1:{ports['user']}",
    }
    provision = [sys.executable, "-m", "services.cli", "provision"]
    subprocess.run(provision, cwd=ROOT, env=os.environ | variables, check=True, timeout=60)
    processes = {
        name: Process(
            name,
            ["run", name.rstrip("0123456789"), "--port", str(port)],
            variables | ({"CSMS_GATEWAY_ROUTING": ROUTING[name]} if name in ROUTING else {}),
            port,
            folder / f"{name}.log",
        )
        for name, port in ports.items()
    }
    system = _system(processes, [ports[name] for name in ROUTING], ports)
    async with _started(system):
        yield system


def _system(processes: dict[str, Process], gateways: list[int], ports: dict[str, int]) -> System:
    base = "http://127.0.0.1:"
    system = System(
        processes,
        [f"ws://127.0.0.1:{port}/ocpp" for port in gateways],
        f"{base}{ports['device']}",
        f"{base}{ports['transaction']}",
        f"{base}{ports['user']}",
        f"{base}{ports['console']}" if "console" in ports else "",
        [f"{base}{port}" for name, port in ports.items() if name.startswith("device")],
    )
    system.http.headers["Authorization"] = f"Bearer {TOKEN}"
    return system


@asynccontextmanager
async def _started(system: System) -> AsyncIterator[None]:
    try:
        async with asyncio.TaskGroup() as tasks:
            for process in system.processes.values():
                tasks.create_task(process.start())
        yield
    finally:
        for process in reversed(system.processes.values()):
            process.stop()
        await system.http.aclose()
