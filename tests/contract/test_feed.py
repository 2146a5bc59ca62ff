"""The feed of the console on both buses: its subscriptions come and go with those who listen."""

from __future__ import annotations

import asyncio
import uuid

from libs.csms.messaging.bus import Bus
from libs.csms.messaging.provision import provision
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from services.console.live.feed import Feed, FeedMessage, Reload


async def test_a_listener_gets_what_is_published_once_the_feed_has_begun(bus: Bus) -> None:
    await provision(bus, [])
    feed = Feed(bus, grace=0)
    running = asyncio.create_task(feed.run())
    await asyncio.sleep(0)
    for _ in range(2):  # the second time with new subscriptions, where the first ones are gone already
        async with asyncio.timeout(60), feed.listen(lambda one: one.message.station_id == "CS1") as listener:
            started = await anext(listener)
            sent = message()
            await bus.publish(sent.action, sent)
            found = await anext(listener)
        assert isinstance(started, Reload) and isinstance(found, FeedMessage)
        assert (found.type, found.message) == ("StationConnected", sent)
        assert found.data == {"remoteAddress": "192.0.2.1"}
        await unheard(feed)
    running.cancel()
    await asyncio.wait([running])


async def unheard(feed: Feed) -> None:
    """Wait until the subscriptions are gone."""
    async with asyncio.timeout(60):
        while feed.is_live:
            await asyncio.sleep(0.01)


def message() -> Message:
    return Message(
        data=b'{"remoteAddress":"192.0.2.1"}',
        message_id=uuid.uuid4().hex,
        station_id="CS1",
        action="StationConnected",
        kind=Kind.EVENT,
        sent_at="2026-11-22T02:00:00.000Z",
        origin=Direction.FROM_STATION,
    )
