"""A command gives a station another secret (A01) or security profile (A05): what counts from when on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version
from services.device.commands.security_settings import apply_result
from services.device.service import Device

from .admission import KEY, KEY_BYTES, basic, holding, refusal
from .bus import RecordingBus
from .operator import Operator, operating
from .station import StoppedClock, after

V16, V201 = Version.V16, Version.V201
OLD = "the old secret of the station"
NEW = "the-new-secret-of-the-station"
PASSWORD = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
INTERVAL = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
PROFILE = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "SecurityProfile"}}


@pytest.fixture
async def operator(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    """With a connected station that has the secret ``OLD``, set a minute ago."""
    async with operating(device, clock) as operator:
        await operator.connected()
        await device.security.stations.update("CS1", lambda _: holding(OLD, after(-60)))
        yield operator


def setting(secret: str, version: Version = V201) -> tuple[str, Any]:
    """The command that sets it."""
    if version is V16:
        return "ChangeConfiguration", {"key": "AuthorizationKey", "value": secret}
    data = [INTERVAL | {"attributeValue": "300"}, PASSWORD | {"attributeValue": secret}]
    return "SetVariables", {"setVariableData": data}


def answer(status: str, version: Version = V201) -> dict[str, Any]:
    """The order of the results is the station's own, and so are small and capital letters."""
    if version is V16:
        return {"status": status}
    password = json.loads(json.dumps(PASSWORD).replace("SecurityCtrlr", "securityctrlr"))
    results = [password | {"attributeStatus": status}, INTERVAL | {"attributeStatus": "Accepted"}]
    return {"setVariableResult": results}


async def ask(operator: Operator, secret: str = NEW, version: Version = V201) -> Any:
    asked = await operator.post(*setting(secret, version))
    assert asked.status_code == 202, asked.text
    return await operator.next()


async def admitted(operator: Operator, *secrets: str | bytes) -> list[bool]:
    """Whether the station may come with each, in turn."""
    return [await refusal(operator.device, basic("CS1", secret)) is None for secret in secrets]


@pytest.mark.parametrize("version", [V201, Version.V21])
async def test_an_accepted_secret_replaces_the_old_one(operator: Operator, version: Version) -> None:
    await operator.connected(version)
    await operator.answer(await ask(operator), answer("Accepted"))

    assert await admitted(operator, OLD, NEW, OLD) == [False, True, False]
    assert await refusal(operator.device, "") == 401


@pytest.mark.parametrize("sent", [KEY, KEY.lower(), KEY_BYTES])
async def test_a_key_of_1_6_may_be_presented_as_bytes_or_text(operator: Operator, sent: str | bytes) -> None:
    await operator.connected(V16)
    payload = {"key": "authorizationkey", "value": KEY}
    await operator.post("ChangeConfiguration", payload)
    await operator.answer(await operator.next(), answer("Accepted", V16))

    assert await admitted(operator, sent, OLD) == [True, False]


@pytest.mark.parametrize("version", [V16, V201])
@pytest.mark.parametrize("status", ["Rejected", "NotSupported"])
async def test_after_a_refusal_the_old_secret_stays(
    operator: Operator, version: Version, status: str
) -> None:
    status = {(V201, "NotSupported"): "UnknownVariable"}.get((version, status), status)
    await operator.connected(version)
    await operator.answer(await ask(operator, KEY, version), answer(status, version))

    assert await admitted(operator, KEY, OLD, KEY) == [False, True, False]


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (ErrorCode.NOT_SUPPORTED, {}),
        (ErrorCode.INTERNAL_ERROR, {"gateway": "overloaded"}),
        (ErrorCode.INTERNAL_ERROR, {"gateway": "notConnected"}),
        (ErrorCode.GENERIC_ERROR, {"gateway": "expired"}),
        (ErrorCode.FORMAT_VIOLATION, {"gateway": "invalidRequest"}),
    ],
)
async def test_after_an_error_the_old_secret_stays(
    operator: Operator, code: ErrorCode, details: dict[str, str]
) -> None:
    await operator.refuse(await ask(operator), code, "no", **details)

    assert await admitted(operator, NEW, OLD) == [False, True]


@pytest.mark.parametrize("reason", ["timeout", "disconnected"])
@pytest.mark.parametrize(("first", "other"), [(OLD, NEW), (NEW, OLD)])
async def test_of_uncertain_secrets_the_first_one_used_is_the_stations(
    operator: Operator, reason: str, first: str, other: str
) -> None:
    await operator.refuse(await ask(operator), ErrorCode.GENERIC_ERROR, "no answer", gateway=reason)

    assert await admitted(operator, "neither of the two", first, other, first) == [False, True, False, True]


@pytest.mark.parametrize(("first", "other"), [(OLD, NEW), (NEW, OLD)])
async def test_of_secrets_that_are_uncertain_after_a_timeout_the_first_one_used_is_the_stations(
    operator: Operator, first: str, other: str
) -> None:
    await ask(operator)
    await operator.look_after(200)

    assert await admitted(operator, first, other, first) == [True, False, True]


async def test_a_station_may_connect_with_a_new_secret_before_its_answer_arrives(operator: Operator) -> None:
    command = await ask(operator)

    assert await admitted(operator, OLD, NEW, OLD) == [True, True, False]
    await operator.answer(command, answer("Accepted"))
    assert await admitted(operator, OLD, NEW) == [False, True]


async def test_a_secret_that_needs_a_reboot_counts_from_its_first_use(operator: Operator) -> None:
    """Until the reboot the station reconnects with the old one, as often as it must."""
    await operator.answer(await ask(operator), answer("RebootRequired"))

    assert await admitted(operator, OLD, OLD, NEW, OLD) == [True, True, True, False]


@pytest.mark.parametrize("status", ["Accepted", "RebootRequired", ""])
async def test_a_first_secret(operator: Operator, device: Device, status: str) -> None:
    await device.security.stations.delete("CS1")
    command = await ask(operator)
    assert await refusal(device, "") is None
    if status:
        await operator.answer(command, answer(status))
    else:
        await operator.look_after(200)

    assert (await refusal(device, "") is None) is (status != "Accepted")
    taken = status != ""
    assert await admitted(operator, NEW) == [True]
    assert (await refusal(device, "") is None) is not taken


async def test_of_two_commands_the_later_counts_whichever_answer_is_first(
    operator: Operator, clock: StoppedClock
) -> None:
    first = await ask(operator, "the first of two secrets")
    clock.at = after(1)
    second = await ask(operator, "the second of two secrets")
    await operator.answer(second, answer("Accepted"))
    await operator.answer(first, answer("Accepted"))

    assert await admitted(operator, OLD, "the second of two secrets") == [False, True]
    assert await admitted(operator, "the first of two secrets", OLD) == [False, False]


async def test_an_answer_that_is_delivered_twice_changes_nothing(operator: Operator, device: Device) -> None:
    command = await ask(operator)
    for _ in range(2):
        await operator.answer(command, answer("Accepted"))
    known = await device.security.stations.get("CS1")
    kept = await device.commands.commands.get(command.message_id)
    assert known is not None and kept is not None
    await apply_result(device.security, kept.model_copy(update={"status": "timeout", "response": None}))

    assert await device.security.stations.get("CS1") == known
    assert [secret.state for secret in known.secrets] == ["active"]


async def test_the_secret_that_the_operator_sets_counts(
    operator: Operator, device: Device, client: httpx.AsyncClient
) -> None:
    await operator.refuse(await ask(operator), ErrorCode.GENERIC_ERROR, "no answer", gateway="timeout")
    set_by_hand = "set by hand in the station"
    await client.post("/chargingstations/CS1/credentials", json={"secret": set_by_hand})

    assert await admitted(operator, OLD, NEW, set_by_hand) == [False, False, True]


async def test_the_secret_is_stored_nowhere(operator: Operator, device: Device) -> None:
    command = await ask(operator)
    kept = [await device.security.stations.get("CS1"), await device.commands.commands.get(command.message_id)]
    await operator.answer(command, answer("Accepted"))
    kept += [
        await device.security.stations.get("CS1"),
        await device.commands.commands.get(command.message_id),
    ]

    for document in kept:
        assert document is not None
        assert NEW not in document.model_dump_json()
    assert all(NEW.encode() not in event.data for event in operator.events)
    assert NEW not in str(await operator.command(command.message_id))


async def test_a_secret_that_is_deleted_meanwhile_stays_deleted(operator: Operator, device: Device) -> None:
    command = await ask(operator)
    await device.security.stations.delete("CS1")
    await operator.answer(command, answer("Accepted"))

    assert await device.security.stations.get("CS1") is None


@pytest.mark.parametrize("version", [V16, V201])
@pytest.mark.parametrize(
    ("profile", "status", "kept"),
    [("1", "Accepted", 1), ("3", "Accepted", None), ("2", "Rejected", None), ("0", "Accepted", None)],
)
async def test_an_accepted_security_profile_needs_a_secret(
    operator: Operator, device: Device, version: Version, profile: str, status: str, kept: int | None
) -> None:
    await operator.connected(version)
    await device.security.stations.delete("CS1")
    assert await refusal(device, "") is None
    await upgrade(operator, version, profile, status)

    assert (await device.security.of_station("CS1")).security_profile == kept
    assert await refusal(device, "") == (401 if kept else None)


async def test_a_security_profile_is_never_lowered(
    operator: Operator, device: Device, client: httpx.AsyncClient
) -> None:
    await operator.connected(V16)
    await upgrade(operator, V16, "2", "Accepted")
    await operator.device.security.admit("CS1", basic("CS1", OLD), True)
    await upgrade(operator, V16, "1", "Accepted")
    written = await client.patch("/chargingstations/CS1", json={"securityProfile": 0})

    assert written.status_code == 422
    assert (await client.get("/chargingstations/CS1/security")).json()["securityProfile"] == 2


async def upgrade(operator: Operator, version: Version, profile: str, status: str) -> None:
    if version is V16:
        asked = await operator.post("ChangeConfiguration", {"key": "SecurityProfile", "value": profile})
        answered: dict[str, Any] = {"status": status}
    else:
        data = {"setVariableData": [PROFILE | {"attributeValue": profile}]}
        asked = await operator.post("SetVariables", data)
        answered = {"setVariableResult": [PROFILE | {"attributeStatus": status}]}
    assert asked.status_code == 202, asked.text
    await operator.answer(await operator.next(), answered)


async def test_a_station_with_an_uncertain_secret_needs_a_secret_from_profile_1_on(
    operator: Operator, device: Device
) -> None:
    """A refused connection changes nothing: it does not prove that the station lacks the new secret."""
    await device.security.stations.delete("CS1")
    await operator.refuse(await ask(operator), ErrorCode.GENERIC_ERROR, "no answer", gateway="timeout")
    secured = replace(device, security=replace(device.security, min_profile=1))

    assert await refusal(secured, "") == 401
    assert await refusal(secured, basic("CS1", NEW)) is None
    assert await refusal(device, "") == 401


@pytest.mark.parametrize("version", [V16, V201])
@pytest.mark.parametrize("weak_secrets", ["accepted", "refused"])
async def test_a_command_that_sets_a_weak_secret_is_marked_or_refused_as_the_setting_says(
    tmp_path: Path, clock: StoppedClock, version: Version, weak_secrets: Literal["accepted", "refused"]
) -> None:
    """A station with a secret that is refused would lock itself out."""
    action: str = "ChangeConfiguration"
    payload: Any = {"key": "AuthorizationKey", "value": "12345678"}
    if version is V201:
        action, payload = "SetVariables", {"setVariableData": [PASSWORD | {"attributeValue": "12345678"}]}
    store = SqliteStore(tmp_path / "weak.db")
    settings = Settings(_env_file=None, weak_secrets=weak_secrets)
    device = Device.of(store, RecordingBus(), clock, settings)
    async with operating(device, clock) as operator:
        await operator.connected(version)
        answer = await operator.post(action, payload)
        marked = [one.weak for one in (await device.security.of_station("CS1")).secrets]
    await store.close()

    assert (answer.status_code, marked) == ((202, [True]) if weak_secrets == "accepted" else (422, []))
