"""A station refuses its local list, is away, or is sent another one by somebody."""

from __future__ import annotations

from typing import Any

import pytest

from libs.csms.clients.stations import DeviceClient
from libs.ocpp_messages.version import Version

from .device_api import limit
from .local_list_messages import add, differential, full, given, gone
from .world import LIST, World, reconcile


@pytest.mark.parametrize("refusal", ["VersionMismatch", "Failed", "InternalError"])
async def test_after_a_refusal_comes_the_whole_list(csms: World, refusal: str) -> None:
    await given(csms, "A", "B")
    csms.station.next_answers = [refusal]
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})

    await csms.work()

    blocked = add("A", status="Blocked")
    assert csms.station.received == [differential(2, blocked), full(3, blocked, add("B"))]
    assert (await csms.state())["status"] == "synchronized"


async def test_the_whole_list_is_newer_than_what_the_station_says_that_it_has(csms: World) -> None:
    await given(csms, "A")
    csms.station.version = 40
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})

    await csms.work()

    blocked = add("A", status="Blocked")
    assert csms.station.received == [differential(2, blocked), full(41, blocked)]
    assert (await csms.state())["version"] == 41


async def test_a_list_that_is_refused_twice_has_failed_until_something_happens(csms: World) -> None:
    await csms.token("A")
    csms.station.next_answers = ["Failed", "Failed"]
    await csms.put("A")
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


async def test_after_a_change_refusals_count_anew(csms: World) -> None:
    await csms.token("A", "B")
    csms.station.next_answers = ["Failed", "Failed"]
    await csms.put("A")
    await csms.work()
    csms.station.next_answers = ["Failed"]
    await csms.put("A", "B")
    await csms.work()

    assert csms.station.received[2:] == [full(3, add("A"), add("B")), full(4, add("A"), add("B"))]
    assert (await csms.state())["status"] == "synchronized"


async def test_a_part_that_is_always_refused_is_not_sent_for_ever(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 1)]
    receive = csms.station.receive

    def never_b(body: Any) -> str:
        if body["localAuthorizationList"][0]["idToken"] == "B":
            csms.station.next_answers = ["Failed"]
        return receive(body)

    csms.station.receive = never_b  # type: ignore[method-assign]
    await csms.token("A", "B")
    await csms.put("A", "B")
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
    csms.station.next_answers = [answer]
    await csms.put("A")
    await csms.work()

    assert (await csms.state())["status"] == "unsupported"
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    assert await csms.later(days=1) == 0
    assert len(csms.station.received) == 1

    await csms.put("A")
    await csms.work()
    assert (await csms.state())["status"] == "synchronized"


async def test_a_station_that_is_away_gets_its_list_when_it_is_back(csms: World) -> None:
    csms.station.connected = False
    await csms.token("A")
    await csms.put("A")
    await csms.work()
    assert (await csms.state())["status"] == "pending"

    await csms.connects()
    await csms.later(seconds=4)
    assert csms.station.received == []
    await csms.later(seconds=1)

    assert csms.station.received == [full(1, add("A"))]


async def test_a_station_that_leaves_at_the_last_moment_loses_nothing(csms: World) -> None:
    await given(csms, "A")
    csms.station.next_answers = ["409", "429"]
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()
    assert csms.station.received == []

    await csms.later(hours=1)
    await csms.later(hours=1)

    assert csms.station.received == [differential(4, add("A", status="Blocked"))]


async def test_pauses_grow_while_a_station_is_away(csms: World) -> None:
    csms.station.connected = False
    await csms.token("A")
    await csms.put("A")
    await csms.work()
    tries = [await csms.later(minutes=1) for _ in range(24 * 60)]
    assert 20 < sum(tries) < 40


async def test_a_silent_station_is_asked_for_its_answer_and_not_again(csms: World) -> None:
    await csms.token("A")
    csms.station.next_answers = ["silence"]
    await csms.put("A")
    await csms.work()
    for _ in range(10):
        await csms.later(seconds=20)
    assert csms.station.received == [full(1, add("A"))]

    await csms.later(minutes=2)
    await csms.later(minutes=2)
    assert csms.station.received == [full(1, add("A")), full(2, add("A"))]
    assert (await csms.state())["status"] == "synchronized"


async def test_a_message_that_was_never_sent_is_made_again(csms: World) -> None:
    """The station has not had the change, so it needs no whole list."""
    await given(csms, "A", "B")
    csms.station.next_answers = ["never sent"]
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()
    await csms.later(minutes=4)

    blocked = add("A", status="Blocked")
    assert csms.station.received == [differential(2, blocked), differential(3, blocked)]


async def test_after_a_change_that_was_never_answered_comes_the_whole_list(csms: World) -> None:
    """Nobody knows whether the station has taken it."""
    await given(csms, "A", "B")
    csms.station.next_answers = ["silence"]
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()
    for _ in range(4):
        await csms.later(minutes=2)

    blocked = add("A", status="Blocked")
    assert csms.station.received == [differential(2, blocked), full(3, blocked, add("B"))]


async def test_a_station_that_connects_while_it_is_looked_for_is_not_kept_waiting(csms: World) -> None:
    await csms.token("A")
    await csms.put("A")

    class Outdated(DeviceClient):
        async def status(self, station_id: str) -> Any:
            await csms.connects()
            return {"connected": False}

    await reconcile(csms.user.local_lists, Outdated(csms.device_client._client), "CS1")
    await csms.later(seconds=5)

    assert csms.station.received == [full(1, add("A"))]


async def test_a_device_service_that_is_down_is_asked_again(csms: World) -> None:
    await csms.token("A")
    await csms.put("A")
    csms.device.down = True
    await csms.work()
    assert (await csms.client.put(LIST, json={"idTokens": ["A"]})).status_code == 503

    csms.device.down = False
    await csms.later(seconds=10)
    assert (await csms.state())["status"] == "synchronized"


async def test_limits_that_are_known_only_now_are_kept(csms: World) -> None:
    """The device service knew them a moment before us."""
    csms.station.next_answers = ["422"]
    await csms.token("A")
    await csms.put("A")
    await csms.work()

    assert csms.station.received == [full(2, add("A"))]


async def test_what_the_device_service_does_not_take_has_failed(csms: World) -> None:
    csms.station.next_answers = ["422", "422"]
    await csms.token("A")
    await csms.put("A")
    await csms.work()

    state = await csms.state()
    assert (state["status"], state["reason"]) == ("failed", "refused as asked")


async def test_after_somebody_elses_command_comes_the_whole_list(csms: World) -> None:
    await given(csms, "A")
    theirs = {"versionNumber": 7, "updateType": "Full"}
    await csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    assert "version" not in await csms.state()
    await csms.work()
    await csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    await csms.work()

    assert csms.station.received == [full(8, add("A"))]


async def test_somebody_elses_list_that_may_have_come_after_our_whole_one_is_replaced(csms: World) -> None:
    """Their command ends while the answer to ours is on its way."""
    await csms.token("A")
    theirs = {"versionNumber": 7, "updateType": "Full"}
    csms.station.meanwhile = lambda: csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    await csms.put("A")
    await csms.work()

    assert csms.station.received == [full(1, add("A")), full(8, add("A"))]


@pytest.mark.parametrize("status", ["timeout", "unknown"])
async def test_a_list_of_somebody_else_that_the_station_may_have_taken_is_replaced(
    csms: World, status: str
) -> None:
    await given(csms, "A")
    await csms.ended("SendLocalList", "theirs", {"versionNumber": 7, "updateType": "Full"}, None, status)
    await csms.work()

    assert csms.station.received == [full(8, add("A"))]


async def test_a_version_near_the_largest_of_ocpp_is_not_gone_on_from(csms: World) -> None:
    await given(csms, "A")
    theirs = {"versionNumber": 2**31 - 1, "updateType": "Full"}
    await csms.ended("SendLocalList", "theirs", theirs, {"status": "Accepted"})
    await csms.work()

    assert csms.station.received == [full(2, add("A"))]


@pytest.mark.parametrize(
    ("version", "number"), [(Version.V201, "versionNumber"), (Version.V16, "listVersion")]
)
async def test_our_own_command_is_not_that_of_somebody_else(
    csms: World, version: Version, number: str
) -> None:
    await given(csms, "A")
    payload = {number: 1, "updateType": "Full"}
    ours = await csms.our_command(1)
    await csms.ended("SendLocalList", ours, payload, {"status": "Accepted"}, version=version)
    assert await csms.work() == 0


@pytest.mark.parametrize(
    ("whose", "kinds"), [("ours", ["Differential"]), ("theirs", ["Differential", "Full"])]
)
async def test_a_command_ends_while_the_answer_to_our_message_is_on_its_way(
    csms: World, whose: str, kinds: list[str]
) -> None:
    await given(csms, "A")
    id = await csms.our_command(2) if whose == "ours" else "theirs"
    payload = {"versionNumber": 2, "updateType": "Differential"}
    csms.station.meanwhile = lambda: csms.ended("SendLocalList", id, payload, {"status": "Accepted"})
    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    await csms.work()

    assert [message["updateType"] for message in csms.station.received] == kinds
    assert (await csms.state())["status"] == "synchronized"


@pytest.mark.parametrize(("status", "response"), [("answered", {"status": "Failed"}), ("expired", None)])
async def test_a_command_that_changed_nothing_changes_nothing(
    csms: World, status: str, response: Any
) -> None:
    await given(csms, "A")
    payload = {"versionNumber": 9, "updateType": "Full"}
    await csms.ended("SendLocalList", "theirs", payload, response, status)
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
    await csms.put("A", "B")
    await csms.ended("CustomerInformation", "c2", cleared, {"status": "Accepted"})
    await csms.work()
    assert csms.station.tokens == {"a": "Accepted", "b": "Accepted"}
