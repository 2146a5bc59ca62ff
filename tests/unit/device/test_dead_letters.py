"""Messages that no attempt could handle: kept, put back, dismissed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.event import DeadLetter
from libs.ocpp_messages.message import Message
from services.device.api import device_api
from services.device.app import router
from services.device.connectivity.service import Connectivity
from services.device.service import Device

from ..rest import SETTINGS, client_of
from .bus import RecordingBus
from .station import NOW, Csms, StoppedClock, after

ATTRIBUTES = {
    "messageId": "7",
    "stationId": "CS1",
    "action": "Heartbeat",
    "kind": "call",
    "origin": "station",
    "sentAt": "2026-11-20T11:00:00.000Z",
    "ocppVersion": "ocpp2.0.1",
    "replyTo": "HeartbeatResponse",
}


def letter(**fields: Any) -> DeadLetter:
    known: dict[str, Any] = {
        "topic": "HeartbeatRequest",
        "subscription": "device.HeartbeatRequest",
        "reason": "KeyError: 'x'",
        "attempts": 5,
        "data": "{}",
        "attributes": ATTRIBUTES,
    }
    return DeadLetter(**(known | fields))


@pytest.fixture
def bus(device: Device) -> RecordingBus:
    assert isinstance(device.bus, RecordingBus)
    return device.bus


async def listed(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"/deadletters?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]  # type: ignore[no-any-return]


async def only(client: httpx.AsyncClient) -> dict[str, Any]:
    [one] = await listed(client)
    return one


async def open_letters(client: httpx.AsyncClient) -> int:
    return (await client.get("/summary")).json()["deadLetters"]  # type: ignore[no-any-return]


async def test_dead_letters_are_kept_once_and_the_newest_comes_first(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    await csms.event(letter(), message_id="7", at=NOW)
    await csms.event(letter(subscription="console.HeartbeatRequest"), message_id="7", at=after(60))
    await csms.event(letter(), message_id="7", at=NOW)

    items = await listed(client)

    assert [item["receivedAt"] for item in items] == ["2026-11-20T12:01:00.000Z", "2026-11-20T12:00:00.000Z"]
    oldest = items[1]
    assert (oldest["topic"], oldest["attempts"], oldest["data"]) == ("HeartbeatRequest", 5, "{}")
    assert (oldest["attributes"], oldest["stationId"]) == (ATTRIBUTES, "CS1")
    assert (oldest["intact"], oldest["retried"], "notRetryable" in oldest) == (True, False, False)


@pytest.mark.parametrize(
    ("query", "topics"),
    [
        ("", ["B", "A", "A"]),
        ("topic=A", ["A", "A"]),
        ("stationId=CS2", ["A"]),
        ("topic=B&stationId=CS2", []),
        ("retried=false&topic=B", ["B"]),
        ("retried=true", []),
    ],
)
async def test_dead_letters_are_found_by_topic_and_station(
    csms: Csms, client: httpx.AsyncClient, query: str, topics: list[str]
) -> None:
    for number, (topic, station_id) in enumerate([("A", "CS1"), ("A", "CS2"), ("B", "CS1")]):
        await csms.event(letter(topic=topic), station_id=station_id, at=after(number))

    assert [item["topic"] for item in await listed(client, query)] == topics


@pytest.mark.parametrize(
    "data",
    [
        '{"idToken": {"idToken": "1234", "type": "KeyCode"}}',
        '{"key": "AuthorizationKey", "value": "1234"}',
        '{"setVariableData": [{"attributeValue": "1234", "variable": {"name": "BasicAuthPassword"}}]}',
        '{"connectionData": {"basicAuthPassword": "1234"}}',
        '{"location": "ftp://user:1234@files.example"}',
    ],
)
async def test_what_held_a_secret_is_kept_without_it_and_not_put_back(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus, data: str
) -> None:
    await csms.event(letter(data=data))
    one, published = await only(client), len(bus.published)

    answer = await client.post(f"/deadletters/{one['id']}/retry")

    assert "1234" not in json.dumps(one)
    assert answer.status_code == 409
    assert answer.json()["detail"] == one["notRetryable"]
    assert "may hold a secret" in one["notRetryable"]
    assert (len(bus.published), (await only(client))["retried"]) == (published, False)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"data": "x" * 200_000}, "longer than 100,000 characters"),
        ({"data": ""}, "is no text"),
        ({"attributes": {"messageId": "7"}}, "no consumer could read it"),
        ({"attributes": ATTRIBUTES | {"kind": "shout"}}, "no consumer could read it"),
        ({"attributes": ATTRIBUTES | {"action": "Reset", "origin": "csms"}}, "comes too late"),
        ({"attributes": ATTRIBUTES | {"action": "X", "origin": "csms", "kind": "send"}}, "comes too late"),
        ({"attributes": ATTRIBUTES | {"kind": "result"}}, "comes too late"),
        ({"attributes": ATTRIBUTES | {"kind": "error"}}, "comes too late"),
    ],
)
async def test_a_message_that_must_not_be_put_back_says_why(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus, fields: dict[str, Any], reason: str
) -> None:
    await csms.event(letter(**fields))
    one, published = await only(client), len(bus.published)

    answer = await client.post(f"/deadletters/{one['id']}/retry")

    assert (answer.status_code, answer.json()["detail"]) == (409, one["notRetryable"])
    assert reason in one["notRetryable"]
    assert len(one["data"]) <= 100_000
    assert len(bus.published) == published


async def test_a_message_that_is_put_back_is_the_one_that_was_given_up(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus, clock: StoppedClock
) -> None:
    await csms.event(letter(data='{"é": 1}'))
    clock.at = after(60)
    one = await only(client)

    answer = await client.post(f"/deadletters/{one['id']}/retry")

    [(topic, message)] = [sent for sent in bus.published if sent[0] == "HeartbeatRequest"]
    assert (message.data, message.attributes()) == ('{"é": 1}'.encode(), ATTRIBUTES)
    assert answer.status_code == 202
    assert answer.json() == one | {"retried": True, "retriedAt": "2026-11-20T12:01:00.000Z"}
    assert await listed(client, "retried=true") == [answer.json()]
    assert await listed(client, "retried=false") == []
    assert await open_letters(client) == 0


@pytest.mark.parametrize(("kind", "origin"), [("result", "csms"), ("send", "station"), ("event", "station")])
async def test_what_a_service_could_not_handle_is_put_back(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus, kind: str, origin: str
) -> None:
    await csms.event(letter(attributes=ATTRIBUTES | {"kind": kind, "origin": origin}))
    answer = await client.post(f"/deadletters/{(await only(client))['id']}/retry")

    assert answer.status_code == 202
    assert [message.kind for topic, message in bus.published if topic == "HeartbeatRequest"] == [kind]


async def test_what_is_put_back_twice_is_published_again_and_changes_nothing_else(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus
) -> None:
    await csms.event(letter())
    one = await only(client)

    answers = [await client.post(f"/deadletters/{one['id']}/retry") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    messages = [message for topic, message in bus.published if topic == "HeartbeatRequest"]
    assert messages[0] == messages[1]
    assert await listed(client) == [answers[0].json()]


async def test_what_comes_again_at_once_waits_for_somebody(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It failed before it was noted that it was put back."""

    async def publish(topic: str, message: Message) -> None:
        await csms.event(letter(attempts=1), at=after(1))

    await csms.event(letter())
    id = (await only(client))["id"]
    monkeypatch.setattr(bus, "publish", publish)
    answer = await client.post(f"/deadletters/{id}/retry")

    assert answer.status_code == 202
    assert answer.json() == await only(client)
    assert (answer.json()["attempts"], answer.json()["retried"]) == (1, False)


@pytest.mark.parametrize("seen_before", [NOW, after(-5)])
async def test_what_comes_again_is_the_same_letter_and_waits_for_somebody_again(
    csms: Csms, client: httpx.AsyncClient, clock: StoppedClock, seen_before: datetime
) -> None:
    """A letter that is delivered twice, or late, has not come again."""
    await csms.event(letter(), at=NOW)
    clock.at = after(10)
    id = (await only(client))["id"]
    await client.post(f"/deadletters/{id}/retry")

    await csms.event(letter(), at=seen_before)
    waiting = await open_letters(client)
    await csms.event(letter(reason="ValueError: y", attempts=4), at=after(20))

    again = await only(client)
    assert (waiting, await open_letters(client)) == (0, 1)
    assert (again["id"], again["receivedAt"]) == (id, "2026-11-20T12:00:20.000Z")
    assert (again["reason"], again["attempts"], again["retried"]) == ("ValueError: y", 4, False)
    assert again["retriedAt"] == "2026-11-20T12:00:10.000Z"


async def test_a_message_whose_topic_has_gone_is_not_put_back(
    csms: Csms, client: httpx.AsyncClient, bus: RecordingBus
) -> None:
    await csms.event(letter())
    bus.topics_gone.add("HeartbeatRequest")
    id = (await only(client))["id"]

    answer = await client.post(f"/deadletters/{id}/retry")

    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "there is no topic HeartbeatRequest any more",
    )
    assert (await only(client))["retried"] is False


async def test_a_letter_that_is_dismissed_is_gone(csms: Csms, client: httpx.AsyncClient) -> None:
    await csms.event(letter())
    id = (await only(client))["id"]

    answers = [await client.delete(f"/deadletters/{id}") for _ in range(2)]
    retried = await client.post(f"/deadletters/{id}/retry")

    assert [answer.status_code for answer in (*answers, retried)] == [204, 404, 404]
    assert await listed(client) == []
    assert await open_letters(client) == 0


async def test_a_message_that_failed_is_handled_once_it_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, bus = SqliteStore(tmp_path / "csms.db"), EmbeddedBus(backoff=0.001, max_backoff=0.001)
    device = Device.of(store, bus, StoppedClock(NOW), SETTINGS)
    await provision(bus, router.subscriptions)

    async def fail(connectivity: Connectivity, call: Any) -> None:
        raise KeyError("x")

    async with (
        asyncio.timeout(20),
        asyncio.TaskGroup() as tasks,
        client_of(device_api, device) as client,
    ):
        serving = tasks.create_task(router.serve(bus, device, device.clock))
        with monkeypatch.context() as broken:
            broken.setattr(Connectivity, "touch", fail)
            await bus.publish("HeartbeatRequest", Message.of(b"{}", ATTRIBUTES | {"replyTo": ""}))
            while not (letters := await listed(client)):
                await asyncio.sleep(0.01)
        unseen = await device.connectivity.connections.get("CS1")
        answer = await client.post(f"/deadletters/{letters[0]['id']}/retry")
        while (connection := await device.connectivity.connections.get("CS1")) is None:
            await asyncio.sleep(0.01)
        serving.cancel()
    await store.close()

    assert (letters[0]["subscription"], letters[0]["attempts"]) == ("device.HeartbeatRequest", 5)
    assert (unseen, answer.status_code) == (None, 202)
    assert connection.last_seen == datetime(2026, 11, 20, 11, tzinfo=UTC)
