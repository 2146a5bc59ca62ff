"""An operator who sends commands by REST, and the gateway that gets them from the bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import msgspec

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import COMMAND_SENT, CommandSent
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.api import device_api
from services.device.app import router
from services.device.commands.scheduler import look_after
from services.device.connectivity.model import Connection
from services.device.onboarding.model import Onboarding
from services.device.registry.model import Station
from services.device.service import Device

from ..rest import client_of
from .bus import RecordingBus
from .station import NOW, StoppedClock, after


class Operator:
    """It is also the gateway: published commands wait in ``sent``, with their topic. And the user service, as
    far as it is asked about tokens: their statuses are in ``token_statuses``.
    """

    def __init__(self, device: Device, clock: StoppedClock) -> None:
        self.device = device
        self.clock = clock
        self.bus = cast(RecordingBus, device.bus)
        self.sent, self.topics_gone = self.bus.sent, self.bus.topics_gone
        self.token_statuses: dict[str, str | None] = {}
        self.questions: list[Message] = []
        self.bus.user_service = self._authorize

    @property
    def events(self) -> list[Message]:
        return self.bus.events

    async def connected(
        self, version: Version = Version.V201, id: str = "CS1", connection_id: str = "1", **fields: Any
    ) -> None:
        """A booted station that is connected."""
        station = Station(id=id, last_boot=NOW, accepted_at=NOW)
        await self.device.registry.stations.update(id, lambda _: station)
        known = Onboarding(station_id=id, inventory_firmware="")
        await self.device.onboardings.stations.update(id, lambda _: known)
        connection = Connection(
            station_id=id,
            connection_id=connection_id,
            gateway_id="g1",
            ocpp_version=version,
            connected=True,
            connected_at=self.clock(),
        )
        await self.device.connectivity.connections.update(id, lambda _: connection.model_copy(update=fields))

    async def away(self, id: str = "CS1") -> None:
        update = {"connected": False, "disconnected_at": self.clock()}
        await self.device.connectivity.connections.update(
            id, lambda known: (known or Connection(station_id=id)).model_copy(update=update)
        )

    async def post(self, action: str, payload: Any = None, id: str = "CS1", **options: Any) -> httpx.Response:
        """``options`` are query parameters, ``key`` the idempotency key. Does not wait unless asked to."""
        key = options.pop("key", None)
        return await self.http.post(
            f"/chargingstations/{id}/commands/{action}",
            content=payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode(),
            params={"wait": 0} | options,
            headers={"Idempotency-Key": key} if key else {},
        )

    async def command(self, id: str) -> Any:
        answer = await self.http.get(f"/commands/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def next(self) -> Message:
        """The next command that reached the gateway."""
        async with asyncio.timeout(3):
            return (await self.sent.get())[1]

    async def answer(self, command: Message, payload: dict[str, Any]) -> None:
        await self.reply(
            msgspec.structs.replace(command, kind=Kind.RESULT, data=json.dumps(payload).encode(), reply_to="")
        )

    async def refuse(self, command: Message, code: ErrorCode, description: str, **details: Any) -> None:
        await self.reply(command.error(CallError(code, description, details), rfc3339(self.clock())))

    async def says_sent(self, command: Message, answer_timeout: float = 30) -> None:
        """The gateway publishes that the command is on the wire."""
        sent = CommandSent(
            id=command.message_id, sent_at=rfc3339(self.clock()), answer_timeout=answer_timeout
        )
        await self.reply(
            msgspec.structs.replace(
                command, kind=Kind.EVENT, action=COMMAND_SENT.name, data=encode(sent), reply_to=""
            )
        )

    async def reply(self, answer: Message) -> None:
        await router.handle(answer, self.bus, self.device, self.clock)

    async def _authorize(self, question: Message) -> None:
        """A token is Accepted unless another status is set. With None, nothing is answered."""
        self.questions.append(question)
        asked = json.loads(question.data)
        status = self.token_statuses.get(asked.get("idTag") or asked["idToken"]["idToken"], "Accepted")
        if status is not None:
            data = {"idTagInfo" if "idTag" in asked else "idTokenInfo": {"status": status}}
            answer = msgspec.structs.replace(question, kind=Kind.RESULT, data=json.dumps(data).encode())
            await self.device.token_check.receive(answer)

    async def look_after(self, seconds: float) -> None:
        """What every replica does when it is woken, so many seconds after the beginning of the test."""
        self.clock.at = after(seconds)
        await self.device.onboardings.follow_up()
        await look_after(self.device.commands)


@asynccontextmanager
async def operating(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    operator = Operator(device, clock)
    async with client_of(device_api, operator.device) as operator.http:
        yield operator
