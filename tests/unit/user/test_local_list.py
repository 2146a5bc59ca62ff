"""A local list gets to its station, and stays what it should be."""

from __future__ import annotations

from .device_api import capacity, limit
from .local_list_messages import ACCEPTED, add, differential, full, given, gone
from .world import LIST, World


async def test_the_first_list_replaces_what_the_station_has(csms: World) -> None:
    csms.station.listed = {("old", "iso14443"): ACCEPTED}
    await csms.token("B", groupIdToken="FLEET", expiryDateTime="2027-01-01T00:00:00Z")
    await csms.token("a", status="Blocked")

    pending = await csms.put("B", "a", "A")
    assert (pending["status"], pending["tokens"]) == ("pending", 2)
    assert "version" not in pending
    await csms.work()

    b = add("B", expiryDateTime="2027-01-01T00:00:00.000Z", groupIdToken="FLEET")
    assert csms.station.received == [full(1, add("a", status="Blocked"), b)]
    assert csms.station.tokens == {"a": "Blocked", "b": "Accepted"}
    state = await csms.state()
    assert (state["status"], state["version"], state["idTokens"]) == ("synchronized", 1, ["a", "B"])


async def test_later_only_what_differs_is_sent(csms: World) -> None:
    await given(csms, "A", "B", "C")
    await csms.token("D")

    changed = await csms.client.patch(LIST, json={"add": ["d", "A"], "remove": ["b", "X"]})
    assert (changed.status_code, changed.json()["tokens"]) == (200, 3)
    await csms.work()

    assert csms.station.received == [differential(2, gone("B"), add("D"))]
    assert (await csms.state())["idTokens"] == ["A", "C", "D"]


async def test_the_same_list_once_more_sends_nothing(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.put("b", "A")
    await csms.work()

    assert csms.station.received == []
    assert (await csms.state())["status"] == "synchronized"


async def test_a_token_that_changes_is_brought(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.client.patch("/idtokens/a", json={"status": "Blocked"})
    assert (await csms.state())["status"] == "pending"
    await csms.work()
    await csms.client.patch("/idtokens/A", json={"note": "of which stations know nothing"})
    await csms.work()

    assert csms.station.received == [differential(2, add("A", status="Blocked"))]
    assert csms.station.tokens == {"a": "Blocked", "b": "Accepted"}


async def test_a_token_that_is_deleted_leaves_the_list(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.client.delete("/idtokens/b")
    await csms.work()
    await csms.token("B")
    await csms.work()

    assert csms.station.received == [differential(2, gone("B"))]
    assert (await csms.state())["idTokens"] == ["A"]


async def test_a_token_of_another_type_is_another_token_for_the_station(csms: World) -> None:
    await given(csms, "A")

    await csms.client.patch("/idtokens/a", json={"type": "eMAID"})
    await csms.work()

    assert csms.station.received == [differential(2, gone("A")), differential(3, add("A", type="x") | EMAID)]
    assert list(csms.station.listed) == [("a", "emaid")]


EMAID = {"type": "eMAID", "idTokenInfo": ACCEPTED}


async def test_what_changes_while_a_message_is_under_way_follows_it(csms: World) -> None:
    await given(csms, "A", "B")
    csms.station.meanwhile = lambda: csms.client.patch("/idtokens/A", json={"status": "Expired"})
    await csms.client.patch("/idtokens/A", json={"status": "Blocked"})
    await csms.work()

    assert csms.station.received == [
        differential(2, add("A", status="Blocked")),
        differential(3, add("A", status="Expired")),
    ]
    assert csms.station.tokens == {"a": "Expired", "b": "Accepted"}
    assert (await csms.state())["status"] == "synchronized"


async def test_a_token_that_changes_while_the_first_list_is_under_way_is_sent_again(csms: World) -> None:
    await csms.token("A", "B")
    csms.station.meanwhile = lambda: blocked_and_noticed(csms)
    await csms.put("A", "B")
    await csms.work()

    assert csms.station.received == [full(1, add("A"), add("B")), differential(2, add("A", status="Blocked"))]
    assert (await csms.state())["status"] == "synchronized"


async def blocked_and_noticed(csms: World) -> None:
    """While the answer to our message is on its way, the token changes and its lists learn of it."""
    await csms.client.patch("/idtokens/A", json={"status": "Blocked"})
    await csms.user.local_lists.apply_token_changes(csms.user.tokens.changes.take())


async def test_a_token_that_changes_between_leaving_and_joining_a_list_is_sent_again(csms: World) -> None:
    await given(csms, "A", "B")
    csms.station.connected = False
    await csms.put("B")
    await blocked_and_noticed(csms)
    await csms.put("A", "B")
    await csms.connects()
    await csms.later(minutes=2)

    assert csms.station.received == [differential(2, add("A", status="Blocked"))]


async def test_a_long_list_goes_in_parts_that_the_station_takes(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 2), limit("BytesPerMessage", 10_000), capacity(5)]

    await given_parts(csms, [2, 2, 1])


async def test_parts_have_no_more_bytes_than_the_station_takes(csms: World) -> None:
    csms.station.variables = [limit("BytesPerMessage", 700)]

    await given_parts(csms, [3, 2])


async def given_parts(csms: World, sizes: list[int]) -> None:
    texts = ["A", "B", "C", "D", "E"]
    await csms.token(*texts)
    await csms.put(*texts)
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
    await csms.put(*reversed(texts))
    await csms.work()

    sizes = [len(message["localAuthorizationList"]) for message in csms.station.received]
    assert sizes == [100, 100, 50]
    assert len(csms.station.listed) == 250


async def test_more_than_the_station_holds_has_failed(csms: World) -> None:
    csms.station.variables = [capacity(2)]
    await csms.token("A", "B", "C")
    await csms.put("A", "B", "C")
    await csms.work()

    state = await csms.state()
    assert (state["status"], state["reason"]) == ("failed", "the list has 3 tokens, and the station holds 2")
    assert csms.station.received == []

    await csms.client.patch(LIST, json={"remove": ["B"]})
    await csms.work()
    assert csms.station.received == [full(1, add("A"), add("C"))]


async def test_a_token_that_is_deleted_leaves_the_list_though_it_is_created_again(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.client.delete("/idtokens/b")
    await csms.token("B")
    await csms.work()

    assert csms.station.received == [differential(2, gone("B"))]
    assert (await csms.state())["idTokens"] == ["A"]


async def test_a_token_that_is_deleted_while_it_is_put_onto_a_list_leaves_it(csms: World) -> None:
    """The list did not hold it yet when the deletion was applied."""
    await csms.token("A", "B")
    await csms.put("A", "B")
    await csms.user.tokens.documents.delete("b")
    await csms.work()

    assert csms.station.received == [full(1, add("A"))]
    assert ((await csms.state())["status"], (await csms.state())["idTokens"]) == ("synchronized", ["A"])
