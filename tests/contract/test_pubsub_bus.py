"""What the bus on Pub/Sub does beyond what every bus promises."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient, types

from libs.csms.messaging.bus import Subscription, UnknownTopic
from libs.csms.messaging.pubsub.bus import PubSubBus
from libs.csms.messaging.pubsub.subscriptions import REQUEST_RETENTION, UNDELIVERABLE
from libs.ocpp_messages.message import Kind, Message

from .bus_tests import (
    BACKOFF,
    DEAD_LETTERS,
    DEVICE,
    TIMEOUT,
    TOPIC,
    Inbox,
    call,
    consuming,
    dead_letter,
    prepare,
)

pytestmark = pytest.mark.emulator


@pytest.fixture
async def pubsub(pubsub_emulator: str, project: str) -> AsyncIterator[PubSubBus]:
    bus = PubSubBus(project, backoff=BACKOFF)
    await prepare(bus)
    yield bus
    await bus.close()


async def test_what_is_no_message_at_all_is_a_dead_letter_and_blocks_nobody(
    pubsub: PubSubBus, project: str, pubsub_emulator: str
) -> None:
    inbox, dead_letters = Inbox(), Inbox()
    raw = types.PubsubMessage(data=b"\xff\xfe", attributes={"messageId": "bad", "kind": "gossip"})
    publisher = PublisherAsyncClient()

    await publisher.publish(topic=f"projects/{project}/topics/{TOPIC}", messages=[raw])
    await pubsub.publish(TOPIC, call())
    async with consuming(pubsub, DEVICE, inbox), consuming(pubsub, DEAD_LETTERS, dead_letters):
        await inbox.until("1")
        letter = await dead_letter(dead_letters, "bad")
    await publisher.transport.close()

    assert letter.reason.startswith("Unparseable: ")
    assert (letter.attempts, letter.data) == (1, "")
    assert letter.attributes == {"messageId": "bad", "kind": "gossip"}


async def test_a_message_that_takes_long_is_not_delivered_twice(pubsub_emulator: str, project: str) -> None:
    bus = PubSubBus(project, ack_deadline=10)
    await prepare(bus)
    inbox, started = Inbox(), []

    async def slow(message: Message) -> None:
        started.append(message.message_id)
        await asyncio.sleep(0.1 if message.message_id == "2" else 13)
        await inbox(message)

    async with consuming(bus, DEVICE, slow):
        await bus.publish(TOPIC, call())
        await bus.publish(TOPIC, call("CS-2", "2"))
        await inbox.until("1", "2", timeout=25)
    await bus.close()

    assert sorted(started) == ["1", "2"]


CONSUMER_IN_ITS_OWN_PROCESS = """
import asyncio, sys
from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.pubsub.bus import PubSubBus

async def never_done(message):
    print(message.message_id, flush=True)
    await asyncio.Event().wait()

async def main(project, name, topic):
    await PubSubBus(project).consume(Subscription(name, topic), never_done)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_the_messages_of_a_killed_process_come_to_the_next_one(pubsub: PubSubBus, project: str) -> None:
    inbox = Inbox()
    killed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CONSUMER_IN_ITS_OWN_PROCESS,
        project,
        DEVICE.name,
        TOPIC,
        stdout=asyncio.subprocess.PIPE,
    )
    assert killed.stdout is not None

    await pubsub.publish(TOPIC, call())
    async with asyncio.timeout(TIMEOUT):
        assert await killed.stdout.readline() == b"1\n"
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    async with consuming(pubsub, DEVICE, inbox):
        await pubsub.publish(TOPIC, call("CS-2", "2"))
        await inbox.until("1", "2", timeout=40)

    assert sorted(inbox.ids) == ["1", "2"]


class Wire:
    """A TCP proxy before the emulator, whose connections can be cut."""

    def __init__(self, emulator: str) -> None:
        self._host, self._port = emulator.rsplit(":", 1)
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def address(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        server.close()
        self.cut()
        for writer in self._writers:
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        emulator_reader, emulator_writer = await asyncio.open_connection(self._host, int(self._port))
        self._writers += [writer, emulator_writer]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_copy(reader, emulator_writer))
            tasks.create_task(_copy(emulator_reader, writer))

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def test_a_lost_connection_is_made_again(
    pubsub_emulator: str, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, inbox = Wire(pubsub_emulator), Inbox()

    async with wire.address() as address:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
        bus = PubSubBus(project)
        await prepare(bus)
        async with consuming(bus, DEVICE, inbox):
            await bus.publish(TOPIC, call(message_id="before"))
            await inbox.until("before")
            wire.cut()
            # The emulator feeds the lost stream for some seconds more, but not with all.
            for number in range(50):
                await bus.publish(TOPIC, call(f"CS-{number}", f"after-{number}"))
            await inbox.until_more_than(1)
        await bus.close()

    assert inbox.ids[1].startswith("after-")


async def test_what_pubsub_could_not_deliver_is_a_dead_letter_of_the_subscription_it_came_from(
    pubsub: PubSubBus, project: str
) -> None:
    """The emulator itself moves nothing where messages are ordered: this is what Pub/Sub would publish."""
    dead_letters = Inbox()
    attributes = call().attributes() | {
        "CloudPubSubDeadLetterSourceSubscription": DEVICE.name,
        "CloudPubSubDeadLetterSourceSubscriptionProject": project,
        "CloudPubSubDeadLetterSourceDeliveryCount": "10",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-11-20T18:00:00.000Z",
    }
    moved = types.PubsubMessage(data=call().data, attributes=attributes)
    publisher = PublisherAsyncClient()

    await publisher.publish(topic=f"projects/{project}/topics/{UNDELIVERABLE.topic}", messages=[moved])
    async with consuming(pubsub, DEAD_LETTERS, dead_letters):
        letter = await dead_letter(dead_letters)
    await publisher.transport.close()

    assert (letter.topic, letter.subscription, letter.attempts) == (TOPIC, DEVICE.name, 10)
    assert (letter.reason, letter.data) == ("ProcessesDied", call().data.decode())
    assert letter.attributes == attributes
    assert [message.kind for message in dead_letters.messages] == [Kind.EVENT]


async def test_a_dead_letter_that_pubsub_could_not_deliver_is_only_logged(
    pubsub: PubSubBus, project: str, caplog: pytest.LogCaptureFixture
) -> None:
    dead_letters = Inbox()
    source = {"CloudPubSubDeadLetterSourceSubscription": "device.DeadLetter"}
    moved = types.PubsubMessage(data=b"{}", attributes=call().attributes() | source)
    publisher = PublisherAsyncClient()

    await publisher.publish(topic=f"projects/{project}/topics/{UNDELIVERABLE.topic}", messages=[moved])
    async with consuming(pubsub, DEAD_LETTERS, dead_letters), asyncio.timeout(TIMEOUT):
        while "device.DeadLetter: dead letter after" not in caplog.text:
            await asyncio.sleep(0.01)
        await pubsub.publish(DEAD_LETTERS.topic, call(message_id="last"))
        await dead_letters.until("last")
    await publisher.transport.close()

    assert dead_letters.ids == ["last"]


async def test_a_subscription_from_before_gets_the_retention_of_today(
    pubsub: PubSubBus, project: str
) -> None:
    subscriber = SubscriberAsyncClient()
    path = f"projects/{project}/subscriptions/old.{TOPIC}"
    await subscriber.create_subscription(name=path, topic=f"projects/{project}/topics/{TOPIC}")

    await pubsub.create_subscription(Subscription(f"old.{TOPIC}", TOPIC))
    found = await subscriber.get_subscription(subscription=path)
    await subscriber.transport.close()

    assert found.message_retention_duration == REQUEST_RETENTION


async def test_nothing_is_kept_of_the_topics_of_gateways_that_have_gone(pubsub: PubSubBus) -> None:
    for number in range(3):
        await pubsub.create_topic(f"gateway-{number}")
        await pubsub.publish(f"gateway-{number}", call())
        await pubsub.delete_topic(f"gateway-{number}")
        with pytest.raises(UnknownTopic):
            await pubsub.publish(f"gateway-{number}", call())

    assert not pubsub._sending
