"""What clients do with local lists."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from libs.csms.clients.authorization import MAX_TOKEN_LENGTH
from services.user.local_list.sync import SyncLoop

from .local_list_messages import add, full, given
from .world import LIST, World


async def test_deleting_a_list_empties_the_station(csms: World) -> None:
    await given(csms, "A", "B")

    left = await csms.client.delete(LIST)
    assert (left.status_code, left.json()["status"], left.json()["tokens"]) == (202, "pending", 0)
    await csms.work()

    assert csms.station.received == [full(2)]
    assert csms.station.tokens == {}
    assert (await csms.client.get(LIST)).status_code == 404
    assert (await csms.client.delete(LIST)).status_code == 404
    assert await csms.user.local_lists.documents.count({}) == 0

    theirs = {"versionNumber": 9, "updateType": "Full"}
    await csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    assert await csms.work() == 0


async def test_the_same_list_after_a_deletion_is_another_one(csms: World) -> None:
    await given(csms, "A")
    await csms.client.delete(LIST)
    await csms.work()
    await csms.put("A")
    await csms.work()

    assert csms.station.received == [full(2), full(1, add("A"))]
    assert csms.station.tokens == {"a": "Accepted"}


async def test_a_list_can_be_wanted_again_before_it_has_gone(csms: World) -> None:
    await given(csms, "A", "B")
    await csms.client.delete(LIST)
    await csms.put("B")
    await csms.work()

    assert csms.station.tokens == {"b": "Accepted"}
    assert (await csms.state())["status"] == "synchronized"


async def test_the_list_of_a_station_that_is_no_more_is_forgotten(csms: World) -> None:
    await given(csms, "A")
    del csms.device.stations["CS1"]
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()

    assert (await csms.client.get(LIST)).status_code == 404
    assert await csms.user.local_lists.documents.count({}) == 0


async def test_what_a_client_gets_wrong(csms: World) -> None:
    await csms.token("A")
    await csms.token("80347195", type="KeyCode")

    async def put(id: str, body: Any) -> httpx.Response:
        return await csms.client.put(f"/chargingstations/{id}/locallist", json=body)

    assert (await put("nobody", {"idTokens": ["A"]})).status_code == 404
    unknown = await put("CS1", {"idTokens": ["X", "A", "Y"]})
    assert (unknown.status_code, unknown.json()["idTokens"]) == (422, ["X", "Y"])
    secret = await put("CS1", {"idTokens": ["A", "80347195"]})
    assert secret.status_code == 422
    assert "80347195" not in secret.text
    assert (await put("CS1", {"idTokens": ["A"], "more": 1})).status_code == 422
    assert (await put("CS1", {"idTokens": ["A"] * 5001})).status_code == 422
    for answer in (
        await csms.client.get(LIST),
        await csms.client.patch(LIST, json={"add": ["A"]}),
        await csms.client.delete(LIST),
    ):
        assert answer.status_code == 404
    await csms.put("A")
    assert (await csms.client.patch(LIST, json={"add": ["A"], "remove": ["a"]})).status_code == 422


async def test_a_list_is_read_in_pages(csms: World) -> None:
    texts = ["A", "b", "C", "D", "E"]
    await csms.token(*texts)
    await csms.put(*texts)

    first = (await csms.client.get(f"{LIST}?pageSize=3")).json()
    second = (await csms.client.get(f"{LIST}?pageSize=3&pageToken={first['nextPageToken']}")).json()

    assert (first["idTokens"], second["idTokens"]) == (["A", "b", "C"], ["D", "E"])
    assert first["tokens"] == second["tokens"] == 5
    assert "nextPageToken" not in second


async def test_only_one_client_at_a_time_changes_a_list(csms: World) -> None:
    texts = [f"T{number}" for number in range(30)]
    await csms.token(*texts)
    await csms.put()
    answers = await asyncio.gather(
        csms.client.put(LIST, json={"idTokens": texts[:15]}),
        csms.client.put(LIST, json={"idTokens": texts[15:]}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 200], [200, 409])
    await csms.work()
    kept = set((await csms.state())["idTokens"])
    assert kept in (set(texts[:15]), set(texts[15:]))
    assert set(csms.station.tokens) == {text.casefold() for text in kept}


async def test_a_group_that_a_version_cannot_carry_is_left_out(csms: World) -> None:
    csms.station.ocpp_version = "ocpp1.6"
    assert min(MAX_TOKEN_LENGTH.values()) == 20
    await csms.token("A", groupIdToken="x" * 21)
    await csms.token("B", groupIdToken="x" * 20)
    await csms.put("A", "B")
    await csms.work()

    assert csms.station.received == [full(1, add("A"), add("B", groupIdToken="x" * 20))]


async def test_a_list_that_is_right_costs_one_read(csms: World) -> None:
    await given(csms, "A")
    calls = csms.device.calls
    assert await csms.later(days=30) == 0
    assert csms.device.calls == calls


async def test_the_loop_sends_a_list_as_soon_as_a_client_changes_it(csms: World) -> None:
    await csms.token("A")
    running = asyncio.create_task(SyncLoop(csms.user.local_lists, csms.device_client).run())
    try:
        await csms.put("A")
        async with asyncio.timeout(10):
            while (await csms.state())["status"] != "synchronized":
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert csms.station.received == [full(1, add("A"))]
    assert await csms.user.tokens.changes.documents.count({}) == 0


async def test_a_list_that_is_wanted_again_at_the_moment_it_is_removed_stays(csms: World) -> None:
    await given(csms, "A")
    await csms.client.delete(LIST)
    emptied = await csms.document()
    await csms.put("A")
    await csms.user.local_lists.remove(emptied)
    await csms.work()

    assert csms.station.tokens == {"a": "Accepted"}
    assert (await csms.state())["status"] == "synchronized"
