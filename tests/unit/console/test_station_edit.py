"""What the operator changes of a station, and its end."""

from __future__ import annotations

from typing import Any

import pytest

from libs.csms.access.scopes import Role

from .conftest import Console, Shown


async def form_of(console: Console, path: str) -> dict[str, str]:
    """What the form of the page holds, as the browser would send it."""
    shown = await console.page(path)
    fields = {field.get("name") or "": field.get("value") or "" for field in shown.all("input")}
    return {"registrationStatus": "Accepted"} | fields


async def test_what_is_changed_is_saved_and_the_rest_stays(console: Console) -> None:
    await console.register("CS1", group="north")
    typed = await form_of(console, "/stations/CS1/edit")

    answer = await console.browser.post(
        "/stations/CS1/edit",
        data={
            **typed,
            "registrationStatus": "Pending",
            "lat": "0",
            "lng": "-13.5",
            "heartbeatInterval": "60",
        },
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, "/stations/CS1")
    station = await console.devices.registry.existing("CS1")
    assert (station.group, station.registration_status) == ("north", "Pending")
    assert station.location is not None
    assert (station.location.lat, station.location.lng) == (0, -13.5)
    assert station.heartbeat_interval == 60


async def test_what_is_emptied_is_removed(console: Console) -> None:
    await console.register("CS1", group="north")
    typed = await form_of(console, "/stations/CS1/edit")

    await console.browser.post("/stations/CS1/edit", data={**typed, "group": ""})

    assert (await console.devices.registry.existing("CS1")).group is None


@pytest.mark.parametrize("wrong", [{"lat": "north"}, {"heartbeatInterval": "0"}, {"lat": "1e999"}])
async def test_what_cannot_be_is_said_at_the_form_with_what_was_typed(
    console: Console, wrong: dict[str, Any]
) -> None:
    await console.register("CS1")
    typed = await form_of(console, "/stations/CS1/edit")

    refused = await console.browser.post(
        "/stations/CS1/edit", data={**typed, **wrong, "registrationStatus": "Pending"}
    )

    assert refused.status_code == 422
    shown = Shown(refused.text)
    [(name, text)] = wrong.items()
    assert name in " ".join(shown.words)
    assert shown.all("input", name=name, value=text)
    assert (await console.devices.registry.existing("CS1")).registration_status == "Accepted"


async def test_a_station_is_deleted_after_a_confirmation(console: Console) -> None:
    await console.register("CS1")
    assert "Delete CS1?" in (await console.page("/stations/CS1/delete")).text
    assert await console.devices.registry.get("CS1") is not None

    answer = await console.browser.post("/stations/CS1/delete", data={})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/stations")
    assert await console.devices.registry.get("CS1") is None
    assert "CS1" not in (await console.page("/stations")).words


async def test_who_may_not_is_told_so_at_the_form(console: Console) -> None:
    await console.register("CS1")
    await console.sign_in("vera", Role.VIEWER)
    typed = await form_of(console, "/stations/CS1/edit")

    refused = await console.browser.post(
        "/stations/CS1/edit", data={**typed, "registrationStatus": "Rejected"}
    )
    assert refused.status_code == 403
    refused = await console.browser.post("/stations/CS1/delete", data={"csrf": typed["csrf"]})

    assert refused.status_code == 403
    assert "stations:write" in refused.text
    assert await console.devices.registry.get("CS1") is not None
