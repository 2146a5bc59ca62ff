"""The case of block K of OCPP 2.1 in which vehicles get no charging profile."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.system import System, embedded_system

from ..case import case
from ..operator import Operator
from ..v201.events import Charging
from .profiles import needs


@pytest.fixture(scope="module")
async def csms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("no-profile")
    async with embedded_system(folder, CSMS_EV_CHARGING_NEEDS="noChargingProfile") as started:
        yield started


@case("TC_K_126_CSMS")
async def test_a_vehicle_that_gets_no_profile_charges_without(operator: Operator, charging: Charging) -> None:
    power = {"maxChargePower": 5_000, "maxDischargePower": 5_000}
    assert await needs(operator, "AC_BPT", "DynamicControl", **power) == "NoChargingProfile"
    await charging.end("StopAuthorized", "Local")
    await charging.assert_charged(operator.system, "Local")
    assert await operator.listed("commands?action=SetChargingProfile") == []
