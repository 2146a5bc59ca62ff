"""What happens in the CSMS, from the bus to those in this process who listen: there are subscriptions only
while somebody does.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import orjson

from libs.csms.errors import Unavailable
from libs.csms.messaging.bus import Bus, Subscription
from libs.csms.messaging.temporary import consume_temporarily
from libs.csms.secrets import masked, text_without_secrets
from libs.ocpp_messages import event
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.message import Message

log = logging.getLogger(__name__)

EVENTS = (
    event.STATION_CONNECTED,
    event.STATION_DISCONNECTED,
    event.STATION_ACCESS_REVOKED,
    event.REGISTRATION_STATUS_CHANGED,
    event.SECURITY_PROFILE_LOWERED,
    event.STATION_DELETED,
    event.CONNECTION_REFUSED,
    event.TRANSACTION_STARTED,
    event.TRANSACTION_RESUMED,
    event.TRANSACTION_ENDED,
    event.TRANSACTION_INCOMPLETE,
    event.COMMAND_SENT,
    event.COMMAND_ENDED,
    event.MESSAGE_REFUSED,
    event.STATION_DEVIATED,
    event.STATION_FRAME,
    event.DEAD_LETTER,
)
"""Those that concern people."""

TOPICS = (
    *(each.name for each in EVENTS),
    "BootNotificationRequest",
    "StatusNotificationRequest",
    "NotifyEventRequest",
)

GRACE = 30.0
"""Seconds for which the subscriptions outlive the last listener: who turns to another page comes again."""

RETRY = 5.0
"""Seconds until the subscriptions are made anew after the bus has failed."""

MAX_KEPT = 1_000
"""Newest messages, from which a listener that was interrupted goes on."""

MAX_WAITING = 1_000
"""Messages of one listener. One that is slower loses the oldest."""

MAX_LISTENERS = 500

MAX_DATA = 48 * 1024
"""Bytes of the data of one message. Longer data is left out."""


@dataclass(frozen=True)
class FeedMessage:
    id: str
    """``<process>-<number>``: what a listener shows to go on behind this message."""
    type: str
    """Its topic: the name of the event, or ``<Action>Request``."""
    message: Message
    """As it came; its data is ``null`` where it was longer than 48 KiB."""

    @cached_property
    def data(self) -> Any:
        """The JSON of the message without secrets."""
        try:
            found = masked(orjson.loads(self.message.data))
        except (orjson.JSONDecodeError, CallError):
            return None
        if self.type == event.DEAD_LETTER.name and isinstance(found, dict) and "data" in found:
            return found | {"data": text_without_secrets(str(found["data"]))}
        return found


@dataclass(frozen=True)
class Reload:
    """The listener may have missed messages: what it knows, it has to read anew."""

    id: str
    """As if it had been a message: what follows comes after it."""
    reason: str
    """``slow``: it lost messages; ``resumed``: what it knew last is too long ago, or of another process;
    ``started``: nobody has listened to the bus until now, or the bus has failed meanwhile.
    """


Wanted = Callable[[FeedMessage], bool]


class Listener:
    """An iterator over what one listener gets. It ends when the feed does."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._waiting: deque[FeedMessage] = deque()
        self._reload: Reload | None = None
        self._closed = False
        self._is_new = asyncio.Event()

    def put(self, message: FeedMessage) -> None:
        """Never waits."""
        if not self._wanted(message):
            return
        if len(self._waiting) >= MAX_WAITING:
            self._reload = Reload(self._waiting.popleft().id, "slow")
        self._waiting.append(message)
        self._is_new.set()

    def reload(self, reload: Reload) -> None:
        """What waits is forgotten: it is older than what is read anew."""
        self._waiting.clear()
        self._reload = reload
        self._is_new.set()

    def close(self) -> None:
        self._closed = True
        self._is_new.set()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> FeedMessage | Reload:
        """May be cancelled and called again: nothing is lost."""
        while True:
            if (reload := self._reload) is not None:
                self._reload = None
                return reload
            if self._waiting:
                return self._waiting.popleft()
            if self._closed:
                raise StopAsyncIteration
            self._is_new.clear()
            await self._is_new.wait()


class Feed:
    """One for each process. ``run`` it for as long as the process; until then, and after, listening ends at
    once.
    """

    def __init__(self, bus: Bus, grace: float = GRACE, retry: float = RETRY) -> None:
        """``grace`` and ``retry`` are in seconds."""
        self.bus = bus
        """For who asks for frames: see ``watch``."""
        self._grace = grace
        self._retry = retry
        self._process = uuid.uuid4().hex[:12]
        self._number = 0
        self._first = 0
        """The number behind which everything is kept."""
        self._kept: deque[FeedMessage] = deque()
        self._listeners: set[Listener] = set()
        self._is_heard = asyncio.Event()
        self._is_unheard = asyncio.Event()
        self._is_unheard.set()
        self._running = False
        self.is_live = False
        """Whether there are subscriptions: nothing that happens is missed."""

    @property
    def position(self) -> str:
        """The id of the newest message. A page that is made now listens from here on."""
        return f"{self._process}-{self._number}"

    @asynccontextmanager
    async def listen(
        self, wanted: Wanted = lambda message: True, last_id: str = ""
    ) -> AsyncIterator[Listener]:
        """What is ``wanted`` from now on, or from behind ``last_id`` on. Raises ``Unavailable`` where too
        many listen.

        Where something may be missing, a ``Reload`` comes first. ``wanted`` has to be quick.
        """
        if len(self._listeners) >= MAX_LISTENERS:
            raise Unavailable("too many listen to events here", retry_after=5)
        listener = Listener(wanted)
        if self.is_live and last_id:
            self._resume(listener, last_id)
        if not self._running:
            listener.close()
        self._listeners.add(listener)
        self._note_listeners()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._note_listeners()

    async def run(self) -> None:
        """Until cancelled; then every listener ends."""
        self._running = True
        try:
            while True:
                await self._is_heard.wait()
                try:
                    await self._consume()
                except* Exception:
                    log.exception("the feed of events is interrupted")
                    await asyncio.sleep(self._retry)
        finally:
            self._running = False
            for listener in self._listeners:
                listener.close()

    async def _consume(self) -> None:
        """Until nobody has listened for a while. Raises what the bus raises."""
        missing = set(TOPICS)

        def created(topic: str) -> None:
            missing.discard(topic)
            if not missing:
                self._begin()

        try:
            async with asyncio.TaskGroup() as tasks:
                loops = [tasks.create_task(self._consume_topic(topic, created)) for topic in TOPICS]
                await self._wait_until_unheard()
                for loop in loops:
                    loop.cancel()
        finally:
            self.is_live = False

    async def _consume_topic(self, topic: str, created: Callable[[str], None]) -> None:
        async def consume(message: Message) -> None:
            self._publish(topic, message)

        subscription = Subscription(f"console-{self._process}.{topic}", topic, temporary=True)
        await consume_temporarily(self.bus, subscription, consume, lambda: created(topic))

    async def _wait_until_unheard(self) -> None:
        while True:
            await self._is_unheard.wait()
            try:
                async with asyncio.timeout(self._grace):
                    await self._is_heard.wait()
            except TimeoutError:
                return

    def _begin(self) -> None:
        """All subscriptions are there. Nobody knows what happened before."""
        self._number += 1
        self._first = self._number
        self._kept.clear()
        self.is_live = True
        for listener in self._listeners:
            listener.reload(Reload(self.position, "started"))

    def _publish(self, topic: str, message: Message) -> None:
        if not self.is_live:
            return
        if len(message.data) > MAX_DATA:
            message = msgspec.structs.replace(message, data=b"null")
        self._number += 1
        found = FeedMessage(self.position, topic, message)
        self._kept.append(found)
        if len(self._kept) > MAX_KEPT:
            self._kept.popleft()
            self._first += 1
        for listener in self._listeners:
            listener.put(found)

    def _resume(self, listener: Listener, last_id: str) -> None:
        process, _, number = last_id.partition("-")
        known = int(number) if number.isdecimal() and len(number) < 20 else -1
        if process != self._process or not self._first <= known <= self._number:
            listener.reload(Reload(self.position, "resumed"))
            return
        for message in list(self._kept)[known - self._first :]:
            listener.put(message)

    def _note_listeners(self) -> None:
        heard, unheard = (
            (self._is_heard, self._is_unheard) if self._listeners else (self._is_unheard, self._is_heard)
        )
        heard.set()
        unheard.clear()
