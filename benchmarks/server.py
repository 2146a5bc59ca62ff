"""A CSMS in a process of its own, started as users start it, and what the system says about that process."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from . import rest

_ROOT = Path(__file__).parent.parent
_STARTING = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """The CSMS did not become ready. The text has the end of what it said."""


@dataclass(frozen=True)
class Csms:
    pid: int
    gateway_port: int
    device_port: int
    transaction_port: int
    user_port: int

    def cpu_seconds(self) -> float:
        """Processor time so far, of user and system, of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def csms(data_dir: Path) -> AsyncIterator[Csms]:
    """Ready for stations. Raises ``NotStarted``."""
    ports = dict(zip(("GATEWAY", "DEVICE", "TRANSACTION", "USER"), _free_ports(4), strict=True))
    environment = {name: value for name, value in os.environ.items() if _wanted(name)}
    environment |= {f"CSMS_{service}_PORT": str(port) for service, port in ports.items()}
    environment |= {"PYTHONPATH": str(_ROOT), "LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "services.cli", "up", "--data-dir", str(data_dir)]
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=data_dir, env=environment, stdout=log, stderr=log
        )
        try:
            await _ready(process, list(ports.values()))
            yield Csms(process.pid, *ports.values())
        except NotStarted as error:
            log.seek(0)
            raise NotStarted(f"{error}: {log.read()[-2000:].decode(errors='replace')}") from None
        finally:
            await _end(process)


def _wanted(name: str) -> bool:
    return not name.startswith("CSMS_") and name not in ("PORT", "HEARTBEAT_INTERVAL")


def _free_ports(count: int) -> Sequence[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def _ready(process: asyncio.subprocess.Process, ports: Sequence[int]) -> None:
    deadline = time.monotonic() + _STARTING
    for port in ports:
        while not await rest.is_ready(port):
            if process.returncode is not None:
                raise NotStarted(f"it ended with {process.returncode}")
            if time.monotonic() > deadline:
                raise NotStarted(f"port {port} is not ready after {_STARTING:g} s")
            await asyncio.sleep(0.1)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(20):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
