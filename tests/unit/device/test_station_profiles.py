from __future__ import annotations

from typing import Any

import httpx
import pytest

from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.version import Version
from services.device.registry.model import Station
from services.device.service import Device
from services.device.station_profiles import service
from services.device.station_profiles.model import Profiles, StationProfile
from services.device.station_profiles.service import MAX_AGE, built_in_profiles

from .onboarding import boots
from .operator import Operator
from .replicas import replica_of
from .station import NOW, Csms, StoppedClock

STRICT: dict[str, Any] = {
    "id": "acme",
    "vendor": "Acme*",
    "model": "Box",
    "rules": {"timestampFormat": "refuse", "null": "repair", "textTooLong": "refuse"},
    "answerTimeout": 12.5,
    "onboarding": False,
    "defaultVersion": "ocpp1.6",
    "knownBugs": [{"text": "It forgets the zone.", "source": "https://example.com/bugs/1"}],
    "source": "https://example.com/box",
}
SHOWN = STRICT | {"firmware": "*", "builtIn": False}
WALLBOX = Station(id="CS1", vendor_name="ACME Ltd", model="box", firmware_version="1.0")


@pytest.fixture
async def wallbox(device: Device) -> Station:
    return await device.registry.stations.update("CS1", lambda _: WALLBOX)


async def create(client: httpx.AsyncClient, **fields: Any) -> None:
    created = await client.post("/stationprofiles", json=fields)
    assert created.status_code == 201, created.text


async def test_a_profile_is_created_read_changed_and_deleted(client: httpx.AsyncClient) -> None:
    created = await client.post("/stationprofiles", json=STRICT)
    assert (created.status_code, created.headers["location"]) == (201, "/stationprofiles/acme")
    assert created.json() == (await client.get("/stationprofiles/acme")).json() == SHOWN

    patch = {"rules": {"null": None, "decimalInteger": "refuse"}, "answerTimeout": None, "firmware": "2.*"}
    patched = await client.patch("/stationprofiles/acme", json=patch)
    rules = {"timestampFormat": "refuse", "textTooLong": "refuse", "decimalInteger": "refuse"}
    expected = {name: value for name, value in SHOWN.items() if name != "answerTimeout"}
    assert patched.json() == expected | {"rules": rules, "firmware": "2.*"}

    replaced = await client.put(
        "/stationprofiles/acme", json={"id": "acme", "model": "Pole", "builtIn": True}
    )
    assert replaced.json() == {
        "id": "acme",
        "vendor": "*",
        "model": "Pole",
        "firmware": "*",
        "rules": {},
        "onboarding": True,
        "knownBugs": [],
        "builtIn": False,
    }

    assert (await client.delete("/stationprofiles/acme")).status_code == 204
    assert (await client.delete("/stationprofiles/acme")).status_code == 404
    assert (await client.get("/stationprofiles/acme")).status_code == 404
    assert (await client.put("/stationprofiles/acme", json={})).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"id": "a/b"},
        {"id": "x" * 65},
        {"model": "x" * 101},
        {"vendor": "a\nb"},
        {"rules": {"telepathy": "repair"}},
        {"rules": {"null": "ignore"}},
        {"answerTimeout": 0},
        {"answerTimeout": 0.9},
        {"answerTimeout": 601},
        {"answerTimeout": True},
        {"defaultVersion": "ocpp1.5"},
        {"source": "javascript:alert(1)"},
        {"knownBugs": [{"text": "without a source"}]},
        {"surprise": 1},
    ],
)
async def test_what_no_profile_can_be_is_refused(client: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    assert (await client.post("/stationprofiles", json=STRICT | fields)).status_code == 422


async def test_ids_are_unique_and_stay(client: httpx.AsyncClient) -> None:
    await create(client, **STRICT)

    assert (await client.post("/stationprofiles", json=STRICT)).status_code == 409
    assert (await client.patch("/stationprofiles/acme", json={"id": "other"})).status_code == 422


async def test_what_is_built_in_is_listed_and_cannot_be_changed(client: httpx.AsyncClient) -> None:
    [one, *_] = built_in_profiles()

    assert (await client.get(f"/stationprofiles/{one}")).json()["builtIn"] is True
    assert (await client.post("/stationprofiles", json={"id": one})).status_code == 409
    assert (await client.put(f"/stationprofiles/{one}", json={})).status_code == 409
    assert (await client.patch(f"/stationprofiles/{one}", json={})).status_code == 409
    assert (await client.delete(f"/stationprofiles/{one}")).status_code == 409


async def test_the_list_has_both_kinds_page_by_page(client: httpx.AsyncClient) -> None:
    await create(client, id="AAA")
    await create(client, id="zzz")

    listed, token = [], ""
    while token is not None:
        page = (await client.get("/stationprofiles", params={"pageSize": 5, "pageToken": token})).json()
        assert len(page["items"]) <= 5
        listed += [profile["id"] for profile in page["items"]]
        token = page.get("nextPageToken")

    assert listed == sorted(["AAA", "zzz", *built_in_profiles()])


async def test_there_is_an_end_to_profiles(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_PROFILES", 1)
    await create(client, id="first")

    assert (await client.post("/stationprofiles", json={"id": "second"})).status_code == 429


@pytest.mark.parametrize("profile", built_in_profiles().values(), ids=lambda profile: profile.id)
def test_every_built_in_fact_has_its_source(profile: StationProfile) -> None:
    assert profile.source and profile.source.startswith("https://")
    assert profile.known_bugs
    assert all(bug.text and bug.source.startswith("https://") for bug in profile.known_bugs)
    assert (profile.vendor, profile.model) != ("*", "*")


@pytest.mark.parametrize(
    ("vendor", "model", "firmware", "profile"),
    [
        ("ABB", "CDT_TACW22::NET_WIFI", "TAC3Z9119006710273::V1.8.21", "abb-terra-ac"),
        ("Alfen BV", "NG910-60023", "4.15.7-4054", "alfen-eve"),
        ("Charge Amps", "HALO", "180", "charge-amps-halo"),
        ("EN+", "37", "1.1.805", "en-plus-1.1.805"),
        ("EN+", "37", "1.1.806", None),
        ("EV-BOX", "G4E-WBW-M7500E", "P0424B0424v0.220706_W2.2.0", "evbox-elvi"),
        ("Growatt", "THOR_11AS", "THOR_11AS-V5.2.4-20230307-NOVO", "growatt-thor"),
        ("", "ACChargePoint", "", "huawei-scharger"),
        ("Metron", "ME3 DYNAMIC OCPP", "1.04", "metron-me3"),
        ("Schneider Electric", "EVlink Smart Wallbox", "3.4.0.9", "schneider-evlink-smart-wallbox"),
        ("UnitedChargers", "Grizzl-E Smart Connect", "GWM-07.020", "united-chargers-grizzl-e"),
        ("VESTEL", "EVC04", "", "vestel-evc04"),
        ("Wall Box Chargers", "PPR1-0-2-4", "6.11.16", "wallbox-pulsar-pro-6"),
        ("Wall Box Chargers", "PPR1-0-2-4", "5.17", None),
        ("Nobody", "Nothing", "0", None),
    ],
)
def test_a_known_station_has_its_profile(vendor: str, model: str, firmware: str, profile: str | None) -> None:
    found = Profiles(built_in_profiles().values()).match(vendor, model, firmware)

    assert (found.id if found else None) == profile


def profiles(**patterns: tuple[str, str, str]) -> Profiles:
    return Profiles(
        StationProfile(id=id, vendor=vendor, model=model, firmware=firmware, built_in=id.startswith("built"))
        for id, (vendor, model, firmware) in patterns.items()
    )


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (profiles(a=("*", "*", "*"), b=("acme", "*", "*")), "b"),
        (profiles(a=("acme", "*", "*"), b=("*", "box*", "*")), "b"),
        (profiles(a=("acme", "box 3", "*"), b=("*", "*", "1.*")), "b"),
        (profiles(a=("*", "*", "1.*"), b=("*", "*", "1.2*")), "b"),
        (profiles(a=("*", "*", "1.?"), b=("*", "*", "1.2")), "b"),
        (profiles(a=("acme", "*", "1.*"), b=("acme", "box*", "1.*")), "b"),
        (profiles(built_in=("acme", "*", "*"), z=("ACME", "*", "*")), "z"),
        (profiles(built_in=("acme", "*", "*"), b=("acm?", "*", "*")), "built_in"),
        (profiles(z=("acme", "*", "*"), b=("acme", "*", "*")), "b"),
        (profiles(a=("acme", "box", "*"), b=("*", "*", "*")), "b"),
        (profiles(a=("acm[e]", "*", "*"), b=("*", "*", "*")), "b"),
        (profiles(a=("acme", "*", "2.*"), b=("acme", "box[[]*", "*")), None),
    ],
)
def test_the_most_specific_profile_counts(known: Profiles, wanted: str | None) -> None:
    found = known.match("Acme", "BOX 3", "1.2")

    assert (found.id if found else None) == wanted


def test_brackets_are_text_and_many_wildcards_take_no_time() -> None:
    assert profiles(a=("[a-z]!", "*", "*")).match("[A-Z]!", "", "")
    assert not profiles(a=("[a-z]!", "*", "*")).match("b!", "", "")
    assert not profiles(a=("*a" * 50, "*", "*")).match("a" * 49, "", "x")
    assert not profiles(a=("*a" * 45 + "b", "*", "*")).match("a" * 500, "", "")


async def test_a_station_is_admitted_as_its_profile_says(
    device: Device, client: httpx.AsyncClient, wallbox: Station
) -> None:
    without = (await client.post("/chargingstations/CS1/admission", json={})).json()
    await create(client, **STRICT)
    admitted = (await client.post("/chargingstations/CS1/admission", json={})).json()

    assert without["refusedRules"] == []
    assert "answerTimeout" not in without
    assert admitted["refusedRules"] == ["timestampFormat", "textTooLong"]
    assert admitted["answerTimeout"] == 12.5
    assert (without.get("defaultVersion"), admitted["defaultVersion"]) == (None, "ocpp1.6")
    await client.patch("/chargingstations/CS1", json={"defaultVersion": "ocpp2.1"})
    own = (await client.post("/chargingstations/CS1/admission", json={})).json()
    assert own["defaultVersion"] == "ocpp2.1", "what the operator says of the station counts more"
    assert admitted["connectionNumber"] > without["connectionNumber"]
    assert admitted["registrationStatus"] == "Pending"


async def test_the_profile_of_a_station_can_be_read(client: httpx.AsyncClient, wallbox: Station) -> None:
    assert (await client.get("/chargingstations/CS1/stationprofile")).status_code == 404
    await create(client, **STRICT)
    assert (await client.get("/chargingstations/CS1/stationprofile")).json() == SHOWN
    assert (await client.get("/chargingstations/CS9/stationprofile")).status_code == 404


async def test_a_second_process_follows_within_a_minute(
    device: Device, client: httpx.AsyncClient, clock: StoppedClock, wallbox: Station
) -> None:
    replica = replica_of(device)

    async def refused() -> list[list[str]]:
        admissions = [await one.security.admit("CS1", "", False) for one in (device, replica)]
        return [admission.refused_rules for admission in admissions]

    assert await refused() == [[], []]
    await create(client, **STRICT)
    assert await refused() == [[Rule.TIMESTAMP_FORMAT, Rule.TEXT_TOO_LONG], []]
    clock.at = NOW + MAX_AGE
    assert await refused() == [[Rule.TIMESTAMP_FORMAT, Rule.TEXT_TOO_LONG]] * 2
    await client.delete("/stationprofiles/acme")
    assert (await refused())[0] == []
    clock.at = NOW + 2 * MAX_AGE
    assert await refused() == [[], []]


async def test_a_store_that_fails_is_asked_again(
    device: Device, monkeypatch: pytest.MonkeyPatch, wallbox: Station
) -> None:
    documents = device.station_profiles.documents
    with monkeypatch.context() as broken:

        async def fail(query: object) -> None:
            raise ConnectionError

        broken.setattr(documents, "find", fail)
        with pytest.raises(ConnectionError):
            await device.station_profiles.profile_of(wallbox)

    await documents.update("mine", lambda _: StationProfile(id="mine"))
    found = await device.station_profiles.profile_of(wallbox)
    assert found is not None
    assert found.id == "mine"


@pytest.mark.parametrize("onboarding", [True, False])
async def test_a_station_is_asked_by_itself_unless_its_profile_forbids_it(
    operator: Operator, clock: StoppedClock, registered: Station, onboarding: bool
) -> None:
    await create(operator.http, id="quiet", vendor="v", onboarding=onboarding)
    await boots(Csms(operator.device, clock), Version.V16)

    await operator.look_after(5)

    commands = [message.action for _, message in operator.bus.published if message.origin.value == "csms"]
    assert ("GetConfiguration" in commands) is onboarding
    stored = await operator.device.onboardings.stations.get("CS1")
    assert (stored is not None) is onboarding


async def test_a_profile_that_comes_after_the_boot_still_forbids_to_ask(
    operator: Operator, clock: StoppedClock, registered: Station
) -> None:
    await boots(Csms(operator.device, clock), Version.V16)
    await create(operator.http, id="quiet", vendor="v", onboarding=False)

    await operator.look_after(5)

    assert operator.sent.empty()
