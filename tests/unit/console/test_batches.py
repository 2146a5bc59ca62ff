"""Commands of the fleet, and commands to many stations: chosen, sent, watched, repeated where they failed."""

from __future__ import annotations

import asyncio
from typing import Any

from libs.csms.access.scopes import Role
from libs.ocpp_messages.version import Version

from .commanded import REFUSED, answering, connect
from .conftest import Console, Shown

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}

MANY = "/commands/many?send=Reset&version=ocpp2.0.1"

IMMEDIATE = {"payload": "{}", "payload.type": "Immediate"}


async def sent(console: Console, **fields: str) -> str:
    """The path of the new command to many."""
    response = await console.browser.post(MANY, data=IMMEDIATE | fields)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


async def until_done(console: Console, path: str) -> Shown:
    async with asyncio.timeout(20):
        while True:
            shown = await console.page(path)
            if "Reset done" in shown.text:
                return shown
            await asyncio.sleep(0.05)


def by_station(**answers: Any) -> Any:
    return lambda station_id: answers[station_id]


async def test_the_commands_of_the_fleet_are_listed_and_filtered(console: Console) -> None:
    for id in ("CS1", "CS2"):
        await connect(console, id, Version.V201)
    async with answering(console, Reset=ACCEPTED, ClearCache=REFUSED):
        await console.browser.post("/stations/CS1/commands?send=Reset", data=IMMEDIATE)
        await console.browser.post("/stations/CS2/commands?send=ClearCache", data={"payload": "{}"})

    shown = await console.page("/commands")
    failed = await console.page("/commands?status=error&stationId=CS2&action=ClearCache")
    csv = await console.browser.get("/commands?format=csv&columns=action,stationStatus")

    assert "ClearCache CS2" in shown.text
    assert "Reset CS1" in shown.text
    assert "NotSupported" in failed.text
    assert "CS1" not in failed.words
    assert csv.text.splitlines() == ["action,stationStatus", "ClearCache,NotSupported", "Reset,Accepted"]


async def test_a_command_to_many_says_how_many_stations_fit_before_it_is_sent(console: Console) -> None:
    await connect(console, "CS1", Version.V201, group="north")
    await connect(console, "CS2", Version.V201, group="north")
    await connect(console, "CS3", Version.V201, group="south")

    chosen = await console.page(f"{MANY}&group=north")
    response = await console.browser.post(MANY, data=IMMEDIATE | {"ids": "CS2\r\nCS3", "act": "show"})

    assert "2 stations fit." in chosen.text
    assert chosen.all("input", name="group", value="north")
    assert "2 stations fit." in Shown(response.text).text
    assert (await console.page("/commands/batches")).text.count("Reset") == 0


async def test_some_stations_refuse_and_only_those_are_asked_again(console: Console) -> None:
    ids = [f"CS{number}" for number in range(1, 6)]
    for id in ids:
        await connect(console, id, Version.V201, model="Box")
    answers = by_station(CS1=ACCEPTED, CS2=REJECTED, CS3=ACCEPTED, CS4=REFUSED, CS5=REJECTED)
    async with answering(console, Reset=answers) as stations:
        first = await sent(console, model="Box")
        done = await until_done(console, first)

        assert "Rejected 2" in done.text
        assert "NotSupported no such thing here 1" in done.text
        assert "Repeat it at 3 stations" in done.text

        stations.answers = {"Reset": ACCEPTED}
        response = await console.browser.post(f"{first}/repeat")
        again = await until_done(console, response.headers["Location"])

    assert "3 stations" in again.text
    assert "Why it failed" not in again.text
    assert [row["id"] for row in again.all("tr") if row.get("id")] != []
    assert [link for link in ("CS2", "CS4", "CS5") if link not in again.words] == []
    assert len(stations.payloads) == 8


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_sent(console: Console) -> None:
    response = await console.browser.post(
        MANY, data={"payload": "{}", "payload.type": "Hard", "group": "north"}
    )
    nobody = await console.browser.post(MANY, data=IMMEDIATE)

    assert response.status_code == 422
    [field] = Shown(response.text).all("select", name="payload.type")
    assert field["aria-invalid"] == "true"
    assert nobody.status_code == 422
    assert "selection" in nobody.text
    assert "No command to many yet." in (await console.page("/commands/batches")).text


async def test_what_waits_for_stations_that_are_away_is_taken_back(console: Console) -> None:
    await console.register("CS1")
    await connect(console, "CS2", Version.V201)
    connections = console.devices.connectivity.connections
    await connections.update("CS2", lambda known: known.changed(connected=False))  # type: ignore[union-attr]
    async with answering(console, Reset=ACCEPTED):
        path = await sent(console, ids="CS2", whenOnline="on", ttl="600")
        async with asyncio.timeout(20):
            while "running" not in (shown := await console.page(path)).text:
                await asyncio.sleep(0.05)
        assert "1 queued" in shown.text
        assert (await console.browser.post(f"{path}/cancel")).status_code == 303
        done = await until_done(console, path)

    assert "1 expired" in done.text


async def test_who_is_bound_to_groups_sends_to_his_own_only(console: Console) -> None:
    await connect(console, "SOUTH-1", Version.V201, group="south")
    await connect(console, "NORTH-1", Version.V201, group="north")
    await console.sign_in("nora", Role.TECHNICIAN, groups=["north"])
    token = (await console.page(MANY)).all("input", name="csrf")[0]["value"] or ""

    refused = await console.browser.post(MANY, data=IMMEDIATE | {"group": "south", "csrf": token})
    chosen = await console.page(f"{MANY}&ids=SOUTH-1")

    assert refused.status_code == 403
    assert "you may select one of your groups only" in refused.text
    assert "0 stations fit." in chosen.text
    async with answering(console, Reset=ACCEPTED):
        path = await sent(console, group="north", csrf=token)
        assert "NORTH-1" in (await until_done(console, path)).words


async def test_who_may_only_look_is_offered_no_command(console: Console) -> None:
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/commands")

    assert "Command to many stations" not in shown.text
    token = shown.all("input", name="csrf")[0]["value"] or ""
    refused = await console.browser.post(MANY, data=IMMEDIATE | {"group": "north", "csrf": token})
    assert refused.status_code == 403
