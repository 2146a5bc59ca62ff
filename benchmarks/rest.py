"""Just enough HTTP to register thousands of stations quickly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import orjson

from .traffic import id_tag

_CONNECTIONS = 8


class Refused(Exception):
    """The CSMS answered a registration with something other than 201."""


async def is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return b" 200 " in await reader.readline()
    finally:
        writer.close()


async def register(device_port: int, user_port: int, ids: Sequence[str]) -> None:
    """Stations without a secret, and a token for each."""
    await _post_all(device_port, "/chargingstations", [{"id": id} for id in ids])
    tokens = [{"idToken": id_tag(id), "type": "ISO14443", "status": "Accepted"} for id in ids]
    await _post_all(user_port, "/idtokens", tokens)


async def _post_all(port: int, path: str, bodies: Iterable[dict[str, str]]) -> None:
    waiting = iter(list(bodies))

    async def post() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in waiting:
            await _post(reader, writer, path, orjson.dumps(body))
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_CONNECTIONS):
            tasks.create_task(post())


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
        raise Refused(f"{path}: {answer[:40]!r} {content[:200]!r}")
