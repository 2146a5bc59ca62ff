"""A charging station for the stories: it says what it is told to say, and shows every frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Json = dict[str, Any]
Answer = Json | Callable[[Json], Json]


def to_what_a_csms_asks_by_itself(action: str, payload: Json) -> Json | None:
    """After a boot or a reconnect. The shortest answers."""
    match action, payload:
        case "GetConfiguration", {**asked} if not asked:
            return {}
        case "GetBaseReport", {"reportBase": "FullInventory"}:
            return {"status": "Accepted"}
        case "TriggerMessage", {"requestedMessage": "StatusNotification" | "BootNotification"}:
            return {"status": "Rejected"}
    return None


class Refused(Exception):
    """The CSMS answered with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


@dataclass
class Command:
    """A CALL of the CSMS that waits for the station's answer."""

    station: Station
    id: str
    action: str
    payload: Json

    async def answer(self, response: Json) -> None:
        await self.station.send([3, self.id, response])

    async def refuse(self, code: str, description: str = "") -> None:
        await self.station.send([4, self.id, code, description, {}])


@dataclass
class _Expected:
    action: str
    fields: Json
    found: asyncio.Future[Command] = field(default_factory=asyncio.Future)

    def takes(self, action: str, payload: Json) -> bool:
        fits = all(payload.get(name) == value for name, value in self.fields.items())
        return not self.found.done() and action == self.action and fits


class Station:
    """Reads all the time. ``answers`` are what it answers to commands that no test waits for, by action."""

    def __init__(self, id: str, websocket: ClientConnection) -> None:
        self.id = id
        self.websocket = websocket
        self.answers: dict[str, Answer] = {}
        self._ids = count(1)
        self._calls: dict[str, asyncio.Future[Any]] = {}
        self._expected: list[_Expected] = []
        self._frames: asyncio.Queue[Any] = asyncio.Queue()

    async def call(self, action: str, payload: Json, timeout: float = 30) -> Json:
        """Send a CALL and return the payload of its CALLRESULT. Raises ``Refused``."""
        message_id = str(next(self._ids))
        self._calls[message_id] = reply = asyncio.get_running_loop().create_future()
        try:
            await self.send([2, message_id, action, payload])
            async with asyncio.timeout(timeout):
                frame = await reply
        finally:
            del self._calls[message_id]
        match frame:
            case [3, _, dict(answer)]:
                return answer
            case [4, _, str(code), str(description), dict()]:
                raise Refused(code, description)
        raise AssertionError(f"{self.id} asked {action} as {message_id} and received {frame}")

    async def send(self, frame: object) -> None:
        await self.websocket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self, timeout: float = 30) -> Any:
        """The next frame that neither answers a ``call`` nor was expected. Raises ``ConnectionClosed``."""
        async with asyncio.timeout(timeout):
            frame = await self._frames.get()
        if isinstance(frame, ConnectionClosed):
            self._frames.put_nowait(frame)
            raise frame
        return frame

    async def expect(self, action: str, timeout: float = 30, **fields: Any) -> Command:
        """The next command of that action whose payload has these ``fields``. Expect it before it is sent."""
        expected = _Expected(action, fields)
        self._expected.append(expected)
        try:
            async with asyncio.timeout(timeout):
                return await expected.found
        finally:
            self._expected.remove(expected)

    async def read(self) -> None:
        """Until the connection ends."""
        try:
            async for text in self.websocket:
                await self._take(json.loads(text))
            await self.websocket.recv()
        except ConnectionClosed as closed:
            self._frames.put_nowait(closed)
            for reply in self._calls.values():
                if not reply.done():
                    reply.set_exception(closed)

    async def _take(self, frame: Any) -> None:
        match frame:
            case [3 | 4, str(id), *_] if id in self._calls and not self._calls[id].done():
                self._calls[id].set_result(frame)
            case [2, str(id), str(action), dict(payload)]:
                await self._take_command(Command(self, id, action, payload), frame)
            case _:
                self._frames.put_nowait(frame)

    async def _take_command(self, command: Command, frame: Any) -> None:
        for expected in self._expected:
            if expected.takes(command.action, command.payload):
                expected.found.set_result(command)
                return
        answer = self.answers.get(command.action)
        if callable(answer):
            answer = answer(command.payload)
        if answer is None:
            answer = to_what_a_csms_asks_by_itself(command.action, command.payload)
        if answer is None:
            self._frames.put_nowait(frame)
        else:
            await command.answer(answer)

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
        connected = Station(id, websocket)
        reading = asyncio.create_task(connected.read())
        try:
            yield connected
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


@asynccontextmanager
async def booted_station(url: str, id: str, version: str = "2.0.1") -> AsyncIterator[Station]:
    async with station(url, id, version) as connected:
        answer = await connected.boot()
        assert answer["status"] == "Accepted", answer
        yield connected


__all__ = ["Command", "ConnectionClosed", "Refused", "Station", "booted_station", "station"]
