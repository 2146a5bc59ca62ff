from __future__ import annotations

import base64
from dataclasses import replace

import httpx
import pytest

from libs.csms.admission import Admission, NotAdmitted
from services.device.credential import Credential
from services.device.model import Station
from services.device.service import Device

from .station import NOW, Csms
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


async def refusal(device: Device, authorization: str, id: str = "CS1") -> int | None:
    try:
        await device.admit(id, authorization)
    except NotAdmitted as error:
        return error.status
    return None


async def test_a_station_without_a_secret_connects_without_one(device: Device, registered: Station) -> None:
    assert await device.admit("CS1", "") == Admission(registration_status="Pending")


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

    assert await device.admit("CS1", "") == Admission(registration_status="Accepted")


@pytest.mark.parametrize("decision", ["Pending", "Rejected"])
async def test_the_operator_may_change_his_mind(
    csms: Csms, device: Device, client: httpx.AsyncClient, registered: Station, decision: str
) -> None:
    await csms.call("BootNotification", BOOT)
    await client.patch("/chargingstations/CS1", json={"registrationStatus": decision})
    for_now = await device.admit("CS1", "")
    told = await csms.call("BootNotification", BOOT)
    await client.patch("/chargingstations/CS1", json={"registrationStatus": "Accepted"})

    assert (for_now.registration_status, told["status"]) == (decision, decision)
    assert await device.admit("CS1", "") == Admission(registration_status="Pending")


async def test_a_gateway_elsewhere_asks_over_http(device: Device, client: httpx.AsyncClient) -> None:
    await with_secret(device, SECRET, "a/b")
    path = "/chargingstations/a%2Fb/admission"

    admitted = await client.post(path, json={"authorization": basic("a/b", SECRET)})
    refused = await client.post(path, json={"authorization": ""})
    unknown = await client.post("/chargingstations/nobody/admission", json={"authorization": ""})

    assert (admitted.status_code, admitted.json()) == (200, {"registrationStatus": "Pending"})
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert unknown.status_code == 404


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
    one, other = Credential.of(SECRET, NOW), Credential.of(SECRET, NOW)

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
