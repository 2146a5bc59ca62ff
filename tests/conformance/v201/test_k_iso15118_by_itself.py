"""K Smart charging: schedules that the CSMS negotiates with the vehicle by itself, by ISO 15118 (K15, K16).

No operator stands behind it: the profile follows from what the vehicle and the EVSE can do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.e2e.system import System, embedded_system

from ..case import case
from ..operator import Operator
from .profiles import has_profiles, schedule
from .test_k_iso15118 import NEEDS, Negotiation
from .visit import ACCEPTED, Json, now


@pytest.fixture(scope="module")
async def csms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    async with embedded_system(tmp_path_factory.mktemp("computed")) as started:
        yield started


class Unattended(Negotiation):
    """The CSMS offers profiles by itself."""

    async def takes_an_offer(self) -> Json:
        """The CSMS sends a profile for the transaction, which the station accepts."""
        command = await self.operator.station.expect("SetChargingProfile")
        await command.answer(ACCEPTED)
        offered: Json = command.payload["chargingProfile"]
        assert (offered["chargingProfilePurpose"], offered["transactionId"]) == (
            "TxProfile",
            self.visit.transaction_id,
        )
        [period] = offered["chargingSchedule"][0]["chargingSchedulePeriod"]
        assert (period["limit"], period["numberPhases"]) == (32, 3)
        await has_profiles(self.operator, (1, offered))
        return offered

    async def begin(self) -> None:
        await self.plug_in()
        expected = asyncio.create_task(self.takes_an_offer())
        await self.needs()
        await expected

    async def shown(self) -> Json:
        [known] = await self.operator.listed("evchargingneeds")
        assert known["chargingNeeds"] == NEEDS
        return known


@case("TC_K_53_CSMS")
async def test_a_vehicle_is_offered_what_it_can_take(operator: Operator, tag: str) -> None:
    negotiation = Unattended(operator, tag)
    await negotiation.begin()

    assert await negotiation.choose(16) == {"status": "Accepted"}
    await negotiation.visit.charge()

    known = await negotiation.shown()
    assert (known["offerStatus"], known["scheduleStatus"]) == ("Accepted", "Accepted")
    assert await negotiation.sent() == [32]


@case("TC_K_55_CSMS")
async def test_a_vehicle_that_wants_more_than_it_is_offered_is_offered_it_again(
    operator: Operator, tag: str
) -> None:
    negotiation = Unattended(operator, tag)
    await negotiation.begin()

    expected = asyncio.create_task(negotiation.takes_an_offer())
    too_much = {"timeBase": now(), "evseId": 1, "chargingSchedule": schedule(40)}
    answer = await operator.station.call("NotifyEVChargingSchedule", too_much)
    assert answer["status"] == "Rejected"
    assert (await negotiation.shown())["scheduleStatus"] == "Rejected"
    await expected

    assert await negotiation.choose(32) == {"status": "Accepted"}
    assert await negotiation.sent() == [32, 32]
