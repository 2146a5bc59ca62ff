from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.ocpp_messages.leniency import Rule
from services.device.deviations import report as reports
from services.device.deviations.markdown import REQUIREMENTS, as_markdown
from services.device.deviations.model import StationDeviation
from services.device.deviations.report import compliance_report
from services.device.registry.model import Station
from services.device.service import Device

from .station import NOW, Csms
from .test_deviations import deviation, report


@pytest.fixture
async def fleet(csms: Csms, device: Device) -> None:
    async def station(id: str, vendor: str, model: str, firmware: str | None) -> None:
        made = Station(id=id, vendor_name=vendor, model=model, firmware_version=firmware)
        await device.registry.stations.update(id, lambda _: made)

    await station("CS1", "Acme", "Box", "1.0")
    await station("CS2", "Acme", "Box", "1.1")
    await station("CS3", "Acme", "Pole", None)
    await station("CS4", "Bolt", "Box", "1.0")
    stop = {"rule": "FormationViolation", "action": "StopTransaction", "place": "meterStop"}
    await report(csms, "a", deviation(10, count=2), deviation(99, **stop, repaired=False), station_id="CS1")
    await report(csms, "b", deviation(20, count=3, example="other"), station_id="CS2")
    await report(csms, "c", deviation(30, rule="null", place="a|b"), station_id="CS3")
    await report(csms, "d", deviation(40), station_id="CS4")
    await station("CS1", "Acme", "Box", "1.1")
    await report(csms, "e", deviation(50, count=4), station_id="CS1")


async def answer(client: httpx.AsyncClient, **params: str) -> dict[str, Any]:
    response = await client.get("/deviations", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.usefixtures("fleet")
async def test_the_report_counts_over_the_stations_of_a_model(client: httpx.AsyncClient) -> None:
    assert await answer(client, vendor="Acme", model="Box") == {
        "generatedAt": "2026-11-20T12:00:00.000Z",
        "vendor": "Acme",
        "model": "Box",
        "stations": 2,
        "firstSeen": "2026-11-20T12:00:10.000Z",
        "lastSeen": "2026-11-20T12:01:39.000Z",
        "lines": [
            {
                "vendor": "Acme",
                "model": "Box",
                "rule": "timestampFormat",
                "action": "MeterValues",
                "place": "meterValue.*.timestamp",
                "repaired": True,
                "example": "2026-11-20T12:00:00",
                "stations": 2,
                "count": 9,
                "firstSeen": "2026-11-20T12:00:10.000Z",
                "lastSeen": "2026-11-20T12:00:50.000Z",
                "firmwareVersions": ["1.0", "1.1"],
            },
            {
                "vendor": "Acme",
                "model": "Box",
                "rule": "FormationViolation",
                "action": "StopTransaction",
                "place": "meterStop",
                "repaired": False,
                "example": "2026-11-20T12:00:00",
                "stations": 1,
                "count": 1,
                "firstSeen": "2026-11-20T12:01:39.000Z",
                "lastSeen": "2026-11-20T12:01:39.000Z",
                "firmwareVersions": ["1.0"],
            },
        ],
        "isComplete": True,
    }


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("params", "counted"),
    [
        ({}, [("Acme", "Box", 9), ("Acme", "Box", 1), ("Acme", "Pole", 1), ("Bolt", "Box", 1)]),
        ({"vendor": "Bolt"}, [("Bolt", "Box", 1)]),
        ({"model": "Box", "firmware": "1.0"}, [("Acme", "Box", 2), ("Acme", "Box", 1), ("Bolt", "Box", 1)]),
        ({"firmware": "1.1"}, [("Acme", "Box", 7)]),
        ({"vendor": "Nobody"}, []),
    ],
)
async def test_the_report_is_of_what_was_asked_for(
    client: httpx.AsyncClient, params: dict[str, str], counted: list[Any]
) -> None:
    lines = (await answer(client, **params))["lines"]

    assert sorted((line["vendor"], line["model"], line["count"]) for line in lines) == sorted(counted)


@pytest.mark.usefixtures("fleet")
async def test_the_report_can_be_sent_to_the_manufacturer(client: httpx.AsyncClient) -> None:
    response = await client.get("/deviations?vendor=Acme&format=markdown")

    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    lines = response.text.splitlines()
    assert lines[0] == "# OCPP compliance report: Acme"
    assert "Period: 2026-11-20 12:00 UTC to 2026-11-20 12:01 UTC." in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## Acme Box",
        "## Acme Pole",
        "## What OCPP requires",
    ]
    assert (
        r"| timestampFormat | MeterValues | meterValue.\*.timestamp | 2026-11-20T12:00:00 | repaired | 2 | 9 "
        "| 2026-11-20 12:00 UTC | 2026-11-20 12:00 UTC | 1.0, 1.1 |"
    ) in lines
    assert f"- **timestampFormat**: {REQUIREMENTS['timestampFormat']}" in lines
    assert any(line.startswith("- **FormationViolation**: The message breaks its schema") for line in lines)
    assert not any(f"CS{number}" in response.text for number in range(1, 5))


async def test_nothing_that_a_station_sends_has_a_meaning_in_the_report(
    client: httpx.AsyncClient, csms: Csms, device: Device
) -> None:
    evil = (
        "<script>alert(1)</script>|x`y`\n# [a](javascript:b) *b* _c_ \u202e &amp; http://evil www.evil a@b.c"
    )
    evil += " \\"
    made = Station(id="CS1", vendor_name=evil, model=evil, firmware_version=evil)
    await device.registry.stations.update("CS1", lambda _: made)
    await report(csms, "e1", deviation(rule=evil, action=evil, place=evil, example=evil))

    text = (await client.get("/deviations", params={"format": "markdown", "vendor": evil})).text

    escaped = (
        r"&#60;script&#62;alert(1)&#60;/script&#62;&#124;x&#96;y&#96; \# \[a\](javascript:b) \*b\* \_c\_ "
        r"&#38;amp; http\://evil www\.evil a\@b.c \\"
    )
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 2
    assert rows[1].split(" | ")[:4] == [f"| {escaped}", escaped, escaped, escaped]
    assert f"## {escaped} {escaped}" in text
    assert "<" not in text and "`" not in text


@pytest.mark.parametrize(
    ("place", "example", "shown"),
    [
        ("chargePointSerialNumber", "ACME-CS1-0000000000000000000", "ACME-***-0000000000000000000"),
        ("idTag", "04A1B2C3D4E5F60000000000", "***"),
        ("idToken.idToken", "04A1B2C3D4E5F60000000000", "***"),
        ("transactionInfo.idTokens", "x", "x"),
    ],
)
async def test_the_report_names_neither_station_nor_driver(
    csms: Csms, client: httpx.AsyncClient, fleet: None, place: str, example: str, shown: str
) -> None:
    await client.delete("/chargingstations/CS1/deviations")
    await report(csms, "z", deviation(place=place, example=example), station_id="CS1")

    lines = (await answer(client))["lines"]
    assert [line["example"] for line in lines if line["place"] == place] == [shown]


async def test_an_empty_report_says_so(client: httpx.AsyncClient) -> None:
    assert "No deviations." in (await client.get("/deviations?format=markdown")).text
    assert (await answer(client))["lines"] == []


def test_the_report_explains_every_rule() -> None:
    assert set(REQUIREMENTS) == set(Rule)


async def test_the_report_of_a_large_fleet_keeps_what_most_stations_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reports, "MAX_LINES", 2)
    monkeypatch.setattr(reports, "MAX_KINDS", 4)

    async def found() -> AsyncIterator[StationDeviation]:
        for number in range(10_000):
            station = Station(
                id=f"CS{number:05}", vendor_name="Acme", model="Box", firmware_version=str(number)
            )
            yield StationDeviation.of(station, deviation(number % 60, place="everywhere"), "e")
            if number < 5:
                yield StationDeviation.of(station, deviation(place=f"once{number}"), "e")
            if number < 9:
                yield StationDeviation.of(station, deviation(place="often"), "e")
            if number > 9:
                yield StationDeviation.of(station, deviation(place="too many kinds already"), "e")

    made = await compliance_report(found(), NOW)

    assert [(line.place, line.stations, len(line.firmware_versions)) for line in made.lines] == [
        ("everywhere", 10_000, 20),
        ("often", 9, 9),
    ]
    assert made.stations == 10_000
    assert not made.is_complete
    assert (made.first_seen, made.last_seen) == (NOW, NOW + timedelta(seconds=59))
    assert "This report is not complete" in as_markdown(made)
