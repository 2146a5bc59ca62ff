"""Dead letters: messages that no attempt could handle, which an operator puts back or dismisses."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Self

import orjson
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.errors import Conflict, NotFound
from libs.csms.messaging.bus import Bus, UnknownTopic
from libs.csms.messaging.router import Call
from libs.csms.secrets import text_without_secrets
from libs.csms.storage.queries import update_existing
from libs.csms.storage.store import Collection, Document, Index, Store, filters
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.event import DeadLetter
from libs.ocpp_messages.message import Kind, Message

MAX_DATA_LENGTH = 100_000
"""Characters that are stored; a document of Firestore holds a mebibyte."""

FOR_STATIONS = {
    (Direction.TO_STATION, Kind.CALL),
    (Direction.TO_STATION, Kind.SEND),
    (Direction.FROM_STATION, Kind.RESULT),
    (Direction.FROM_STATION, Kind.ERROR),
}
"""Origin and kind of what a gateway could not send: commands, which may not be sent late, and answers."""

INDEXES = [
    Index((), "receivedAt", descending=True),
    *(
        Index((field,), "receivedAt", descending=True, embedded=False)
        for field in ("retried", "stationId", "topic")
    ),
    *filters("retried"),
]


class UnknownDeadLetter(NotFound):
    """There is no dead letter of that id: it may have been dismissed."""

    def __init__(self) -> None:
        super().__init__("there is no dead letter of that id")


class NotPutBack(Conflict):
    """The message cannot be put back, or must not be."""


class DeadMessage(Document):
    """A message that was given up after its last attempt (dead letter of Pub/Sub)."""

    id: str = Field(description="Made from the message, so that it is stored once.")
    received_at: Time = Field(description="When it was given up; the last time, if it was put back.")
    topic: str = Field(description="The topic that it was published to.")
    subscription: str = Field(description="The subscription whose consumer could not handle it.")
    reason: str = Field(description="The last error, without values of the message.")
    attempts: int = Field(description="How often it was delivered.")
    data: str = Field(description="Its data, where that is text without secrets.")
    attributes: dict[str, str] = Field(description="Its attributes as a message of the bus.")
    station_id: str = Field(description="The station that the message is from or for.")
    retried: bool = Field(
        default=False, description="Whether it was put back, and has not come again since then."
    )
    retried_at: Time | None = Field(default=None, description="When it was last put back.")
    intact: bool = Field(default=False, description="Whether `data` is all of its data, as it came.")

    @classmethod
    def of(cls, call: Call[DeadLetter]) -> Self:
        """The id comes from what is stored, and is the same when the message is given up again. It comes
        from nothing else: a PIN that is withheld could be guessed from it.
        """
        letter, station_id = call.request, call.message.station_id
        data = text_without_secrets(letter.data)[:MAX_DATA_LENGTH]
        content = [letter.topic, letter.subscription, data, letter.attributes, station_id]
        return cls(
            id=hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32],
            received_at=call.received_at,
            topic=letter.topic,
            subscription=letter.subscription,
            reason=letter.reason,
            attempts=letter.attempts,
            data=data,
            attributes=letter.attributes,
            station_id=station_id,
            intact=data == letter.data != "",
        )

    @property
    def message(self) -> Message:
        """Raises ``Unparseable``."""
        return Message.of(self.data.encode(), self.attributes)

    @property
    def obstacle(self) -> str | None:
        """Why it cannot be put back, or must not be."""
        if not self.intact:
            return (
                "its data is not kept as it came: it may hold a secret, is no text, or is longer than"
                f" {MAX_DATA_LENGTH:,} characters"
            )
        try:
            message = self.message
        except Unparseable as error:
            return f"no consumer could read it: {error}"
        if (message.origin, message.kind) in FOR_STATIONS:
            return "it was meant for the charging station, and comes too late now"
        return None

    def merge(self, newer: DeadMessage) -> DeadMessage:
        """What is not newer changes nothing: it came twice, or late. What is has come again."""
        if newer.received_at <= self.received_at:
            return self
        return newer.changed(retried_at=self.retried_at)

    def put_back(self, known: DeadMessage, at: datetime) -> DeadMessage:
        """``known`` was put back at this time; nothing changes if it has come again already."""
        return self.changed(retried=True, retried_at=at) if self.received_at == known.received_at else self


class DeadLetterView(DeadMessage):
    not_retryable: str | None = Field(
        default=None, description="Why it cannot be put back, or must not be; absent if it can."
    )

    @classmethod
    def shown(cls, letter: DeadMessage) -> Self:
        return cls(**dict(letter), not_retryable=letter.obstacle)


def dead_letters_of(store: Store) -> Collection[DeadMessage]:
    return store.collection("deadLetters", DeadMessage, INDEXES)


async def retry(letters: Collection[DeadMessage], bus: Bus, id: str, at: datetime) -> DeadMessage:
    """Publish the message to its topic once more, for all subscriptions of that: consumers are idempotent.

    The letter stays, for the message would be lost if the process ended before it is handled. Raises
    ``UnknownDeadLetter`` and ``NotPutBack``.
    """
    letter = await letters.get(id)
    if letter is None:
        raise UnknownDeadLetter
    if letter.obstacle is not None:
        raise NotPutBack(letter.obstacle)
    try:
        await bus.publish(letter.topic, letter.message)
    except UnknownTopic as error:
        raise NotPutBack(f"there is no topic {letter.topic} any more") from error
    marked = await update_existing(letters, id, lambda known: known.put_back(letter, at))
    return marked or letter.put_back(letter, at)


async def dismiss(letters: Collection[DeadMessage], id: str) -> None:
    """Raises ``UnknownDeadLetter``."""
    if await letters.delete(id) is None:
        raise UnknownDeadLetter
