"""Charging profiles for the tests, right in their version until a test changes something."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from libs.ocpp_messages.version import Version

Json = dict[str, Any]

V16, V201, V21 = Version.V16, Version.V201, Version.V21
NOON = "2026-11-20T12:00:00Z"


def profile16(id: int = 1, purpose: str = "TxDefaultProfile", **changes: Any) -> Json:
    """``changes`` of None take a field away, in what follows too."""
    period = {"startPeriod": 0, "limit": 16.0}
    schedule = {"chargingRateUnit": "A", "startSchedule": NOON, "chargingSchedulePeriod": [period]}
    profile = {
        "chargingProfileId": id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    return _changed(profile, changes)


def profile2(id: int = 1, purpose: str = "TxDefaultProfile", **changes: Any) -> Json:
    profile = {
        "id": id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule2()],
    }
    if purpose == "TxProfile":
        profile["transactionId"] = "tx-1"
    return _changed(profile, changes)


def schedule2(**changes: Any) -> Json:
    schedule = {
        "id": 1,
        "chargingRateUnit": "W",
        "startSchedule": NOON,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000}],
    }
    return _changed(schedule, changes)


def periods2(*periods: Json) -> list[Json]:
    """One schedule of these periods."""
    return [schedule2(chargingSchedulePeriod=list(periods))]


def _changed(value: Json, changes: Json) -> Json:
    changed = {**value, **changes}
    return copy.deepcopy({name: part for name, part in changed.items() if part is not None})


def set16(connector_id: int, profile: Json) -> Json:
    return {"connectorId": connector_id, "csChargingProfiles": profile}


def set2(evse_id: int, profile: Json) -> Json:
    return {"evseId": evse_id, "chargingProfile": profile}


def start16(profile: Json, **changes: Any) -> Json:
    return {"idTag": "TAG", "connectorId": 1, "chargingProfile": profile, **changes}


def start2(profile: Json, **changes: Any) -> Json:
    token = {"idToken": "TAG", "type": "ISO14443"}
    return {"idToken": token, "remoteStartId": 5, "chargingProfile": profile, **changes}


SET: dict[Version, Callable[[int, Json], Json]] = {V16: set16, V201: set2, V21: set2}
