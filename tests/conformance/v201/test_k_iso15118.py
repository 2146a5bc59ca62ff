"""K Smart charging: schedules that are negotiated with the vehicle, by ISO 15118 (K15 to K17).

The tester's operator stands for the energy management system: the profile comes from a command.
"""

from __future__ import annotations

from ..case import case
from ..operator import Operator
from .profiles import has_profiles, relative, schedule, set_profile
from .visit import Json, Visit, now

NEEDS = {
    "evseId": 1,
    "maxScheduleTuples": 3,
    "chargingNeeds": {
        "requestedEnergyTransfer": "AC_three_phase",
        "acChargingParameters": {
            "energyAmount": 20_000,
            "evMinCurrent": 6,
            "evMaxCurrent": 32,
            "evMaxVoltage": 400,
        },
    },
}


class Negotiation:
    """A vehicle that is plugged in, and the station that speaks for it."""

    def __init__(self, operator: Operator, tag: str) -> None:
        self.operator = operator
        self.visit = Visit(operator, tag)

    async def plug_in(self) -> None:
        await self.visit.authorize()
        await self.visit.plug_in()

    async def needs(self) -> None:
        """Accepted promises a profile now, Processing one within a minute."""
        answer = await self.operator.station.call("NotifyEVChargingNeeds", NEEDS)
        assert answer["status"] in ("Accepted", "Processing"), answer
        notices = await self.operator.listed("messages?action=NotifyEVChargingNeeds")
        assert notices[0]["payload"] == NEEDS

    async def offer(self, limit: float) -> None:
        """The CSMS sends a profile for the transaction, in place of the one before."""
        offered = relative(15, limit, transactionId=self.visit.transaction_id)
        await set_profile(self.operator, 1, offered)
        await has_profiles(self.operator, (1, offered))

    async def choose(self, limit: float) -> Json:
        """The vehicle has made its own schedule of what was offered."""
        payload = {"timeBase": now(), "evseId": 1, "chargingSchedule": schedule(limit)}
        return await self.operator.station.call("NotifyEVChargingSchedule", payload)

    async def agree(self, limit: float) -> None:
        await self.offer(limit)
        assert await self.choose(limit) == {"status": "Accepted"}

    async def charge(self, limit: float) -> None:
        """ISO15118SmartCharging, from the beginning."""
        await self.plug_in()
        await self.needs()
        await self.agree(limit)
        await self.visit.charge()

    async def sent(self) -> list[float]:
        """The limits of all profiles that the CSMS has sent, the newest first."""
        commands = await self.operator.listed("commands?action=SetChargingProfile")
        profiles = [one["payload"]["chargingProfile"] for one in commands]
        return [one["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] for one in profiles]


@case("TC_K_53_CSMS")
async def test_a_vehicle_says_what_it_needs(operator: Operator, tag: str) -> None:
    """And once they have agreed, the CSMS does not begin again."""
    negotiation = Negotiation(operator, tag)

    await negotiation.charge(16)

    known = await negotiation.visit.known()
    assert (known["active"], known["chargingState"]) == (True, "Charging")
    assert await negotiation.sent() == [16]


@case("TC_K_55_CSMS")
async def test_a_vehicle_wants_more_than_it_is_offered(operator: Operator, tag: str) -> None:
    negotiation = Negotiation(operator, tag)
    await negotiation.plug_in()
    await negotiation.needs()
    await negotiation.offer(16)

    assert (await negotiation.choose(32))["status"] == "Rejected"
    await negotiation.visit.charge()

    await negotiation.agree(10)
    assert await negotiation.sent() == [10, 16]


@case("TC_K_57_CSMS")
async def test_a_vehicle_needs_something_else(operator: Operator, tag: str) -> None:
    negotiation = Negotiation(operator, tag)
    await negotiation.charge(16)

    await negotiation.needs()
    await negotiation.agree(20)

    assert await negotiation.sent() == [20, 16]


@case("TC_K_58_CSMS")
async def test_the_csms_offers_something_else(operator: Operator, tag: str) -> None:
    negotiation = Negotiation(operator, tag)
    await negotiation.charge(16)

    await negotiation.agree(10)

    assert await negotiation.sent() == [10, 16]


@case("TC_K_59_CSMS")
async def test_the_csms_offers_something_else_and_the_vehicle_says_again_what_it_needs(
    operator: Operator, tag: str
) -> None:
    negotiation = Negotiation(operator, tag)
    await negotiation.charge(16)
    await negotiation.offer(10)

    await negotiation.needs()
    await negotiation.agree(12)

    assert await negotiation.sent() == [12, 10, 16]
