from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.catalogue import ACTIONS
from services.device.smart_charging.computed_profile import (
    EvseLimits,
    Limit,
    computed_id,
    computed_profile,
    limit_for,
)
from services.device.smart_charging.rules import violations

from .profiles import V21, V201, Json, set2

AC: Json = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400}
DC: Json = {"evMaxCurrent": 200, "evMaxVoltage": 400}
W, A = frozenset({"W"}), frozenset({"A"})


def needs(transfer: str, **parameters: Any) -> ocpp2.ChargingNeedsType:
    payload = {"requestedEnergyTransfer": transfer} | parameters
    return msgspec.json.decode(msgspec.json.encode(payload), type=ocpp2.ChargingNeedsType)


def ac(transfer: str = "AC_three_phase", **changes: Any) -> ocpp2.ChargingNeedsType:
    return needs(transfer, acChargingParameters=AC | changes)


def dc(**changes: Any) -> ocpp2.ChargingNeedsType:
    return needs("DC", dcChargingParameters=DC | changes)


def v2x(transfer: str, **parameters: Any) -> ocpp2.ChargingNeedsType:
    return needs(transfer, v2xChargingParameters=parameters)


def evse(power: float | None = None, current: float | None = None, **more: Any) -> EvseLimits:
    def known(value: float | None) -> Decimal | None:
        return None if value is None else Decimal(str(value))

    return EvseLimits(known(power), known(current), **more)


@pytest.mark.parametrize(
    ("stated", "of_evse", "expected"),
    [
        (ac(), evse(), ("32.0", "A", 3)),
        (ac(), evse(current=16), ("16.0", "A", 3)),
        (ac(), evse(power=11_000), ("15.9", "A", 3)),
        (ac(), evse(power=22_080, current=40), ("32.0", "A", 3)),
        (ac("AC_single_phase"), evse(power=3_680), ("16.0", "A", 1)),
        (ac("AC_two_phase"), evse(power=7_360), ("16.0", "A", 2)),
        (ac(), evse(power=3_680, phases=1), ("16.0", "A", 1)),
        (ac(), evse(units=W), ("22080.0", "W", 3)),
        (ac(evMaxCurrent=13.87), evse(), ("13.8", "A", 3)),
        (needs("AC_three_phase"), evse(current=16), ("11040.0", "W", 3)),
        (dc(), evse(), ("80000.0", "W", None)),
        (dc(evMaxPower=50_000), evse(), ("50000.0", "W", None)),
        (dc(evMaxPower=90_000), evse(power=60_000), ("60000.0", "W", None)),
        (dc(), evse(current=100), ("40000.0", "W", None)),
        (dc(evMaxPower=50_000), evse(units=A), ("125.0", "A", None)),
        (needs("DC"), evse(power=60_000), ("60000.0", "W", None)),
        (v2x("AC_BPT", maxChargePower=5_000), evse(), ("5000.0", "W", 3)),
        (
            v2x("AC_BPT", maxChargePower=2_000, maxChargePower_L2=1_500, maxChargePower_L3=1_000),
            evse(),
            ("4500.0", "W", 3),
        ),
        (v2x("DC_BPT", maxChargeCurrent=100, maxVoltage=400), evse(), ("40000.0", "W", None)),
    ],
)
def test_the_limit_is_the_lowest_that_the_vehicle_or_the_evse_has_stated(
    stated: ocpp2.ChargingNeedsType, of_evse: EvseLimits, expected: tuple[str, str, int | None]
) -> None:
    limit = limit_for(stated, of_evse)

    assert limit is not None
    assert (str(limit.value), limit.unit, limit.phases) == expected


@pytest.mark.parametrize(
    ("stated", "of_evse"),
    [
        (needs("DC"), evse()),
        (needs("AC_three_phase"), evse()),
        (ac(evMaxCurrent=0), evse(power=11_000)),
        (ac(evMaxCurrent=-5), evse()),
        (ac(evMaxCurrent=10**10), evse()),
        (needs("AC_three_phase"), evse(current=10**27)),
        (ac(evMinCurrent=10), evse(current=6)),
        (ac(evMaxCurrent=0.01), evse()),
        (needs("DC", dcChargingParameters={"evMaxCurrent": 100, "evMaxVoltage": 0}), evse()),
        (needs("DC", dcChargingParameters={"evMaxCurrent": -1, "evMaxVoltage": -1}), evse()),
        (v2x("DC_BPT"), evse()),
    ],
)
def test_without_a_limit_that_the_vehicle_can_charge_with_there_is_none(
    stated: ocpp2.ChargingNeedsType, of_evse: EvseLimits
) -> None:
    assert limit_for(stated, of_evse) is None


numbers = st.one_of(
    st.none(),
    st.integers(-(10**12), 10**12).map(Decimal),
    st.decimals(allow_nan=False, allow_infinity=False),
)
limits = st.builds(
    EvseLimits,
    power=numbers,
    current=numbers,
    phases=st.sampled_from([None, 1, 2, 3]),
    units=st.sampled_from([A, W, A | W]),
)
vehicles = st.builds(
    ocpp2.ChargingNeedsType,
    requested_energy_transfer=st.sampled_from(["DC", "AC_single_phase", "AC_three_phase", "DC_BPT"]),
    ac_charging_parameters=st.none()
    | st.builds(
        ocpp2.ACChargingParametersType,
        *[numbers.map(lambda one: one or Decimal(0))] * 4,
        custom_data=st.none(),
    ),
    dc_charging_parameters=st.none()
    | st.builds(
        ocpp2.DCChargingParametersType,
        ev_max_current=numbers.map(lambda one: one or Decimal(0)),
        ev_max_voltage=numbers.map(lambda one: one or Decimal(0)),
        ev_max_power=numbers,
        custom_data=st.none(),
        energy_amount=st.none(),
        state_of_charge=st.none(),
        ev_energy_capacity=st.none(),
        full_soc=st.none(),
        bulk_soc=st.none(),
    ),
    v2x_charging_parameters=st.none()
    | st.builds(
        ocpp2.V2XChargingParametersType,
        max_charge_power=numbers,
        max_charge_current=numbers,
        max_voltage=numbers,
    ),
    custom_data=st.none(),
    departure_time=st.none(),
    der_charging_parameters=st.none(),
    ev_energy_offer=st.none(),
    available_energy_transfer=st.none(),
    control_mode=st.none(),
    mobility_needs_mode=st.none(),
)


def test_a_vehicle_of_no_volts_has_no_voltage() -> None:
    """Its EVSE is limited in watts, and takes limits in amperes."""
    dc = ocpp2.DCChargingParametersType(ev_max_current=Decimal(9), ev_max_voltage=Decimal("9E-27"))
    stated = ocpp2.ChargingNeedsType("DC", dc_charging_parameters=dc)

    limit = limit_for(stated, EvseLimits(power=Decimal(9), units=frozenset({"A"})))

    assert limit is not None and limit.value == 9


@given(vehicles, limits)
def test_whatever_numbers_are_stated_the_profile_is_right_by_the_schema_and_the_rules(
    stated: ocpp2.ChargingNeedsType, of_evse: EvseLimits
) -> None:
    limit = limit_for(stated, of_evse)

    if limit is None:
        return
    assert limit.value > 0
    assert limit.unit in of_evse.units
    payload = set2(1, msgspec.json.decode(encode(computed_profile(1, limit, "tx-1"))))
    for version in (V201, V21):
        ACTIONS[version]["SetChargingProfile"].request_validator.check(payload)
        assert violations(version, "SetChargingProfile", payload) == []


def variable(component: str, name: str, evse_id: int | None = 1, **more: Any) -> Json:
    place = {} if evse_id is None else {"evse": {"id": evse_id}}
    value = more.pop("value", None)
    attributes = [{"type": "Actual"} | ({} if value is None else {"value": value})]
    known = {"component": {"name": component} | place, "variable": {"name": name}, "attributes": attributes}
    return known | ({"characteristics": more} if more else {})


def test_limits_are_read_from_what_the_station_has_reported_of_the_evse() -> None:
    reported = [
        variable("EVSE", "Power", maxLimit=22.0, unit="kW", value="0"),
        variable("EVSE", "Power", 2, maxLimit=50.0, unit="kW"),
        variable("EVSE", "SupplyPhases", value="1"),
        variable("Connector", "ACCurrent", maxLimit=32.0, unit="A"),
        variable("Connector", "Current", maxLimit=40.0),
        variable("Connector", "Power", maxLimit=9.0, unit="horses"),
        variable("EVSE", "Temperature", maxLimit=1.0),
    ]
    controller = [variable("SmartChargingCtrlr", "RateUnit", None, value="A, W")]

    assert EvseLimits.reported(1, reported, controller) == EvseLimits(Decimal(22_000), Decimal(32), 1)
    assert EvseLimits.reported(3, reported, controller) == EvseLimits()
    only_watts = [variable("SmartChargingCtrlr", "RateUnit", None, value="W")]
    assert EvseLimits.reported(3, [], only_watts).units == W


@pytest.mark.parametrize("value", [None, "many", "", "-1", "4"])
def test_what_no_station_supplies_is_not_known(value: str | None) -> None:
    reported = [variable("EVSE", "SupplyPhases", value=value), variable("EVSE", "Power", maxLimit=-5)]
    controller = [variable("SmartChargingCtrlr", "RateUnit", None, value=value)]

    assert EvseLimits.reported(1, reported, controller) == EvseLimits()


def test_the_id_of_an_evse_is_its_own() -> None:
    reserved = [variable("SmartChargingCtrlr", "MaxExternalConstraintsId", None, value="2000000000")]

    assert computed_id(3, [], set()) == 1_000_000_003
    assert computed_id(3, [], {1_000_000_003, 1_000_001_003}) == 1_000_002_003
    assert computed_id(3, reserved, set()) == 2_000_000_003


def test_a_limit_is_exact_on_the_wire() -> None:
    profile = computed_profile(1, Limit(Decimal("13.8"), "A", 3), "tx-1")

    assert b'"limit":13.8,' in encode(profile)
