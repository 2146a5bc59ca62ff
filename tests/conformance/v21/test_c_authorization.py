"""Block C of OCPP 2.1, as far as it asks for no payment."""

from __future__ import annotations

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..v201.events import Charging, Event


@case("TC_C_104_CSMS")
async def test_a_prepaid_card_without_credit_may_not_charge(
    csms: System, station: Station, name: str
) -> None:
    await csms.token(f"PREPAID-{name}", status="NoCredit")
    charging = Charging(station, f"PREPAID-{name}")
    assert await charging.authorize() == {"status": "NoCredit"}
    started = await charging.tell(Event("Started", "Authorized", "EVConnected", presents_token=True))
    assert started == {"idTokenInfo": {"status": "NoCredit"}}
    assert (await charging.known(csms))["idTokenStatus"] == "NoCredit"
