"""The state of one station's list, apart from its entries. No I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal, Self

from libs.csms.clock import Time
from libs.csms.errors import Conflict
from libs.csms.storage.store import Document

from .message import Message, UpdateType

Status = Literal["synchronized", "pending", "failed", "unsupported"]

LEASE = timedelta(seconds=120)
"""For one message; longer than any is waited for."""
EDITING = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(hours=1)
REFUSALS = 2
"""After so many the list has failed."""
REMEMBERED = 100
"""Commands of which it is known whether they were ours."""
LARGEST_FOREIGN_VERSION = 2**30
"""A greater one of somebody else is not counted on from, as versions have 31 bits."""


class Sending(Document):
    """A message that the station may have been sent. ``message`` is the id of its document."""

    version: int
    update_type: UpdateType
    message: str
    since: Time


class LocalList(Document):
    """``version`` is what the station has confirmed, None if nobody knows what it has; ``epoch`` the version
    of its latest full list, ``number`` the greatest that was used. ``life`` is unlike that of any before.

    It is looked after at ``due_at``, by one process at a time: the one that has it until ``lease_until``.
    ``changes`` counts what is wished, so that nothing is missed that is wished meanwhile. While ``leaving``
    the station is given an empty list, and then the list is forgotten. ``doubts`` are commands of which it
    will be known when the message on its way is answered whether they were that one. One that is
    ``orphaned`` was for a station that is no more: nobody is sent it, and it is forgotten.
    """

    station_id: str
    life: str
    status: Status = "pending"
    reason: str | None = None
    version: int | None = None
    epoch: int = 1
    number: int = 0
    sending: Sending | None = None
    due_at: Time | None = None
    lease_until: Time | None = None
    editing_until: Time | None = None
    changes: int = 0
    refusals: int = 0
    tries: int = 0
    leaving: bool = False
    orphaned: bool = False
    commands: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    updated_at: Time
    synchronized_at: Time | None = None

    def editing(self, now: datetime) -> Self:
        """A client begins to change it. Should it not come to an end, what it changed is brought anyway."""
        forgetting_until = self.lease_until if self.orphaned else None
        if any(until is not None and now < until for until in (self.editing_until, forgetting_until)):
            raise Conflict("somebody else is changing the list", retry_after=1)
        until = now + EDITING
        return self._wished(now).changed(editing_until=until, due_at=until)

    def edited(self, now: datetime, leaving: Literal["leaving", "staying"]) -> Self:
        update = {"editing_until": None, "leaving": leaving == "leaving", "updated_at": now}
        return self.model_copy(update=update | {"orphaned": False})._wished(now)

    def deleted(self, at: datetime, now: datetime) -> Self:
        """The station was, at that time. Another one of its id is not sent what is on its way, nor what is
        being prepared, whose number is taken. A list that is newer is for that one, which has nothing yet.
        """
        nothing = {"version": None, "sending": None, "doubts": (), "number": self.number + 1}
        orphaned = {"orphaned": self.orphaned or self.updated_at <= at}
        return self.model_copy(update=nothing | orphaned)._wished(now)

    def token_changed(self, now: datetime) -> Self:
        return self if self.status == "unsupported" else self._wished(now)

    def connected(self, at: datetime) -> Self:
        """What did not succeed is tried again."""
        return self if self.status == "synchronized" else self._wished(at)

    def _wished(self, at: datetime) -> Self:
        wish = {"status": "pending", "reason": None, "changes": self.changes + 1, "refusals": 0, "tries": 0}
        return self.model_copy(update=wish | {"due_at": self._not_before(at)})

    def _not_before(self, at: datetime) -> datetime:
        return max(at, self.lease_until or at, self.editing_until or at)

    def claimed(self, now: datetime) -> Self:
        """Only one caller gets another list than this one: it is the one to look after it."""
        if self.due_at is None or now < self._not_before(self.due_at):
            return self
        return self.changed(due_at=now + LEASE, lease_until=now + LEASE)

    def prepared(self, message: Message, now: datetime) -> Self:
        if self.sending is not None or message.version <= self.number:
            return self
        sending = Sending(
            version=message.version, update_type=message.update_type, message=message.key, since=now
        )
        return self.changed(sending=sending, number=message.version)

    def is_sending(self, message: Message) -> bool:
        return self.sending is not None and self.sending.message == message.key

    def accepted(self, message: Message, command_id: str, now: datetime) -> Self:
        if not self.is_sending(message):
            return self
        epoch = message.version if message.update_type == "Full" else self.epoch
        known = {"version": message.version, "epoch": epoch, "tries": 0}
        return self._ended(command_id, now, **known)

    def refused(self, message: Message, command_id: str, reason: str, changes: int, now: datetime) -> Self:
        """What the station has then is not relied on: it is sent the full list, and then it has failed."""
        if not self.is_sending(message):
            return self
        refused = self._ended(command_id, now, version=None, refusals=self.refusals + 1)
        return refused.failed(reason, changes, now) if refused.refusals >= REFUSALS else refused

    def unsupported(self, message: Message, command_id: str, reason: str) -> Self:
        if not self.is_sending(message):
            return self
        end = {"status": "unsupported", "reason": reason, "version": None, "due_at": None}
        return self._ended(command_id, None, **end)

    def undelivered(self, message: Message, changes: int, now: datetime) -> Self:
        return self._ended("", now).postponed(changes, now) if self.is_sending(message) else self

    def lost(self, message_id: str, command_id: str, changes: int, now: datetime) -> Self:
        """Nobody will know whether the station has taken the message."""
        if self.sending is None or self.sending.message != message_id:
            return self
        return self._ended(command_id, now, version=None).postponed(changes, now)

    def impossible(self, message: Message, reason: str, changes: int, now: datetime) -> Self:
        """The CSMS did not send it. Another one is made, as the station's limits may be known only now."""
        if not self.is_sending(message):
            return self
        ended = self._ended("", now, refusals=self.refusals + 1)
        return ended.failed(reason, changes, now) if ended.refusals >= REFUSALS else ended

    def failed(self, reason: str, changes: int, now: datetime) -> Self:
        if changes != self.changes:
            return self.changed(refusals=0, lease_until=None, due_at=now)
        end = {"status": "failed", "reason": reason, "lease_until": None, "due_at": None}
        return self.model_copy(update=end)

    def postponed(self, changes: int, now: datetime) -> Self:
        """Until the station connects, or for a pause that doubles each time."""
        if changes != self.changes:
            return self.changed(lease_until=None, due_at=now)
        pause = min(timedelta(minutes=1) * 2 ** min(self.tries, 10), LONGEST_PAUSE)
        return self.changed(lease_until=None, due_at=now + pause, tries=self.tries + 1)

    def asked_again(self, command_id: str, at: datetime) -> Self:
        """The same message, at that time: its answer is still to come."""
        waiting = self.changed(lease_until=None, due_at=at)
        if not command_id or command_id in self.commands:
            return waiting
        doubts = tuple(id for id in self.doubts if id != command_id)
        commands = (*self.commands, command_id)[-REMEMBERED:]
        return waiting.changed(commands=commands, doubts=doubts)

    def let_go(self, now: datetime) -> Self:
        """Of one that has been orphaned meanwhile nothing is waited for."""
        return self.asked_again("", now) if self.orphaned else self

    def synchronized(self, changes: int, now: datetime) -> Self:
        if changes != self.changes or self.sending is not None or self.version is None:
            return self.changed(lease_until=None, due_at=now)
        end = {"status": "synchronized", "reason": None, "synchronized_at": now, "refusals": 0, "tries": 0}
        return self.model_copy(update=end | {"lease_until": None, "due_at": None})

    def heard(self, command_id: str, version: int, now: datetime) -> Self:
        """Somebody has sent the station a list, unless it was us."""
        if command_id in self.commands or command_id in self.doubts:
            return self
        number = max(self.number, version) if version < LARGEST_FOREIGN_VERSION else self.number
        counted = self.changed(number=number)
        if self.sending is not None:
            return counted.changed(doubts=(*self.doubts, command_id))
        commands = (*self.commands, command_id)[-REMEMBERED:]
        return counted.changed(commands=commands, version=None)._wished(now)

    def customer_cleared(self, command_id: str, now: datetime) -> Self:
        """That command took a token out of the list, and will not do so again."""
        if command_id in self.commands:
            return self
        commands = (*self.commands, command_id)[-REMEMBERED:]
        return self.token_changed(now).changed(commands=commands, updated_at=now)

    def counted(self, version: int) -> Self:
        """The station says that it has this version."""
        if version <= self.number or version >= LARGEST_FOREIGN_VERSION:
            return self
        return self.changed(number=version)

    def _ended(self, command_id: str, now: datetime | None, **known: Any) -> Self:
        """The message on its way has ended, and tells which commands were not ours."""
        others = tuple(id for id in self.doubts if id != command_id)
        if others:
            known = known | {"version": None}
        commands = (*self.commands, *([command_id] if command_id else []), *others)[-REMEMBERED:]
        end = {"sending": None, "lease_until": None, "due_at": now, "doubts": (), "commands": commands}
        return self.model_copy(update=end | known)
