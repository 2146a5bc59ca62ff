"""HTTP requests that are almost right: of every path of an API, and of what is no HTTP at all."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

from tests.unit.ocpp_messages.payloads import payload

from .mutation import LEAVES, Mutator

RESPONSE_TIMEOUT = 60.0
NO_HTTP = 0.1
"""Share of requests whose bytes are damaged."""

HEADERS = {
    "Content-Type": ["application/json", "text/plain", "application/json; charset=utf-7", "", "a/b" * 500],
    "Origin": ["https://evil.example", "null", "http://localhost"],
    "Idempotency-Key": ["k", "", "x" * 5_000, "é"],
    "Accept-Encoding": ["gzip, br"],
    "X-Forwarded-For": ["1.2.3.4", "::", "x" * 5_000],
    "Transfer-Encoding": ["chunked, gzip"],
    "Content-Length": ["-1", "99999999999999999999", "0"],
    "Host": ["evil.example", "", "localhost:1:2"],
}
EVERYBODY_IS_CONCERNED = {
    ("put", "/authorizationpolicies/{type}"),
    ("post", "/keys"),
    ("post", "/users"),
}
"""Requests by which an operator may rightly stop the sessions that are to go on."""

QUERY = ("pageSize", "pageToken", "wait", "ttl", "deliver", "stationId", "status", "from", "to", "x")


class FuzzClient:
    """Sends damaged requests to one API, one after another."""

    def __init__(self, url: str, openapi: Any, seed: str, counts: Counter[str]) -> None:
        self._address = urlsplit(url)
        self._random = Random(seed)
        self._mutator = Mutator(self._random)
        self._definitions = {"definitions": _plain(openapi.get("components", {}).get("schemas", {}))}
        self._operations = [
            (method.upper(), path, operation)
            for path, methods in openapi["paths"].items()
            for method, operation in methods.items()
            if (method, path) not in EVERYBODY_IS_CONCERNED
        ]
        self._counts = counts
        self.failures: list[str] = []
        """Requests that were answered with what no request may bring about."""

    async def run(self, requests: int, until: float) -> None:
        """``until`` is a time of the event loop."""
        connection = None
        for _ in range(requests):
            if asyncio.get_running_loop().time() >= until:
                break
            self._counts["requests"] += 1
            request = self._next_request()
            if self._random.random() < NO_HTTP:
                await self._send_bytes(self._damaged(request))
                continue
            connection = connection or await self._connected()
            try:
                async with asyncio.timeout(RESPONSE_TIMEOUT):
                    status, is_open = await _exchange(*connection, request)
            except (ConnectionError, asyncio.IncompleteReadError):
                status, is_open = 0, False
            except TimeoutError:
                self.failures.append(f"no response to {request[:500]!r}")
                status, is_open = 0, False
            self._count(status, request)
            if not is_open:
                connection[1].close()
                connection = None
        if connection is not None:
            connection[1].close()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._address.hostname, self._address.port)

    async def _send_bytes(self, request: bytes) -> None:
        """Half closed after the request, so that the API does not wait for more of it."""
        reader, writer = await self._connected()
        with suppress(ConnectionError, TimeoutError):
            writer.write(request)
            writer.write_eof()
            async with asyncio.timeout(RESPONSE_TIMEOUT):
                line = await reader.readline()
                status = int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0
                self._count(status, request)
        writer.close()

    def _count(self, status: int, request: bytes) -> None:
        self._counts[f"HTTP {status or 'closed'}"] += 1
        if status >= 500 and status not in (503, 504):
            self.failures.append(f"{status} to {request[:2_000]!r}")

    def _next_request(self) -> bytes:
        random = self._random
        method, path, operation = random.choice(self._operations)
        if random.random() < 0.03:
            method = random.choice(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            path = path.replace(f"{{{name}}}", self._segment(name))
        if random.random() < 0.4:
            path += "?" + "&".join(f"{random.choice(QUERY)}={self._segment('')}" for _ in range(2))
        elif "commands" in path or "remote" in path:
            path += "?wait=0"
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        if random.random() < 0.15:
            name = random.choice(list(HEADERS))
            headers[name] = random.choice(HEADERS[name])
        body = self._body(operation)
        headers.setdefault("Content-Length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    def _segment(self, name: str) -> str:
        random = self._random
        if name and random.random() < 0.8:
            return random.choice(["FUZZ-0", "FUZZ-1", "1", "KeyCode", "FUZZ-TAG"])
        text = str(random.choice(LEAVES))[:3_000].encode(errors="replace").decode()
        return quote(text, safe=random.choice(["", "/%?#"])) or "-"

    def _body(self, operation: Any) -> bytes:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return b"" if self._random.random() < 0.9 else b"{}"
        schema = _plain(content["schema"]) | self._definitions
        return self._mutator.text(payload(schema, self._random)).encode(errors="replace")

    def _damaged(self, request: bytes) -> bytes:
        head, blank, body = request.partition(b"\r\n\r\n")
        return self._mutator.damaged_text(head.decode("latin-1")).encode("latin-1", "replace") + blank + body


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bool]:
    """The status, and whether the connection can be used again."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split()[1])
    lengths = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")]
    if not lengths or request.startswith(b"HEAD"):
        return status, False
    await reader.readexactly(int(lengths[0]))
    # Of a request whose length is wrong, the rest would be read as the next one.
    declared = [
        line for line in request.split(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith(b"Content-Length")
    ]
    sent = len(request.partition(b"\r\n\r\n")[2])
    is_whole = declared == [f"Content-Length: {sent}".encode()] and b"Transfer-Encoding" not in request
    return status, is_whole and status < 400 or (is_whole and "connection: close" not in head)


def _plain(schema: Any) -> Any:
    """JSON Schema as OCPP writes it: no alternatives, and definitions under their bare names."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        return _plain(schema["anyOf"][0])
    if "const" in schema:
        return {"enum": [schema["const"]]}
    return {name: _plain(part) for name, part in schema.items()}
