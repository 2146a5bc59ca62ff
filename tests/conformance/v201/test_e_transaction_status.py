"""Block E: the operator asks a station of OCPP 2.0.1 how a transaction stands."""

from __future__ import annotations

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .events import Charging, Event

OFFLINE = {"offline": True}
PERIODIC = Event("Updated", "MeterValuePeriodic", "Charging", wh=3_000, more=OFFLINE)
ENDED = Event("Ended", "StopAuthorized", "EVConnected", wh=5_000, reason="Local", more=OFFLINE)


@case("TC_E_29_CSMS", "TC_E_30_CSMS")
@pytest.mark.parametrize("queue", [[PERIODIC], []], ids=["TC_E_29", "TC_E_30"])
async def test_a_transaction_goes_on(
    csms: System, station: Station, operator: Operator, tag: str, queue: list[Event]
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    response = {"ongoingIndicator": True, "messagesInQueue": bool(queue)}
    await operator.tell("GetTransactionStatus", {"transactionId": charging.transaction_id}, response)
    await charging.tells(*queue)

    known = await charging.known(csms)
    assert (known["active"], known["energyWh"]) == (True, 2_000 if queue else 0)
    assert (known["offline"], known["missingSeqNos"], known["warnings"]) == (bool(queue), [], [])


@case("TC_E_31_CSMS")
async def test_a_transaction_has_ended_and_the_station_has_yet_to_tell(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    response = {"ongoingIndicator": False, "messagesInQueue": True}
    await operator.tell("GetTransactionStatus", {"transactionId": charging.transaction_id}, response)
    await charging.tells(PERIODIC, ENDED)

    await charging.assert_charged(csms, reason="Local")


@case("TC_E_33_CSMS", "TC_E_34_CSMS")
@pytest.mark.parametrize("queue", [[PERIODIC, ENDED], []], ids=["TC_E_33", "TC_E_34"])
async def test_a_station_has_something_to_tell_of_any_transaction(
    csms: System, station: Station, operator: Operator, tag: str, queue: list[Event]
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await operator.tell("GetTransactionStatus", {}, {"messagesInQueue": bool(queue)})
    await charging.tells(*queue)

    if queue:
        await charging.assert_charged(csms, reason="Local")
    else:
        assert (await charging.known(csms))["active"] is True
