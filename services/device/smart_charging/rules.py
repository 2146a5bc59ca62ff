"""What OCPP forbids a CSMS to send of charging profiles, with the requirement of each rule. No I/O.

Strict only where the specification is: what depends on the station's equipment is for the station to reject.
Payloads have passed their schema already.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from libs.csms.errors import Invalid
from libs.csms.storage.store import Json
from libs.ocpp_messages.version import Version

from .model import EXTERNAL_CONSTRAINTS, time_in
from .transactions import ChargingTransaction

ABOUT_PROFILES = {"SetChargingProfile", "ClearChargingProfile"}
REMOTE_STARTS = {"RemoteStartTransaction", "RequestStartTransaction"}

MAX_PURPOSES = {"ChargePointMaxProfile", "ChargingStationMaxProfile"}
OPERATION_MODES = {
    "PriorityCharging": {"ChargingOnly"},
    "ChargingStationMaxProfile": {"ChargingOnly"},
    "LocalGeneration": {"ChargingOnly", "ExternalLimits"},
}
"""K01.FR.111 and .113: operation modes of the periods, by the purposes that restrict them."""


class Violation(NamedTuple):
    """Where in the payload, and what is wrong there."""

    place: str
    reason: str


class ForbiddenProfile(Invalid):
    """OCPP forbids to send this charging profile: each place in the payload, and what is wrong there."""

    def __init__(self, found: list[Violation]) -> None:
        errors = [{"at": one.place, "detail": one.reason} for one in found]
        super().__init__("; ".join(f"{one.place}: {one.reason}" for one in found), errors=errors)


def concerns_profiles(action: str, payload: Json) -> bool:
    return action in ABOUT_PROFILES or (action in REMOTE_STARTS and "chargingProfile" in payload)


def violations(version: Version, action: str, payload: Json) -> list[Violation]:
    match action:
        case "SetChargingProfile":
            return list(_set(version, payload))
        case "ClearChargingProfile":
            return list(_clear(version, payload))
    return list(_start(version, payload))


def place_name(version: Version) -> str:
    return "connectorId" if version is Version.V16 else "evseId"


def profile_name(version: Version) -> str:
    return "csChargingProfiles" if version is Version.V16 else "chargingProfile"


def _set(version: Version, payload: Json) -> Iterator[Violation]:
    place, name = place_name(version), profile_name(version)
    number, profile = payload[place], payload[name]
    purpose, is_v16 = profile["chargingProfilePurpose"], version is Version.V16
    if number < 0:
        yield Violation(place, "is not negative")
    if purpose == EXTERNAL_CONSTRAINTS:
        yield Violation(
            f"{name}.chargingProfilePurpose", f"{EXTERNAL_CONSTRAINTS} is not for a CSMS to set (K01.FR.22)"
        )
    if purpose in MAX_PURPOSES and number != 0:
        source = "1.6 §3.13.1" if is_v16 else "K04.FR.03"
        yield Violation(place, f"is 0 for a {purpose} ({source})")
    if purpose == "TxProfile" and number == 0:
        yield Violation(place, f"is above 0 for a TxProfile ({'1.6 §3.13.1' if is_v16 else 'K01.FR.16'})")
    if purpose == "TxProfile" and "transactionId" not in profile and not is_v16:
        yield Violation(f"{name}.transactionId", "is needed for a TxProfile (K01.FR.03)")
    if purpose != "TxProfile" and "transactionId" in profile:
        yield Violation(f"{name}.transactionId", "is only for a TxProfile (ChargingProfileType)")
    if purpose != "TxProfile" and not is_v16 and len(profile["chargingSchedule"]) > 1:
        yield Violation(f"{name}.chargingSchedule", "is one, but for ISO 15118 in a TxProfile (K01.FR.34)")
    yield from _profile(version, name, profile)


def _start(version: Version, payload: Json) -> Iterator[Violation]:
    """The profile of a remote start: of a transaction that has no id yet."""
    place, profile = place_name(version), payload["chargingProfile"]
    source = "1.6 §5.16.2" if version is Version.V16 else "K05.FR.02"
    if profile["chargingProfilePurpose"] != "TxProfile":
        reason = f"is TxProfile in a remote start ({source})"
        yield Violation("chargingProfile.chargingProfilePurpose", reason)
    if "transactionId" in profile:
        source = "1.6 §5.16.2" if version is Version.V16 else "K05"
        reason = f"is not known yet in a remote start ({source})"
        yield Violation("chargingProfile.transactionId", reason)
    if payload.get(place, 1) <= 0:
        source = "1.6 §3.13.1" if version is Version.V16 else "K01.FR.16"
        yield Violation(place, f"is above 0 for a TxProfile ({source})")
    yield from _profile(version, "chargingProfile", profile)


def _clear(version: Version, payload: Json) -> Iterator[Violation]:
    """1.6 §5.4 forbids nothing: without any criterion all profiles are cleared."""
    if version is Version.V16:
        return
    name = "chargingProfileCriteria"
    criteria = payload.get(name, {})
    if "chargingProfileId" not in payload and not criteria.keys() - {"customData"}:
        yield Violation("the payload", "names a chargingProfileId or criteria (K10.FR.02)")
    purpose = criteria.get("chargingProfilePurpose")
    if purpose == EXTERNAL_CONSTRAINTS or (purpose == "LocalGeneration" and version is Version.V21):
        yield Violation(f"{name}.chargingProfilePurpose", f"{purpose} is not for a CSMS to clear (K10.FR.06)")


def _profile(version: Version, name: str, profile: Json) -> Iterator[Violation]:
    kind, purpose = profile["chargingProfileKind"], profile["chargingProfilePurpose"]
    if profile["stackLevel"] < 0:
        yield Violation(f"{name}.stackLevel", "begins at 0 (ChargingProfile)")
    if kind == "Recurring" and "recurrencyKind" not in profile:
        yield Violation(f"{name}.recurrencyKind", "is needed by what is Recurring (ChargingProfile)")
    if kind == "Relative" and purpose == "ChargingStationMaxProfile":
        yield Violation(f"{name}.chargingProfileKind", f"is not Relative for a {purpose} (K01.FR.38)")
    if kind != "Dynamic" and profile.keys() & {"dynUpdateInterval", "dynUpdateTime"}:
        yield Violation(f"{name}.chargingProfileKind", "is Dynamic where there is an update (K01.FR.122)")
    begin, end = time_in(profile, "validFrom"), time_in(profile, "validTo")
    if begin is not None and end is not None and begin >= end:
        yield Violation(f"{name}.validTo", "is after validFrom (K01.FR.36, .37; 1.6 ChargingProfile)")
    schedules = profile["chargingSchedule"]
    if isinstance(schedules, dict):
        yield from _periods(f"{name}.chargingSchedule", schedules)
        return
    if kind == "Dynamic" and (len(schedules) > 1 or len(schedules[0]["chargingSchedulePeriod"]) > 1):
        yield Violation(f"{name}.chargingSchedule", "is one of one period for what is Dynamic (K28.FR.01)")
    for number, schedule in enumerate(schedules):
        place = f"{name}.chargingSchedule.{number}"
        yield from _schedule(place, kind, purpose, schedule)
        yield from _periods(place, schedule)
        for index, period in enumerate(schedule["chargingSchedulePeriod"]):
            yield from _period(f"{place}.chargingSchedulePeriod.{index}", purpose, period)


def _schedule(place: str, kind: str, purpose: str, schedule: Json) -> Iterator[Violation]:
    """Of 2.x: 1.6 leaves the meaning of startSchedule to its presence."""
    if kind in ("Absolute", "Recurring") and "startSchedule" not in schedule:
        yield Violation(f"{place}.startSchedule", f"is needed by what is {kind} (K01.FR.40)")
    if kind == "Relative" and "startSchedule" in schedule:
        yield Violation(f"{place}.startSchedule", "is not for what is Relative (K01.FR.41)")
    if purpose == "PriorityCharging" and "duration" in schedule:
        yield Violation(f"{place}.duration", "is not for PriorityCharging (K01.FR.73)")
    if purpose not in ("TxProfile", "TxDefaultProfile") and schedule.get("randomizedDelay", 0) > 0:
        yield Violation(f"{place}.randomizedDelay", f"is not for a {purpose} (K01.FR.95)")


def _periods(place: str, schedule: Json) -> Iterator[Violation]:
    periods = [period["startPeriod"] for period in schedule["chargingSchedulePeriod"]]
    place = f"{place}.chargingSchedulePeriod"
    if not periods:
        yield Violation(place, "has a period at least (1.6 ChargingSchedule)")
    if periods and periods[0] != 0:
        yield Violation(f"{place}.0.startPeriod", "is 0 for the first one (K01.FR.31; 1.6 §5.16.4)")
    for index, (one, next_) in enumerate(pairwise(periods), start=1):
        if next_ <= one:
            reason = "is after the one before (K01.FR.35; 1.6 ChargingSchedulePeriod)"
            yield Violation(f"{place}.{index}.startPeriod", reason)


def _period(place: str, purpose: str, period: Json) -> Iterator[Violation]:
    if "phaseToUse" in period and period.get("numberPhases") != 1:
        yield Violation(f"{place}.phaseToUse", "is only for numberPhases 1 (K01.FR.19)")
    mode = period.get("operationMode", "ChargingOnly")
    if mode not in OPERATION_MODES.get(purpose, {mode}):
        yield Violation(f"{place}.operationMode", f"{mode} is not for a {purpose} (K01.FR.111, .113)")
    by_phase = period.keys() & {"limit_L2", "limit_L3"}
    if by_phase and purpose != "TxProfile":
        yield Violation(f"{place}.{min(by_phase)}", "is only for a TxProfile (K01.FR.143)")
    if by_phase and "limit" not in period:
        yield Violation(f"{place}.limit", "is needed beside limits of other phases (K01.FR.145)")


def wrong_transaction(version: Version, number: int, transaction: ChargingTransaction) -> str | None:
    """Why a TxProfile for that EVSE or connector is not for this transaction: K01.FR.09, .33; 1.6 §3.13.1."""
    if transaction.ended_at is not None:
        return f"transaction {transaction.transaction_id} has ended (K01.FR.09; 1.6 §3.13.1)"
    where = transaction.connector_id if version is Version.V16 else transaction.evse_id
    if where is not None and where != number:
        return f"transaction {transaction.transaction_id} is on {place_name(version)} {where} (K01.FR.09)"
    return None
