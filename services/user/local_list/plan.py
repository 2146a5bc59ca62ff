"""Which message a station needs next: what differs between the desired list and the confirmed one. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.csms.clients.authorization import group_id_token_for
from libs.csms.storage.store import Json
from libs.ocpp_messages.version import Version

from ..tokens.model import IdToken
from .model import Entry, ListedToken, LocalList, SendLocalList, TokenInfo

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


@dataclass(frozen=True)
class Limits:
    """How much of a list a station takes, as it has reported in its LocalAuthListCtrlr."""

    items: int = DEFAULT_ITEMS
    """ItemsPerMessage, of OCPP 1.6 SendLocalListMaxLength."""
    bytes: int = MAX_BYTES
    """BytesPerMessage."""
    entries: int | None = None
    """Entries.maxLimit, of OCPP 1.6 LocalAuthListMaxLength; None where the station has reported none."""

    @classmethod
    def of(cls, variables: Sequence[Json]) -> Limits:
        """From what the device service shows of them."""
        reported = {one["variable"]["name"].casefold(): one for one in variables}
        capacity = reported.get("entries", {}).get("characteristics", {}).get("maxLimit")
        return cls(
            items=min(_actual_value(reported.get("itemspermessage")) or DEFAULT_ITEMS, MAX_ITEMS),
            bytes=min(_actual_value(reported.get("bytespermessage")) or MAX_BYTES, MAX_BYTES),
            entries=None if capacity is None else int(capacity),
        )


@dataclass(frozen=True)
class Situation:
    """What the next messages of a list depend on, besides the list itself."""

    revision: int
    """Of the list that the tokens were read for."""
    entries: Mapping[str, Entry]
    """Of tokens, by key: at least those of ``keys_to_read``."""
    limits: Limits
    station_version: int = 0
    """versionNumber that the station says it has; 0 where it has not been asked."""


def entry_of(token: IdToken, version: Version) -> Entry:
    info = TokenInfo(
        status=token.status if token.status in LIST_STATUSES else "Invalid",
        expiry_date_time=token.expiry_date_time,
        group_id_token=group_id_token_for(version, token.group_id_token),
    )
    return Entry(id_token=token.id_token or "", type=token.type, id_token_info=info)


def keys_to_read(known: LocalList) -> list[str]:
    """Of the desired tokens, those that the station may not have right."""
    right = {one.digest for one in known.confirmed.values()}
    return [key for key, one in known.desired.items() if one.digest not in right]


def plan(known: LocalList, situation: Situation | None, now: datetime) -> LocalList:
    """The list with its next message in flight, or synchronized, or failed.

    Nothing changes without a situation, nor where another process has done what was due, or has learnt that
    the station needs more tokens than were read, or where they may have changed since: the list is due again.
    """
    if situation is None or known.in_flight is not None or known.retry_at is None or known.retry_at > now:
        return known
    needed = keys_to_read(known)
    if known.revision != situation.revision or not situation.entries.keys() >= set(needed):
        return known
    capacity = situation.limits.entries
    if capacity is not None and known.tokens > capacity:
        return known.failed(f"the list has {known.tokens} tokens, and the station holds {capacity}")
    entries = [situation.entries[key] for key in needed]
    digests = {entry.key: ListedToken(entry.id_token, digest=entry.digest) for entry in entries}
    known = known.changed(desired=known.desired | digests).counted(situation.station_version)
    # What does not fit into a full message follows in differential ones.
    is_full = known.version is None or (known.confirmed != {} and not known.desired)
    fitting = _first(entries if is_full else _differences(known, entries), situation.limits)
    if not is_full and not fitting:
        return known.synchronized(now)
    message = SendLocalList(
        version_number=known.last_version + 1,
        update_type="Full" if is_full else "Differential",
        local_authorization_list=fitting,
        since=now,
        revision=known.revision,
    )
    return known.sending(message)


def _differences(known: LocalList, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Tokens go before others come, which need their room."""
    for key, held in known.confirmed.items():
        if key not in known.desired:
            yield Entry(id_token=held.id_token, type=held.type)
    for entry in entries:
        has = known.confirmed.get(entry.key)
        if has is not None and has.type.casefold() != entry.type.casefold():
            yield Entry(id_token=has.id_token, type=has.type)  # another token; the new one comes next
        elif has is None or has.digest != entry.digest:
            yield entry


def _first(entries: Iterable[Entry], limits: Limits) -> tuple[Entry, ...]:
    """As many as fit into a message, and one in any case."""
    fitting: list[Entry] = []
    room = limits.bytes - ENVELOPE_BYTES
    for entry in entries:
        room -= len(entry.model_dump_json(by_alias=True, exclude_none=True).encode()) + WORDING_BYTES
        if fitting and (room < 0 or len(fitting) == limits.items):
            break
        fitting.append(entry)
    return tuple(fitting)


def _actual_value(variable: Json | None) -> int | None:
    for attribute in variable["attributes"] if variable else ():
        value = str(attribute.get("value", ""))
        if attribute.get("type", "Actual") == "Actual" and value.isdecimal():
            return int(value)
    return None
