"""The smallest CSMS that stations can charge at: it validates, answers, and misbehaves as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from libs.ocpp_messages import frame
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version

CURRENT_TIME = "2026-11-20T18:12:00.000Z"
DROP = "drop"
"""As an answer: close the connection without one."""
SILENCE = "silence"

Json = dict[str, Any]
Answer = Json | str | tuple[str, str]
"""A payload, ``DROP``, ``SILENCE``, or the code and description of a CALLERROR."""


@dataclass
class Csms:
    calls: list[tuple[str, str, Json]] = field(default_factory=list)
    """(station, action, payload), whatever was answered."""
    connections: dict[str, ServerConnection] = field(default_factory=dict)
    """The newest of each station."""
    opened: list[str] = field(default_factory=list)
    """The station of each connection, in order."""
    headers: list[str] = field(default_factory=list)
    """The Authorization header of each connection, in order."""
    misbehave: Callable[[str, str, Json], Answer | None] = lambda station, action, payload: None
    """From station, action and payload: what to answer instead of a good answer, or None."""
    refuse: Callable[[str], Response | None] = lambda path: None
    """From the path of a handshake: the response that refuses it, or None."""
    url: str = ""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    """Notified after every frame."""
    answers: dict[str, frame.Frame] = field(default_factory=dict)
    """Of the stations, to commands, by message id."""
    transactions: dict[str, int] = field(default_factory=dict)
    """Ids of 1.6 by what a StartTransaction says, so that a repetition gets the same."""

    def payloads(self, action: str) -> list[Json]:
        return [payload for _, name, payload in self.calls if name == action]

    def actions(self) -> list[str]:
        return [action for _, action, _ in self.calls]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)

    async def command(self, station: str, action: str, payload: Json) -> frame.Frame:
        id = f"command-{len(self.answers)}-{action}"[:36]
        await self.connections[station].send(frame.format(frame.Call(id, action, payload)).decode())
        await self.until(lambda: id in self.answers)
        return self.answers[id]

    async def connected(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        station = socket.request.path.rpartition("/")[2]
        self.connections[station] = socket
        self.opened.append(station)
        self.headers.append(socket.request.headers.get("Authorization", ""))
        version = Version(socket.subprotocol or "")
        try:
            async for text in socket:
                await self._receive(station, socket, version, frame.parse(text, version))
                async with self.changed:
                    self.changed.notify_all()
        except ConnectionClosed:
            return

    async def _receive(
        self, station: str, socket: ServerConnection, version: Version, received: frame.Frame
    ) -> None:
        if not isinstance(received, frame.Call):
            self.answers[received.id] = received
            return
        ACTIONS[version][received.action].request_validator.check(received.payload)
        self.calls.append((station, received.action, received.payload))
        answer = self.misbehave(station, received.action, received.payload)
        match answer if answer is not None else self._answer(received.action, version, received.payload):
            case str(misbehaviour):
                if misbehaviour == DROP:
                    await socket.close()
            case (code, description):
                await socket.send(frame.format(frame.Error(received.id, code, description)).decode())
            case payload:
                await socket.send(frame.format(frame.Result(received.id, payload)).decode())

    def _answer(self, action: str, version: Version, payload: Json) -> Json:
        match action:
            case "BootNotification":
                return {"currentTime": CURRENT_TIME, "interval": 300, "status": "Accepted"}
            case "Heartbeat":
                return {"currentTime": CURRENT_TIME}
            case "Authorize":
                info = "idTagInfo" if version is Version.V16 else "idTokenInfo"
                return {info: {"status": "Accepted"}}
            case "StartTransaction":
                key = f"{payload['idTag']} {payload['timestamp']} {payload['meterStart']}"
                id = self.transactions.setdefault(key, len(self.transactions) + 1)
                return {"idTagInfo": {"status": "Accepted"}, "transactionId": id}
            case _:
                return {}


@asynccontextmanager
async def csms() -> AsyncIterator[Csms]:
    csms = Csms()
    server = await serve(
        csms.connected,
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(version) for version in Version],
        process_request=lambda _, request: _refusal(csms, request),
    )
    async with server:
        csms.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"
        yield csms


def _refusal(csms: Csms, request: Request) -> Response | None:
    return csms.refuse(request.path)


def http(status: HTTPStatus, headers: dict[str, str]) -> Response:
    return Response(status.value, status.phrase, Headers(headers), b"")
