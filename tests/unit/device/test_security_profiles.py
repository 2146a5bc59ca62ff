"""Stations come up to higher security profiles, and down again only if the operator says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest

from libs.ocpp_messages.version import Version
from services.device.registry.model import Station
from services.device.security.model import Secret, StationSecurity
from services.device.service import Device

from .admission import PEPPER, SECRET, basic, holding, refusal, with_secret
from .bus import RecordingBus
from .operator import Operator, operating
from .station import NOW, StoppedClock


async def set_profile(device: Device, profile: int | None) -> None:
    await device.security.stations.update(
        "CS1", lambda known: (known or StationSecurity()).changed(security_profile=profile)
    )


@pytest.mark.parametrize("profile", [None, 1, 2, 3])
@pytest.mark.parametrize("tls", [False, True])
async def test_from_security_profile_2_on_a_station_needs_tls_and_its_secret(
    device: Device, profile: int | None, tls: bool
) -> None:
    await with_secret(device, SECRET)
    await set_profile(device, profile)

    admitted = await refusal(device, basic("CS1", SECRET), tls=tls) is None
    assert admitted is (tls or profile in (None, 1))
    assert await refusal(device, basic("CS1", "another secret"), tls=tls) == 401
    assert await refusal(device, "", tls=tls) == 401


async def test_the_same_applies_when_every_station_needs_that_profile(device: Device) -> None:
    await with_secret(device, SECRET)
    secured = replace(device, security=replace(device.security, min_profile=2))

    assert await refusal(secured, basic("CS1", SECRET)) == 401
    assert await refusal(secured, basic("CS1", SECRET), tls=True) is None


async def test_a_station_refused_without_tls_has_not_used_its_secret(device: Device) -> None:
    """It went over the network in clear."""
    waiting = Secret.of(SECRET, NOW, PEPPER).in_state("awaiting_reboot")
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
    known = StationSecurity(secrets=(waiting,), security_profile=2)
    await device.security.stations.update("CS1", lambda _: known)

    assert await refusal(device, basic("CS1", SECRET)) == 401
    assert await device.security.stations.get("CS1") == known


async def offer(device: Device, clock: StoppedClock, profile: int, status: str = "Accepted") -> None:
    """A command sets a network profile of that security profile, in a slot of its own."""
    data = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://csms.example.com/ocpp",
        "messageTimeout": 30,
        "securityProfile": profile,
        "ocppInterface": "Wired0",
    }
    async with operating(device, clock) as operator:
        request = {"configurationSlot": profile, "connectionData": data}
        await ask_and_answer(operator, Version.V201, "SetNetworkProfile", request, {"status": status})


async def ask_and_answer(
    operator: Operator, version: Version, action: str, request: Any, response: Any
) -> None:
    """The station is connected, gets the command, and its answer is delivered twice."""
    known = await operator.device.registry.stations.get("CS1")
    await operator.connected(version)
    await operator.device.registry.stations.update("CS1", lambda new: known or new or Station(id="CS1"))
    assert (await operator.post(action, request)).status_code == 202
    command = await operator.next()
    for _ in range(2):
        await operator.answer(command, response)


async def profiles(device: Device) -> tuple[int | None, tuple[int, ...] | None]:
    """The security profile of the station, and the profiles that it has accepted."""
    security = await device.security.of_station("CS1")
    return security.security_profile, security.offered_security_profiles


async def test_an_offered_security_profile_counts_from_the_first_connection_that_has_it(
    device: Device, clock: StoppedClock
) -> None:
    """Until then the station may have to come as before: its new connection may not work (A05)."""
    await with_secret(device, SECRET)
    await offer(device, clock, 2)
    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await refusal(device, basic("CS1", "another secret"), tls=True) == 401
    assert await profiles(device) == (None, (2,))

    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (2, None)
    assert await refusal(device, basic("CS1", SECRET)) == 401
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None


async def test_a_station_without_a_secret_reaches_no_profile_by_tls(
    device: Device, clock: StoppedClock
) -> None:
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
    await offer(device, clock, 1)

    assert await refusal(device, "", tls=True) is None
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (None, (1,))

    await device.security.set_secret("CS1", SECRET)
    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await profiles(device) == (1, None)
    await device.security.delete_secrets("CS1")
    assert await refusal(device, "", tls=True) == 401


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
async def test_of_several_offers_the_one_that_the_station_connects_with_counts(
    device: Device, clock: StoppedClock, order: tuple[int, ...]
) -> None:
    """Nobody can see here that a station comes with profile 3: its certificate ends at the proxy."""
    await with_secret(device, SECRET)
    for profile in order:
        await offer(device, clock, profile)

    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await profiles(device) == (1, (2, 3))
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (2, (3,))
    assert await refusal(device, basic("CS1", SECRET)) == 401


@pytest.mark.parametrize(("profile", "status"), [(2, "Rejected"), (2, "Failed"), (1, "Accepted")])
async def test_a_profile_that_was_refused_or_is_no_higher_is_no_offer(
    device: Device, clock: StoppedClock, profile: int, status: str
) -> None:
    await with_secret(device, SECRET)
    await set_profile(device, 1)
    await offer(device, clock, profile, status)

    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (1, None)


VARIABLE = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "SecurityProfile"}}


@pytest.mark.parametrize("version", [Version.V16, Version.V201])
async def test_a_setting_that_needs_a_reboot_is_an_offer_too(
    device: Device, clock: StoppedClock, version: Version
) -> None:
    status, action = "RebootRequired", "SetVariables"
    request: Any = {"setVariableData": [VARIABLE | {"attributeValue": "2"}]}
    response: Any = {"setVariableResult": [VARIABLE | {"attributeStatus": status}]}
    if version is Version.V16:
        action, request, response = (
            "ChangeConfiguration",
            {"key": "SecurityProfile", "value": "2"},
            {"status": status},
        )
    await with_secret(device, SECRET)
    async with operating(device, clock) as operator:
        await ask_and_answer(operator, version, action, request, response)

    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await refusal(device, basic("CS1", SECRET)) == 401


async def test_a_station_that_is_deleted_while_it_connects_is_not_created_again(
    device: Device, clock: StoppedClock
) -> None:
    await with_secret(device, SECRET)
    await offer(device, clock, 2)
    real = device.security.stations

    class Deleting(Counted):
        async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
            await device.registry.delete(id)
            return await real.update(id, change)

    slow = replace(device, security=replace(device.security, stations=Deleting(real)))  # type: ignore[arg-type]
    assert await refusal(slow, basic("CS1", SECRET), tls=True) == 404
    assert await device.registry.stations.get("CS1") is None
    assert await real.get("CS1") is None


async def test_a_secret_that_is_deleted_while_a_station_connects_with_it_changes_nothing(
    device: Device, clock: StoppedClock
) -> None:
    await with_secret(device, SECRET)
    await offer(device, clock, 2)
    real = device.security.stations

    class Contended(Counted):
        async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
            change(await real.get(id))
            await device.security.delete_secrets(id)
            return await real.update(id, change)

    contended = replace(device, security=replace(device.security, stations=Contended(real)))  # type: ignore[arg-type]
    assert await refusal(contended, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (None, (2,))


class Counted:
    """A collection that records its reads and writes."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.asked: list[str] = []

    async def get(self, id: str) -> Any:
        self.asked.append("read")
        return await self._collection.get(id)

    async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
        old: Any = None

        def read(current: Any) -> Any:
            nonlocal old
            self.asked.append("read")
            old = current
            return change(current)

        new = await self._collection.update(id, read)
        if new is not old:
            self.asked.append("write")
        return new


@pytest.mark.parametrize("secret", [None, SECRET])
async def test_an_unchanged_admission_reads_station_and_secret_twice_and_writes_nothing(
    device: Device, secret: str | None
) -> None:
    """Thousands of stations may reconnect at once. It is decided before and after it gets its number."""
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
    known = holding(SECRET, NOW) if secret else StationSecurity()
    await device.security.stations.update("CS1", lambda _: known.offered(3))
    stations, credentials = Counted(device.registry.stations), Counted(device.security.stations)
    registry = replace(device.registry, stations=stations)  # type: ignore[arg-type]
    security = replace(device.security, registry=registry, stations=credentials)  # type: ignore[arg-type]
    counted = replace(device, security=security)

    assert await refusal(counted, basic("CS1", secret) if secret else "", tls=True) is None
    assert (stations.asked, credentials.asked) == (["read"] * 2, ["read"] * 2)


async def test_what_is_offered_is_shown_and_only_the_station_can_change_it(
    device: Device, client: httpx.AsyncClient, clock: StoppedClock
) -> None:
    await with_secret(device, SECRET)
    await offer(device, clock, 2)
    shown = await client.get("/chargingstations/CS1/security")
    written = await client.patch("/chargingstations/CS1", json={"securityProfile": 1})

    assert shown.json() == {"stationId": "CS1", "hasSecret": True, "offeredSecurityProfiles": [2]}
    assert written.status_code == 422
    assert (await client.get("/chargingstations/nobody/security")).status_code == 404


async def put_profile(client: httpx.AsyncClient, profile: Any, **fields: Any) -> httpx.Response:
    body = {"securityProfile": profile} | fields
    return await client.put("/chargingstations/CS1/security/profile", json=body)


async def test_only_an_explicit_act_of_the_operator_lowers_the_profile(
    device: Device, client: httpx.AsyncClient, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    await with_secret(device, SECRET)
    await set_profile(device, 2)
    await offer(device, clock, 3)
    bus = cast(RecordingBus, device.bus)
    bus.published.clear()

    refused = await put_profile(client, 1)
    assert (refused.status_code, "`lower: true`" in refused.json()["detail"]) == (409, True)
    assert await profiles(device) == (2, (3,))
    assert await refusal(device, basic("CS1", SECRET)) == 401

    for _ in range(2):
        lowered = await put_profile(client, 1, lower=True)
        assert lowered.json() == {"stationId": "CS1", "hasSecret": True, "securityProfile": 1}
    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (1, None)
    assert await refusal(device, "") == 401
    events = [json.loads(event.data) for event in bus.events if event.action == "SecurityProfileLowered"]
    assert events == [{"before": 2, "profile": 1}]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == ["station CS1: the operator lowered its security profile from 2 to 1"]


async def test_a_profile_that_is_lowered_to_nothing_needs_no_secret(
    device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    await set_profile(device, 1)
    assert await refusal(device, "") == 401

    assert (await put_profile(client, 0, lower=True)).json() == {"stationId": "CS1", "hasSecret": False}
    assert await refusal(device, "") is None


async def test_the_operator_may_raise_the_profile_and_the_connection_before_ends(
    device: Device, client: httpx.AsyncClient
) -> None:
    await with_secret(device, SECRET)
    bus = cast(RecordingBus, device.bus)
    for _ in range(2):
        assert (await put_profile(client, 2)).json()["securityProfile"] == 2
    assert (await put_profile(client, 3, lower=True)).json()["securityProfile"] == 2

    assert await refusal(device, basic("CS1", SECRET)) == 401
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    revoked = [json.loads(event.data)["reason"] for event in bus.events]
    assert revoked == ["the charging station needs a higher security profile now"]


@pytest.mark.parametrize("profile", [-1, 4, "1", None, 1.5])
async def test_there_are_four_profiles(
    device: Device, client: httpx.AsyncClient, registered: Station, profile: Any
) -> None:
    assert (await put_profile(client, profile)).status_code == 422
    answer = await client.put("/chargingstations/nobody/security/profile", json={"securityProfile": 1})
    assert answer.status_code == 404


async def test_a_command_never_lowers_the_profile(device: Device, clock: StoppedClock) -> None:
    await with_secret(device, SECRET)
    await set_profile(device, 2)
    async with operating(device, clock) as operator:
        request: Any = {"setVariableData": [VARIABLE | {"attributeValue": "1"}]}
        response: Any = {"setVariableResult": [VARIABLE | {"attributeStatus": "Accepted"}]}
        await ask_and_answer(operator, Version.V201, "SetVariables", request, response)

    assert await profiles(device) == (2, None)
    assert await refusal(device, basic("CS1", SECRET)) == 401
