"""A charging station for the stories: it says what it is told to say, and shows every frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Json = dict[str, Any]


class Refused(Exception):
    """The CSMS answered with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class Station:
    def __init__(self, id: str, websocket: ClientConnection) -> None:
        self.id = id
        self.websocket = websocket
        self._ids = count(1)

    async def call(self, action: str, payload: Json, timeout: float = 30) -> Json:
        """Send a CALL and return the payload of its CALLRESULT. Raises ``Refused``."""
        message_id = str(next(self._ids))
        await self.send([2, message_id, action, payload])
        match await self.receive(timeout):
            case [3, id, dict(answer)] if id == message_id:
                return answer
            case [4, id, str(code), str(description), dict()] if id == message_id:
                raise Refused(code, description)
            case frame:
                raise AssertionError(f"{self.id} asked {action} as {message_id} and received {frame}")

    async def send(self, frame: object) -> None:
        await self.websocket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self, timeout: float = 30) -> Any:
        async with asyncio.timeout(timeout):
            return json.loads(await self.websocket.recv())

    async def boot(self) -> Json:
        if self.websocket.subprotocol == "ocpp1.6":
            payload: Json = {"chargePointVendor": "ACME", "chargePointModel": "M1"}
        else:
            charging_station = {"vendorName": "ACME", "model": "M1"}
            payload = {"reason": "PowerUp", "chargingStation": charging_station}
        return await self.call("BootNotification", payload)


@asynccontextmanager
async def station(url: str, id: str, version: str = "2.0.1", **options: Any) -> AsyncIterator[Station]:
    """Connected at ``url``, the gateway's address up to the id."""
    async with connect(f"{url}/{id}", subprotocols=[Subprotocol(f"ocpp{version}")], **options) as websocket:
        yield Station(id, websocket)


@asynccontextmanager
async def booted_station(url: str, id: str, version: str = "2.0.1") -> AsyncIterator[Station]:
    async with station(url, id, version) as connected:
        answer = await connected.boot()
        assert answer["status"] == "Accepted", answer
        yield connected


__all__ = ["ConnectionClosed", "Refused", "Station", "booted_station", "station"]
