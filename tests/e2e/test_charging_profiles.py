"""Charging profiles: checked before they are sent, known once a station has accepted them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from libs.csms.clock import rfc3339, utc_now

from .sessions import Session2, Session16
from .station import Command, Station, booted_station
from .system import System

ACCEPTED = {"status": "Accepted"}
START = "2026-03-01T00:00:00Z"
PERIOD = {"startPeriod": 0, "limit": 16}


def profile(version: str, id: int, **changes: Any) -> Any:
    common = {
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
    }
    schedule = {"chargingRateUnit": "A", "startSchedule": START, "chargingSchedulePeriod": [PERIOD]}
    if version == "1.6":
        return {"chargingProfileId": id, "chargingSchedule": schedule, **common, **changes}
    return {"id": id, "chargingSchedule": [{"id": 1, **schedule}], **common, **changes}


def setting(version: str, evse_id: int, profile: Any) -> Any:
    if version == "1.6":
        return {"connectorId": evse_id, "csChargingProfiles": profile}
    return {"evseId": evse_id, "chargingProfile": profile}


async def post(system: System, cs: str, action: str, payload: Any) -> httpx.Response:
    url = f"{system.device}/chargingstations/{cs}/commands/{action}"
    return await system.http.post(url, json=payload, timeout=60)


async def tell(system: System, connected: Station, action: str, payload: Any, response: Any) -> None:
    """The station gets that command, and answers so."""
    posting = asyncio.create_task(post(system, connected.id, action, payload))
    command = await connected.expect(action)
    assert command.payload == payload
    await command.answer(response)
    answer = await posting
    assert (answer.status_code, answer.json()["response"]) == (200, response), answer.text


async def listed(system: System, cs: str, path: str = "chargingprofiles") -> list[Any]:
    page = await system.get(f"{system.device}/chargingstations/{cs}/{path}")
    return list(page["items"])


async def until_known(system: System, cs: str, *known: tuple[int, int]) -> list[Any]:
    """EVSE and id of the profiles that are listed at last."""
    async with asyncio.timeout(30):
        while True:
            profiles = await listed(system, cs)
            if sorted((one["evseId"], one["id"]) for one in profiles) == list(known):
                return profiles
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_profiles_are_known_as_the_station_accepts_them(system: System, cs: str, version: str) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        default, higher = profile(version, 1), profile(version, 2, stackLevel=1)
        for evse_id, sent in ((1, default), (2, higher)):
            payload = setting(version, evse_id, sent)
            await tell(system, connected, "SetChargingProfile", payload, ACCEPTED)
        refused = setting(version, 2, profile(version, 3))
        await tell(system, connected, "SetChargingProfile", refused, {"status": "Rejected"})

        first, _ = await until_known(system, cs, (1, 1), (2, 2))
        assert (first["purpose"], first["source"], first["chargingProfile"]) == (
            "TxDefaultProfile",
            "CSO",
            default,
        )

        criteria: Any = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}
        clearing = criteria if version == "1.6" else {"chargingProfileCriteria": criteria}
        await tell(system, connected, "ClearChargingProfile", clearing, ACCEPTED)
        await until_known(system, cs, (1, 1))


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_what_ocpp_forbids_is_not_sent(system: System, cs: str, version: str) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        late = profile(version, 1)
        schedule = late["chargingSchedule"] if version == "1.6" else late["chargingSchedule"][0]
        schedule["chargingSchedulePeriod"] = [PERIOD | {"startPeriod": 5}]
        for evse_id, wrong in ((1, late), (0, profile(version, 1, chargingProfilePurpose="TxProfile"))):
            answer = await post(system, cs, "SetChargingProfile", setting(version, evse_id, wrong))
            assert answer.status_code == 422, answer.text
            assert answer.json()["errors"]

        connected.answers["ClearCache"] = ACCEPTED
        assert (await post(system, cs, "ClearCache", {})).status_code == 200
        page = await system.get(f"{system.device}/chargingstations/{cs}/commands?action=SetChargingProfile")
        assert page["items"] == []


async def test_a_profile_that_is_in_the_way_of_another_keeps_it_from_the_station(
    system: System, cs: str
) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        payload = setting("2.0.1", 1, profile("2.0.1", 1))
        posting = asyncio.create_task(post(system, cs, "SetChargingProfile", payload))
        command = await connected.expect("SetChargingProfile")
        other = setting("2.0.1", 1, profile("2.0.1", 2))
        at_once = await post(system, cs, "SetChargingProfile", other)
        await command.answer(ACCEPTED)
        await posting
        await until_known(system, cs, (1, 1))
        later = await post(system, cs, "SetChargingProfile", other)

        assert [answer.status_code for answer in (at_once, later)] == [409, 409], later.text
        assert at_once.json()["commandId"] == command.id
        assert at_once.json()["chargingProfileId"] == later.json()["chargingProfileId"] == 1
        await tell(system, connected, "ClearChargingProfile", {"chargingProfileId": 1}, ACCEPTED)
        await until_known(system, cs)
        await tell(system, connected, "SetChargingProfile", other, ACCEPTED)
        await until_known(system, cs, (1, 2))


async def test_what_the_station_reports_is_what_it_has(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        for id in (1, 2):
            payload = setting("2.0.1", 1, profile("2.0.1", id, stackLevel=id))
            await tell(system, connected, "SetChargingProfile", payload, ACCEPTED)
        await until_known(system, cs, (1, 1), (1, 2))
        asked = {"requestId": 9, "chargingProfile": {"chargingLimitSource": ["CSO"]}}
        await tell(system, connected, "GetChargingProfiles", asked, ACCEPTED)
        report = {"requestId": 9, "evseId": 1, "chargingLimitSource": "CSO"}
        left = [profile("2.0.1", 2, stackLevel=2)]
        assert await connected.call("ReportChargingProfiles", report | {"chargingProfile": left}) == {}

        [known] = await until_known(system, cs, (1, 2))
        assert known["requestId"] == 9
        assert known["acceptedAt"] < known["reportedAt"]


async def test_in_1_6_the_new_profile_takes_the_place_of_the_old(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs, "1.6") as connected:
        for id in (1, 2):
            payload = setting("1.6", 1, profile("1.6", id))
            await tell(system, connected, "SetChargingProfile", payload, ACCEPTED)

        await until_known(system, cs, (1, 2))


async def test_the_profile_of_a_remote_start_lives_as_long_as_its_transaction(
    system: System, cs: str, tag: str
) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        asked = {
            "idToken": {"idToken": tag, "type": "ISO14443"},
            "remoteStartId": 7,
            "evseId": 1,
            "chargingProfile": profile("2.0.1", 1, chargingProfilePurpose="TxProfile"),
        }
        started = {"status": "Accepted", "transactionId": f"tx-{cs}"}
        await tell(system, connected, "RequestStartTransaction", asked, started)
        [known] = await until_known(system, cs, (1, 1))
        assert known["transactionId"] == f"tx-{cs}"

        session = Session2(connected, f"tx-{cs}", tag)
        await session.start()
        await session.stop()
        await until_known(system, cs)


async def test_the_profile_of_a_remote_start_of_1_6_belongs_to_the_transaction_of_its_token(
    system: System, cs: str, tag: str
) -> None:
    async with booted_station(system.gateways[0], cs, "1.6") as connected:
        sent = profile("1.6", 1, chargingProfilePurpose="TxProfile")
        asked = {"idTag": tag, "connectorId": 1, "chargingProfile": sent}
        await tell(system, connected, "RemoteStartTransaction", asked, ACCEPTED)
        await until_known(system, cs, (1, 1))
        elsewhere = Session16(connected, tag, connector_id=2)
        await elsewhere.start()

        answer = await connected.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": "2036-03-01T10:00:00Z"},
        )
        async with asyncio.timeout(30):
            while (await listed(system, cs))[0].get("transactionId") != str(answer["transactionId"]):
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_last_composite_schedule_is_listed(system: System, cs: str, version: str) -> None:
    periods = {"duration": 600, "chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]}
    if version == "1.6":
        asked = {"connectorId": 1, "duration": 600}
        payload = {"connectorId": 1, "scheduleStart": START, "chargingSchedule": periods}
    else:
        asked = {"evseId": 1, "duration": 600}
        payload = {"schedule": periods | {"evseId": 1, "scheduleStart": START}}
    async with booted_station(system.gateways[0], cs, version) as connected:
        await tell(system, connected, "GetCompositeSchedule", asked, ACCEPTED | payload)

        async with asyncio.timeout(30):
            while not (found := await listed(system, cs, "compositeschedules")):
                await asyncio.sleep(0.1)
    [known] = found
    assert (known["evseId"], known["duration"], known["chargingRateUnit"]) == (1, 600, "A")
    assert known["scheduleStart"] == "2026-03-01T00:00:00.000Z"
    assert known["schedule"]["chargingSchedulePeriod"] == [PERIOD]


AC = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
NEEDS = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": AC}


def wanted(limit: float) -> Any:
    """The vehicle's own schedule of what it was offered, from now on."""
    periods = [{"startPeriod": 0, "limit": limit}]
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    return {"timeBase": rfc3339(utc_now()), "evseId": 1, "chargingSchedule": schedule}


async def offered(connected: Station) -> Command:
    """The CSMS sends a profile by itself."""
    return await connected.expect("SetChargingProfile")


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_vehicle_that_follows_a_raised_profile_at_once_is_not_refused(
    system: System, cs: str, tag: str, version: str
) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        session = Session2(connected, f"tx-{cs}", tag)
        await session.start()
        for limit in range(10, 20):
            periods = [{"startPeriod": 0, "limit": limit}]
            schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}
            raised = {
                "id": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxProfile",
                "chargingProfileKind": "Relative",
                "transactionId": session.transaction_id,
                "chargingSchedule": [schedule],
            }
            posting = asyncio.create_task(post(system, cs, "SetChargingProfile", setting(version, 1, raised)))
            command = await connected.expect("SetChargingProfile")
            await command.answer(ACCEPTED)
            assert await connected.call("NotifyEVChargingSchedule", wanted(limit)) == ACCEPTED
            assert (await posting).status_code == 200


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_what_a_vehicle_needs_is_answered_with_a_profile_and_negotiated_anew(
    system: System, cs: str, tag: str, version: str
) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        session = Session2(connected, f"tx-{cs}", tag)
        await session.start()
        for action in ("needs", "too much"):
            expecting = asyncio.create_task(offered(connected))
            if action == "needs":
                payload = {"evseId": 1, "chargingNeeds": NEEDS}
                answer = await connected.call("NotifyEVChargingNeeds", payload)
                promised = answer["status"]
                assert promised in ("Accepted", "Processing")
            else:
                answer = await connected.call("NotifyEVChargingSchedule", wanted(32))
                assert answer["status"] == "Rejected"
            command = await expecting
            profile = command.payload["chargingProfile"]
            assert profile["transactionId"] == session.transaction_id
            [period] = profile["chargingSchedule"][0]["chargingSchedulePeriod"]
            assert period == {"startPeriod": 0, "limit": 16, "numberPhases": 3}
            await command.answer(ACCEPTED)
            await until_known(system, cs, (1, profile["id"]))
        assert await connected.call("NotifyEVChargingSchedule", wanted(16)) == ACCEPTED

        [known] = await listed(system, cs, "evchargingneeds")
        assert (known["needsStatus"], known["scheduleStatus"]) == (promised, "Accepted")
        assert known["chargingNeeds"]["chargingNeeds"] == NEEDS
