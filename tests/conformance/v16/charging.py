"""The tester's charge point of OCPP 1.6 at one of its connectors, and what the CSMS makes of what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tests.e2e.station import station

from ..operator import Operator

Json = dict[str, Any]
Read = TypeVar("Read")

ACCEPTED = {"status": "Accepted"}
METER_START_WH = 1_000
BOOT = {"chargePointVendor": "ACME", "chargePointModel": "M1"}


def now(seconds: float = 0) -> str:
    """Or so many seconds from now."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def eventually(read: Callable[[], Awaitable[Read]], wanted: Callable[[Read], object]) -> Read:
    """What is read as soon as it is what is wanted."""
    found: Read | None = None
    try:
        async with asyncio.timeout(10):
            while not wanted(found := await read()):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"it is still {found}") from None
    return found


@asynccontextmanager
async def reconnected(operator: Operator, **options: Any) -> AsyncIterator[Operator]:
    """The connection breaks, and the same station has another one."""
    operator.station.websocket.transport.abort()
    await operator.station.websocket.wait_closed()
    async with station(operator.system.gateways[0], operator.station.id, "1.6", **options) as again:
        yield Operator(operator.system, again)


@asynccontextmanager
async def rebooted(operator: Operator, firmware: str = "1.0", **options: Any) -> AsyncIterator[Operator]:
    """The same, with a BootNotification, which is accepted, and the state of both connectors."""
    async with reconnected(operator, **options) as again:
        answer = await again.station.call("BootNotification", {**BOOT, "firmwareVersion": firmware})
        assert answer["status"] == "Accepted"
        for connector in (0, 1):
            await Charging(again, "", connector).status("Available")
        yield again


@dataclass
class Charging:
    """What happens at a connector. Each step asserts what the CSMS answers, and shows of it by REST.

    ``transaction_id`` is known from its start on. With another ``operator`` it is the same session on another
    connection.
    """

    operator: Operator
    tag: str
    connector: int = 1
    transaction_id: int = 0

    async def authorize(self) -> Any:
        """The answer's idTagInfo."""
        answer = await self.operator.station.call("Authorize", {"idTag": self.tag})
        assert answer.keys() == {"idTagInfo"}
        return answer["idTagInfo"]

    async def status(self, *statuses: str, error_code: str = "NoError") -> None:
        """One after the other."""
        for status in statuses:
            payload = {"connectorId": self.connector, "errorCode": error_code, "status": status}
            assert (
                await self.operator.station.call("StatusNotification", payload | {"timestamp": now()}) == {}
            )
            shown = await self.shown()
            assert (shown["status"], shown["errorCode"]) == (status, error_code)

    async def shown(self) -> Json:
        """The connector, as the CSMS shows it."""
        status = await self.operator.system.status(self.operator.station.id)
        [connector] = [one for one in status["connectors"] if one["connectorId"] == self.connector]
        return dict(connector)

    async def start(self, at: str | None = None, **more: Any) -> Any:
        """The answer's idTagInfo. There is a transactionId, and a transaction, whatever it is."""
        payload = {"connectorId": self.connector, "idTag": self.tag, "meterStart": METER_START_WH}
        payload |= {"timestamp": at or now(), **more}
        answer = await self.operator.station.call("StartTransaction", payload)
        assert answer.keys() == {"idTagInfo", "transactionId"}
        self.transaction_id = answer["transactionId"]
        assert self.transaction_id > 0
        shown = await self.transaction()
        assert (shown["active"], shown["idToken"], shown["connectorId"]) == (True, self.tag, self.connector)
        assert moment(shown["startedAt"]) == moment(payload["timestamp"])
        return answer["idTagInfo"]

    async def meter(self, wh: int) -> None:
        """So much has been charged so far."""
        sample = {"value": str(METER_START_WH + wh), "unit": "Wh", "context": "Sample.Periodic"}
        payload = {
            "connectorId": self.connector,
            "transactionId": self.transaction_id,
            "meterValue": [{"timestamp": now(), "sampledValue": [sample]}],
        }
        assert await self.operator.station.call("MeterValues", payload) == {}
        assert (await self.transaction())["energyWh"] == wh

    async def stop(self, reason: str, wh: int, at: str | None = None, by: str | None = None) -> Json:
        """``by`` is the token that stopped it."""
        payload = {
            "transactionId": self.transaction_id,
            "meterStop": METER_START_WH + wh,
            "timestamp": at or now(),
            "reason": reason,
        }
        answer = await self.operator.station.call("StopTransaction", payload | ({"idTag": by} if by else {}))
        shown = await self.transaction()
        assert (shown["active"], shown["stoppedReason"], shown["energyWh"]) == (False, reason, wh)
        assert moment(shown["endedAt"]) == moment(payload["timestamp"])
        assert shown["warnings"] == []
        return answer

    async def charging(self) -> None:
        """From an available connector to the flow of energy."""
        await self.status("Preparing")
        assert await self.authorize() == ACCEPTED
        assert await self.start() == ACCEPTED
        await self.status("Charging")

    async def transaction(self) -> Any:
        """The only one that the CSMS knows of this station."""
        [shown] = await self.transactions()
        assert shown["transactionId"] == str(self.transaction_id)
        return shown

    async def transactions(self) -> list[Any]:
        return await self.operator.system.transactions(self.operator.station.id)
