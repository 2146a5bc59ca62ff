"""K Smart charging: profiles are set, replaced and cleared (K01, K05, K10), and schedules asked for (K08)."""

from __future__ import annotations

import pytest

from ..case import case
from ..operator import Operator
from .profiles import DEFAULT, MAXIMUM, has_profiles, profile, relative, report, schedule, set_profile
from .visit import ACCEPTED, Json, Visit, now

DAILY = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}


@pytest.mark.parametrize(
    ("evse_id", "purpose", "limit", "kind"),
    [(1, DEFAULT, 6, {}), (0, MAXIMUM, 8, {}), (0, DEFAULT, 6, {}), (1, DEFAULT, 6, DAILY)],
    ids=["one-evse", "station", "all-evses", "recurring"],
)
@case("TC_K_01_CSMS", "TC_K_03_CSMS", "TC_K_10_CSMS", "TC_K_19_CSMS")
async def test_a_profile_is_set(
    operator: Operator, evse_id: int, purpose: str, limit: int, kind: Json
) -> None:
    wanted = profile(1, purpose, limit, **kind)

    await set_profile(operator, evse_id, wanted)

    await has_profiles(operator, (evse_id, wanted))


@case("TC_K_60_CSMS")
async def test_a_profile_for_a_transaction(operator: Operator, tag: str) -> None:
    """Without its transaction it is none, and is not sent (K01.FR.03)."""
    visit = Visit(operator, tag)
    await visit.begin()
    wanted = relative(1, 7, transactionId=visit.transaction_id)

    await set_profile(operator, 1, wanted)

    await has_profiles(operator, (1, wanted))
    operator.station.answers["SetChargingProfile"] = ACCEPTED
    payload = {"evseId": 1, "chargingProfile": relative(2, 7)}
    assert (await operator.refused("SetChargingProfile", payload)).status_code in (409, 422)


@case("TC_K_02_CSMS")
async def test_a_profile_for_a_transaction_that_has_ended_already(operator: Operator, tag: str) -> None:
    """The station knows before the CSMS does."""
    visit = Visit(operator, tag)
    await visit.begin()

    payload = {"evseId": 1, "chargingProfile": relative(1, 7, transactionId=visit.transaction_id)}
    await operator.tell("SetChargingProfile", payload, {"status": "Rejected"})
    await visit.stop()
    await visit.leave()

    assert not (await visit.known())["active"]
    default = profile(2, DEFAULT, 6)
    await set_profile(operator, 1, default)
    await has_profiles(operator, (1, default))


@case("TC_K_04_CSMS")
async def test_a_profile_replaces_the_one_of_its_number(operator: Operator) -> None:
    await set_profile(operator, 1, profile(1, DEFAULT, 8))
    lower = profile(1, DEFAULT, 6)
    await set_profile(operator, 1, lower)

    await has_profiles(operator, (1, lower))


@case("TC_K_70_CSMS")
async def test_profiles_of_different_purposes(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    await visit.begin()
    default, maximum = profile(1, DEFAULT, 6), profile(2, MAXIMUM, 8, stackLevel=1)

    await set_profile(operator, 1, default)
    await set_profile(operator, 0, maximum)

    await has_profiles(operator, (0, maximum), (1, default))


@case("TC_K_15_CSMS")
async def test_a_station_without_smart_charging(operator: Operator) -> None:
    payload = {"evseId": 1, "chargingProfile": profile(1, DEFAULT, 6)}

    asked = await operator.ask("SetChargingProfile", payload)
    await asked.command.refuse("NotSupported", "no smart charging here")

    outcome = await asked.outcome()
    assert (outcome["status"], outcome["error"]["code"]) == ("error", "NotSupported")
    assert outcome["error"]["description"] == "no smart charging here"
    await has_profiles(operator)


@case("TC_K_05_CSMS")
async def test_a_profile_is_cleared_by_its_number(operator: Operator) -> None:
    kept, cleared = profile(1, DEFAULT, 6), profile(2, MAXIMUM, 8)
    wanted = {"requestId": 5, "chargingProfile": {"chargingProfilePurpose": MAXIMUM}}
    await set_profile(operator, 1, kept)
    await operator.tell("GetChargingProfiles", wanted, ACCEPTED)
    await report(operator, 5, 0, cleared)
    await has_profiles(operator, (0, cleared), (1, kept))

    await operator.tell("ClearChargingProfile", {"chargingProfileId": 2}, ACCEPTED)

    await has_profiles(operator, (1, kept))


@case("TC_K_06_CSMS")
async def test_a_profile_is_cleared_by_its_purpose_and_level(operator: Operator) -> None:
    kept, cleared = profile(1, DEFAULT, 6), profile(2, DEFAULT, 6, stackLevel=1)
    for each in (kept, cleared):
        await set_profile(operator, 1, each)

    criteria = {"evseId": 1, "chargingProfilePurpose": DEFAULT, "stackLevel": 1}
    await operator.tell("ClearChargingProfile", {"chargingProfileCriteria": criteria}, ACCEPTED)

    await has_profiles(operator, (1, kept))


@case("TC_K_08_CSMS")
async def test_there_is_no_profile_to_clear(operator: Operator) -> None:
    other = profile(1, MAXIMUM, 8)
    await set_profile(operator, 0, other)

    criteria = {"evseId": 1, "chargingProfilePurpose": DEFAULT, "stackLevel": 1}
    unknown = {"status": "Unknown"}
    await operator.tell("ClearChargingProfile", {"chargingProfileCriteria": criteria}, unknown)

    await has_profiles(operator, (0, other))


@case("TC_K_37_CSMS")
async def test_a_remote_start_with_a_profile(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    wanted = {
        "idToken": visit.id_token,
        "remoteStartId": 37,
        "evseId": 1,
        "chargingProfile": relative(1, 6),
    }

    await operator.tell("RequestStartTransaction", wanted, ACCEPTED)
    info = {"remoteStartId": 37}
    answer = await visit.event("RemoteStart", info=info, evse=visit.evse, idToken=visit.id_token)

    assert answer["idTokenInfo"]["status"] == "Accepted"
    known = await visit.known()
    assert (known["active"], known["evseId"], known["remoteStartId"]) == (True, 1, 37)


@pytest.mark.parametrize("evse_id", [1, 0], ids=["one-evse", "station"])
@case("TC_K_43_CSMS", "TC_K_44_CSMS")
async def test_the_schedule_that_follows_from_all_profiles(operator: Operator, evse_id: int) -> None:
    asked = {"evseId": evse_id, "duration": 300, "chargingRateUnit": "A"}
    composite = {key: value for key, value in schedule(10).items() if key != "id"}
    response = ACCEPTED | {"schedule": composite | {"evseId": evse_id, "scheduleStart": now()}}

    await operator.tell("GetCompositeSchedule", asked, response)
