"""Block I of OCPP 2.0.1: the running cost of a transaction, which the operator has worked out (I02)."""

from __future__ import annotations

from tests.e2e.sessions import Session2
from tests.e2e.station import Station

from ..case import case
from ..operator import Operator


@case("TC_I_01_CSMS")
async def test_the_running_cost_is_sent_to_a_station_that_charges(
    station: Station, operator: Operator, tag: str, name: str
) -> None:
    charging = Session2(station, f"TX-{name}", tag)
    await charging.start()
    for total_cost in (0.5, 1.25):
        cost = {"totalCost": total_cost, "transactionId": charging.transaction_id}
        command = await operator.tell("CostUpdated", cost, {})
        assert command["payload"] == cost
    assert await charging.stop() == {}
