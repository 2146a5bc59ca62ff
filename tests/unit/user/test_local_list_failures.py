"""Processes die, replicas race, stations misbehave: in the end every station has its list."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import rfc3339
from services.user.local_list.model import LocalList
from services.user.tokens.bodies import IdTokenBody

from .device_api import limit
from .world import LIST, Died, World, reconcile


async def is_right(csms: World, **statuses: str) -> None:
    """The station has these tokens, and the CSMS knows it."""
    state = await csms.state()
    assert (state["status"], state["version"]) == ("synchronized", csms.station.version)
    assert csms.station.tokens == {text.casefold(): status for text, status in statuses.items()}


async def test_wherever_a_process_dies_nothing_is_sent_twice(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 1)]
    await csms.token("A", "B", "C", "D")
    died, writes = True, 0
    while died:
        csms.station.received.clear()
        await csms.put("A", "B", "C")
        await csms.work()
        await csms.put("B", "C", "D")
        await csms.client.patch("/idtokens/B", json={"status": "Blocked"})

        dying = csms.mortal(writes)
        died = False
        try:
            await dying.work()
        except (Died, ExceptionGroup):
            died = True
        await csms.later(minutes=2)
        await is_right(csms, b="Blocked", c="Accepted", d="Accepted")
        sent = [entry["idToken"] for m in csms.station.received for entry in m["localAuthorizationList"]]
        assert sorted(sent[-3:]) == ["A", "B", "D"]
        versions = [message["versionNumber"] for message in csms.station.received]
        assert versions == sorted(set(versions))
        assert len([m for m in csms.station.received if m["updateType"] == "Full"]) <= 1

        await csms.client.patch("/idtokens/B", json={"status": "Accepted"})
        writes += 1
    assert writes > 6  # the pass for the token, its note, and one for each message


async def test_wherever_a_process_dies_a_list_that_is_deleted_goes(csms: World) -> None:
    await csms.token("A")
    died, writes = True, 0
    while died:
        await csms.put("A")
        await csms.work()
        await csms.client.delete(LIST)
        died = False
        try:
            await csms.mortal(writes).work()
        except (Died, ExceptionGroup):
            died = True
        await csms.later(minutes=6)
        assert (await csms.client.get(LIST)).status_code == 404
        assert csms.station.tokens == {}
        writes += 1
    assert writes > 2  # the message, its outcome, the end of the document


async def test_wherever_a_client_loses_its_server_it_can_ask_again(csms: World) -> None:
    await csms.token("A", "B", "C")
    died, writes = True, 0
    while died:
        await csms.put("A")
        await csms.work()
        dying = csms.mortal(writes).user
        died = False
        try:
            await dying.local_lists.replace(csms.device_client, "CS1", ["B", "C"])
        except (Died, ExceptionGroup):
            died = True
        await csms.later(minutes=1)
        await csms.put("B", "C")
        await csms.work()
        await is_right(csms, b="Accepted", c="Accepted")
        writes += 1
    assert writes > 1  # there is one write to die before


@pytest.mark.parametrize("deleting", [False, True])
async def test_wherever_a_change_of_a_token_is_cut_short_the_list_is_right(
    csms: World, deleting: bool
) -> None:
    died, writes = True, 0
    while died:
        with suppress(AssertionError):
            await csms.token("A", "B")
        await csms.token(f"T{writes}")
        await csms.put("A", "B", f"T{writes}")
        await csms.work()
        dying = csms.mortal(writes).user
        died = False
        try:
            if deleting:
                await dying.tokens.delete(f"T{writes}")
            else:
                await dying.tokens.patch(f"T{writes}", IdTokenBody(status="Blocked"))
            await dying.local_lists.apply_token_changes(dying.tokens.changes.take())
        except (Died, ExceptionGroup):
            died = True
        await csms.work()
        csms.now = csms.now.replace(year=csms.now.year + 1)
        await csms.work()
        found = await csms.client.get(f"/idtokens/T{writes}")
        expected = {f"t{writes}": found.json()["status"]} if found.status_code == 200 else {}
        await is_right(csms, a="Accepted", b="Accepted", **expected)
        assert await csms.user.tokens.changes.documents.count({}) == 0
        writes += 1
    assert writes > 3


async def test_replicas_do_not_send_twice(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 3)]
    texts = [f"T{number:02}" for number in range(20)]
    await csms.token(*texts)
    await csms.put(*texts)

    for _ in range(20):
        await asyncio.gather(*(reconcile(csms.user.local_lists, csms.device_client, "CS1") for _ in range(5)))

    assert len(csms.station.received) == 7
    await is_right(csms, **dict.fromkeys(texts, "Accepted"))


async def test_a_replica_that_goes_on_with_a_message_does_not_send_it_again(csms: World) -> None:
    """The first one is slow, and has lost its lease by the time it is answered."""
    await csms.token("A")
    await csms.put("A")

    async def another() -> None:
        csms.now = csms.now.replace(hour=13)
        await reconcile(csms.user.local_lists, csms.device_client, "CS1")

    csms.station.meanwhile = another
    await csms.work()

    assert len(csms.station.received) == 1
    await is_right(csms, a="Accepted")


async def test_a_slow_replica_does_not_send_a_part_as_the_whole_list(csms: World) -> None:
    """It has read the one token that differed; another one learnt that the station needs all of them."""
    await csms.token("A", "B")
    await csms.put("A", "B")
    await csms.work()
    await csms.client.patch("/idtokens/A", json={"status": "Blocked"})
    lists = csms.user.local_lists
    await lists.apply_token_changes(lists.tokens.changes.take())

    class Slow(DeviceClient):
        async def variables(self, station_id: str, component: str) -> list[Any]:
            csms.now = csms.now.replace(hour=13)
            csms.station.next_answers = ["Failed"]
            await reconcile(lists, csms.device_client, "CS1")
            return []

    await reconcile(lists, Slow(csms.device_client._client), "CS1")
    await csms.work()

    await is_right(csms, a="Blocked", b="Accepted")


@pytest.mark.parametrize("hour", [13, 14])
async def test_a_slow_replica_sends_nothing_of_its_own_while_a_message_is_on_its_way(
    csms: World, hour: int
) -> None:
    """Another one has sent it meanwhile, and the station has not answered yet."""
    await csms.token("A")
    await csms.put("A")
    lists = csms.user.local_lists

    class Slow(DeviceClient):
        async def variables(self, station_id: str, component: str) -> list[Any]:
            csms.now = csms.now.replace(hour=13)
            csms.station.next_answers = ["silence"]
            await reconcile(lists, csms.device_client, "CS1")
            csms.now = csms.now.replace(hour=hour)
            return []

    await reconcile(lists, Slow(csms.device_client._client), "CS1")

    assert len(csms.station.received) == 1


async def test_a_slow_replica_does_not_send_what_has_failed_meanwhile(csms: World) -> None:
    await csms.token("A")
    await csms.put("A")
    lists = csms.user.local_lists

    class Slow(DeviceClient):
        async def variables(self, station_id: str, component: str) -> list[Any]:
            csms.station.next_answers = ["Failed", "Failed"]
            await reconcile(lists, csms.device_client, "CS1")
            await reconcile(lists, csms.device_client, "CS1")
            return []

    await reconcile(lists, Slow(csms.device_client._client), "CS1")

    assert len(csms.station.received) == 2
    assert (await csms.state())["status"] == "failed"


async def test_a_late_answer_is_not_taken_for_that_to_the_next_message(csms: World) -> None:
    csms.station.variables = [limit("ItemsPerMessage", 1)]
    await csms.token("A", "B")
    await csms.put("A", "B")
    lists = csms.user.local_lists

    async def another() -> None:
        csms.now = csms.now.replace(hour=13)
        await reconcile(lists, csms.device_client, "CS1")
        csms.station.next_answers = ["silence"]
        await reconcile(lists, csms.device_client, "CS1")

    csms.station.meanwhile = another
    await reconcile(lists, csms.device_client, "CS1")

    on_its_way = (await csms.document()).in_flight
    assert on_its_way is not None
    assert on_its_way.version_number == csms.station.version == 2


async def test_a_message_that_an_earlier_version_has_stored_does_not_stop_a_list(csms: World) -> None:
    await csms.token("A", "B")
    await csms.put("A", "B")
    entry = {"idToken": "A", "type": "ISO14443", "idTokenInfo": {"status": "Accepted"}}
    old = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry], "revision": 1}
    document = (await csms.document()).model_dump(mode="json", by_alias=True)
    stored = LocalList.model_validate(document | {"inFlight": old | {"since": rfc3339(csms.now)}})
    await csms.user.local_lists.documents.put("CS1", stored)
    csms.station.next_answers = ["422"]
    await csms.work()

    await is_right(csms, a="Accepted", b="Accepted")


TEXTS = [f"T{number}" for number in range(8)]
TROUBLE = [
    "Failed",
    "VersionMismatch",
    "silence",
    "never sent",
    "InternalError",
    "409",
    "429",
    "NotSupported",
]


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_happens_the_station_ends_up_with_its_list(csms: World, seed: int) -> None:
    chance = random.Random(seed)
    csms.station.variables = [limit("ItemsPerMessage", 3)]
    await csms.token(*TEXTS)
    await csms.put()
    for number in range(30):
        await something(csms, chance, number)
        if chance.random() < 0.5:
            await csms.later(seconds=chance.choice([0, 5, 20, 130]))

    csms.station.next_answers = []
    if csms.station.meanwhile is not None:
        await csms.station.meanwhile()
        csms.station.meanwhile = None
    await csms.connects()
    for _ in range(30):
        await csms.later(minutes=4)
    await csms.connects()
    await csms.later(minutes=4)

    listed = (await csms.state())["idTokens"]
    tokens = {text: (await csms.client.get(f"/idtokens/{text}")).json() for text in listed}
    await is_right(csms, **{text: token["status"] for text, token in tokens.items()})
    kinds = {token: type_ for token, type_ in csms.station.listed}
    assert kinds == {text.casefold(): token["type"].casefold() for text, token in tokens.items()}


async def something(csms: World, chance: random.Random, number: int) -> None:
    some = chance.sample(TEXTS, chance.randint(0, 5))
    match chance.randint(0, 8):
        case 0:
            await csms.client.put(LIST, json={"idTokens": await known(csms, some)})
        case 1:
            await csms.client.patch(LIST, json={"add": await known(csms, some)})
        case 2:
            await csms.client.patch(LIST, json={"remove": some})
        case 3:
            changed = chance.choice([{"status": "Blocked"}, {"status": "Accepted"}, {"type": "eMAID"}])
            happens = partial(token_changes, csms, chance.choice(TEXTS), changed)
            if chance.random() < 0.5 or csms.station.meanwhile is not None:
                await happens()
            else:
                csms.station.meanwhile = happens
        case 4:
            text = chance.choice(TEXTS)
            await csms.client.delete(f"/idtokens/{text}")
            if chance.random() < 0.7:
                await csms.client.post("/idtokens", json={"idToken": text})
        case 5:
            csms.station.next_answers += chance.choices(TROUBLE, k=chance.randint(1, 3))
        case 6:
            csms.station.connected = not csms.station.connected
            if csms.station.connected:
                await csms.connects()
        case 7:
            theirs: dict[str, Any] = {"versionNumber": csms.station.version + 1, "updateType": "Full"}
            csms.station.version, csms.station.listed = theirs["versionNumber"], {}
            happens = partial(csms.ended, "SendLocalList", f"theirs-{number}", theirs, {"status": "Accepted"})
            if chance.random() < 0.5 or csms.station.meanwhile is not None:
                await happens()
            else:
                csms.station.meanwhile = happens
        case 8:
            with suppress(Died, ExceptionGroup):
                await csms.mortal(chance.randint(0, 8)).work()


async def token_changes(csms: World, text: str, changed: dict[str, str]) -> None:
    await csms.client.patch(f"/idtokens/{text}", json=changed)
    await csms.user.local_lists.apply_token_changes(csms.user.tokens.changes.take())


async def known(csms: World, texts: list[str]) -> list[str]:
    return [text for text in texts if (await csms.client.get(f"/idtokens/{text}")).status_code == 200]
