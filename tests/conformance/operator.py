"""The tester's operator: asks the CSMS by REST to do what a test case wants done, and reads what it knows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.station import Command, Station
from tests.e2e.system import System

Json = dict[str, Any]


@dataclass
class Asked:
    """What the operator asked by REST, and the command that the station got for it."""

    command: Command
    posting: asyncio.Task[httpx.Response]

    async def outcome(self) -> Any:
        """What the REST API answers at last; it is a success."""
        answer = await self.posting
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class Operator:
    system: System
    station: Station

    async def ask(self, action: str, payload: Json) -> Asked:
        """Have a command sent as it is in OCPP. Returns when the station has got it, that very payload."""
        posting = asyncio.create_task(self._post(f"commands/{action}", payload))
        command = await self._received(posting, action, payload)
        assert command.payload == payload
        return Asked(command, posting)

    async def tell(self, action: str, payload: Json, response: Json) -> Json:
        """Have a command sent, let the station answer so, and return the command as the CSMS journals it."""
        asked = await self.ask(action, payload)
        await asked.command.answer(response)
        outcome: Json = await asked.outcome()
        assert (outcome["status"], outcome["response"]) == ("answered", response)
        return outcome

    async def remote(self, operation: str, body: Json, action: str, **fields: Any) -> Asked:
        """Have an operation done, in words of no version. Returns when the station has got that command."""
        posting = asyncio.create_task(self._post(f"remote/{operation}", body))
        return Asked(await self._received(posting, action, fields), posting)

    async def refused(self, action: str, payload: Json) -> httpx.Response:
        """What the REST API answers to a command that it does not send."""
        answer = await self._post(f"commands/{action}", payload)
        assert answer.status_code >= 400, answer.text
        return answer

    async def listed(self, path: str, service: str = "device") -> list[Any]:
        """The first page of what a service knows of the station, such as ``variables``."""
        page = await self.system.get(
            f"{getattr(self.system, service)}/chargingstations/{self.station.id}/{path}"
        )
        return list(page["items"])

    async def _post(self, path: str, body: Json) -> httpx.Response:
        url = f"{self.system.device}/chargingstations/{self.station.id}/{path}"
        return await self.system.http.post(url, json=body, timeout=60)

    async def _received(self, posting: asyncio.Task[httpx.Response], action: str, fields: Json) -> Command:
        expecting = asyncio.create_task(self.station.expect(action, **fields))
        await asyncio.wait([posting, expecting], return_when=asyncio.FIRST_COMPLETED)
        if not expecting.done():
            expecting.cancel()
            raise AssertionError(f"{action} was not sent: {posting.result().text}")
        return expecting.result()
