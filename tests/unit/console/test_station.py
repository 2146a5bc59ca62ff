"""The page of one station: the frame around its sections, and what one sees of it first."""

from __future__ import annotations

from libs.csms.access.scopes import Role

from .conftest import Console


async def test_a_station_has_a_page_with_its_sections_and_its_neighbours(console: Console) -> None:
    for id in ("CS1", "CS2", "CS3"):
        await console.register(id)

    shown = await console.page("/stations/CS2")

    assert "CS2" in shown.text
    assert "has never connected" in shown.text
    assert shown.all("a", rel="prev", href="/stations/CS1")
    assert shown.all("a", rel="next", href="/stations/CS3")
    assert shown.all("a", href="/stations/CS2", **{"aria-current": "page"})
    assert shown.all("a", href="/stations/CS2/variables")


async def test_a_station_that_is_not_there_is_said_not_to_be(console: Console) -> None:
    assert (await console.browser.get("/stations/CS9")).status_code == 404


async def test_a_station_of_another_group_has_no_page(console: Console) -> None:
    await console.register("SOUTH-1", group="south")
    await console.sign_in("nora", Role.OPERATOR, groups=["north"])

    assert (await console.browser.get("/stations/SOUTH-1")).status_code == 404
