"""Secrets by REST: made, set, replaced and taken away."""

from __future__ import annotations

import httpx
import pytest

from services.device.registry.model import Station
from services.device.security.model import Secret
from services.device.service import Device

from .admission import PEPPER, SECRET, basic, refusal
from .station import NOW


async def test_a_secret_is_generated_and_shown_once(
    device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    made = await client.post("/chargingstations/CS1/credentials", json={})

    secret = made.json()["secret"]
    assert (made.status_code, len(secret), made.headers["cache-control"]) == (201, 40, "no-store")
    assert await refusal(device, basic("CS1", secret)) is None
    assert await refusal(device, "") == 401
    assert secret not in (await client.get("/chargingstations/CS1")).text
    assert secret not in (await client.get("/chargingstations/list")).text
    stored = await device.security.stations.get("CS1")
    assert stored is not None
    assert secret not in stored.model_dump_json()


async def test_two_stations_with_the_same_secret_have_different_hashes(device: Device) -> None:
    one, other = Secret.of(SECRET, NOW, PEPPER), Secret.of(SECRET, NOW, PEPPER)

    assert one.digest != other.digest


async def test_a_new_secret_replaces_the_one_before(
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
async def test_an_invalid_secret_is_refused_and_not_repeated(
    client: httpx.AsyncClient, device: Device, registered: Station, body: dict[str, str]
) -> None:
    refused = await client.post("/chargingstations/CS1/credentials", json=body)

    assert refused.status_code == 422
    assert next(iter(body.values())) not in refused.text
    assert await device.security.stations.get("CS1") is None


async def test_a_secret_can_be_deleted(
    client: httpx.AsyncClient, device: Device, registered: Station
) -> None:
    await client.post("/chargingstations/CS1/credentials")

    taken = await client.delete("/chargingstations/CS1/credentials")
    again = await client.delete("/chargingstations/CS1/credentials")

    assert (taken.status_code, again.status_code) == (204, 404)
    assert await refusal(device, "") is None


async def test_an_unknown_station_gets_no_secret(client: httpx.AsyncClient, device: Device) -> None:
    assert (await client.post("/chargingstations/nobody/credentials")).status_code == 404
    assert await device.security.stations.get("nobody") is None
