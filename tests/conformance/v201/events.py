"""The tester's station of OCPP 2.x in a transaction: it tells one TransactionEvent after the other."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import uuid4

from tests.e2e.sessions import at
from tests.e2e.station import Station
from tests.e2e.system import System

Json = dict[str, Any]
CONTEXTS = {"Started": "Transaction.Begin", "Updated": "Sample.Periodic", "Ended": "Transaction.End"}


class Event(NamedTuple):
    """A TransactionEvent. ``wh`` is what the meter shows then; ``more`` are other fields of the request."""

    type: str
    trigger: str
    state: str | None = None
    presents_token: bool = False
    wh: int | None = None
    reason: str | None = None
    more: Json = {}


CHARGES = Event("Updated", "ChargingStateChanged", "Charging", wh=1_000)
"""The energy begins to flow."""


class Charging:
    """One transaction. Its first event is told at 10:00, the next a minute later, and so on."""

    def __init__(self, station: Station, id_token: str, evse_id: int = 1) -> None:
        self.station = station
        self.id_token = id_token
        self.evse_id = evse_id
        self.transaction_id = str(uuid4())
        self._numbers = count()

    async def authorize(self, id_token: str | None = None) -> Json:
        """The idTokenInfo that the CSMS answers."""
        token = {"idToken": id_token or self.id_token, "type": "ISO14443"}
        answer = await self.station.call("Authorize", {"idToken": token})
        assert answer.keys() == {"idTokenInfo"}
        return dict(answer["idTokenInfo"])

    async def connector(self, status: str) -> None:
        await report_status(self.station, status, self.evse_id)

    async def tell(self, event: Event, id_token: str | None = None) -> Json:
        """The answer of the CSMS. ``id_token`` is presented if it is not that of the driver."""
        number = next(self._numbers)
        info = {"chargingState": event.state, "stoppedReason": event.reason}
        reported = {
            "eventType": event.type,
            "timestamp": at(number),
            "triggerReason": event.trigger,
            "seqNo": number,
            "transactionInfo": {"transactionId": self.transaction_id}
            | {name: value for name, value in info.items() if value},
        } | event.more
        if number == 0:
            reported["evse"] = {"id": self.evse_id, "connectorId": 1}
        if event.presents_token:
            reported["idToken"] = {"idToken": id_token or self.id_token, "type": "ISO14443"}
        if event.wh is not None:
            sample = {"value": event.wh, "context": CONTEXTS[event.type]}
            reported["meterValue"] = [{"timestamp": at(number), "sampledValue": [sample]}]
        return await self.station.call("TransactionEvent", reported)

    async def tells(self, *events: Event) -> None:
        """The CSMS answers each as it should: about the token where one is presented, else nothing."""
        for event in events:
            answer = await self.tell(event)
            assert answer == ({"idTokenInfo": {"status": "Accepted"}} if event.presents_token else {})

    async def begin(self) -> None:
        """Charging, from 1 kWh on the meter."""
        assert await self.authorize() == {"status": "Accepted"}
        await self.connector("Occupied")
        await self.tells(Event("Started", "Authorized", "Charging", presents_token=True, wh=1_000))

    async def end(self, trigger: str, reason: str, state: str = "EVConnected") -> None:
        """At 5 kWh on the meter."""
        await self.tells(Event("Ended", trigger, state, wh=5_000, reason=reason))

    async def known(self, system: System) -> Json:
        """The transaction as the CSMS shows it."""
        id = quote(f"{self.station.id}:{self.transaction_id}", safe="")
        return dict(await system.get(f"{system.transaction}/transactions/{id}"))

    async def assert_charged(self, system: System, reason: str) -> None:
        """The CSMS knows that it took 4 kWh and ended, and for whom."""
        known = await self.known(system)
        expected = {
            "active": False,
            "stoppedReason": reason,
            "energyWh": 4_000,
            "idToken": self.id_token,
            "evseId": self.evse_id,
            "missingSeqNos": [],
            "warnings": [],
        }
        assert {name: known.get(name) for name in expected} == expected


async def report_status(station: Station, status: str, evse_id: int = 1) -> None:
    report = {"timestamp": at(0), "connectorStatus": status, "evseId": evse_id, "connectorId": 1}
    assert await station.call("StatusNotification", report) == {}
