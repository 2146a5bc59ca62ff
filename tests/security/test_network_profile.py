"""A network profile with a password (OCPP 2.1: B09) does not lock its station out, nor lets others in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest

from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version
from services.device.security.model import MAX_UNUSED_SECRETS
from services.device.service import Device
from tests.unit.device.admission import basic, holding, refusal
from tests.unit.device.bus import RecordingBus
from tests.unit.device.operator import Operator, operating
from tests.unit.device.station import NOW, StoppedClock, after

OLD = "the old secret of the station"
NEW = "the-secret-of-the-network-profile"
OTHER = "another-secret-of-the-station"


class Csms:
    """With a station of OCPP 2.1 that is connected, and has the secret ``OLD``."""

    def __init__(self, operator: Operator, clock: StoppedClock) -> None:
        self.operator = operator
        self.clock = clock
        self.device = operator.device

    async def send(self, payload: dict[str, Any], action: str = "SetNetworkProfile") -> Any:
        asked = await self.operator.post(action, payload)
        assert asked.status_code == 202, asked.text
        return await self.operator.next()

    async def admits(self, *secrets: str, id: str = "CS1") -> list[bool]:
        """Whether the station may come with each, in turn."""
        return [await refusal(self.device, basic(id, secret), id) is None for secret in secrets]

    async def states(self) -> list[str]:
        return [each.state for each in (await self.device.security.of_station("CS1")).secrets]


@pytest.fixture
async def csms(tmp_path: Path) -> AsyncIterator[Csms]:
    store, clock = SqliteStore(tmp_path / "csms.db"), StoppedClock(NOW)
    device = Device.of(store, RecordingBus(), clock, Settings(_env_file=None))
    async with operating(device, clock) as operator:
        await operator.connected(Version.V21)
        await device.security.stations.update("CS1", lambda _: holding(OLD, after(-60)))
        yield Csms(operator, clock)
    await store.close()


def profile(password: str = NEW, slot: int = 2, **fields: Any) -> dict[str, Any]:
    data = {
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://csms.example.com/ocpp",
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Any",
        "basicAuthPassword": password,
    }
    return {"configurationSlot": slot, "connectionData": data | fields}


def variables(**values: str) -> dict[str, Any]:
    """The same profile by SetVariables."""
    component = {"name": "NetworkConfiguration", "instance": "2"}
    data = [
        {"component": component, "variable": {"name": name}, "attributeValue": value}
        for name, value in values.items()
    ]
    return {"setVariableData": data}


def results(**statuses: str) -> dict[str, Any]:
    component = {"name": "networkconfiguration", "instance": "2"}
    data = [
        {"component": component, "variable": {"name": name}, "attributeStatus": status}
        for name, status in statuses.items()
    ]
    return {"setVariableResult": data}


@pytest.mark.parametrize("identity", [{}, {"identity": "CS1"}, {"identity": "cs1"}])
async def test_the_password_counts_beside_the_old_one_until_the_station_uses_it(
    csms: Csms, identity: dict[str, str]
) -> None:
    command = await csms.send(profile(**identity))
    assert await csms.admits(OLD) == [True]
    await csms.operator.answer(command, {"status": "Accepted"})

    assert await csms.admits(OLD, OLD, NEW, NEW, OLD) == [True, True, True, True, False]
    assert await csms.states() == ["active"]


async def test_the_same_by_setting_variables(csms: Csms) -> None:
    command = await csms.send(variables(Identity="CS1", BasicAuthPassword=NEW), "SetVariables")
    answer = results(basicauthpassword="RebootRequired", identity="Accepted")
    await csms.operator.answer(command, answer)

    assert await csms.admits(OLD, NEW, OLD) == [True, True, False]


@pytest.mark.parametrize("status", ["Rejected", "Failed"])
async def test_a_password_that_the_station_refuses_is_forgotten(csms: Csms, status: str) -> None:
    await csms.operator.answer(await csms.send(profile()), {"status": status})

    assert await csms.admits(NEW, OLD) == [False, True]
    assert await csms.states() == ["active"]


async def test_a_variable_that_the_station_refuses_is_forgotten(csms: Csms) -> None:
    command = await csms.send(variables(Identity="CS1", BasicAuthPassword=NEW), "SetVariables")
    await csms.operator.answer(command, results(Identity="Accepted", BasicAuthPassword="Rejected"))

    assert await csms.admits(NEW, OLD) == [False, True]


async def test_a_command_that_was_never_sent_leaves_nothing(csms: Csms) -> None:
    command = await csms.send(profile())
    await csms.operator.refuse(command, ErrorCode.GENERIC_ERROR, "no", gateway="notConnected")

    assert await csms.admits(NEW, OLD) == [False, True]


@pytest.mark.parametrize("reason", ["timeout", "disconnected"])
async def test_without_an_answer_both_count_until_the_new_one_is_used(csms: Csms, reason: str) -> None:
    """A connection with the old one proves nothing: the station may change to the profile later."""
    await csms.operator.refuse(await csms.send(profile()), ErrorCode.GENERIC_ERROR, "no", gateway=reason)

    assert await csms.admits(OLD, NEW, OLD) == [True, True, False]


async def test_the_station_may_come_with_it_before_its_answer(csms: Csms) -> None:
    command = await csms.send(profile())
    assert await csms.admits(NEW, OLD) == [True, False]
    for _ in range(2):
        await csms.operator.answer(command, {"status": "Accepted"})

    assert await csms.admits(NEW, OLD) == [True, False]
    assert await csms.states() == ["active"]


async def test_another_secret_meanwhile_leaves_that_of_the_profile(csms: Csms) -> None:
    await csms.operator.answer(await csms.send(profile()), {"status": "Accepted"})
    csms.clock.at = after(1)
    password = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    setting = {"setVariableData": [password | {"attributeValue": OTHER}]}
    command = await csms.send(setting, "SetVariables")
    await csms.operator.answer(command, {"setVariableResult": [password | {"attributeStatus": "Accepted"}]})

    assert await csms.admits(OLD, OTHER, NEW, OTHER) == [False, True, True, False]


async def test_a_profile_of_another_identity_opens_no_door(csms: Csms) -> None:
    """Its secret is for the operator to set at that station."""
    await csms.operator.connected(Version.V21, "CS2")
    await csms.device.security.stations.update("CS2", lambda _: holding(OTHER, after(-60)))
    await csms.operator.answer(await csms.send(profile(identity="CS2")), {"status": "Accepted"})

    assert await csms.admits(NEW, OLD) == [False, True]
    assert await csms.admits(NEW, OTHER, id="CS2") == [False, True]


async def test_the_password_is_shown_nowhere(csms: Csms) -> None:
    command = await csms.send(profile())
    await csms.operator.answer(command, {"status": "Accepted"})
    shown = await csms.operator.command(command.message_id)
    stored = await csms.device.security.of_station("CS1")

    assert shown["payload"]["connectionData"]["basicAuthPassword"] == "***"
    assert NEW not in stored.model_dump_json()
    assert not any(NEW in event.data.decode() for event in csms.operator.events)


async def test_secrets_that_are_never_used_are_forgotten_in_time(csms: Csms) -> None:
    for number in range(MAX_UNUSED_SECRETS + 3):
        csms.clock.at = after(number)
        command = await csms.send(profile(f"{NEW}-{number}", slot=number))
        await csms.operator.answer(command, {"status": "Accepted"})

    assert len(await csms.states()) == 1 + MAX_UNUSED_SECRETS
    assert await csms.admits(f"{NEW}-2", OLD, f"{NEW}-3") == [False, True, True]


@pytest.mark.parametrize("weak_secrets", ["accepted", "refused"])
async def test_a_weak_password_is_marked_or_refused_as_the_setting_says(
    tmp_path: Path, weak_secrets: Literal["accepted", "refused"]
) -> None:
    store, clock = SqliteStore(tmp_path / "weak.db"), StoppedClock(NOW)
    device = Device.of(store, RecordingBus(), clock, Settings(_env_file=None, weak_secrets=weak_secrets))
    async with operating(device, clock) as operator:
        await operator.connected(Version.V21)
        answer = await operator.post("SetNetworkProfile", profile("12345678"))
        marked = [one.weak for one in (await device.security.of_station("CS1")).secrets]
    await store.close()

    assert (answer.status_code, marked) == ((202, [True]) if weak_secrets == "accepted" else (422, []))
