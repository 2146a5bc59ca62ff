"""A local list ends with its station."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from libs.csms.clients.stations import DeviceClient
from libs.ocpp_messages.event import StationAccessRevoked

from .device_api import FakeStation
from .local_list_messages import add, full, given
from .world import LIST, Died, World, reconcile


async def test_another_station_under_the_id_of_a_deleted_one_does_not_get_its_list(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.deleted()
    csms.device.stations["CS1"] = FakeStation()
    assert (await csms.client.get(LIST)).status_code == 404
    await csms.connects()
    await csms.later(seconds=10)

    assert csms.station.received == []
    assert (await csms.client.patch(LIST, json={"add": ["A"]})).status_code == 404
    assert await csms.user.local_lists.documents.count({}) == 0


async def test_it_can_be_given_one_at_once_which_is_brought_whole(csms: World) -> None:
    await given(csms, "A", "B")

    await csms.deleted()
    csms.device.stations["CS1"] = FakeStation()
    csms.now += timedelta(seconds=1)
    await csms.put("B")
    await csms.deleted(ago=1)  # once more
    await csms.work()

    [received] = csms.station.received
    assert (received["updateType"], csms.station.tokens) == ("Full", {"b": "Accepted"})
    assert (await csms.state())["status"] == "synchronized"


async def test_what_was_on_its_way_to_a_deleted_station_is_not_sent_to_another(csms: World) -> None:
    await csms.token("A")
    await csms.put("A")
    csms.station.next_answers = ["silence"]
    await csms.work()

    await csms.deleted()
    csms.device.stations["CS1"] = FakeStation()
    await csms.later(minutes=5)

    assert csms.station.received == []
    assert (await csms.client.get(LIST)).status_code == 404


async def test_what_was_on_its_way_to_a_deleted_station_tells_nothing_of_another(csms: World) -> None:
    """The other one has a list already, and the process that sent the message has died."""
    await csms.token("A", "B")
    await csms.put("A")
    with suppress(Died):
        await csms.mortal(1).work()

    csms.device.stations["CS1"] = FakeStation()
    csms.now += timedelta(seconds=1)
    await csms.put("B")
    await csms.deleted(ago=1)
    await csms.later(minutes=2)

    assert csms.station.received == [full(2, add("B"))]


async def test_a_list_ends_with_its_station_in_the_middle_of_being_brought(csms: World) -> None:
    await csms.token("A")
    await csms.put("A")
    csms.station.meanwhile = csms.deleted

    await csms.work()

    assert (await csms.client.get(LIST)).status_code == 404
    assert await csms.user.local_lists.documents.count({}) == 0


async def test_a_list_ends_at_once_with_its_station_while_a_message_is_being_made(csms: World) -> None:
    await csms.token("A")
    await csms.put("A")

    class Slow(DeviceClient):
        async def variables(self, id: str, component: str) -> list[Any]:
            await csms.deleted()
            return []

    await reconcile(csms.user.local_lists, Slow(csms.device_client._client), "CS1")
    await csms.work()

    assert csms.station.received == []
    assert await csms.user.local_lists.documents.get("CS1") is None


async def test_the_list_of_a_new_station_is_right_though_the_end_of_the_old_one_is_heard_late(
    csms: World,
) -> None:
    await given(csms, "A", "B")
    csms.device.stations["CS1"] = FakeStation()
    csms.now += timedelta(seconds=1)
    await csms.put("B")
    csms.station.meanwhile = lambda: csms.deleted(ago=1)

    await csms.work()

    assert csms.station.tokens == {"b": "Accepted"}
    assert csms.station.received[-1]["updateType"] == "Full"
    assert (await csms.state())["status"] == "synchronized"


async def test_a_dismissed_station_that_is_not_deleted_keeps_its_list(csms: World) -> None:
    await given(csms, "A")

    await csms.event("StationAccessRevoked", StationAccessRevoked(reason="rejected"))

    assert (await csms.state())["status"] == "synchronized"
