"""Topics in, messages out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from libs.ocpp_messages.message import Message

Consumer = Callable[[Message], Awaitable[None]]

MAX_ATTEMPTS = 5
"""After so many failures a message goes to the ``DeadLetter`` topic."""


@dataclass(frozen=True)
class Subscription:
    """Where the messages of one topic wait for the consumers of one group, which share them."""

    name: str
    """Of a service: ``<service>.<topic>``."""
    topic: str
    gateway_id: str = ""
    """If set, only messages with this attribute arrive."""
    temporary: bool = False
    """It belongs to one process, which deletes it when it ends. If the process was killed, the subscription
    goes after a day without a consumer."""


class UnknownTopic(Exception):
    """There is no such topic: ``csms provision`` has not run, or not since the topic was added."""


class UnknownSubscription(Exception):
    """There is no such subscription: ``csms provision`` has not run, or not since it was added."""


class Bus(Protocol):
    """Delivers every message at least once to every subscription of its topic.

    A message is acknowledged when its consumer returns. When the consumer raises, the message comes again
    after a pause that grows; after ``MAX_ATTEMPTS`` it is published to ``DeadLetter`` instead
    (``libs.ocpp_messages.event``). A message that is ``Unparseable``, by its attributes or for its consumer,
    is published there at once. The messages of one station on one subscription are consumed in the order of
    their publishing, one after another; those of different stations side by side, so that no station waits
    for another. While a message waits for its next attempt, later ones of its station may overtake it.
    """

    async def publish(self, topic: str, message: Message) -> None:
        """Returns when the bus holds the message safely. Raises ``UnknownTopic``."""
        ...

    async def consume(self, subscription: Subscription, consumer: Consumer) -> None:
        """Call ``consumer`` for every message, until cancelled: what is in work then goes to another at once.

        Consumers of the same subscription, in any process, share its messages. Raises
        ``UnknownSubscription``, also when it is deleted meanwhile.
        """
        ...

    async def create_topic(self, topic: str) -> None:
        """Does nothing if it is there already. So do the next three if there is nothing to do."""
        ...

    async def create_subscription(self, subscription: Subscription) -> None:
        """Its messages are those published from now on. Raises ``UnknownTopic``."""
        ...

    async def delete_topic(self, topic: str) -> None: ...

    async def delete_subscription(self, subscription: Subscription) -> None: ...
