"""A local list gets to its station, and stays what it should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.csms.authorization import LONGEST_TOKEN
from libs.csms.stations import Stations
from libs.csms.store import Query
from libs.ocpp_messages.event import StationDismissed
from services.user.local_lists.bringing import bring
from services.user.local_lists.keeping import keep_local_lists

from .device_api import FakeStation, capacity, limit
from .lists_world import LIST, World, world

ACCEPTED = {"status": "Accepted"}


@pytest.fixture
async def csms(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def add(text: str, **info: Any) -> dict[str, Any]:
    return {"idToken": text, "type": "ISO14443", "idTokenInfo": ACCEPTED | info}


def gone(text: str) -> dict[str, Any]:
    return {"idToken": text, "type": "ISO14443"}


def full(version: int, *entries: Any) -> dict[str, Any]:
    return {"versionNumber": version, "updateType": "Full", "localAuthorizationList": list(entries)}


def differential(version: int, *entries: Any) -> dict[str, Any]:
    return full(version, *entries) | {"updateType": "Differential"}


async def given(csms: World, *texts: str) -> None:
    """The station has these tokens, and nothing is left to be done."""
    await csms.token(*texts)
    await csms.wish(*texts)
    await csms.work()
    assert (await csms.state())["status"] == "synchronized"
    csms.station.received.clear()


async def test_the_first_list_replaces_what_the_station_has(csms: World) -> None:
    csms.station.listed = {("old", "iso14443"): ACCEPTED}
    await csms.token("B", groupIdToken="FLEET", expiryDateTime="2027-01-01T00:00:00Z")
    await csms.token("a", status="Blocked")

    wished = await csms.wish("B", "a", "A")
    assert (wished["status"], wished["tokens"]) == ("pending", 2)
    assert "version" not in wished
    await csms.work()

    b = add("B", expiryDateTime="2027-01-01T00:00:00.000Z", groupIdToken="FLEET")
    assert csms.station.received == [full(1, add("a", status="Blocked"), b)]
    assert csms.station.tokens == {"a": "Blocked", "b": "Accepted"}
    state = await csms.state()
    assert (state["status"], state["version"], state["idTokens"]) == ("synchronized", 1, ["a", "B"])


async def test_later_only_what_differs_is_sent(csms: World) -> None:
    await given(csms, "A", "B", "C")
    await csms.token("D")

    changed = await csms.asked.patch(LIST, json={"add": ["d", "A"], "remove": ["b", "X"]})
    assert (changed.status_code, changed.json()["tokens"]) == (200, 3)
    await csms.work()

    assert csms.station.received == [differential(2, gone("B"), add("D"))]
    assert (await csms.state())["idTokens"] == ["A", "C", "D"]


async def test_the_same_list_once_more_sends_nothing(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.wish("b", "A")
    await csms.work()

    assert csms.station.received == []
    assert (await csms.state())["status"] == "synchronized"


async def test_a_token_that_changes_is_brought(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})
    assert (await csms.state())["status"] == "pending"
    await csms.work()
    await csms.asked.patch("/idtokens/A", json={"note": "of which stations know nothing"})
    await csms.work()

    assert csms.station.received == [differential(2, add("A", status="Blocked"))]
    assert csms.station.tokens == {"a": "Blocked", "b": "Accepted"}


async def test_a_token_that_is_deleted_leaves_the_list(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.asked.delete("/idtokens/b")
    await csms.work()
    await csms.token("B")
    await csms.work()

    assert csms.station.received == [differential(2, gone("B"))]
    assert (await csms.state())["idTokens"] == ["A"]


async def test_a_token_of_another_type_is_another_token_for_the_station(csms: World) -> None:
    await given(csms, "A")

    await csms.asked.patch("/idtokens/a", json={"type": "eMAID"})
    await csms.work()

    assert csms.station.received == [differential(2, gone("A")), differential(3, add("A", type="x") | EMAID)]
    assert list(csms.station.listed) == [("a", "emaid")]


EMAID = {"type": "eMAID", "idTokenInfo": ACCEPTED}


async def test_what_changes_while_a_message_is_under_way_follows_it(csms: World) -> None:
    await given(csms, "A", "B")
    csms.station.meanwhile = lambda: csms.asked.patch("/idtokens/A", json={"status": "Expired"})
    await csms.asked.patch("/idtokens/A", json={"status": "Blocked"})
    await csms.work()

    assert csms.station.received == [
        differential(2, add("A", status="Blocked")),
        differential(3, add("A", status="Expired")),
    ]
    assert csms.station.tokens == {"a": "Expired", "b": "Accepted"}
    assert (await csms.state())["status"] == "synchronized"


async def test_a_long_list_goes_in_parts_that_the_station_takes(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 2), limit("BytesPerMessage", 10_000), capacity(5)]

    await given_parts(csms, [2, 2, 1])


async def test_parts_have_no_more_bytes_than_the_station_takes(csms: World) -> None:
    csms.station.variables = [limit("BytesPerMessage", 700)]

    await given_parts(csms, [3, 2])


async def given_parts(csms: World, sizes: list[int]) -> None:
    texts = ["A", "B", "C", "D", "E"]
    await csms.token(*texts)
    await csms.wish(*texts)
    await csms.work()

    received = csms.station.received
    assert [len(message["localAuthorizationList"]) for message in received] == sizes
    kinds = [message["updateType"] for message in received]
    assert kinds == ["Full"] + ["Differential"] * (len(sizes) - 1)
    assert [message["versionNumber"] for message in received] == list(range(1, len(sizes) + 1))
    assert list(csms.station.tokens) == ["a", "b", "c", "d", "e"]


async def test_without_known_limits_a_message_has_a_hundred_entries(csms: World) -> None:
    texts = [f"T{number:03}" for number in range(250)]
    await csms.token(*texts)
    await csms.wish(*reversed(texts))
    await csms.work()

    sizes = [len(message["localAuthorizationList"]) for message in csms.station.received]
    assert sizes == [100, 100, 50]
    assert len(csms.station.listed) == 250


async def test_more_than_the_station_holds_has_failed(csms: World) -> None:
    csms.station.variables = [capacity(2)]
    await csms.token("A", "B", "C")
    await csms.wish("A", "B", "C")
    await csms.work()

    state = await csms.state()
    assert (state["status"], state["reason"]) == ("failed", "the list has 3 tokens, and the station holds 2")
    assert csms.station.received == []

    await csms.asked.patch(LIST, json={"remove": ["B"]})
    await csms.work()
    assert csms.station.received == [full(1, add("A"), add("C"))]


@pytest.mark.parametrize("refusal", ["VersionMismatch", "Failed", "InternalError"])
async def test_after_a_refusal_comes_the_whole_list(csms: World, refusal: str) -> None:
    await given(csms, "A", "B")
    csms.station.says = [refusal]
    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})

    await csms.work()

    blocked = add("A", status="Blocked")
    assert csms.station.received == [differential(2, blocked), full(3, blocked, add("B"))]
    assert (await csms.state())["status"] == "synchronized"


async def test_the_whole_list_is_newer_than_what_the_station_says_that_it_has(csms: World) -> None:
    await given(csms, "A")
    csms.station.version = 40
    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})

    await csms.work()

    blocked = add("A", status="Blocked")
    assert csms.station.received == [differential(2, blocked), full(41, blocked)]
    assert (await csms.state())["version"] == 41


async def test_a_list_that_is_refused_twice_has_failed_until_something_happens(csms: World) -> None:
    await csms.token("A")
    csms.station.says = ["Failed", "Failed"]
    await csms.wish("A")
    await csms.work()

    state = await csms.state()
    assert (state["status"], state["reason"]) == ("failed", "the station answered Failed")
    assert len(csms.station.received) == 2
    assert await csms.later(days=2) == 0

    await csms.connects()
    assert await csms.work() == 0
    await csms.later(seconds=5)
    assert (await csms.state())["status"] == "synchronized"
    assert csms.station.received[2:] == [full(3, add("A"))]


async def test_a_part_that_is_always_refused_is_not_sent_for_ever(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 1)]
    receive = csms.station.receive

    def never_b(body: Any) -> str:
        if body["localAuthorizationList"][0]["idToken"] == "B":
            csms.station.says = ["Failed"]
        return receive(body)

    csms.station.receive = never_b  # type: ignore[method-assign]
    await csms.token("A", "B")
    await csms.wish("A", "B")
    await csms.work()

    assert [message["updateType"] for message in csms.station.received] == [
        "Full",
        "Differential",
        "Full",
        "Differential",
    ]
    assert (await csms.state())["status"] == "failed"


@pytest.mark.parametrize("answer", ["NotSupported", "NotImplemented"])
async def test_a_station_without_local_lists(csms: World, answer: str) -> None:
    await csms.token("A")
    csms.station.says = [answer]
    await csms.wish("A")
    await csms.work()

    assert (await csms.state())["status"] == "unsupported"
    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})
    assert await csms.later(days=1) == 0
    assert len(csms.station.received) == 1

    await csms.wish("A")
    await csms.work()
    assert (await csms.state())["status"] == "synchronized"


async def test_a_station_that_is_away_gets_its_list_when_it_is_back(csms: World) -> None:
    csms.station.connected = False
    await csms.token("A")
    await csms.wish("A")
    await csms.work()
    assert (await csms.state())["status"] == "pending"

    await csms.connects()
    await csms.later(seconds=4)
    assert csms.station.received == []
    await csms.later(seconds=1)

    assert csms.station.received == [full(1, add("A"))]


async def test_a_station_that_leaves_at_the_last_moment_loses_nothing(csms: World) -> None:
    await given(csms, "A")
    csms.station.says = ["409", "429"]
    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()
    assert csms.station.received == []

    await csms.later(hours=1)
    await csms.later(hours=1)

    assert csms.station.received == [differential(4, add("A", status="Blocked"))]


async def test_pauses_grow_while_a_station_is_away(csms: World) -> None:
    csms.station.connected = False
    await csms.token("A")
    await csms.wish("A")
    await csms.work()
    tries = [await csms.later(minutes=1) for _ in range(24 * 60)]
    assert 20 < sum(tries) < 40


async def test_a_silent_station_is_asked_for_its_answer_and_not_again(csms: World) -> None:
    await csms.token("A")
    csms.station.says = ["silence"]
    await csms.wish("A")
    await csms.work()
    for _ in range(10):
        await csms.later(seconds=20)
    assert csms.station.received == [full(1, add("A"))]

    await csms.later(minutes=2)
    await csms.later(minutes=2)
    assert csms.station.received == [full(1, add("A")), full(2, add("A"))]
    assert (await csms.state())["status"] == "synchronized"


async def test_a_device_service_that_is_down_is_asked_again(csms: World) -> None:
    await csms.token("A")
    await csms.wish("A")
    csms.device.down = True
    await csms.work()
    assert (await csms.asked.put(LIST, json={"idTokens": ["A"]})).status_code == 503

    csms.device.down = False
    await csms.later(seconds=10)
    assert (await csms.state())["status"] == "synchronized"


async def test_limits_that_are_known_only_now_are_kept(csms: World) -> None:
    """The device service knew them a moment before us."""
    csms.station.says = ["422"]
    await csms.token("A")
    await csms.wish("A")
    await csms.work()

    assert csms.station.received == [full(2, add("A"))]


async def test_what_the_device_service_does_not_take_has_failed(csms: World) -> None:
    csms.station.says = ["422", "422"]
    await csms.token("A")
    await csms.wish("A")
    await csms.work()

    state = await csms.state()
    assert (state["status"], state["reason"]) == ("failed", "said so")


async def test_after_somebody_elses_command_comes_the_whole_list(csms: World) -> None:
    await given(csms, "A")
    theirs = {"versionNumber": 7, "updateType": "Full"}
    await csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    assert "version" not in await csms.state()
    await csms.work()
    await csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    await csms.work()

    assert csms.station.received == [full(8, add("A"))]


@pytest.mark.parametrize("payload", [{"versionNumber": 1}, {"listVersion": 1}])
async def test_our_own_command_is_none_of_somebody_else(csms: World, payload: Any) -> None:
    await given(csms, "A")
    await csms.ended("SendLocalList", "command-0", payload, {"status": "Accepted"})
    assert await csms.work() == 0


@pytest.mark.parametrize(
    ("id", "kinds"), [("command-1", ["Differential"]), ("theirs", ["Differential", "Full"])]
)
async def test_the_end_of_a_command_is_heard_while_our_answer_is_under_way(
    csms: World, id: str, kinds: list[str]
) -> None:
    """Ours has the id command-1, which is known with the answer only."""
    await given(csms, "A")
    heard = {"versionNumber": 2}, {"status": "Accepted"}
    csms.station.meanwhile = lambda: csms.ended("SendLocalList", id, *heard)
    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()

    assert [message["updateType"] for message in csms.station.received] == kinds
    assert (await csms.state())["status"] == "synchronized"


@pytest.mark.parametrize(("status", "response"), [("answered", {"status": "Failed"}), ("expired", None)])
async def test_a_command_that_changed_nothing_changes_nothing(
    csms: World, status: str, response: Any
) -> None:
    await given(csms, "A")
    await csms.ended("SendLocalList", "theirs", {"versionNumber": 9}, response, status)
    assert await csms.work() == 0


async def test_a_customer_that_is_cleared_leaves_this_list(csms: World) -> None:
    await given(csms, "A", "B")
    cleared = {
        "requestId": 1,
        "report": False,
        "clear": True,
        "idToken": {"idToken": "a", "type": "ISO14443"},
    }

    await csms.ended("CustomerInformation", "c0", cleared, {"status": "Rejected"})
    await csms.ended("CustomerInformation", "c1", cleared | {"clear": False}, {"status": "Accepted"})
    assert await csms.work() == 0
    await csms.ended("CustomerInformation", "c2", cleared, {"status": "Accepted"})
    await csms.work()

    assert csms.station.received == [differential(2, gone("A"))]
    assert (await csms.state())["idTokens"] == ["B"]
    await csms.wish("A", "B")
    await csms.ended("CustomerInformation", "c2", cleared, {"status": "Accepted"})
    await csms.work()
    assert csms.station.tokens == {"a": "Accepted", "b": "Accepted"}


async def test_deleting_a_list_empties_the_station(csms: World) -> None:
    await given(csms, "A", "B")

    left = await csms.asked.delete(LIST)
    assert (left.status_code, left.json()["status"], left.json()["tokens"]) == (202, "pending", 0)
    await csms.work()

    assert csms.station.received == [full(2)]
    assert csms.station.tokens == {}
    assert (await csms.asked.get(LIST)).status_code == 404
    assert (await csms.asked.delete(LIST)).status_code == 404
    for kept in (csms.user.local_lists.entries, csms.user.local_lists.messages):
        assert await kept.count({}) == 0

    await csms.ended("SendLocalList", "theirs", {"versionNumber": 9}, {"status": "Accepted"})
    assert await csms.work() == 0


async def test_the_same_list_after_a_deletion_is_another_one(csms: World) -> None:
    await given(csms, "A")
    await csms.asked.delete(LIST)
    await csms.work()
    await csms.wish("A")
    await csms.work()

    assert csms.station.received == [full(2), full(1, add("A"))]
    assert csms.station.tokens == {"a": "Accepted"}


async def test_a_list_can_be_wanted_again_before_it_has_gone(csms: World) -> None:
    await given(csms, "A", "B")
    await csms.asked.delete(LIST)
    await csms.wish("B")
    await csms.work()

    assert csms.station.tokens == {"b": "Accepted"}
    assert (await csms.state())["status"] == "synchronized"


async def test_the_list_of_a_station_that_is_no_more_is_forgotten(csms: World) -> None:
    await given(csms, "A")
    del csms.device.stations["CS1"]
    await csms.asked.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()

    assert (await csms.asked.get(LIST)).status_code == 404
    assert await csms.user.local_lists.entries.count({}) == 0


async def test_what_a_client_gets_wrong(csms: World) -> None:
    await csms.token("A")
    await csms.token("80347195", type="KeyCode")

    async def put(id: str, body: Any) -> httpx.Response:
        return await csms.asked.put(f"/chargingstations/{id}/locallist", json=body)

    assert (await put("nobody", {"idTokens": ["A"]})).status_code == 404
    unknown = await put("CS1", {"idTokens": ["X", "A", "Y"]})
    assert (unknown.status_code, unknown.json()["idTokens"]) == (422, ["X", "Y"])
    secret = await put("CS1", {"idTokens": ["A", "80347195"]})
    assert secret.status_code == 422
    assert "80347195" not in secret.text
    assert (await put("CS1", {"idTokens": ["A"], "more": 1})).status_code == 422
    assert (await put("CS1", {"idTokens": ["A"] * 5001})).status_code == 422
    for answer in (
        await csms.asked.get(LIST),
        await csms.asked.patch(LIST, json={"add": ["A"]}),
        await csms.asked.delete(LIST),
    ):
        assert answer.status_code == 404
    await csms.wish("A")
    assert (await csms.asked.patch(LIST, json={"add": ["A"], "remove": ["a"]})).status_code == 422


async def test_a_list_is_read_in_pages(csms: World) -> None:
    texts = ["A", "b", "C", "D", "E"]
    await csms.token(*texts)
    await csms.wish(*texts)

    first = (await csms.asked.get(f"{LIST}?pageSize=3")).json()
    second = (await csms.asked.get(f"{LIST}?pageSize=3&pageToken={first['nextPageToken']}")).json()

    assert (first["idTokens"], second["idTokens"]) == (["A", "b", "C"], ["D", "E"])
    assert first["tokens"] == second["tokens"] == 5
    assert "nextPageToken" not in second


async def test_only_one_client_at_a_time_changes_a_list(csms: World) -> None:
    texts = [f"T{number}" for number in range(30)]
    await csms.token(*texts)
    await csms.wish()
    answers = await asyncio.gather(
        csms.asked.put(LIST, json={"idTokens": texts[:15]}),
        csms.asked.put(LIST, json={"idTokens": texts[15:]}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 200], [200, 409])
    await csms.work()
    kept = set((await csms.state())["idTokens"])
    assert kept in (set(texts[:15]), set(texts[15:]))
    assert set(csms.station.tokens) == {text.casefold() for text in kept}


async def test_a_group_that_a_version_cannot_carry_is_left_out(csms: World) -> None:
    csms.station.ocpp_version = "ocpp1.6"
    assert min(LONGEST_TOKEN.values()) == 20
    await csms.token("A", groupIdToken="x" * 21)
    await csms.token("B", groupIdToken="x" * 20)
    await csms.wish("A", "B")
    await csms.work()

    assert csms.station.received == [full(1, add("A"), add("B", groupIdToken="x" * 20))]


async def test_a_list_that_is_right_costs_one_read(csms: World) -> None:
    await given(csms, "A")
    calls = csms.device.calls
    assert await csms.later(days=30) == 0
    assert csms.device.calls == calls


async def test_the_loop_brings_lists_as_soon_as_they_are_wished(csms: World) -> None:
    await csms.token("A")
    running = asyncio.create_task(keep_local_lists(csms.user, csms.stations))
    try:
        await csms.wish("A")
        async with asyncio.timeout(10):
            while (await csms.state())["status"] != "synchronized":
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert csms.station.received == [full(1, add("A"))]
    assert (await csms.user.local_lists.token_changes.find(Query())).items == []


async def test_another_station_under_the_id_of_a_deleted_one_does_not_get_its_list(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.deleted()
    csms.device.stations["CS1"] = FakeStation()
    assert (await csms.asked.get(LIST)).status_code == 404
    await csms.connects()
    await csms.later(seconds=10)

    assert csms.station.received == []
    assert (await csms.asked.patch(LIST, json={"add": ["A"]})).status_code == 404
    found = await csms.user.local_lists.entries.find(Query({"stationId": "CS1"}))
    assert found.items == []


async def test_it_can_be_given_one_at_once_which_is_brought_whole(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.deleted()
    csms.device.stations["CS1"] = FakeStation()
    csms.now += timedelta(seconds=1)
    await csms.wish("B")
    await csms.deleted(ago=1)  # once more
    await csms.work()

    [received] = csms.station.received
    assert (received["updateType"], csms.station.tokens) == ("Full", {"b": "Accepted"})
    assert (await csms.state())["status"] == "synchronized"


async def test_what_was_on_its_way_to_a_deleted_station_is_not_sent_to_another(csms: World) -> None:
    await csms.token("A")
    await csms.wish("A")
    csms.station.says = ["silence"]
    await csms.work()

    await csms.deleted()
    csms.device.stations["CS1"] = FakeStation()
    await csms.later(minutes=5)

    assert csms.station.received == []
    assert (await csms.asked.get(LIST)).status_code == 404


async def test_a_list_ends_with_its_station_in_the_middle_of_being_brought(csms: World) -> None:
    await csms.token("A")
    await csms.wish("A")
    csms.station.meanwhile = csms.deleted

    await csms.work()

    assert (await csms.asked.get(LIST)).status_code == 404
    found = await csms.user.local_lists.entries.find(Query({"stationId": "CS1"}))
    assert found.items == []


async def test_a_list_ends_at_once_with_its_station_while_a_message_is_being_made(csms: World) -> None:
    await csms.token("A")
    await csms.wish("A")

    class Slow(Stations):
        async def variables(self, id: str, component: str) -> list[Any]:
            await csms.deleted()
            return []

    await bring(csms.user, Slow(csms.stations._client), "CS1")
    await csms.work()

    assert csms.station.received == []
    assert await csms.user.local_lists.lists.get("CS1") is None


async def test_the_list_of_a_new_station_is_right_though_the_end_of_the_old_one_is_heard_late(
    csms: World,
) -> None:
    await given(csms, "A", "B")
    csms.device.stations["CS1"] = FakeStation()
    csms.now += timedelta(seconds=1)
    await csms.wish("B")
    csms.station.meanwhile = lambda: csms.deleted(ago=1)

    await csms.work()

    assert csms.station.tokens == {"b": "Accepted"}
    assert csms.station.received[-1]["updateType"] == "Full"
    assert (await csms.state())["status"] == "synchronized"


async def test_a_dismissed_station_that_is_not_deleted_keeps_its_list(csms: World) -> None:
    await given(csms, "A")

    await csms.event("StationDismissed", StationDismissed(reason="rejected"))

    assert (await csms.state())["status"] == "synchronized"
