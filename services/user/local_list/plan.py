"""Which message a station needs next: what differs between the desired list and the confirmed one. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import orjson

from libs.csms.clients.authorization import group_id_token_for
from libs.csms.storage.store import Json
from libs.ocpp_messages.version import Version

from ..tokens.model import IdToken, token_key
from .model import ListedToken, LocalList, SendLocalList

DEFAULT_ITEMS, MAX_ITEMS = 100, 1000
"""Entries in a message: where the station has reported no limit, and whatever it reports."""
MAX_BYTES = 100_000
"""Of a message, whatever the station reports: the document of the list, which holds it, has a mebibyte."""
ENVELOPE_BYTES = 200
"""A message without its entries takes less."""
WORDING_BYTES = 80
"""What an entry takes in OCPP 2.x beyond its own JSON, at most."""
LIST_STATUSES = {"Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "Unknown"}
"""A status for some places or times only is Invalid in a list."""
INFO_FIELDS = {"status", "expiry_date_time", "group_id_token"}
"""Of a token: its IdTokenInfoType."""


class Limits(NamedTuple):
    """How much of a list a station takes."""

    items: int = DEFAULT_ITEMS
    """In a message: ItemsPerMessage, of OCPP 1.6 SendLocalListMaxLength."""
    bytes: int = MAX_BYTES
    """Of a message: BytesPerMessage."""
    tokens: int | None = None
    """On the list: Entries.maxLimit, of OCPP 1.6 LocalAuthListMaxLength; None if it has reported none."""

    @classmethod
    def of(cls, variables: Sequence[Json]) -> Limits:
        """From what the device service shows of the LocalAuthListCtrlr."""
        reported = {one["variable"]["name"].casefold(): one for one in variables}
        return cls(
            items=min(_actual_value(reported.get("itemspermessage")) or DEFAULT_ITEMS, MAX_ITEMS),
            bytes=min(_actual_value(reported.get("bytespermessage")) or MAX_BYTES, MAX_BYTES),
            tokens=reported.get("entries", {}).get("characteristics", {}).get("maxLimit"),
        )


class Entry(NamedTuple):
    """AuthorizationData: what a message says of one token."""

    token: ListedToken
    """As it is confirmed then; without digest, as the station has it no more."""
    json: Json

    @classmethod
    def adding(cls, token: IdToken, version: Version) -> Entry:
        status = token.status if token.status in LIST_STATUSES else "Invalid"
        group = group_id_token_for(version, token.group_id_token)
        known = token.changed(status=status, group_id_token=group)
        info = known.model_dump(mode="json", by_alias=True, exclude_none=True, include=INFO_FIELDS)
        text = token.id_token or ""
        same_at_station = orjson.dumps([text.casefold(), token.type.casefold(), info])
        listed = ListedToken(text, token.type, sha256(same_at_station).hexdigest()[:16])
        return cls(listed, {"idToken": text, "type": token.type, "idTokenInfo": info})

    @classmethod
    def removing(cls, token: ListedToken) -> Entry:
        return cls(token._replace(digest=""), {"idToken": token.id_token, "type": token.type})


class Situation(NamedTuple):
    """What the next messages of a list depend on, besides the list itself."""

    revision: int
    """Of the list that the tokens were read for."""
    entries: Mapping[str, Entry]
    """Of tokens, by key: at least those of ``keys_to_read``."""
    limits: Limits
    station_version: int = 0
    """versionNumber that the station says it has; 0 where it has not been asked."""


def keys_to_read(known: LocalList) -> list[str]:
    """Of the desired tokens, those that the station may not have right."""
    right = {one.digest for one in known.confirmed.values()}
    return [key for key, one in known.desired.items() if one.digest not in right]


def plan(known: LocalList, now: datetime, situation: Situation | None) -> LocalList:
    """The list with its next message in flight, or synchronized, or failed.

    Nothing changes without a situation, nor where another process has done what was due, or has learnt that
    the station needs more tokens than were read, or where they may have changed since: the list is due again.
    """
    if situation is None or known.in_flight is not None or known.retry_at is None or known.retry_at > now:
        return known
    needed = keys_to_read(known)
    if known.revision != situation.revision or not situation.entries.keys() >= set(needed):
        return known
    capacity = situation.limits.tokens
    if capacity is not None and known.tokens > capacity:
        return known.failed(f"the list has {known.tokens} tokens, and the station holds {capacity}")
    read = {key: situation.entries[key].token._replace(type="") for key in needed}
    known = known.changed(desired=known.desired | read).counted(situation.station_version)
    is_full = known.version is None or (known.confirmed != {} and not known.desired)
    entries = _first(_missing(known, situation.entries, is_full), situation.limits)
    if not is_full and not entries:
        return known.synchronized(now)
    return known.sending(_message(known, entries, is_full, now))


def _message(known: LocalList, entries: Sequence[Entry], is_full: bool, now: datetime) -> SendLocalList:
    version = known.last_version + 1
    return SendLocalList(
        version_number=version,
        body={
            "versionNumber": version,
            "updateType": "Full" if is_full else "Differential",
            "localAuthorizationList": [entry.json for entry in entries],
        },
        tokens={token_key(entry.token.id_token): entry.token for entry in entries},
        is_whole=is_full,
        since=now,
        revision=known.revision,
    )


def _missing(known: LocalList, entries: Mapping[str, Entry], is_full: bool) -> Iterator[Entry]:
    """What the station still needs. What does not fit into a full message follows in differential ones.

    Tokens go before others come, which need their room. One of another type is another token: the old one
    goes first, the new one comes in the next message.
    """
    going: set[str] = set()
    for key, has in () if is_full else known.confirmed.items():
        coming = entries[key].token if key in entries else has
        if key not in known.desired or coming.type.casefold() != has.type.casefold():
            going.add(key)
            yield Entry.removing(has)
    yield from (entries[key] for key in keys_to_read(known) if key not in going)


def _first(entries: Iterable[Entry], limits: Limits) -> list[Entry]:
    """As many as fit into a message, and one in any case."""
    fitting: list[Entry] = []
    room = limits.bytes - ENVELOPE_BYTES
    for entry in entries:
        room -= len(orjson.dumps(entry.json)) + WORDING_BYTES
        if fitting and (room < 0 or len(fitting) == limits.items):
            break
        fitting.append(entry)
    return fitting


def _actual_value(variable: Json | None) -> int | None:
    for attribute in variable["attributes"] if variable else ():
        value = str(attribute.get("value", ""))
        if attribute.get("type", "Actual") == "Actual" and value.isdecimal():
            return int(value)
    return None
