"""One station's local list: which tokens it should have, which it has confirmed, and the message that is on
its way. One document a station, in which every step is one conditional write. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from libs.csms.clock import Time
from libs.csms.storage.store import Document

from .message import SendLocalList

Status = Literal["synchronized", "pending", "failed", "unsupported"]

LEASE = timedelta(seconds=120)
"""A process works alone on a list for so long after each of its writes; no message is waited for longer."""
ANSWER_DEADLINE = timedelta(minutes=4)
"""Longer than the device service keeps a command open without an answer."""
MIN_PAUSE, MAX_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""While a station is away, each pause is twice as long as the one before."""
MAX_REFUSALS = 2
"""In a row; then the list has failed."""
MAX_EXTERNAL_COMMANDS = 20
"""The latest commands of others are remembered, as the bus may deliver their results again."""
MAX_EXTERNAL_VERSION = 2**30
"""Our versions do not go on from a greater one of somebody else, as OCPP has 31 bits for them."""


class Confirmed(NamedTuple):
    """A token as the station has confirmed it. ``digest`` is that of the entry which the station was sent."""

    id_token: str
    type: str
    digest: str


# A list of 5,000 tokens is stored as one text: as a map, Firestore would index each of its 10,000 fields, and
# refuse names such as __a__. The texts and types of tokens hold no control characters.
Texts = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: tuple(value.split("\n") if value else ()) if type(value) is str else value),
    PlainSerializer(lambda texts: "\n".join(texts), when_used="json"),
]


def _unpacked(value: Any) -> Any:
    if type(value) is not str:
        return value
    found = (Confirmed(*line.split("\t")) for line in value.split("\n") if line)
    return {one.id_token.casefold(): one for one in found}


ConfirmedTokens = Annotated[
    dict[str, Confirmed],
    BeforeValidator(_unpacked),
    PlainSerializer(lambda known: "\n".join(map("\t".join, known.values())), when_used="json"),
]


class InFlight(Document):
    """A message that the station may have been sent."""

    message: SendLocalList = Field(description="As it was first requested.")
    since: Time = Field(description="When it was first requested.")
    revision: int = Field(description="The revision of the list that it was made for.")
    is_overtaken: bool = Field(
        default=False,
        description="Somebody else sent the station a list meanwhile: nobody knows which came first.",
    )


class LocalList(Document):
    """The desired state of one station's list, and how far the station has got."""

    station_id: str = Field(description="Id of the charging station.")
    list_id: str = Field(description="Unlike that of an earlier list of this station: idempotency keys.")
    desired: Texts = Field(
        default=(), description="The texts of the tokens on the list, by text without regard to case."
    )
    confirmed: ConfirmedTokens | None = Field(
        default=None, description="What the station has; absent while nobody knows that."
    )
    unverified: Texts = Field(
        default=(), description="Tokens that have changed, so that the station may have them wrong."
    )
    version: int | None = Field(
        default=None, description="The versionNumber that the station has confirmed; absent like `confirmed`."
    )
    last_version: int = Field(
        default=0, description="The greatest versionNumber that the station may have seen."
    )
    in_flight: InFlight | None = Field(
        default=None,
        description="Stored before it is requested, so that it is requested again after a crash.",
    )
    status: Status = Field(default="pending", description="As GET shows it.")
    reason: str | None = Field(
        default=None, description="Why it failed, or what the station does not support."
    )
    retry_at: Time | None = Field(
        default=None, description="When the station is to be sent something; absent: never."
    )
    lease_until: Time | None = Field(
        default=None, description="Until then one process works on the list alone."
    )
    revision: int = Field(default=0, description="Counts what clients, tokens and others have changed.")
    refusals: int = Field(default=0, description="Messages that the station has refused in a row.")
    postponements: int = Field(default=0, description="Times in a row that the station was away.")
    is_leaving: bool = Field(
        default=False, description="The station is sent an empty list; then this document is deleted."
    )
    external_commands: tuple[str, ...] = Field(
        default=(), description="Ids of the latest commands of others that changed the station's list."
    )
    updated_at: Time = Field(description="When a client, or somebody else's command, last changed it.")
    synchronized_at: Time | None = Field(default=None, description="When the station last had all of it.")

    def key_of(self, version: int) -> str:
        """The idempotency key under which the message of that version is requested, and requested again."""
        return f"local-list:{self.list_id}:{version}"

    # What clients, tokens and others change.

    def edited(self, texts: Iterable[str], now: datetime, is_leaving: bool = False) -> Self:
        """The list as a client wants it."""
        desired, at_station = tuple(sorted(texts, key=str.casefold)), self._keys_at_station()
        added = [text for text in set(desired) - set(self.desired) if text.casefold() in at_station]
        known = self.changed(desired=desired, is_leaving=is_leaving, updated_at=now)
        return known._unverified(added)._pending(now)

    def tokens_changed(self, changed: Set[str], deleted: Set[str], now: datetime) -> Self:
        """Tokens by their keys. One that is deleted leaves the list."""
        concerned = [text for text in self.desired if text.casefold() in changed]
        if not concerned:
            return self
        desired = tuple(text for text in self.desired if text.casefold() not in deleted)
        known = self.changed(desired=desired)._unverified(concerned)
        return known if self.status == "unsupported" else known._pending(now)

    def connected(self, at: datetime) -> Self:
        """What has not succeeded is tried again."""
        return self if self.status == "synchronized" else self._pending(at)

    def replaced_by_others(self, command_id: str, version: int, now: datetime) -> Self:
        """Somebody else has sent the station a list: what it has now is not known."""
        if command_id in self.external_commands:
            return self
        overtaken = self.in_flight and self.in_flight.changed(is_overtaken=True)
        known = self.counted(version).changed(in_flight=overtaken)
        return known._remembering(command_id)._outdated()._pending(now)

    def customer_cleared(self, command_id: str, id_token: str, now: datetime) -> Self:
        """That command took the token out of the list, once."""
        key = id_token.casefold()
        desired = tuple(text for text in self.desired if text.casefold() != key)
        if command_id in self.external_commands or desired == self.desired:
            return self
        return self._remembering(command_id).edited(desired, now, self.is_leaving)

    def station_replaced(self, now: datetime) -> Self:
        """Another station has this id now, and has nothing yet. It is not sent what is on its way."""
        return self.changed(in_flight=None)._outdated()._pending(now)

    def _keys_at_station(self) -> set[str]:
        """The tokens that the station may have. One that is not on the list may have changed unnoticed."""
        on_its_way = self.in_flight.message.entries if self.in_flight is not None else ()
        return {entry.key for entry in on_its_way} | set(self.confirmed or ())

    def _unverified(self, texts: Iterable[str]) -> Self:
        """These too, as far as they are on the list."""
        return self.changed(unverified=tuple(sorted({*self.unverified, *texts} & set(self.desired))))

    def _pending(self, at: datetime) -> Self:
        return self.changed(
            status="pending",
            reason=None,
            revision=self.revision + 1,
            refusals=0,
            postponements=0,
            retry_at=max(at, self.lease_until or at),
        )

    def _remembering(self, command_id: str) -> Self:
        latest = (*self.external_commands, command_id)[-MAX_EXTERNAL_COMMANDS:]
        return self.changed(external_commands=latest)

    def _outdated(self) -> Self:
        """Nobody knows what the station has: it is sent the full list."""
        return self.changed(confirmed=None, version=None, unverified=())

    # What the process does that works on the list.

    def claimed(self, now: datetime) -> Self:
        """Only one caller gets another list than this one: it is the one to work on it. Until its lease ends,
        ``retry_at`` is never earlier.
        """
        if self.retry_at is None or now < self.retry_at:
            return self
        return self.changed(retry_at=now + LEASE, lease_until=now + LEASE)

    def prepared(self, message: SendLocalList, now: datetime) -> Self:
        """The message is on its way from now on."""
        on_its_way = InFlight(message=message, since=now, revision=self.revision)
        until = now + LEASE
        return self.changed(
            in_flight=on_its_way, last_version=message.version, retry_at=until, lease_until=until
        )

    def counted(self, version: int) -> Self:
        """The station has seen this version, which ours are to be greater than (D02)."""
        is_near = self.last_version < version < MAX_EXTERNAL_VERSION
        return self.changed(last_version=version) if is_near else self

    def accepted(self, now: datetime) -> Self:
        """The station has what was on its way."""
        sent = self.in_flight
        if sent is None:
            return self
        ended = self._message_ended(now).changed(postponements=0)
        if sent.is_overtaken:
            return ended._outdated()
        confirmed = dict(self.confirmed or {}) if sent.message.update_type == "Differential" else {}
        for entry in sent.message.entries:
            confirmed.pop(entry.key, None)
            if entry.status is not None:
                confirmed[entry.key] = Confirmed(entry.id_token, entry.type, entry.digest)
        is_current = sent.revision == self.revision
        verified = {entry.key for entry in sent.message.entries if is_current and entry.status is not None}
        unverified = tuple(text for text in self.unverified if text.casefold() not in verified)
        return ended.changed(confirmed=confirmed, version=sent.message.version, unverified=unverified)

    def refused(self, now: datetime, reason: str) -> Self:
        """By the station: it is sent the full list, as nobody knows what it has; then the list has failed."""
        return self._message_ended(now)._outdated()._refused(reason)

    def unsent(self, now: datetime, reason: str) -> Self:
        """The CSMS did not send it. Another one is made: the station's limits may be known only now."""
        return self._message_ended(now)._refused(reason)

    def unsupported(self, now: datetime, reason: str) -> Self:
        ended = self._message_ended(now)._outdated()
        return ended.changed(status="unsupported", reason=reason, retry_at=None)

    def undelivered(self, now: datetime) -> Self:
        """The station was away, and has not been sent it."""
        revision = self.in_flight.revision if self.in_flight is not None else self.revision
        return self._message_ended(now).postponed(now, revision)

    def unanswered(self, now: datetime, retry_after: timedelta) -> Self:
        """The same message is requested again, until nobody will learn whether the station has taken it."""
        if self.in_flight is None or now <= self.in_flight.since + ANSWER_DEADLINE:
            return self.released(now + retry_after)
        return self.undelivered(now)._outdated()

    def failed(self, reason: str) -> Self:
        return self.changed(status="failed", reason=reason, retry_at=None, lease_until=None)

    def postponed(self, now: datetime, revision: int) -> Self:
        """Until the station connects, or for a pause that doubles each time; not if it has changed since."""
        if revision != self.revision:
            return self.released(now)
        pause = min(MIN_PAUSE * 2 ** min(self.postponements, 10), MAX_PAUSE)
        return self.changed(postponements=self.postponements + 1).released(now + pause)

    def released(self, retry_at: datetime) -> Self:
        return self.changed(lease_until=None, retry_at=retry_at)

    def synchronized(self, now: datetime) -> Self:
        """The station has all that is desired."""
        return self.changed(
            status="synchronized",
            unverified=(),
            refusals=0,
            postponements=0,
            retry_at=None,
            lease_until=None,
            synchronized_at=now,
        )

    def _refused(self, reason: str) -> Self:
        refused = self.changed(refusals=self.refusals + 1)
        return refused.failed(reason) if refused.refusals >= MAX_REFUSALS else refused

    def _message_ended(self, now: datetime) -> Self:
        return self.changed(in_flight=None).released(now)
