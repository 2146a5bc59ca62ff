from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.csms.errors import Conflict, DomainError, Invalid
from libs.csms.web.problems import STATUSES
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.version import Version
from services.device.service import Device
from services.device.smart_charging import service

from .operator import Operator, operating
from .station import StoppedClock

SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "W",
    "startSchedule": "2026-11-20T12:00:00Z",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000}],
}
PROFILE = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [SCHEDULE],
}
SET = {"evseId": 1, "chargingProfile": PROFILE}
START = {"idToken": {"idToken": "T", "type": "Local"}, "remoteStartId": 1}


class Checker:
    """A package above: it has ``problem`` against everything."""

    def __init__(self) -> None:
        self.problem: DomainError | None = None
        self.asked: list[tuple[str, str, Action[Any, Any], Any]] = []

    async def check(self, station_id: str, command_id: str, action: Action[Any, Any], payload: Any) -> None:
        self.asked.append((station_id, command_id, action, payload))
        if self.problem is not None:
            raise self.problem


@pytest.fixture
def checker() -> Checker:
    return Checker()


@pytest.fixture
async def operator(device: Device, clock: StoppedClock, checker: Checker) -> AsyncIterator[Operator]:
    device.commands.checks[:] = [checker.check]
    async with operating(device, clock) as operator:
        yield operator


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        (Version.V201, "SetChargingProfile", SET),
        (Version.V21, "ClearChargingProfile", {"chargingProfileId": 1}),
        (Version.V201, "RequestStartTransaction", START | {"chargingProfile": PROFILE}),
    ],
)
async def test_a_charging_profile_is_checked_before_it_is_sent(
    operator: Operator, checker: Checker, version: Version, action: str, payload: Any
) -> None:
    await operator.connected(version)

    command = (await operator.post(action, payload)).json()

    [(station_id, command_id, checked, checked_payload)] = checker.asked
    assert (station_id, command_id, checked.name) == ("CS1", command["id"], action)
    assert (checked.version, checked_payload) == (version, payload)
    assert (await operator.next()).message_id == command["id"]


@pytest.mark.parametrize("problem", [Conflict("in the way", chargingProfileId=7), Invalid("evseId: x")])
async def test_a_wrong_profile_is_refused_and_not_sent(
    operator: Operator, checker: Checker, problem: DomainError
) -> None:
    checker.problem = problem
    await operator.connected()

    answer = await operator.post("SetChargingProfile", SET)

    assert (answer.status_code, answer.json()["detail"]) == (STATUSES[type(problem)], problem.detail)
    assert problem.members.items() <= answer.json().items()
    assert operator.sent.empty()
    assert (await operator.http.get("/chargingstations/CS1/commands")).json()["items"] == []


async def test_a_profile_on_its_way_excludes_others_and_no_other_commands(
    device: Device, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RETRY_DELAYS", [delay / 50 for delay in service.RETRY_DELAYS])
    async with operating(device, clock) as operator:
        await operator.connected()
        default = PROFILE | {"chargingProfilePurpose": "TxDefaultProfile"}
        first = await operator.post("SetChargingProfile", {"evseId": 1, "chargingProfile": default})
        assert first.status_code == 202

        other = {"evseId": 1, "chargingProfile": default | {"id": 2}}
        refused = await operator.post("SetChargingProfile", other)
        assert (refused.status_code, refused.json()["chargingProfileId"]) == (409, 1)
        assert refused.json()["commandId"] == first.json()["id"]

        asked = {"requestId": 1, "chargingProfile": {"stackLevel": 0}}
        for action, payload in (
            ("ClearCache", None),
            ("RequestStartTransaction", START),
            ("GetChargingProfiles", asked),
        ):
            assert (await operator.post(action, payload)).status_code == 202


async def test_a_command_that_cannot_be_sent_is_not_checked(operator: Operator, checker: Checker) -> None:
    await operator.connected()
    await operator.away()

    assert (await operator.post("SetChargingProfile", SET)).status_code == 409
    assert (await operator.post("SetChargingProfile", {"evseId": 1})).status_code == 422
    assert checker.asked == []


async def test_the_same_key_is_checked_once(operator: Operator, checker: Checker) -> None:
    await operator.connected()
    first = await operator.post("SetChargingProfile", SET, key="k")
    checker.problem = Conflict("in the way")

    again = await operator.post("SetChargingProfile", SET, key="k")

    assert again.json()["id"] == first.json()["id"]
    assert len(checker.asked) == 1


async def test_a_command_that_waits_for_its_station_is_checked_when_it_is_requested(
    operator: Operator, checker: Checker
) -> None:
    await operator.connected()
    await operator.away()

    command = (await operator.post("SetChargingProfile", SET, deliver="when-online")).json()

    assert [command_id for _, command_id, _, _ in checker.asked] == [command["id"]]
    assert command["status"] == "queued"


async def test_each_station_of_many_is_checked(operator: Operator, checker: Checker) -> None:
    await operator.connected()
    checker.problem = Conflict("charging profile 7 is in the way")
    body = {"selection": {"ids": ["CS1"]}, "payload": SET}
    asked = await operator.http.post("/commands/SetChargingProfile", json=body)
    await operator.look_after(1)

    [command] = (await operator.http.get(f"{asked.headers['Location']}/commands")).json()["items"]
    assert (command["status"], command["error"]["description"]) == ("error", checker.problem.detail)
    assert operator.sent.empty()
