"""The stations on the map, and beside it as a table."""

from __future__ import annotations

from typing import Any

from libs.csms.access.scopes import Role

from .conftest import Console


async def place(console: Console, id: str, lat: float, lng: float, **station: Any) -> None:
    await console.register(id, **station)
    body = {"location": {"lat": lat, "lng": lng}}
    answer = await console.app.state.apis.device.patch(f"/chargingstations/{id}", json=body)
    assert answer.status_code == 200, answer.text
    console.app.state.fleet.forget()


async def test_stations_with_a_place_are_on_the_map_and_in_the_table(console: Console) -> None:
    await place(console, "CS1", 48.5, 11.25)
    await place(console, "ZERO", 0, 0)
    await console.register("CS2")

    shown = await console.page("/map")
    answer = (await console.browser.get("/map.json")).json()

    assert {one["id"]: (one["lat"], one["lng"]) for one in answer["stations"]} == {
        "CS1": (48.5, 11.25),
        "ZERO": (0, 0),
    }
    assert answer["stations"][0]["state"] == "Offline"
    assert "2 stations have a place. 1 has none." in shown.text
    assert "CS1 Offline 48.5 11.25" in shown.text
    assert shown.all("a", href="/stations/CS1")
    assert not shown.all("a", href="/stations/CS2")


async def test_the_map_of_a_group_has_its_stations_only(console: Console) -> None:
    await place(console, "NORTH-1", 1, 2, group="north")
    await place(console, "SOUTH-1", 3, 4, group="south")
    await console.sign_in("nora", Role.OPERATOR, groups=["north"])

    answer = (await console.browser.get("/map.json")).json()

    assert [one["id"] for one in answer["stations"]] == ["NORTH-1"]


async def test_without_any_place_the_page_says_how_a_station_gets_one(console: Console) -> None:
    await console.register("CS1")

    assert "No station has a place yet." in (await console.page("/map")).text
