"""Reservations of all stations on a page."""

from __future__ import annotations

from libs.csms.access.scopes import Role

from ..user.reservation_messages import cancelled, deliver, reserved, used
from .conftest import Console, Shown

YEARS = 10_000_000
"""Minutes."""


async def test_reservations_are_listed_with_what_became_of_them(console: Console) -> None:
    await console.register("CS1")
    await deliver(console.users, reserved(-10, number=7), used(-5, number=7))
    await deliver(console.users, reserved(-10, number=8), cancelled(-4, number=8))
    await deliver(console.users, reserved(-10, YEARS, number=9))

    shown = await console.page("/reservations")

    assert "7 CS1 used" in shown.text
    assert "8 CS1 cancelled" in shown.text
    assert "9 CS1 active" in shown.text
    assert shown.all("a", href="/transactions/CS1%3At1")
    assert "8 CS1" not in (await console.page("/reservations?status=active&stationId=CS1")).text


async def test_one_that_the_station_does_not_give_back_is_said_on_the_page(console: Console) -> None:
    await console.register("CS1")
    await deliver(console.users, reserved(-10, YEARS, number=9))

    refused = await console.browser.post("/reservations", data={"stationId": "CS1", "reservationId": "9"})

    assert refused.status_code == 409
    shown = Shown(refused.text)
    assert shown.all("div", role="alert")
    assert "9 CS1 active" in shown.text


async def test_a_viewer_gives_nothing_back(console: Console) -> None:
    await console.register("CS1")
    await deliver(console.users, reserved(-10, YEARS, number=9))
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/reservations")

    assert "9 CS1 active" in shown.text
    assert not shown.all("form", method="post", action="/reservations")
