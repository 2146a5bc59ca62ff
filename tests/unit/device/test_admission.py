from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from libs.csms.admission import Admission, HttpAdmission, NotAdmitted
from libs.ocpp_messages.version import Version
from services.device.credential import Credential, Secret
from services.device.model import Station
from services.device.service import Device

from .operator import Operator, operating
from .station import NOW, Csms, StoppedClock
from .test_boot_notification import BOOT

SECRET = "correct:horse-battery.staple"
KEY = "00112233445566778899AABBCCDDEEFF0123abCD"
KEY_BYTES = bytes.fromhex(KEY)


def basic(username: str, password: str | bytes) -> str:
    password = password.encode() if isinstance(password, str) else password
    return "Basic " + base64.b64encode(username.encode() + b":" + password).decode()


async def with_secret(device: Device, secret: str, id: str = "CS1") -> None:
    await device.stations.update(id, lambda _: Station(id=id))
    await device.credentials.update(id, lambda _: Credential.of(secret, NOW))


async def refusal(device: Device, authorization: str, id: str = "CS1", *, tls: bool = False) -> int | None:
    try:
        await device.admit(id, authorization, tls)
    except NotAdmitted as error:
        return error.status
    return None


async def test_a_station_without_a_secret_connects_without_one(device: Device, registered: Station) -> None:
    assert await device.admit("CS1", "", False) == Admission(registration_status="Pending")


async def test_an_unknown_station_does_not(device: Device) -> None:
    assert await refusal(device, "", "nobody") == 404
    assert await refusal(device, basic("nobody", SECRET), "nobody") == 404


async def test_a_station_without_a_secret_needs_one_from_security_profile_1_on(
    device: Device, registered: Station
) -> None:
    secured = replace(device, min_security_profile=1)

    assert await refusal(secured, "") == 401
    assert await refusal(secured, basic("CS1", "")) == 401


@pytest.mark.parametrize("id", ["CS1", "../x/ü", "with space"])
async def test_the_right_secret_is_admitted(device: Device, id: str) -> None:
    await with_secret(device, SECRET, id)

    assert await refusal(device, basic(id, SECRET), id) is None
    assert await refusal(device, basic(id, SECRET).replace("Basic", "bAsIc"), id) is None


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic Q1M",
        "Bearer " + SECRET,
        "Basic ü",
        basic("CS1", SECRET + "x"),
        basic("CS1", SECRET[:-1]),
        basic("CS1", SECRET.upper()),
        basic("CS1", ""),
        basic("CS1", b"\xff\xfe\x00"),
        basic("CS2", SECRET),
        basic("cs1", SECRET),
        basic("", SECRET),
        "Basic " + base64.b64encode(SECRET.encode()).decode(),
        "Basic " + base64.b64encode(b"CS1").decode(),
    ],
)
async def test_everything_else_is_not(device: Device, authorization: str) -> None:
    await with_secret(device, SECRET)

    assert await refusal(device, authorization) == 401


@pytest.mark.parametrize("stored", [KEY, KEY.lower()])
@pytest.mark.parametrize("sent", [KEY, KEY.lower(), KEY.upper(), KEY_BYTES])
async def test_a_key_of_1_6_may_be_sent_as_its_bytes_or_as_hexadecimal_text(
    device: Device, stored: str, sent: str | bytes
) -> None:
    await with_secret(device, stored)

    assert await refusal(device, basic("CS1", sent)) is None
    assert await refusal(device, basic("CS1", sent[:-2])) == 401


async def test_a_key_that_was_set_as_text_may_be_sent_as_hexadecimal_digits_of_it(device: Device) -> None:
    await with_secret(device, "sixteen letters!")

    assert await refusal(device, basic("CS1", b"sixteen letters!".hex().upper())) is None
    assert await refusal(device, basic("CS1", "sixteen letters!")) is None


async def test_a_password_longer_than_any_key_is_compared_as_it_is(device: Device) -> None:
    await with_secret(device, "ab" * 32)

    assert await refusal(device, basic("CS1", "ab" * 32)) is None
    assert await refusal(device, basic("CS1", "AB" * 32)) == 401
    assert await refusal(device, basic("CS1", bytes.fromhex("ab" * 32))) == 401


async def test_acceptance_outlives_the_connection(csms: Csms, device: Device, registered: Station) -> None:
    await csms.call("BootNotification", BOOT)

    assert await device.admit("CS1", "", False) == Admission(registration_status="Accepted")


@pytest.mark.parametrize("decision", ["Pending", "Rejected"])
async def test_the_operator_may_change_his_mind(
    csms: Csms, device: Device, client: httpx.AsyncClient, registered: Station, decision: str
) -> None:
    await csms.call("BootNotification", BOOT)
    await client.patch("/chargingstations/CS1", json={"registrationStatus": decision})
    for_now = await device.admit("CS1", "", False)
    told = await csms.call("BootNotification", BOOT)
    await client.patch("/chargingstations/CS1", json={"registrationStatus": "Accepted"})

    assert (for_now.registration_status, told["status"]) == (decision, decision)
    assert await device.admit("CS1", "", False) == Admission(registration_status="Pending")


async def test_a_gateway_elsewhere_asks_over_http(device: Device, client: httpx.AsyncClient) -> None:
    await with_secret(device, SECRET, "a/b")
    path = "/chargingstations/a%2Fb/admission"

    admitted = await client.post(path, json={"authorization": basic("a/b", SECRET)})
    refused = await client.post(path, json={"authorization": ""})
    unknown = await client.post("/chargingstations/nobody/admission", json={"authorization": ""})

    assert (admitted.status_code, admitted.json()) == (200, {"registrationStatus": "Pending"})
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert unknown.status_code == 404


async def test_it_also_tells_whether_the_station_comes_with_tls(
    device: Device, client: httpx.AsyncClient
) -> None:
    await with_secret(device, SECRET)
    await device.stations.update("CS1", lambda _: Station(id="CS1", security_profile=2))
    elsewhere = HttpAdmission(client)

    await elsewhere.admit("CS1", basic("CS1", SECRET), True)
    with pytest.raises(NotAdmitted, match="the station needs TLS, and comes without") as refused:
        await elsewhere.admit("CS1", basic("CS1", SECRET), False)
    assert refused.value.status == 401


@pytest.mark.parametrize("profile", [None, 1, 2, 3])
@pytest.mark.parametrize("tls", [False, True])
async def test_from_security_profile_2_on_a_station_needs_tls_and_its_secret(
    device: Device, profile: int | None, tls: bool
) -> None:
    await with_secret(device, SECRET)
    await device.stations.update("CS1", lambda _: Station(id="CS1", security_profile=profile))

    admitted = await refusal(device, basic("CS1", SECRET), tls=tls) is None
    assert admitted is (tls or profile in (None, 1))
    assert await refusal(device, basic("CS1", "another secret"), tls=tls) == 401
    assert await refusal(device, "", tls=tls) == 401


async def test_so_it_is_when_every_station_has_to_have_that_profile(device: Device) -> None:
    await with_secret(device, SECRET)
    secured = replace(device, min_security_profile=2)

    assert await refusal(secured, basic("CS1", SECRET)) == 401
    assert await refusal(secured, basic("CS1", SECRET), tls=True) is None


async def test_who_is_refused_for_want_of_tls_has_not_used_the_secret(device: Device) -> None:
    """It went over the network in clear."""
    waiting = Secret.of(SECRET, NOW).standing_as("postponed")
    await device.stations.update("CS1", lambda _: Station(id="CS1", security_profile=2))
    await device.credentials.update("CS1", lambda _: Credential(secrets=(waiting,)))

    assert await refusal(device, basic("CS1", SECRET)) == 401
    assert await device.credentials.get("CS1") == Credential(secrets=(waiting,))


async def offer(device: Device, clock: StoppedClock, profile: int, status: str = "Accepted") -> None:
    """A command brings a network profile of that security profile, in a slot of its own."""
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
        await told(operator, Version.V201, "SetNetworkProfile", request, {"status": status})


async def told(operator: Operator, version: Version, action: str, request: Any, response: Any) -> None:
    """The station is connected, gets the command, and its answer comes twice."""
    known = await operator.device.stations.get("CS1")
    await operator.connected(version)
    await operator.device.stations.update("CS1", lambda new: known or new or Station(id="CS1"))
    assert (await operator.post(action, request)).status_code == 202
    command = await operator.next()
    for _ in range(2):
        await operator.answer(command, response)


async def profiles(device: Device) -> tuple[int | None, tuple[int, ...] | None]:
    """What the station has, and what it has yet to come with."""
    station = await device.stations.get("CS1")
    assert station is not None
    return station.security_profile, station.offered_security_profiles


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


async def test_a_station_without_a_secret_comes_up_to_nothing_by_tls(
    device: Device, clock: StoppedClock
) -> None:
    await device.stations.update("CS1", lambda _: Station(id="CS1"))
    await offer(device, clock, 1)

    assert await refusal(device, "", tls=True) is None
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (None, (1,))

    await device.credentials.update("CS1", lambda _: Credential.of(SECRET, NOW))
    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await profiles(device) == (1, None)
    await device.credentials.delete("CS1")
    assert await refusal(device, "", tls=True) == 401


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1)])
async def test_of_several_offers_the_one_that_the_station_comes_with_counts(
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
async def test_what_was_refused_or_is_no_higher_is_no_offer(
    device: Device, clock: StoppedClock, profile: int, status: str
) -> None:
    await with_secret(device, SECRET)
    await device.stations.update("CS1", lambda _: Station(id="CS1", security_profile=1))
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
        await told(operator, version, action, request, response)

    assert await refusal(device, basic("CS1", SECRET)) is None
    assert await refusal(device, basic("CS1", SECRET), tls=True) is None
    assert await refusal(device, basic("CS1", SECRET)) == 401


async def test_a_station_that_is_deleted_while_it_comes_is_not_made_again(
    device: Device, clock: StoppedClock
) -> None:
    await with_secret(device, SECRET)
    await offer(device, clock, 2)
    real = device.credentials

    class Deleting(Counted):
        async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
            await device.stations.delete(id)
            return await real.update(id, change)

    slow = replace(device, credentials=Deleting(real))
    assert await refusal(slow, basic("CS1", SECRET), tls=True) == 404
    assert await device.stations.get("CS1") is None


async def test_a_secret_that_is_deleted_while_a_station_comes_with_it_has_shown_nothing(
    device: Device, clock: StoppedClock
) -> None:
    await with_secret(device, SECRET)
    await offer(device, clock, 2)
    known = await device.credentials.get("CS1")
    await device.credentials.delete("CS1")

    class Contended(Counted):
        async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
            change(known)
            return change(None)

    contended = replace(device, credentials=Contended(device.credentials))
    assert await refusal(contended, basic("CS1", SECRET), tls=True) is None
    assert await profiles(device) == (None, (2,))


class Counted:
    """A collection, and what is asked of it."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self.asked: list[str] = []

    async def get(self, id: str) -> Any:
        self.asked.append("read")
        return await self._collection.get(id)

    async def update(self, id: str, change: Callable[[Any], Any]) -> Any:
        old: Any = None

        def noted(current: Any) -> Any:
            nonlocal old
            self.asked.append("read")
            old = current
            return change(current)

        new = await self._collection.update(id, noted)
        if new is not old:
            self.asked.append("write")
        return new


@pytest.mark.parametrize("secret", [None, SECRET])
async def test_to_let_a_station_in_as_ever_costs_a_read_of_it_and_one_of_its_secret(
    device: Device, secret: str | None
) -> None:
    """Thousands of stations may reconnect at once."""
    await device.stations.update("CS1", lambda _: Station(id="CS1", offered_security_profiles=(3,)))
    if secret:
        await device.credentials.update("CS1", lambda _: Credential.of(SECRET, NOW))
    stations, credentials = Counted(device.stations), Counted(device.credentials)
    counted = replace(device, stations=stations, credentials=credentials)

    assert await refusal(counted, basic("CS1", secret) if secret else "", tls=True) is None
    assert (stations.asked, credentials.asked) == (["read"], ["read"])


async def test_what_is_offered_is_shown_and_only_the_station_can_change_it(
    device: Device, client: httpx.AsyncClient, clock: StoppedClock
) -> None:
    await with_secret(device, SECRET)
    await device.stations.update("CS1", lambda _: Station(id="CS1", inventory_of="1.0"))
    await offer(device, clock, 2)
    read = (await client.get("/chargingstations/CS1")).json()
    written = await client.put("/chargingstations/CS1", json=read | {"offeredSecurityProfiles": [1]})

    assert (read["offeredSecurityProfiles"], "securityProfile" in read) == ([2], False)
    assert (written.status_code, written.json()) == (200, read)


async def test_a_secret_is_made_and_shown_once(
    device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    made = await client.post("/chargingstations/CS1/credentials", json={})

    secret = made.json()["secret"]
    assert (made.status_code, len(secret), made.headers["cache-control"]) == (201, 40, "no-store")
    assert await refusal(device, basic("CS1", secret)) is None
    assert await refusal(device, "") == 401
    assert secret not in (await client.get("/chargingstations/CS1")).text
    assert secret not in (await client.get("/chargingstations/list")).text
    stored = await device.credentials.get("CS1")
    assert stored is not None
    assert secret not in stored.model_dump_json()


async def test_two_stations_with_the_same_secret_do_not_look_alike(device: Device) -> None:
    one, other = Secret.of(SECRET, NOW), Secret.of(SECRET, NOW)

    assert one.digest != other.digest


async def test_a_new_secret_takes_the_place_of_the_one_before(
    device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    first = (await client.post("/chargingstations/CS1/credentials")).json()["secret"]
    given = await client.post("/chargingstations/CS1/credentials", json={"secret": SECRET})

    assert (given.status_code, given.json()) == (201, {"stationId": "CS1"})
    assert await refusal(device, basic("CS1", first)) == 401
    assert await refusal(device, basic("CS1", SECRET)) is None


@pytest.mark.parametrize(
    "body",
    [
        {"secret": "fifteen letters"},
        {"secret": "x" * 65},
        {"secret": "tab\tis no good here"},
        {"word": "x" * 16},
    ],
)
async def test_an_unfit_secret_is_refused_and_not_repeated(
    client: httpx.AsyncClient, device: Device, registered: Station, body: dict[str, str]
) -> None:
    refused = await client.post("/chargingstations/CS1/credentials", json=body)

    assert refused.status_code == 422
    assert next(iter(body.values())) not in refused.text
    assert await device.credentials.get("CS1") is None


async def test_a_secret_can_be_taken_away(
    client: httpx.AsyncClient, device: Device, registered: Station
) -> None:
    await client.post("/chargingstations/CS1/credentials")

    taken = await client.delete("/chargingstations/CS1/credentials")
    again = await client.delete("/chargingstations/CS1/credentials")

    assert (taken.status_code, again.status_code) == (204, 404)
    assert await refusal(device, "") is None


async def test_an_unknown_station_gets_no_secret(client: httpx.AsyncClient, device: Device) -> None:
    assert (await client.post("/chargingstations/nobody/credentials")).status_code == 404
    assert await device.credentials.get("nobody") is None
