from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version
from services.device.smart_charging.model import ProfileKey, profile_key
from services.device.smart_charging.rules import violations

from .operator import NOW
from .profiles import (
    NOON,
    V16,
    V21,
    V201,
    Json,
    periods2,
    profile2,
    profile16,
    schedule2,
    set2,
    set16,
    start2,
    start16,
)

SET, CLEAR = "SetChargingProfile", "ClearChargingProfile"
START16, START2 = "RemoteStartTransaction", "RequestStartTransaction"
TX, MAX16, MAX2 = "TxProfile", "ChargePointMaxProfile", "ChargingStationMaxProfile"
PRIORITY, LOCAL, EXTERNAL = "PriorityCharging", "LocalGeneration", "ChargingStationExternalConstraints"
LATER = "2026-11-20T13:00:00Z"

FIRST, SECOND = {"startPeriod": 0, "limit": 10}, {"startPeriod": 60, "limit": 5}
PERIOD = "chargingProfile.chargingSchedule.0.chargingSchedulePeriod"


def periods16(*periods: Json) -> Json:
    return {"chargingRateUnit": "A", "chargingSchedulePeriod": list(periods)}


def tx2(**changes: Any) -> Json:
    return profile2(1, TX, **changes)


def only(**period: Any) -> list[Json]:
    return periods2({"startPeriod": 0, **period})


GOOD: list[tuple[Version, str, Json]] = [
    (V16, SET, set16(0, profile16())),
    (V16, SET, set16(2, profile16())),
    (V16, SET, set16(0, profile16(1, MAX16))),
    (V16, SET, set16(1, profile16(1, TX))),
    (V16, SET, set16(1, profile16(1, TX, transactionId=7))),
    (V16, SET, set16(1, profile16(chargingSchedule=periods16(FIRST, SECOND)))),
    (V16, SET, set16(1, profile16(chargingProfileKind="Recurring", recurrencyKind="Daily"))),
    (V16, SET, set16(1, profile16(chargingProfileKind="Relative"))),
    (V16, SET, set16(1, profile16(validFrom=NOON, validTo=LATER))),
    (V16, CLEAR, {}),
    (V16, CLEAR, {"connectorId": 0}),
    (V16, START16, start16(profile16(1, TX))),
    (V201, SET, set2(0, profile2())),
    (V201, SET, set2(1, profile2(validFrom=NOON, validTo=LATER))),
    (V201, SET, set2(0, profile2(1, MAX2))),
    (V201, SET, set2(1, tx2())),
    (
        V201,
        SET,
        set2(1, tx2(chargingProfileKind="Relative", chargingSchedule=[schedule2(startSchedule=None)])),
    ),
    (V201, SET, set2(1, tx2(chargingSchedule=[schedule2(), schedule2(id=2), schedule2(id=3)]))),
    (V201, SET, set2(1, profile2(chargingProfileKind="Recurring", recurrencyKind="Weekly"))),
    (V201, SET, set2(1, profile2(chargingSchedule=periods2(FIRST, SECOND)))),
    (V201, SET, set2(1, profile2(chargingSchedule=only(limit=6, numberPhases=1, phaseToUse=2)))),
    (V201, CLEAR, {"chargingProfileId": 7}),
    (V201, CLEAR, {"chargingProfileCriteria": {"evseId": 0}}),
    (V201, START2, start2(profile2(1, TX, transactionId=None))),
    (V201, START2, start2(profile2(1, TX, transactionId=None), evseId=1)),
    (V21, SET, set2(1, tx2(chargingSchedule=only(operationMode="CentralSetpoint", setpoint=-5000)))),
    (V21, SET, set2(1, tx2(chargingSchedule=only(operationMode="ExternalLimits")))),
    (V21, SET, set2(1, tx2(chargingSchedule=only(limit=5, limit_L2=4, limit_L3=3)))),
    (V21, SET, set2(1, tx2(chargingSchedule=only(operationMode="CentralSetpoint", dischargeLimit=-7)))),
    (V21, SET, set2(1, profile2(chargingProfileKind="Dynamic", dynUpdateInterval=60))),
    (
        V21,
        SET,
        set2(1, profile2(chargingProfileKind="Dynamic", chargingSchedule=[schedule2(startSchedule=None)])),
    ),
    (V21, SET, set2(1, profile2(1, PRIORITY))),
    (V21, SET, set2(0, profile2(1, PRIORITY, maxOfflineDuration=60, invalidAfterOfflineDuration=True))),
    (V21, SET, set2(0, profile2(1, LOCAL, chargingSchedule=only(operationMode="ExternalLimits")))),
    (V21, SET, set2(1, profile2(chargingSchedule=[schedule2(randomizedDelay=30, useLocalTime=True)]))),
    (V21, SET, set2(1, tx2(chargingSchedule=[schedule2(limitAtSoC={"soc": 80, "limit": 3000})]))),
]

BAD: list[tuple[Version, str, Json, str, str]] = [
    (V16, SET, set16(1, profile16(1, MAX16)), "connectorId", "§3.13.1"),
    (V16, SET, set16(0, profile16(1, TX)), "connectorId", "§3.13.1"),
    (V16, SET, set16(-1, profile16()), "connectorId", "negative"),
    (
        V16,
        SET,
        set16(1, profile16(transactionId=7)),
        "csChargingProfiles.transactionId",
        "only for a TxProfile",
    ),
    (V16, SET, set16(1, profile16(stackLevel=-1)), "csChargingProfiles.stackLevel", "begins at 0"),
    (
        V16,
        SET,
        set16(1, profile16(chargingProfileKind="Recurring")),
        "csChargingProfiles.recurrencyKind",
        "Recurring",
    ),
    (
        V16,
        SET,
        set16(1, profile16(chargingSchedule=periods16(SECOND))),
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.0.startPeriod",
        "§5.16.4",
    ),
    (
        V16,
        SET,
        set16(1, profile16(chargingSchedule=periods16(FIRST, SECOND, SECOND))),
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod.2.startPeriod",
        "after the one before",
    ),
    (
        V16,
        SET,
        set16(1, profile16(chargingSchedule=periods16())),
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod",
        "a period",
    ),
    (V16, SET, set16(1, profile16(validFrom=NOON, validTo=NOON)), "csChargingProfiles.validTo", "validFrom"),
    (V16, START16, start16(profile16()), "chargingProfile.chargingProfilePurpose", "§5.16.2"),
    (V16, START16, start16(profile16(1, TX, transactionId=7)), "chargingProfile.transactionId", "§5.16.2"),
    (V16, START16, start16(profile16(1, TX), connectorId=0), "connectorId", "§3.13.1"),
    (V201, SET, set2(1, profile2(1, EXTERNAL)), "chargingProfile.chargingProfilePurpose", "K01.FR.22"),
    (V201, SET, set2(1, profile2(1, MAX2)), "evseId", "K04.FR.03"),
    (V201, SET, set2(0, tx2()), "evseId", "K01.FR.16"),
    (V201, SET, set2(1, tx2(transactionId=None)), "chargingProfile.transactionId", "K01.FR.03"),
    (
        V201,
        SET,
        set2(1, profile2(transactionId="t")),
        "chargingProfile.transactionId",
        "only for a TxProfile",
    ),
    (V201, SET, set2(1, profile2(stackLevel=-1)), "chargingProfile.stackLevel", "begins at 0"),
    (
        V201,
        SET,
        set2(1, profile2(chargingSchedule=[schedule2(), schedule2(id=2)])),
        "chargingProfile.chargingSchedule",
        "K01.FR.34",
    ),
    (
        V201,
        SET,
        set2(1, profile2(chargingProfileKind="Recurring")),
        "chargingProfile.recurrencyKind",
        "Recurring",
    ),
    (
        V201,
        SET,
        set2(1, profile2(chargingSchedule=[schedule2(startSchedule=None)])),
        "chargingProfile.chargingSchedule.0.startSchedule",
        "K01.FR.40",
    ),
    (
        V201,
        SET,
        set2(1, profile2(chargingProfileKind="Relative")),
        "chargingProfile.chargingSchedule.0.startSchedule",
        "K01.FR.41",
    ),
    (
        V201,
        SET,
        set2(
            0,
            profile2(
                1, MAX2, chargingProfileKind="Relative", chargingSchedule=[schedule2(startSchedule=None)]
            ),
        ),
        "chargingProfile.chargingProfileKind",
        "K01.FR.38",
    ),
    (V201, SET, set2(1, profile2(chargingSchedule=periods2(SECOND))), f"{PERIOD}.0.startPeriod", "K01.FR.31"),
    (
        V201,
        SET,
        set2(1, profile2(chargingSchedule=periods2(FIRST, SECOND, FIRST))),
        f"{PERIOD}.2.startPeriod",
        "K01.FR.35",
    ),
    (
        V201,
        SET,
        set2(1, profile2(chargingSchedule=only(limit=6, numberPhases=3, phaseToUse=2))),
        f"{PERIOD}.0.phaseToUse",
        "K01.FR.19",
    ),
    (
        V201,
        SET,
        set2(1, profile2(chargingSchedule=only(limit=6, phaseToUse=2))),
        f"{PERIOD}.0.phaseToUse",
        "FR.19",
    ),
    (V201, SET, set2(1, profile2(validFrom=LATER, validTo=NOON)), "chargingProfile.validTo", "K01.FR.36"),
    (V201, CLEAR, {}, "the payload", "K10.FR.02"),
    (V201, CLEAR, {"chargingProfileCriteria": {}}, "the payload", "K10.FR.02"),
    (
        V201,
        CLEAR,
        {"chargingProfileCriteria": {"chargingProfilePurpose": EXTERNAL}},
        "chargingProfileCriteria.chargingProfilePurpose",
        "K10.FR.06",
    ),
    (V201, START2, start2(profile2()), "chargingProfile.chargingProfilePurpose", "K05.FR.02"),
    (V201, START2, start2(tx2()), "chargingProfile.transactionId", "K05"),
    (V201, START2, start2(tx2(transactionId=None), evseId=0), "evseId", "K01.FR.16"),
    (
        V201,
        START2,
        start2(tx2(transactionId=None, chargingSchedule=periods2(SECOND))),
        f"{PERIOD}.0.startPeriod",
        "K01.FR.31",
    ),
    (
        V21,
        CLEAR,
        {"chargingProfileCriteria": {"chargingProfilePurpose": LOCAL}},
        "chargingProfileCriteria.chargingProfilePurpose",
        "K10.FR.06",
    ),
    (V21, SET, set2(1, profile2(dynUpdateInterval=60)), "chargingProfile.chargingProfileKind", "K01.FR.122"),
    (
        V21,
        SET,
        set2(1, profile2(chargingProfileKind="Dynamic", chargingSchedule=periods2(FIRST, SECOND))),
        "chargingProfile.chargingSchedule",
        "K28.FR.01",
    ),
    (
        V21,
        SET,
        set2(1, profile2(1, PRIORITY, chargingSchedule=[schedule2(duration=60)])),
        "chargingProfile.chargingSchedule.0.duration",
        "K01.FR.73",
    ),
    (
        V21,
        SET,
        set2(0, profile2(1, MAX2, chargingSchedule=[schedule2(randomizedDelay=9)])),
        "chargingProfile.chargingSchedule.0.randomizedDelay",
        "K01.FR.95",
    ),
    (
        V21,
        SET,
        set2(0, profile2(1, PRIORITY, chargingSchedule=only(operationMode="Idle"))),
        f"{PERIOD}.0.operationMode",
        "K01.FR.111",
    ),
    (
        V21,
        SET,
        set2(0, profile2(1, LOCAL, chargingSchedule=only(operationMode="CentralSetpoint"))),
        f"{PERIOD}.0.operationMode",
        ".113",
    ),
    (
        V21,
        SET,
        set2(1, profile2(chargingSchedule=only(limit=6, limit_L3=5))),
        f"{PERIOD}.0.limit_L3",
        "K01.FR.143",
    ),
    (V21, SET, set2(1, tx2(chargingSchedule=only(limit_L2=5))), f"{PERIOD}.0.limit", "K01.FR.145"),
]


@pytest.mark.parametrize(("version", "action", "payload"), GOOD)
def test_what_ocpp_allows_is_allowed(version: Version, action: str, payload: Json) -> None:
    ACTIONS[version][action].request_validator.check(payload)

    assert violations(version, action, payload) == []


@pytest.mark.parametrize(("version", "action", "payload", "place", "reason"), BAD)
def test_what_ocpp_forbids_is_reported_with_its_place_and_reason(
    version: Version, action: str, payload: Json, place: str, reason: str
) -> None:
    ACTIONS[version][action].request_validator.check(payload)

    [found] = violations(version, action, payload)

    assert found.place == place
    assert reason in found.reason


def key(id: int = 1, evse_id: int = 1, purpose: str = "TxDefaultProfile", **changes: Any) -> ProfileKey:
    return profile_key(evse_id, profile2(id, purpose, **changes))


def hours(number: int) -> str:
    """After now."""
    return rfc3339(NOW + timedelta(hours=number))


IN_THE_WAY = [
    (key(1), key(2), "K01.FR.06"),
    (key(1, validFrom=hours(1)), key(2, validTo=hours(2)), "K01.FR.06"),
    (key(1, validTo=hours(9)), key(2, validTo=hours(8)), "K01.FR.06"),
    (key(1, 0, MAX2), key(2, 0, MAX2), "K01.FR.06"),
    (key(1, 0), key(2, 1), "K01.FR.52"),
    (key(1, 3), key(2, 0), "K01.FR.52"),
    (key(1, 1, TX), key(2, 1, TX), "K01.FR.39"),
    (key(1, 1, TX, validTo=hours(1)), key(2, 1, TX, validFrom=hours(1)), "K01.FR.39"),
    (key(1), key(1, 0, EXTERNAL), "K01.FR.05"),
]
BESIDE_EACH_OTHER = [
    (key(1), key(1, stackLevel=1)),
    (key(1), key(1, 2)),
    (key(1), key(2, stackLevel=1)),
    (key(1), key(2, 2)),
    (key(1), key(2, 1, TX)),
    (key(1, validTo=hours(1)), key(2, validFrom=hours(1))),
    (key(1, 0), key(2, 1, validTo=hours(-1))),
    (key(1, 0, PRIORITY), key(2, 1, PRIORITY)),
    (key(1, 1, TX), key(2, 1, TX, transactionId="tx-2")),
]


@pytest.mark.parametrize(("new", "old", "rule"), IN_THE_WAY)
def test_two_profiles_that_a_station_cannot_both_have(new: ProfileKey, old: ProfileKey, rule: str) -> None:
    assert rule in (new.excluded_by(old, NOW) or "")


@pytest.mark.parametrize(("new", "old"), BESIDE_EACH_OTHER)
def test_two_profiles_that_a_station_can_both_have_or_of_which_one_replaces_the_other(
    new: ProfileKey, old: ProfileKey
) -> None:
    assert new.excluded_by(old, NOW) is None
