"""Which stations may connect, and with which secrets."""

from __future__ import annotations

import base64
from dataclasses import replace

import httpx
import pytest

from libs.csms.clients.admission import HttpAdmission, NotAdmitted
from services.device.api import device_api
from services.device.registry.model import Station
from services.device.security.model import StationSecurity
from services.device.service import Device

from ..rest import client_of
from .admission import KEY, KEY_BYTES, SECRET, basic, refusal, with_secret
from .station import Csms
from .test_boot_notification import BOOT


async def test_a_station_without_a_secret_connects_without_one(device: Device, registered: Station) -> None:
    assert (await device.security.admit("CS1", "", False)).registration_status == "Pending"


async def test_an_unknown_station_does_not_connect(device: Device) -> None:
    assert await refusal(device, "", "nobody") == 404
    assert await refusal(device, basic("nobody", SECRET), "nobody") == 404


async def test_a_station_without_a_secret_needs_one_from_security_profile_1_on(
    device: Device, registered: Station
) -> None:
    secured = replace(device, security=replace(device.security, min_profile=1))

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
        basic("CS1 ", SECRET),
        basic("CS", SECRET),
        basic("%43%53%32", SECRET),
        basic("CS1%", SECRET),
        basic("", SECRET),
        basic("cs1", SECRET.upper()),
        "Basic " + base64.b64encode(SECRET.encode()).decode(),
        "Basic " + base64.b64encode(b"CS1").decode(),
    ],
)
async def test_anything_but_the_right_secret_is_refused(device: Device, authorization: str) -> None:
    await with_secret(device, SECRET)

    assert await refusal(device, authorization) == 401


@pytest.mark.parametrize(
    ("id", "authorization"),
    [
        ("CS1", basic("cs1", SECRET)),
        ("CS1", basic("Cs1", SECRET)),
        ("Säule 1", basic("SÄULE 1", SECRET)),
        ("Säule 1", basic("S%C3%A4ule%201", SECRET)),
        ("CS1", basic("%63s1", SECRET)),
        ("CS1", basic("CS1", SECRET).rstrip("=")),
        ("CS12", basic("CS12", SECRET).rstrip("=")),
        ("CS123", basic("CS123", SECRET).rstrip("=")),
        ("CS12", basic("CS12", SECRET) + "= "),
        ("CS1", basic("CS1", SECRET).replace("Basic ", "basic   ")),
    ],
)
async def test_a_user_name_in_another_spelling_is_that_of_the_station(
    device: Device, id: str, authorization: str
) -> None:
    await with_secret(device, SECRET, id)

    assert await refusal(device, authorization, id) is None
    assert await refusal(device, basic(id.swapcase(), SECRET + "x"), id) == 401


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

    assert (await device.security.admit("CS1", "", False)).registration_status == "Accepted"


@pytest.mark.parametrize("decision", ["Pending", "Rejected"])
async def test_the_operator_may_change_the_registration_status(
    csms: Csms, device: Device, client: httpx.AsyncClient, registered: Station, decision: str
) -> None:
    await csms.call("BootNotification", BOOT)
    await client.patch("/chargingstations/CS1", json={"registrationStatus": decision})
    for_now = await device.security.admit("CS1", "", False)
    response = await csms.call("BootNotification", BOOT)
    await client.patch("/chargingstations/CS1", json={"registrationStatus": "Accepted"})

    assert (for_now.registration_status, response["status"]) == (decision, decision)
    assert (await device.security.admit("CS1", "", False)).registration_status == "Pending"


async def test_a_gateway_elsewhere_asks_over_http(device: Device, client: httpx.AsyncClient) -> None:
    await with_secret(device, SECRET, "a b")
    path = "/chargingstations/a%20b/admission"

    admitted = await client.post(path, json={"authorization": basic("a b", SECRET)})
    refused = await client.post(path, json={"authorization": ""})
    assert refused.json()["reason"] == "wrongSecret"
    unknown = await client.post("/chargingstations/nobody/admission", json={"authorization": ""})

    number = admitted.json().pop("connectionNumber")
    assert (admitted.status_code, admitted.json()) == (
        200,
        {
            "registrationStatus": "Pending",
            "decisionNumber": 0,
            "wasAccepted": False,
            "connectionNumber": number,
            "refusedRules": [],
        },
    )
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert unknown.status_code == 404


async def test_the_gateway_also_reports_whether_the_station_connects_with_tls(
    device: Device, client: httpx.AsyncClient
) -> None:
    await with_secret(device, SECRET)
    await device.security.stations.update(
        "CS1", lambda known: (known or StationSecurity()).changed(security_profile=2)
    )
    elsewhere = HttpAdmission(client)

    await elsewhere.admit("CS1", basic("CS1", SECRET), True)
    with pytest.raises(NotAdmitted, match="the station needs TLS, and comes without") as refused:
        await elsewhere.admit("CS1", basic("CS1", SECRET), False)
    assert refused.value.status == 401


@pytest.mark.parametrize("secured", [None, 1, 2])
async def test_every_refusal_has_a_reason_also_over_http(
    device: Device, client: httpx.AsyncClient, secured: int | None
) -> None:
    await with_secret(device, SECRET)
    await device.security.stations.update(
        "CS1", lambda known: (known or StationSecurity()).changed(security_profile=secured)
    )
    reasons = []
    for admit in (device.security.admit, HttpAdmission(client).admit):
        for id, authorization in (("nobody", ""), ("CS1", "")):
            with pytest.raises(NotAdmitted) as refused:
                await admit(id, authorization, False)
            reasons.append((refused.value.status, refused.value.reason))

    too_low = (401, "profileTooLow" if secured == 2 else "wrongSecret")
    assert reasons == [(404, "unknownStation"), too_low] * 2


async def test_the_default_version_of_a_station_reaches_its_gateway(
    device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    path = "/chargingstations/CS1"
    assert (await device.security.admit("CS1", "", False)).default_version is None
    wrong = await client.patch(path, json={"defaultVersion": "ocpp1.5"})
    changed = await client.patch(path, json={"defaultVersion": "ocpp1.6"})

    assert wrong.status_code == 422
    assert changed.json()["defaultVersion"] == "ocpp1.6"
    assert (await HttpAdmission(client).admit("CS1", "", False)).default_version == "ocpp1.6"
    assert (await client.patch(path, json={"defaultVersion": None})).json().get("defaultVersion") is None


@pytest.mark.parametrize(("status", "content"), [(404, "no page"), (503, "{}"), (500, "{}")])
async def test_what_is_no_answer_of_the_device_service_says_nothing_about_the_station(
    status: int, content: str
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=content))
    async with httpx.AsyncClient(transport=transport, base_url="http://csms") as elsewhere:
        with pytest.raises(NotAdmitted, match=f"answers {status}") as refused:
            await HttpAdmission(elsewhere).admit("CS1", "", False)

    assert (refused.value.status, refused.value.reason) == (503, None)


WEAK = "12345678"


async def test_a_weak_secret_must_be_called_so_and_is_marked(
    device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    path = "/chargingstations/CS1"
    for body in (
        {"secret": WEAK},
        {"weakSecret": "1234567"},
        {"weakSecret": "x" * 16},
        {"secret": SECRET, "weakSecret": WEAK},
    ):
        assert (await client.post(f"{path}/credentials", json=body)).status_code == 422
    created = await client.post(f"{path}/credentials", json={"weakSecret": WEAK})
    marked = (await client.get(f"{path}/security")).json()

    assert (created.status_code, created.json()) == (201, {"stationId": "CS1"})
    assert marked == {"stationId": "CS1", "hasSecret": True, "weakSecret": True}
    assert await refusal(device, basic("CS1", WEAK)) is None
    assert await refusal(device, basic("CS1", WEAK + "9")) == 401

    await client.post(f"{path}/credentials", json={"secret": SECRET})
    assert (await client.get(f"{path}/security")).json() == {"stationId": "CS1", "hasSecret": True}


async def test_a_setting_refuses_weak_secrets(device: Device, registered: Station) -> None:
    await device.security.set_secret("CS1", WEAK)
    strict = replace(device, security=replace(device.security, weak_secrets="refused"))

    with pytest.raises(NotAdmitted) as refused:
        await strict.security.admit("CS1", basic("CS1", WEAK), False)
    assert (refused.value.status, refused.value.reason) == (401, "weakSecret")
    async with client_of(device_api, strict) as operator:
        path = "/chargingstations/CS1/credentials"
        answer = await operator.post(path, json={"weakSecret": WEAK})
        assert (answer.status_code, "CSMS_WEAK_SECRETS" in answer.json()["detail"]) == (422, True)
        assert (await operator.post(path, json={"secret": SECRET})).status_code == 201
    assert await refusal(strict, basic("CS1", SECRET)) is None
