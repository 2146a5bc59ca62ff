"""The stations of a fuzz run: some send damaged frames, and some charge meanwhile as they should."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from libs.ocpp_messages.version import Version
from tests.e2e.sessions import ENERGY_WH, Session2, Session16
from tests.e2e.station import booted_station
from tests.e2e.system import System

from .mutation import Example, Mutator, examples

ANSWER_TIMEOUT = 180.0
"""Seconds for an answer behind fifty others: the gateway reads 17 calls at once, and answers each in 30 s."""

UNSENDABLE = 0.0005
"""Share of frames that no text is: binary, or not in UTF-8. Each ends its connection."""

RESTORE_PAUSE = 0.5
"""Seconds until a station that was not admitted tries again."""

SESSION_PAUSE = 0.2
"""Seconds between two sessions: they are to be disturbed, and not to be a load."""

SUBPROTOCOLS = {Version.V16: "ocpp1.6", Version.V201: "ocpp2.0.1", Version.V21: "ocpp2.1"}
BOOT = {
    Version.V16: {"chargePointVendor": "V", "chargePointModel": "M"},
    Version.V201: {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}},
    Version.V21: {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}},
}


class FuzzStation:
    """Sends so many damaged frames, over as many connections as that takes. It answers commands too."""

    def __init__(self, system: System, id: str, version: Version, seed: str, counts: Counter[str]) -> None:
        self._system = system
        self.id = id
        self._version = version
        self._random = Random(seed)
        self._mutator = Mutator(self._random)
        self._corpus: list[Example] = examples(version, Random(f"corpus {version}"))
        self._responses = {one.action: one.response for one in self._corpus}
        self._counts = counts
        self._last_answer: asyncio.Future[None]
        self._last_id = ""

    async def run(self, frames: int, until: float) -> None:
        """``until`` is a time of the event loop."""
        left, url = frames, f"{self._system.gateways[0]}/{self.id}"
        protocols = [Subprotocol(SUBPROTOCOLS[self._version])]
        while left > 0 and not _is_past(until):
            try:
                async with connect(url, subprotocols=protocols, ping_interval=None) as socket:
                    self._counts["connections"] += 1
                    async with asyncio.TaskGroup() as tasks:
                        reading = tasks.create_task(self._read(socket))
                        try:
                            left = await self._send(socket, left, until)
                        finally:
                            reading.cancel()
            except ConnectionClosed:
                pass
            except InvalidHandshake:
                await self._restore()

    async def _restore(self) -> None:
        """A request of the same run may have deleted or locked out the station, as it should."""
        self._counts["stations restored"] += 1
        stations, lowest = f"{self._system.device}/chargingstations", {"securityProfile": 0, "lower": True}
        async with httpx.AsyncClient(headers=self._system.http.headers, timeout=ANSWER_TIMEOUT) as http:
            await http.post(stations, json={"id": self.id})
            await http.patch(f"{stations}/{self.id}", json={"registrationStatus": "Accepted"})
            await http.delete(f"{stations}/{self.id}/credentials")
            await http.put(f"{stations}/{self.id}/security/profile", json=lowest)
        await asyncio.sleep(RESTORE_PAUSE)

    async def _send(self, socket: ClientConnection, left: int, until: float) -> int:
        """Returns how many are left when the connection has ended."""
        try:
            await self._call(socket, "boot", "BootNotification", BOOT[self._version])
            while left > 0 and not _is_past(until):
                left -= 1
                await socket.send(self._next_frame(), text=True)
                self._counts["frames"] += 1
                if left % 50 == 0:  # what comes in between has been read by then
                    await self._call(socket, f"beat-{left}", "Heartbeat", {})
        except ConnectionClosed:
            self._counts["closed by the CSMS"] += 1
        return left

    def _next_frame(self) -> bytes:
        if self._random.random() < UNSENDABLE:
            return b"[2, \xff\xfe"
        return self._mutator.frame(self._version, self._corpus).encode(errors="replace")

    async def _call(self, socket: ClientConnection, id: str, action: str, payload: Any) -> None:
        """Wait for the answer: an unanswered call means that the gateway has lost its way."""
        self._last_id, self._last_answer = id, asyncio.get_running_loop().create_future()
        await socket.send(json.dumps([2, id, action, payload]))
        async with asyncio.timeout(ANSWER_TIMEOUT):
            await self._last_answer

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                await self._take(socket, json.loads(text))
        except ConnectionClosed:
            pass  # the one who sends finds out too
        finally:
            if not self._last_answer.done():
                self._last_answer.set_exception(ConnectionClosed(None, None))
                self._last_answer.exception()

    async def _take(self, socket: ClientConnection, frame: Any) -> None:
        match frame:
            case [3 | 4, self._last_id, *_] if not self._last_answer.done():
                self._last_answer.set_result(None)
            case [4, _, str(code), str(description), _]:
                self._counts[f"{code}: {description}" if code == "InternalError" else code] += 1
            case [2, str(id), str(action), _]:
                response = self._mutator.damaged(self._responses.get(action, {}))
                text = json.dumps([3, id, response]).encode(errors="replace")
                await socket.send(text, text=True)
                self._counts["responses to commands"] += 1
            case [3, *_]:
                self._counts["answered"] += 1


def _is_past(until: float) -> bool:
    return asyncio.get_running_loop().time() >= until


async def charge_until(
    ended: asyncio.Event, system: System, id: str, version: str, tag: str, counts: Counter[str]
) -> None:
    """A station that sends what it should charges, again and again, and at least once."""
    n = 0
    async with AsyncExitStack() as stack:
        station = await stack.enter_async_context(booted_station(system.gateways[0], id, version))
        station.answers = dict.fromkeys(("GetTransactionStatus",), {"messagesInQueue": False})
        while n == 0 or not ended.is_set():
            n += 1
            session = Session16(station, tag) if version == "1.6" else Session2(station, f"TX-{n}", tag)
            await session.status("Available")
            assert await session.start() == "Accepted"
            for step in range(3):
                await session.meter(step)
            await session.stop()
            counts["sessions"] += 1
            await asyncio.sleep(SESSION_PAUSE)
    charged = []
    token = ""
    while True:
        page = await system.get(f"{system.transaction}/transactions?stationId={id}&pageSize=1000{token}")
        charged += [(one["active"], one["energyWh"]) for one in page["items"]]
        if "nextPageToken" not in page:
            break
        token = f"&pageToken={page['nextPageToken']}"
    # OCPP 1.6 has no transaction ids of the station: the same start at the same time is the same transaction.
    assert set(charged) == {(False, ENERGY_WH)}, charged
    assert len(charged) == (1 if version == "1.6" else n), f"{id}: {len(charged)} of {n} sessions"
