"""What clients, operators and stations cause a list to become. Raises ``DomainError`` for mistakes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence, Set
from datetime import datetime
from functools import partial
from typing import Literal

import httpx

from libs.csms.clients.stations import Stations
from libs.csms.errors import Invalid, NotFound, Unavailable
from libs.csms.parallel import each
from libs.csms.secrets import is_secret_token_type

from ..model import key as token_key
from ..service import User
from .entry import Entry
from .model import LocalList

MOST_TOKENS = 5_000
"""On one list."""
NAMED = 20
"""Of many that are wrong."""
NO_LIST = "the charging station has no local list"

Tokens = dict[str, str]
"""The texts of tokens by the ids of their documents."""


async def existing(user: User, station_id: str) -> LocalList:
    found = await user.local_lists.lists.get(station_id)
    if found is None or found.orphaned:
        raise NotFound(NO_LIST)
    return found


async def replace(user: User, stations: Stations, station_id: str, id_tokens: Sequence[str]) -> LocalList:
    """The whole list. The first one of a station replaces whatever the station had."""
    await _require_station(stations, station_id)
    tokens = await _tokens(user, id_tokens, "idTokens")
    if len(tokens) > MOST_TOKENS:
        raise Invalid(f"body.idTokens: a list has at most {MOST_TOKENS} tokens")
    now = user.clock()
    new = LocalList(station_id=station_id, life=uuid.uuid4().hex, updated_at=now)
    await user.local_lists.lists.update(station_id, lambda known: (known or new).editing(now))
    others = {entry.token async for entry in _wanted(user, station_id) if entry.token not in tokens}
    return await _write(user, station_id, tokens, others, "staying")


async def change(user: User, station_id: str, add: Sequence[str], remove: Sequence[str]) -> LocalList:
    await existing(user, station_id)
    removed = {token_key(text, None): text for text in remove}
    added = await _tokens(user, add, "add")
    if both := added.keys() & removed.keys():
        raise Invalid(f"body: in add and in remove: {_named(added[token] for token in sorted(both))}")
    listed = {entry.token async for entry in _wanted(user, station_id)}
    if len((listed | added.keys()) - removed.keys()) > MOST_TOKENS:
        raise Invalid(f"body.add: a list has at most {MOST_TOKENS} tokens")
    await _edit(user, station_id)
    return await _write(user, station_id, added, listed & removed.keys(), "staying")


async def leave(user: User, station_id: str) -> LocalList:
    """The station is given an empty list, and its list is forgotten here."""
    await existing(user, station_id)
    await _edit(user, station_id)
    listed = {entry.token async for entry in _wanted(user, station_id)}
    return await _write(user, station_id, {}, listed, "leaving")


async def orphan(user: User, station_id: str, at: datetime) -> None:
    """The station was deleted at that time."""
    known = await user.local_lists.lists.get(station_id)
    if known is None:
        return
    now = user.clock()
    await user.local_lists.change(station_id, lambda one: one.deleted(at, now))
    if known.sending is not None:
        await user.local_lists.messages.delete(known.sending.message)
    user.local_lists.news.set()


async def _edit(user: User, station_id: str) -> None:
    now = user.clock()
    if await user.local_lists.change(station_id, lambda known: known.editing(now)) is None:
        raise NotFound(NO_LIST)


async def _write(
    user: User, station_id: str, wanted: Tokens, others: Set[str], after: Literal["leaving", "staying"]
) -> LocalList:
    await each(wanted.items(), partial(_wish, user, station_id))
    await each(others, partial(unwish, user, station_id))
    now = user.clock()
    changed = await user.local_lists.change(station_id, lambda known: known.edited(now, after))
    if changed is None:
        raise NotFound(NO_LIST)
    user.local_lists.news.set()
    return changed


async def _wish(user: User, station_id: str, token: tuple[str, str]) -> None:
    new = Entry(station_id=station_id, token=token[0], id_token=token[1])
    await user.local_lists.entries.update(new.key, lambda known: (known or new).wished(token[1]))


async def unwish(user: User, station_id: str, token: str) -> None:
    """A document that has gone meanwhile comes back for a moment, which does no harm."""
    new = Entry(station_id=station_id, token=token, id_token=token)
    await user.local_lists.entries.update(new.key, lambda known: (known or new).unwished())


async def _require_station(stations: Stations, station_id: str) -> None:
    try:
        exists = await stations.exists(station_id)
    except httpx.HTTPError as error:
        raise Unavailable("the device service does not answer", retry_after=5) from error
    if not exists:
        raise NotFound("there is no charging station of that id")


async def _tokens(user: User, id_tokens: Sequence[str], field: str) -> Tokens:
    """Each once, whatever its case. A PIN is refused without being repeated."""
    texts = list({token_key(text, None): text for text in id_tokens}.values())
    tokens: Tokens = {}
    unknown: list[str] = []
    for start in range(0, len(texts), NAMED):
        part = texts[start : start + NAMED]
        for text, token in zip(part, await asyncio.gather(*(user.find(t, None) for t in part)), strict=True):
            if token is None:
                unknown.append(text)
            elif token.id_token is None or is_secret_token_type(token.type):
                raise Invalid(f"body.{field}: one is a KeyCode, whose text is not kept: no list has it")
            else:
                tokens[token_key(text, None)] = token.id_token
    if unknown:
        raise Invalid(f"body.{field}: unknown tokens: {_named(unknown)}", idTokens=unknown)
    return tokens


def _named(texts: Iterable[str]) -> str:
    all_of_them = list(texts)
    more = f" and {len(all_of_them) - NAMED} more" if len(all_of_them) > NAMED else ""
    return ", ".join(all_of_them[:NAMED]) + more


def _wanted(user: User, station_id: str) -> AsyncIterator[Entry]:
    return user.local_lists.of_station(station_id, wanted=True)
