"""``python -m benchmarks.attacks``: the attackers of ``benchmarks.siege``, in a process of their own.

They speak HTTP by hand, so that one core attacks as fast as it can. What was done is printed as JSON.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import orjson
import uvloop

SLOW_CLIENTS = 3_000
"""Half-sent requests that are open at the same time; one that is closed is opened again."""

SLOW_INTERVAL = 2.0
"""Seconds from one byte of a slow client to the next."""

FLOOD_CLIENTS = 64
FLOOD_CHUNK = b" " * 65_536
FLOOD_LENGTH = 300_000_000
"""Bytes that each body of the flood says it has."""

GUESSING_CLIENTS = 1_000
"""Each waits for its answer before it guesses again."""

GUESSES_PER_SECOND = 10_000
"""Attempted by all of them together; the machine may make fewer."""

GUESSED_STATION = "VICTIM"
"""A station with a secret."""

PAUSE_AFTER_ERROR = 0.05
"""Seconds until a client whose connection was refused or closed tries again."""


@dataclass
class Attack:
    apis: list[int]
    """Ports of the device, the transaction and the user service."""
    gateway: int
    until: float
    """By the monotonic clock."""
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    async def slow(self, number: int) -> None:
        """A third each: half of the headers, half of a body, half of a station's handshake."""
        await asyncio.sleep(number / SLOW_CLIENTS * 3)
        while self.goes_on:
            with suppress(OSError, RuntimeError):  # uvloop raises the latter where the connection has ended
                await self._send_slowly(number)
            await asyncio.sleep(PAUSE_AFTER_ERROR)

    async def _send_slowly(self, number: int) -> None:
        kind = number % 3
        port = self.gateway if kind == 2 else self.apis[number // 3 % len(self.apis)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.counts["half-sent requests"] += 1
        head = f"POST /chargingstations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Slow: ".encode()
        if kind == 1:
            head += b"x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        elif kind == 2:
            head = f"GET /ocpp/SLOW{number} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Slow: ".encode()
        ended = asyncio.ensure_future(reader.read())
        try:
            writer.write(head)
            while self.goes_on and not ended.done():
                await asyncio.wait([ended], timeout=SLOW_INTERVAL)
                writer.write(b"x")
            self.counts["ended by the CSMS"] += ended.done()
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)
            writer.close()

    async def flood(self, number: int) -> None:
        """Bodies without a key, until the connection ends; then the next."""
        port = self.apis[number % len(self.apis)]
        head = (
            f"POST /chargingstations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {FLOOD_LENGTH}\r\n\r\n"
        ).encode()
        while self.goes_on:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(PAUSE_AFTER_ERROR)
                continue
            self.counts["bodies"] += 1
            with suppress(OSError, RuntimeError):
                writer.write(head)
                sent = 0
                while self.goes_on and sent < FLOOD_LENGTH and not reader.at_eof():
                    writer.write(FLOOD_CHUNK)
                    async with asyncio.timeout_at(asyncio.get_running_loop().time() + 1):
                        await writer.drain()
                    sent += len(FLOOD_CHUNK)
                    self.counts["MB sent"] += len(FLOOD_CHUNK)
            writer.transport.abort()

    async def guess(self, number: int) -> None:
        """A third each: bearer tokens, secrets of keys, secrets of a station."""
        pause = GUESSING_CLIENTS / GUESSES_PER_SECOND
        await asyncio.sleep(number / GUESSING_CLIENTS)
        while self.goes_on:
            try:
                if number % 3 == 2:
                    await self._guess_station_secret()
                else:
                    await self._guess_tokens(number, pause)
            except (OSError, RuntimeError, asyncio.IncompleteReadError, ValueError):
                self.counts["connections that ended"] += 1
                await asyncio.sleep(PAUSE_AFTER_ERROR)

    async def _guess_tokens(self, number: int, pause: float) -> None:
        port = self.apis[number % len(self.apis)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while self.goes_on:
                secret = secrets.token_urlsafe(32)
                bearer = secret if number % 3 == 0 else f"csms_{'0' * 16}_{secret[:43]}"
                due = time.monotonic() + pause
                request = (
                    f"GET /me HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {bearer}\r\n\r\n"
                )
                writer.write(request.encode())
                await self._answered(reader)
                await asyncio.sleep(due - time.monotonic())
        finally:
            writer.transport.abort()

    async def _guess_station_secret(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway)
        try:
            guess = b64encode(f"{GUESSED_STATION}:{secrets.token_urlsafe(16)}".encode()).decode()
            key = b64encode(os.urandom(16)).decode()
            head = f"GET /ocpp/{GUESSED_STATION} HTTP/1.1\r\nHost: 127.0.0.1:{self.gateway}\r\n"
            head += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            head += f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: ocpp1.6\r\n"
            writer.write(f"{head}Authorization: Basic {guess}\r\n\r\n".encode())
            await self._answered(reader)
        finally:
            writer.transport.abort()

    async def _answered(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.counts["guesses"] += 1
        self.counts[f"answered {head[9:12].decode()}"] += 1
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))


CLIENTS: dict[str, tuple[int, Callable[[Attack, int], Awaitable[None]]]] = {
    "slow": (SLOW_CLIENTS, Attack.slow),
    "flood": (FLOOD_CLIENTS, Attack.flood),
    "guess": (GUESSING_CLIENTS, Attack.guess),
}
"""How many clients each attack has, and what one of them does until the end."""


async def main(kind: str, seconds: float, gateway: int, apis: list[int]) -> None:
    attack = Attack(apis, gateway, time.monotonic() + seconds)
    clients, act = CLIENTS[kind]
    working = [asyncio.create_task(_surely(act(attack, number))) for number in range(clients)]
    await asyncio.wait(working, timeout=seconds + 10)
    attack.counts["MB sent"] //= 1_000_000
    os.write(1, orjson.dumps(+attack.counts))


async def _surely(acting: Awaitable[None]) -> None:
    with suppress(TimeoutError):
        await acting


if __name__ == "__main__":
    name, duration, *ports = sys.argv[1:]
    uvloop.run(main(name, float(duration), int(ports[0]), [int(port) for port in ports[1:]]))
