"""Which stations have a local list, on a page."""

from __future__ import annotations

from libs.csms.access.scopes import Role

from .conftest import Console


async def give_list(console: Console, id: str, *texts: str) -> None:
    for text in texts:
        await console.browser.post("/tokens", data={"idToken": text})
    apis = console.app.state.apis
    answer = await apis.user.put(f"/chargingstations/{id}/locallist", json={"idTokens": list(texts)})
    assert answer.status_code == 200, answer.text


async def test_every_station_is_shown_with_its_list_or_without_one(console: Console) -> None:
    await console.register("CS1")
    await console.register("CS2")
    await give_list(console, "CS1", "CARD-0001", "CARD-0002")

    shown = await console.page("/locallists")

    assert "CS1 – pending 2" in shown.text
    assert "CS2 – no list" in shown.text
    assert shown.all("a", href="/stations/CS1/locallist")
    assert "CS1" not in (await console.page("/locallists?q=cs2")).text


async def test_who_is_bound_to_a_group_sees_its_stations_only(console: Console) -> None:
    await console.register("NORTH-1", group="north")
    await console.register("SOUTH-1", group="south")
    await console.sign_in("nora", Role.OPERATOR, groups=["north"])

    text = (await console.page("/locallists")).text

    assert "NORTH-1" in text
    assert "SOUTH-1" not in text
