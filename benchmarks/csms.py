"""A CSMS in a process of its own: it starts as users start it, and learns of its stations by REST."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from .traffic import id_tag

START_TIMEOUT = 60.0
"""Seconds until a CSMS that is not ready has failed."""
STOP_TIMEOUT = 20.0
"""Seconds from SIGTERM to SIGKILL."""
REGISTRATION_CONNECTIONS = 8
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class NotStarted(Exception):
    """The CSMS did not become ready. The text ends with the end of its log."""


class RegistrationRefused(Exception):
    """The CSMS answered a registration with something other than 201."""


@dataclass(frozen=True)
class Checkout:
    """A folder with this project in one state, whose CSMS can be started."""

    folder: Path
    python: str
    """The interpreter that runs it."""

    @classmethod
    def at(cls, folder: Path) -> Checkout:
        """With the interpreter of its own virtual environment, or with ours where it has none."""
        python = folder.resolve() / ".venv" / "bin" / "python"
        return cls(folder.resolve(), str(python) if python.exists() else sys.executable)

    @property
    def environment(self) -> dict[str, str]:
        """That of the benchmark, without what would change the settings of the CSMS. A station may be as fast
        as it can be.
        """
        ours = {name: value for name, value in os.environ.items() if not _is_setting(name)}
        if self.knows("frames_per_second"):
            ours["CSMS_FRAMES_PER_SECOND"] = "1000000"
        return ours | {"PYTHONPATH": str(self.folder), "LOG_LEVEL": "WARNING"}

    def knows(self, setting: str) -> bool:
        """Older checkouts lack some settings, and refuse to start with them."""
        settings = self.folder / "libs/csms/settings.py"
        return settings.is_file() and f" {setting}: " in settings.read_text()

    def commit(self) -> str:
        """Empty where there is no git or no commit."""
        command = ["git", "describe", "--always", "--dirty"]
        try:
            git = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return git.stdout.strip()


THIS_CHECKOUT = Checkout(Path(__file__).parent.parent, sys.executable)


@dataclass(frozen=True)
class Csms:
    pid: int
    gateway_port: int
    device_port: int
    transaction_port: int
    user_port: int
    console_port: int = 0
    """0 of a checkout without a console."""

    def cpu_seconds(self) -> float:
        """Processor time so far, of user and system, of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def csms(checkout: Checkout, data_dir: Path) -> AsyncIterator[Csms]:
    """Ready for stations. Raises ``NotStarted``."""
    ports = dict(zip(("GATEWAY", "DEVICE", "TRANSACTION", "USER"), _free_ports(4), strict=True))
    console = {"CSMS_CONSOLE_PORT": str(_free_ports(1)[0])} if checkout.knows("console_port") else {}
    given = {f"CSMS_{name}_PORT": str(port) for name, port in ports.items()}
    environment = checkout.environment | given | console
    command = [checkout.python, "-m", "services.cli", "up", "--data-dir", str(data_dir)]
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=data_dir, env=environment, stdout=log, stderr=log
        )
        try:
            await _ready(process, list(ports.values()))
            console_port = int(console.get("CSMS_CONSOLE_PORT", 0))
            gateway, device, transaction, user = ports.values()
            yield Csms(process.pid, gateway, device, transaction, user, console_port)
        except NotStarted as error:
            log.seek(0)
            raise NotStarted(f"{error}: {log.read()[-2000:].decode(errors='replace')}") from None
        finally:
            await _stop(process)


async def register(csms: Csms, ids: Sequence[str]) -> None:
    """Stations without a secret, and a token for each. Raises ``RegistrationRefused``."""
    await _post_all(csms.device_port, "/chargingstations", [{"id": id} for id in ids])
    tokens = [{"idToken": id_tag(id), "type": "ISO14443", "status": "Accepted"} for id in ids]
    await _post_all(csms.user_port, "/idtokens", tokens)


def _is_setting(name: str) -> bool:
    return name.startswith("CSMS_") or name in ("PORT", "HEARTBEAT_INTERVAL")


def _free_ports(count: int) -> Sequence[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def _ready(process: asyncio.subprocess.Process, ports: Sequence[int]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    for port in ports:
        while not await _is_ready(port):
            if process.returncode is not None:
                raise NotStarted(f"it ended with {process.returncode}")
            if time.monotonic() > deadline:
                raise NotStarted(f"port {port} is not ready after {START_TIMEOUT:g} s")
            await asyncio.sleep(0.1)


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    finally:
        writer.close()


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _post_all(port: int, path: str, bodies: Iterable[dict[str, str]]) -> None:
    """HTTP by hand, on a few connections that stay: ten thousand stations take seconds."""
    waiting = iter(list(bodies))

    async def post_waiting() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in waiting:
            await _post(reader, writer, path, orjson.dumps(body))
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(REGISTRATION_CONNECTIONS):
            tasks.create_task(post_waiting())


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    size = next(
        int(line.partition(b":")[2])
        for line in answer.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    content = await reader.readexactly(size)
    if b" 201 " not in answer[:20]:
        raise RegistrationRefused(f"{path}: {answer[:40]!r} {content[:200]!r}")
