"""What is stored of the audit trail: a record of each act, and a document of each segment of the hash chain.
Only this module knows what is hashed.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import orjson
from pydantic import Field

from ..clock import Time
from ..storage.store import Document, Index, Json
from ..web.guard import REFUSED

Outcome = Literal["succeeded", "refused", "failed", "unknown"]

RECORD_INDEXES = [
    Index((), "at", descending=True),
    *(
        Index((field,), "at", descending=True, embedded=False)
        for field in ("callerId", "action", "target", "stationId", "outcome")
    ),
]
"""A segment is verified in the order of its ids. Lists are the newest first."""

LOGGED_HEAD = "audit trail: "
"""Before a head in the log."""

OPENING = "open the trail"
"""The action of openings."""

SEGMENT_INDEXES = [Index((), "startedAt", descending=True)]


class Link(Document):
    """The place of a record in the chain of its segment."""

    number: int = Field(description="From 1 in each segment, without gaps.")
    hash: str = Field(
        description="SHA-256, hexadecimal, of canonical JSON: what is linked, its segment and number, and the"
        " hash of the number before."
    )
    signature: str = Field(description="Of the hash, by the audit key: Ed25519, base64.")


class Change(Document):
    field: str = Field(description="Name of a field of the body; one inside of another is `location.lat`.")
    value: str | None = Field(
        default=None,
        description="The first 100 characters of the new value, secrets and tokens hidden; absent of lists,"
        " objects and what is inside of them, of fields that the path does not know, and of what goes to a"
        " station, which its command has.",
    )


class SegmentHead(Document):
    """How far a segment goes, signed by itself: records that are missing at its end are missed."""

    segment: str = Field(description="Id of the segment.")
    purpose: Literal["head", "checkpoint"] = Field(
        default="head",
        description="head: the segment had so many links. checkpoint: those up to it were deleted"
        " on purpose.",
    )
    number: int = Field(description="Number of the last link.")
    hash: str = Field(description="Hash of the last link.")
    at: Time = Field(description="When it was signed.")
    closed: bool = Field(
        default=False,
        description="Whether it is the last one. Records after it are those whose write failed, and which the"
        " store has all the same.",
    )
    key_id: str = Field(description="Id of the key that signed it.")
    signature: str = Field(default="", description="Of all other fields: Ed25519, base64.")

    @property
    def content(self) -> bytes:
        """What is signed."""
        return canonical({"head": as_json(self, "signature")})


class Segment(Document):
    """A part of the trail, which one process has written."""

    id: str = Field(description="When it began, and which of those: `20261121T213902123456-1f6b0c27`.")
    service: str = Field(description="The process that wrote it: `csms`, `device`, `transaction`, `user`.")
    started_at: Time = Field(description="When it began.")
    key_id: str = Field(description="Id of the key that signs it.")
    head: SegmentHead | None = Field(
        default=None, description="The newest; of a running process at most a second old."
    )
    checkpoint: SegmentHead | None = Field(
        default=None, description="The link up to which records were deleted because they were old."
    )


class End(Document):
    """What became of an act."""

    at: Time = Field(description="When it was answered.")
    status: int = Field(description="HTTP status of the answer.")
    command_ids: tuple[str, ...] = Field(default=(), description="Ids of the commands that it has made.")
    location: str | None = Field(default=None, description="Path of what it has made, tokens hidden.")
    link: Link | None = Field(default=None, description="Its own place in the chain.")


class Record(Document):
    """An act, written before it happens; its end is added when it is over."""

    id: str = Field(description="The segment and the number of its link.")
    segment: str = Field(description="Id of the segment.")
    kind: Literal["opening", "act", "refusal"] = Field(
        description="opening: the first of a segment. act: a request that may change something. refusal: a"
        " request that was not let through."
    )
    at: Time = Field(description="When the request came.")
    service: str = Field(description="The API that it came to; of an opening, the process.")
    request_id: str | None = Field(default=None, description="`X-Request-ID` of the answer.")
    client_request_id: str | None = Field(default=None, description="`X-Request-ID` of the request.")
    caller_id: str | None = Field(default=None, description="Id of the caller, as in `/me`; absent: unknown.")
    caller_kind: str | None = Field(default=None, description="Kind of the caller, as in `/me`.")
    address: str | None = Field(default=None, description="The client's IP address.")
    action: str | None = Field(
        default=None, description="Method and template of the path: `DELETE /keys/{id}`."
    )
    path: str | None = Field(default=None, description="The path itself, tokens hidden.")
    target: str | None = Field(
        default=None,
        description="The last id in the path, tokens hidden; without one, the `id` of the body.",
    )
    station_id: str | None = Field(default=None, description="The charging station in the path.")
    changes: tuple[Change, ...] = Field(default=(), description="Fields of the body; the first 50.")
    status: int | None = Field(default=None, description="HTTP status of a refusal.")
    left_out: int | None = Field(
        default=None,
        description="Refusals of this status to this address that have no record, since the last with one.",
    )
    left_out_elsewhere: int | None = Field(
        default=None, description="The same of other statuses and addresses, where there were very many."
    )
    heads: tuple[SegmentHead, ...] | None = Field(
        default=None, description="Of an opening: the newest heads of the segments before, up to 20."
    )
    link: Link | None = Field(default=None, description="Its place in the chain.")
    outcome: Outcome = Field(
        default="unknown",
        description="succeeded; refused (401, 403, 421, 429); failed (any other error: part of it may have"
        " happened); unknown: not over yet, or its process ended meanwhile.",
    )
    end: End | None = Field(default=None, description="What became of an act.")

    def ended(self, end: End) -> Record:
        return self.changed(end=end, outcome=outcome_of(end.status))

    def without_end(self) -> Record:
        return self.changed(end=None, outcome=outcome_of(None))

    def digest(self, number: int, previous: str) -> str:
        """Of what never changes of it."""
        content = {"record": as_json(self, "link", "outcome", "end", "id")}
        return _digest(self.segment, number, previous, content)

    def end_digest(self, number: int, previous: str) -> str:
        content = {"of": self.id, "end": as_json(self.end, "link") if self.end is not None else {}}
        return _digest(self.segment, number, previous, content)


def outcome_of(status: int | None) -> Outcome:
    if status is None:
        return "unknown"
    if status in REFUSED:
        return "refused"
    return "succeeded" if status < 400 else "failed"


def record_id(segment: str, number: int) -> str:
    return f"{segment}-{number:08}"


def genesis(segment: str) -> str:
    """The hash before the first one."""
    return hashlib.sha256(segment.encode()).hexdigest()


def canonical(value: Json) -> bytes:
    """Of no value with floats: names sorted, no white space, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def as_json(document: Document, *without: str) -> Json:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(without))


def _digest(segment: str, number: int, previous: str, content: Json) -> str:
    place = {"segment": segment, "number": number, "previous": previous}
    return hashlib.sha256(canonical(place | content)).hexdigest()
