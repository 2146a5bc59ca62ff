from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from google.api_core.exceptions import InvalidArgument, NotFound, ServiceUnavailable
from google.pubsub_v1 import PublisherAsyncClient, types

from libs.csms.messaging.bus import UnknownTopic
from libs.csms.messaging.pubsub.topic_publisher import (
    MAX_BYTES_PER_REQUEST,
    MAX_MESSAGES_PER_REQUEST,
    TopicPublisher,
)
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message


def event(message_id: str, data: bytes = b"{}") -> Message:
    return Message(
        data=data,
        message_id=message_id,
        station_id="CS-1",
        action="StationConnected",
        kind=Kind.EVENT,
        sent_at="2026-11-20T18:00:00.000Z",
        origin=Direction.FROM_STATION,
    )


class Server:
    """What the publisher client talks to, with the limits of the real one."""

    def __init__(self, *outcomes: Exception) -> None:
        self.requests: list[list[str]] = []
        self.outcomes = list(outcomes)

    async def publish(self, request: types.PublishRequest, *, retry: Any, timeout: float) -> None:
        await retry(self._publish)(request)

    async def _publish(self, request: types.PublishRequest) -> None:
        self.requests.append([message.attributes["messageId"] for message in request.messages])
        await asyncio.sleep(0)
        if self.outcomes:
            raise self.outcomes.pop(0)
        if any(len(value) > 1024 for message in request.messages for value in message.attributes.values()):
            raise InvalidArgument("an attribute is too long")


def publisher_of(server: Server, on_idle: Callable[[], None] = lambda: None) -> TopicPublisher:
    client = cast(PublisherAsyncClient, server)
    return TopicPublisher(client, "projects/p/topics/StationConnected", timeout=5, on_idle=on_idle)


async def publish_all(publisher: TopicPublisher, *messages: Message) -> list[Any]:
    return await asyncio.gather(*(publisher.publish(message) for message in messages), return_exceptions=True)


async def test_what_is_given_together_shares_a_request_in_its_order() -> None:
    server = Server()

    outcomes = await publish_all(publisher_of(server), *(event(str(number)) for number in range(5)))

    assert server.requests == [["0", "1", "2", "3", "4"]]
    assert outcomes == [None] * 5


async def test_a_request_stays_within_the_limits() -> None:
    server = Server()
    large = b"x" * (MAX_BYTES_PER_REQUEST // 2 + 1)

    await publish_all(
        publisher_of(server), *(event(str(number)) for number in range(MAX_MESSAGES_PER_REQUEST + 1))
    )
    await publish_all(publisher_of(server), event("a", large), event("b", large), event("c"))

    assert [len(request) for request in server.requests] == [MAX_MESSAGES_PER_REQUEST, 1, 1, 2]


async def test_a_message_that_is_larger_than_a_request_should_be_goes_alone() -> None:
    server = Server()
    larger = b"x" * (MAX_BYTES_PER_REQUEST + 1)

    async with asyncio.timeout(10):
        await publish_all(publisher_of(server), event("a"), event("b", larger), event("c"))

    assert server.requests == [["a"], ["b"], ["c"]]


async def test_a_request_is_tried_again_before_the_next_one_so_order_is_kept() -> None:
    server = Server(ServiceUnavailable("away"))
    publisher = publisher_of(server)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.publish(event("1")))
        while not server.requests:
            await asyncio.sleep(0)
        tasks.create_task(publisher.publish(event("2")))

    assert server.requests == [["1"], ["1"], ["2"]]


async def test_an_impossible_message_takes_no_other_with_it() -> None:
    server = Server()

    outcomes = await publish_all(publisher_of(server), event("1"), event("x" * 2_000), event("2"))

    assert [outcomes[0], outcomes[2]] == [None, None]
    assert isinstance(outcomes[1], InvalidArgument)


async def test_a_topic_that_is_not_there_is_unknown() -> None:
    with pytest.raises(UnknownTopic):
        await publisher_of(Server(NotFound("no topic"))).publish(event("1"))


async def test_a_publisher_that_gives_up_takes_no_other_with_it() -> None:
    server = Server()
    publisher = publisher_of(server)

    async with asyncio.TaskGroup() as tasks:
        impatient = tasks.create_task(publisher.publish(event("1")))
        patient = tasks.create_task(publisher.publish(event("2")))
        while not server.requests:
            await asyncio.sleep(0)
        impatient.cancel()

    assert impatient.cancelled()
    assert patient.done()
    assert server.requests == [["1", "2"]]


async def test_closing_waits_for_what_is_on_its_way() -> None:
    server = Server(ServiceUnavailable("away"))
    publisher = publisher_of(server)

    async with asyncio.TaskGroup() as tasks:
        published = tasks.create_task(publisher.publish(event("1")))
        while not server.requests:
            await asyncio.sleep(0)
        await publisher.close()

    assert published.done()
    assert server.requests == [["1"], ["1"]]


@pytest.mark.parametrize("outcomes", [(), (NotFound("no topic"),)])
async def test_when_nothing_is_left_to_send_nobody_needs_to_keep_the_publisher(
    outcomes: tuple[Exception, ...],
) -> None:
    server = Server(*outcomes)
    idle = 0

    def count_idle() -> None:
        nonlocal idle
        idle += 1

    await publish_all(publisher_of(server, count_idle), event("1"), event("2"))

    assert (server.requests, idle) == ([["1", "2"]], 1)
