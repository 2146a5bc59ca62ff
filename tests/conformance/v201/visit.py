"""A driver's visit to a station of OCPP 2.0.1, in the steps that the tester calls reusable states."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from libs.csms.clock import rfc3339, utc_now
from tests.e2e.station import Station

from ..operator import Operator

Json = dict[str, Any]
Notify = Callable[..., Awaitable[None]]
Found = TypeVar("Found")

ACCEPTED: Json = {"status": "Accepted"}
AVAILABILITY = {"name": "AvailabilityState"}


def now(seconds: float = 0) -> str:
    """The time so many seconds from now."""
    return rfc3339(utc_now() + timedelta(seconds=seconds))


async def until(look: Callable[[], Awaitable[Found]]) -> Found:
    """What is found, once something is: for what the CSMS does after it has answered."""
    async with asyncio.timeout(5):
        while not (found := await look()):
            await asyncio.sleep(0.05)
        return found


async def notify_status(station: Station, status: str, evse_id: int = 1, connector_id: int = 1) -> None:
    """A station tells the state of a connector by StatusNotification ..."""
    payload = {
        "timestamp": now(),
        "connectorStatus": status,
        "evseId": evse_id,
        "connectorId": connector_id,
    }
    assert await station.call("StatusNotification", payload) == {}


async def notify_availability(station: Station, status: str, evse_id: int = 1, connector_id: int = 1) -> None:
    """... or by NotifyEvent, as it likes."""
    connector = {"name": "Connector", "evse": {"id": evse_id, "connectorId": connector_id}}
    await notify_event(station, status, component=connector, variable=AVAILABILITY)


async def notify_event(station: Station, value: str, trigger: str = "Delta", **about: Any) -> None:
    event = {
        "eventId": 1,
        "timestamp": now(),
        "trigger": trigger,
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
    }
    payload = {"generatedAt": now(), "seqNo": 0, "eventData": [event | about]}
    assert await station.call("NotifyEvent", payload) == {}


async def statuses(operator: Operator) -> dict[tuple[int, int], str]:
    """The connectors of the station as the CSMS shows them, by EVSE and connector."""
    known = await operator.system.status(operator.station.id)
    return {(one["evseId"], one["connectorId"]): one["status"] for one in known["connectors"]}


def meter_value(wh: float, context: str, seconds: float = 0, **more: Any) -> Json:
    """An energy register, measured so many seconds from now."""
    return {"timestamp": now(seconds), "sampledValue": [{"value": wh, "context": context} | more]}


class Visit:
    """One transaction, the messages of which are numbered as they are sent."""

    def __init__(self, operator: Operator, id_token: str, evse_id: int = 1) -> None:
        self.operator = operator
        self.station = operator.station
        self.transaction_id = str(uuid4())
        self.id_token = {"idToken": id_token, "type": "ISO14443"}
        self.evse = {"id": evse_id, "connectorId": 1}
        self._seq_nos = count()

    async def event(self, trigger: str, type_: str = "", info: Json | None = None, **more: Any) -> Json:
        """A TransactionEvent: the first is Started, others are Updated unless ``type_`` says otherwise."""
        seq_no = next(self._seq_nos)
        payload = {
            "eventType": type_ or ("Updated" if seq_no else "Started"),
            "timestamp": now(),
            "triggerReason": trigger,
            "seqNo": seq_no,
            "transactionInfo": {"transactionId": self.transaction_id} | (info or {}),
        }
        return await self.station.call("TransactionEvent", payload | more)

    async def authorize(self) -> None:
        """Authorized."""
        answer = await self.station.call("Authorize", {"idToken": self.id_token})
        assert answer["idTokenInfo"]["status"] == "Accepted"
        answer = await self.event("Authorized", idToken=self.id_token)
        assert answer["idTokenInfo"]["status"] == "Accepted"

    async def plug_in(self, **more: Any) -> None:
        """EVConnectedPreSession."""
        await notify_status(self.station, "Occupied", self.evse["id"])
        info = {"chargingState": "EVConnected"}
        assert await self.event("CablePluggedIn", info=info, evse=self.evse, **more) == {}

    async def charge(self) -> None:
        """The last step to EnergyTransferStarted."""
        assert await self.event("ChargingStateChanged", info={"chargingState": "Charging"}) == {}

    async def begin(self) -> None:
        """EnergyTransferStarted, from the beginning."""
        await self.authorize()
        await self.plug_in()
        await self.charge()

    async def stop(self) -> None:
        """StopAuthorized and EVConnectedPostSession."""
        answer = await self.event("StopAuthorized", idToken=self.id_token)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        assert await self.event("ChargingStateChanged", info={"chargingState": "EVConnected"}) == {}

    async def leave(self, **more: Any) -> None:
        """EVDisconnected."""
        await notify_status(self.station, "Available", self.evse["id"])
        info = {"chargingState": "Idle", "stoppedReason": "EVDisconnected"}
        assert await self.event("EVCommunicationLost", "Ended", info, **more) == {}

    async def known(self) -> Json:
        """The transaction as the CSMS shows it. Nothing about it may look wrong to the CSMS."""
        found = await self.operator.system.transactions(self.station.id)
        [transaction] = [one for one in found if one["transactionId"] == self.transaction_id]
        assert (transaction["warnings"], transaction["missingSeqNos"]) == ([], [])
        return dict(transaction)

    async def meter_values(self) -> list[Any]:
        return await self.operator.system.meter_values((await self.known())["id"])
