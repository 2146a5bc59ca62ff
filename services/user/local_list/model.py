"""One station's local list as a document: the tokens that it should have, those that it has confirmed, and
the message in flight. What happens to a list is a method here, and one conditional write. No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from libs.csms.clients.stations import command_id
from libs.csms.clock import Time
from libs.csms.messaging.delivery import Backoff
from libs.csms.storage.store import Document, Json

from ..tokens.model import token_key

RETRY_PAUSE = timedelta(seconds=10)
"""Until a message without an answer, or a device service that was down, is asked again."""
RESUME_AFTER = timedelta(minutes=2)
"""The process that sent a message has died. No message is waited for longer."""
ANSWER_DEADLINE = timedelta(minutes=4)
"""Longer than the device service keeps a command open without an answer."""
POSTPONEMENT = Backoff(first=60, longest=3600)
"""While a station is away."""
BOOT_TIME = timedelta(seconds=5)
"""A station that has just started sends its BootNotification first."""
MAX_EXTERNAL_COMMANDS = 20
"""The latest commands of others are remembered, as the bus may deliver their results again."""
MAX_EXTERNAL_VERSION = 2**30
"""Our versions do not go on from a greater one of somebody else, as OCPP has 31 bits for them."""


class Outcome(NamedTuple):
    """Of a message. It is ``undelivered`` if the station was away, and ``refused`` also by the CSMS."""

    kind: Literal["accepted", "refused", "unsupported", "undelivered", "unanswered"]
    reason: str = ""


class ListedToken(NamedTuple):
    """A token on a list. Desired and confirmed ones with the same digest are the same for the station."""

    id_token: str
    type: str = ""
    """Of a confirmed one: to remove it, OCPP 2.x wants it as it was sent."""
    digest: str = ""
    """Of its entry in a message. Of a desired one empty, if the token is new or may have changed."""


# A list of 5,000 tokens is stored as one text: a map of Firestore refuses names such as __a__, and is slow to
# encode. The texts and types of tokens hold no control characters.
def _from_text(value: Any) -> Any:
    if type(value) is not str:
        return value
    listed = (ListedToken(*line.split("\t")) for line in value.split("\n") if line)
    return {token_key(one.id_token): one for one in listed}


def _to_text(listed: dict[str, ListedToken]) -> str:
    return "\n".join(map("\t".join, listed.values()))


ListedTokens = Annotated[
    dict[str, ListedToken], BeforeValidator(_from_text), PlainSerializer(_to_text, when_used="json")
]
"""By key."""


class SendLocalList(Document):
    """A message that the station may have been sent. It may be requested again, so its body never changes.

    One that an earlier version of the CSMS stored has no body: it is refused, then the full list is sent.
    """

    version_number: int = Field(description="versionNumber, in 1.6 listVersion.")
    body: Json = Field(default={}, description="Of the operation send-local-list.")
    tokens: ListedTokens = Field(
        default={}, description="Those in it; without digest, those that it removes."
    )
    is_whole: bool = Field(
        default=False,
        description="The station has no other tokens then. False also if somebody else sent it a list"
        " meanwhile: nobody knows which one came first.",
    )
    since: Time = Field(description="When it was first requested.")
    revision: int = Field(description="The revision of the list that it was made for.")


class LocalListState(Document):
    """How far the station has got."""

    station_id: str = Field(description="Id of the charging station.")
    status: Literal["synchronized", "pending", "failed", "unsupported"] = Field(
        default="pending",
        description="`synchronized`: the station has confirmed all of it. `pending`: it is sent as soon as "
        "the station takes it. `failed`: it is sent again when the list changes or the station connects. "
        "`unsupported`: the station has no local list; it is asked again when a client changes the list.",
    )
    reason: str | None = Field(
        default=None, description="Why it failed, or what the station does not support."
    )
    version: int | None = Field(
        default=None,
        description="versionNumber that the station has confirmed; absent while nobody knows what it has.",
    )
    updated_at: Time = Field(description="When a client, or a cleared customer (N10), last changed the list.")
    synchronized_at: Time | None = Field(default=None, description="When the station last had all of it.")


class LocalList(LocalListState):
    """The desired state of one station's list, and what is known of the station."""

    list_id: str = Field(description="Unlike that of an earlier list of this station: idempotency keys.")
    desired: ListedTokens = Field(default={}, description="The tokens on the list, in order of their keys.")
    confirmed: ListedTokens = Field(default={}, description="What the station has, as far as that is known.")
    last_version: int = Field(default=0, description="The greatest versionNumber that it may have seen.")
    in_flight: SendLocalList | None = Field(default=None, description="The message that has no outcome yet.")
    retry_at: Time | None = Field(default=None, description="When there is something to do; absent: never.")
    revision: int = Field(default=0, description="Counts what clients, tokens and others have changed.")
    is_refused: bool = Field(default=False, description="A message was; once more, and the list has failed.")
    postponements: int = Field(default=0, description="Times in a row that the station was away.")
    is_leaving: bool = Field(default=False, description="To be deleted when the station has an empty list.")
    external_commands: tuple[str, ...] = Field(default=(), description="Ids of the latest, of other clients.")

    @property
    def tokens(self) -> int:
        return len(self.desired)

    def request_key(self, version: int) -> str:
        """The idempotency key under which the message of that version is requested, and requested again."""
        return f"local-list:{self.list_id}:{version}"

    def edited(self, now: datetime, tokens: Mapping[str, ListedToken], is_leaving: bool = False) -> Self:
        """A client wants these tokens, by their keys."""
        desired = {key: self.desired.get(key, tokens[key]) for key in sorted(tokens)}
        return self.changed(desired=desired, is_leaving=is_leaving, updated_at=now).pending(now)

    def tokens_changed(self, now: datetime, changed: Set[str], deleted: Set[str]) -> Self:
        """Tokens by their keys. One that is deleted leaves the list."""
        if changed.isdisjoint(self.desired):
            return self
        kept = {key: one for key, one in self.desired.items() if key not in deleted}
        desired = {key: ListedToken(one.id_token) if key in changed else one for key, one in kept.items()}
        known = self.changed(desired=desired)
        return known if self.status == "unsupported" else known.pending(now)

    def connected(self, now: datetime) -> Self:
        """What has not succeeded is tried again."""
        return self if self.status == "synchronized" else self.pending(now + BOOT_TIME)

    def replaced_by(self, now: datetime, command: str, version: int) -> Self:
        """A SendLocalList may have been accepted. If it was not ours, what the station has is not known."""
        is_ours = command == command_id(self.station_id, self.request_key(version))
        if is_ours or command in self.external_commands:
            return self
        overtaken = self.in_flight and self.in_flight.changed(is_whole=False)
        known = self.counted(version)._remembering(command)._forgotten()
        return known.changed(in_flight=overtaken).pending(now)

    def customer_cleared(self, now: datetime, command: str, id_token: str) -> Self:
        """That command took the token out of the list, once."""
        left = {key: one for key, one in self.desired.items() if key != token_key(id_token)}
        if command in self.external_commands or left == self.desired:
            return self
        return self._remembering(command).edited(now, left, self.is_leaving)

    def station_replaced(self, now: datetime) -> Self:
        """Another station has this id now, and has nothing yet. It is not sent what is in flight."""
        return self.changed(in_flight=None)._forgotten().pending(now)

    def pending(self, at: datetime) -> Self:
        """Something has changed: the station is sent what it needs then."""
        known = self.changed(status="pending", reason=None, revision=self.revision + 1, retry_at=at)
        return known.changed(is_refused=False, postponements=0)

    def counted(self, version: int) -> Self:
        """The station has seen this version, which ours are to be greater than (D02)."""
        is_near = self.last_version < version < MAX_EXTERNAL_VERSION
        return self.changed(last_version=version) if is_near else self

    def sending(self, message: SendLocalList) -> Self:
        """The message is in flight from now on. Whoever finds it so later requests it again."""
        at = message.since + RESUME_AFTER
        return self.changed(in_flight=message, last_version=message.version_number, retry_at=at)

    def answered(self, now: datetime, version: int, outcome: Outcome) -> Self:
        """The message of that version had this outcome; nothing changes if it is not in flight any more.

        After a refusal, or when nobody will learn the answer, the station is sent the full list. Without an
        answer the same message is requested again until then.
        """
        sent = self.in_flight
        if sent is None or sent.version_number != version:
            return self
        if outcome.kind == "unanswered" and now <= sent.since + ANSWER_DEADLINE:
            return self.changed(retry_at=now + RETRY_PAUSE)
        ended = self.changed(in_flight=None, retry_at=now)
        match outcome.kind:
            case "accepted":
                return ended._accepted(sent)
            case "undelivered":
                return ended.postponed(now, sent.revision)
            case "unanswered":
                return ended._forgotten().postponed(now, sent.revision)
            case "refused" if not self.is_refused:
                return ended._forgotten().changed(is_refused=True)
            case "refused":
                return ended._forgotten().failed(outcome.reason)
            case "unsupported":
                return ended._forgotten().failed(outcome.reason).changed(status="unsupported")

    def postponed(self, now: datetime, revision: int) -> Self:
        """Until the station connects, or for a pause that doubles each time; not if it has changed since."""
        if revision != self.revision:
            return self
        count = self.postponements + 1
        return self.changed(postponements=count, retry_at=now + timedelta(seconds=POSTPONEMENT.after(count)))

    def failed(self, reason: str) -> Self:
        return self.changed(status="failed", reason=reason, retry_at=None)

    def synchronized(self, now: datetime) -> Self:
        """The station has all that is desired. There is nothing to do, but to delete a list that leaves."""
        known = self.changed(status="synchronized", is_refused=False, postponements=0)
        return known.changed(synchronized_at=now, retry_at=now if self.is_leaving else None)

    def _accepted(self, sent: SendLocalList) -> Self:
        has = sent.tokens if sent.is_whole else self.confirmed | sent.tokens
        confirmed = {key: one for key, one in has.items() if one.digest}
        is_known = sent.is_whole or self.version is not None
        known = self.changed(confirmed=confirmed, version=sent.version_number) if is_known else self
        return known.changed(postponements=0)

    def _forgotten(self) -> Self:
        """Nobody knows what the station has: it is sent the full list."""
        return self.changed(confirmed={}, version=None)

    def _remembering(self, command: str) -> Self:
        latest = (*self.external_commands, command)[-MAX_EXTERNAL_COMMANDS:]
        return self.changed(external_commands=latest)
