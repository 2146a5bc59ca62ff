"""Which message a station needs next: what differs between the desired list and the confirmed one. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from libs.csms.storage.store import Json
from libs.ocpp_messages.version import Version

from ..tokens.model import IdToken, token_key
from .message import Entry, SendLocalList, UpdateType
from .model import LocalList

DEFAULT_ITEMS, MAX_ITEMS = 100, 1000
"""Entries in a message: where the station has reported no limit, and whatever it reports."""
MAX_BYTES = 100_000
"""Of a message, whatever the station reports: the document of the list, which holds it, has a mebibyte."""
ENVELOPE_BYTES = 200
"""A message without its entries takes less."""
WORDING_BYTES = 80
"""What an entry takes in OCPP 2.x beyond its own body, at most."""


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
        items = _actual_value(variables, "ItemsPerMessage")
        size = _actual_value(variables, "BytesPerMessage")
        entries = [one.get("characteristics", {}).get("maxLimit") for one in _named(variables, "Entries")]
        return cls(
            items=min(items, MAX_ITEMS) if items else cls.items,
            bytes=min(size, MAX_BYTES) if size else cls.bytes,
            entries=next((int(limit) for limit in entries if limit is not None), None),
        )


def tokens_to_read(known: LocalList) -> list[str]:
    """Of the desired ones, those that the station may not have right; they are read before ``plan``."""
    if known.confirmed is None:
        return list(known.desired)
    unverified = {text.casefold() for text in known.unverified}
    keys = [(text, text.casefold()) for text in known.desired]
    return [text for text, key in keys if key in unverified or key not in known.confirmed]


def plan(
    known: LocalList, tokens: Mapping[str, IdToken], limits: Limits, version: Version
) -> SendLocalList | None:
    """The next message, or None if the station has all that is desired.

    ``tokens``, by key, are at least those of ``tokens_to_read``. What does not fit into a full message
    follows in differential ones.
    """
    entries = (Entry.of(tokens[token_key(text)], version) for text in tokens_to_read(known))
    if known.confirmed is None or (known.confirmed and not known.desired):
        return _message(known, "Full", entries, limits)
    message = _message(known, "Differential", _differences(known, entries), limits)
    return message if message.entries else None


def _differences(known: LocalList, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Tokens go before others come, which need their room."""
    confirmed = known.confirmed or {}
    desired = {text.casefold() for text in known.desired}
    for key, one in confirmed.items():
        if key not in desired:
            yield Entry(id_token=one.id_token, type=one.type)
    for entry in entries:
        held = confirmed.get(entry.key)
        if held is not None and held.type.casefold() != entry.type.casefold():
            yield Entry(id_token=held.id_token, type=held.type)  # as another token; the new one comes next
        elif held is None or held.digest != entry.digest:
            yield entry


def _message(
    known: LocalList, update_type: UpdateType, entries: Iterable[Entry], limits: Limits
) -> SendLocalList:
    """The first of the entries, as many as fit, and one in any case."""
    fitting: list[Entry] = []
    room = limits.bytes - ENVELOPE_BYTES
    for entry in entries:
        room -= len(orjson.dumps(entry.body())) + WORDING_BYTES
        if fitting and (room < 0 or len(fitting) == limits.items):
            break
        fitting.append(entry)
    return SendLocalList(version=known.last_version + 1, update_type=update_type, entries=tuple(fitting))


def _actual_value(variables: Sequence[Json], name: str) -> int | None:
    for attribute in (one for found in _named(variables, name) for one in found["attributes"]):
        value = str(attribute.get("value", ""))
        if attribute.get("type", "Actual") == "Actual" and value.isdecimal():
            return int(value)
    return None


def _named(variables: Sequence[Json], name: str) -> list[Json]:
    return [one for one in variables if one["variable"]["name"].casefold() == name.casefold()]
