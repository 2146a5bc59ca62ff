"""Brings lists to their stations, message by message. Any number of processes may do this at once.

A message is stored before it is requested, and requested under its own idempotency key. After a crash it is
requested again under that key: the device service answers for the first one, and the station gets no second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx

from libs.csms.clients.stations import DeviceClient
from libs.csms.parallel import each
from libs.csms.storage.store import Json
from libs.ocpp_messages.version import Version

from ..tokens.model import IdToken, token_key
from .message import SendLocalList
from .model import LocalList
from .plan import Limits, plan, tokens_to_read
from .service import LocalLists

log = logging.getLogger(__name__)

RETRY_PAUSE = timedelta(seconds=10)
"""Until a message without an answer, or a device service that was down, is asked again."""

MAX_PARALLEL_LISTS = 20
"""In one process."""
POLL_INTERVAL = timedelta(minutes=5)
"""The store is asked so often for what processes that died have left behind."""

Outcome = Callable[[LocalList, datetime], LocalList]
"""What becomes of a list at that time, after the answer to the message that was on its way."""
UNSUPPORTED = {"NotImplemented", "NotSupported"}


@dataclass(frozen=True)
class Situation:
    """What the next messages of a list depend on, besides the list itself."""

    revision: int
    """Of the list that the tokens were read for."""
    tokens: Mapping[str, IdToken]
    limits: Limits
    ocpp_version: Version
    station_version: int
    """versionNumber that the station says it has; 0 where it has not been asked."""

    def prepared(self, known: LocalList, now: datetime) -> LocalList:
        """With its next message on its way, or synchronized; released if it has changed since.

        Another process may have learnt meanwhile that the station needs more than the tokens that were read.
        """
        if known.in_flight is not None:
            return known
        keys = map(token_key, tokens_to_read(known))
        if known.revision != self.revision or not self.tokens.keys() >= set(keys):
            return known.released(now)
        size, capacity = len(known.desired), self.limits.entries
        if capacity is not None and size > capacity:
            return known.failed(f"the list has {size} tokens, and the station holds {capacity}")
        counted = known.counted(self.station_version)
        message = plan(counted, self.tokens, self.limits, self.ocpp_version)
        return counted.synchronized(now) if message is None else counted.prepared(message, now)


async def reconcile(lists: LocalLists, device: DeviceClient, station_id: str) -> None:
    """Bring one list to its station, if it is due and nobody else works on it."""
    known = await _claim(lists, station_id)
    if known is None:
        return
    try:
        if known.in_flight is not None:
            await _ended(lists, await _send(lists, device, known, known.in_flight.message, None))
        elif (situation := await _situation(lists, device, known)) is not None:
            await _ended(lists, await _send_all(lists, device, station_id, situation))
    except httpx.HTTPError as error:
        log.warning("station %s: the device service does not answer: %s", station_id, error)
        await lists.change(station_id, lambda one: one.released(lists.clock() + RETRY_PAUSE))


async def _claim(lists: LocalLists, station_id: str) -> LocalList | None:
    now, is_ours = lists.clock(), False

    def claimed(known: LocalList) -> LocalList:
        nonlocal is_ours
        claimed = known.claimed(now)
        is_ours = claimed is not known
        return claimed

    known = await lists.change(station_id, claimed)
    return known if is_ours else None


async def _situation(lists: LocalLists, device: DeviceClient, known: LocalList) -> Situation | None:
    """None if nothing can be sent now; then it is settled when that will be tried again."""
    id, revision = known.station_id, known.revision
    status = await device.status(id)
    if status is None:
        await lists.remove(known)
        return None
    if not status["connected"] or "ocppVersion" not in status:
        await lists.change(id, lambda one: one.postponed(lists.clock(), revision))
        return None
    if (tokens := await _tokens(lists, known)) is None:
        return None
    return Situation(
        revision=revision,
        tokens=tokens,
        limits=Limits.of(await device.variables(id, "LocalAuthListCtrlr")),
        ocpp_version=Version(status["ocppVersion"]),
        station_version=await _station_version(device, id) if known.refusals else 0,
    )


async def _tokens(lists: LocalLists, known: LocalList) -> dict[str, IdToken] | None:
    """Those that the plan needs, by key. None if one was deleted while it was put on the list."""
    found: dict[str, IdToken] = {}
    keys = {token_key(text) for text in tokens_to_read(known)}

    async def read(key: str) -> None:
        if (token := await lists.tokens.documents.get(key)) is not None:
            found[key] = token

    await each(keys, read)
    if deleted := keys - found.keys():
        now = lists.clock()
        await lists.change(
            known.station_id, lambda one: one.tokens_changed(deleted, deleted, now).released(now)
        )
        return None
    return found


async def _station_version(device: DeviceClient, station_id: str) -> int:
    """After a refusal: the station may refuse every version that is not greater than its own (D02)."""
    response = await device.operate(station_id, "get-local-list-version", {})
    result = response.json().get("result") if response.status_code == 200 else None
    version = result.get("versionNumber") if isinstance(result, dict) else None
    return version if isinstance(version, int) else 0


async def _send_all(
    lists: LocalLists, device: DeviceClient, station_id: str, situation: Situation
) -> LocalList | None:
    """Message after message while the station accepts them, at one write for each."""
    known = await lists.change(station_id, lambda one: situation.prepared(one, lists.clock()))
    while known is not None and known.lease_until is not None and known.in_flight is not None:
        known = await _send(lists, device, known, known.in_flight.message, situation)
    return known


async def _send(
    lists: LocalLists,
    device: DeviceClient,
    known: LocalList,
    message: SendLocalList,
    situation: Situation | None,
) -> LocalList | None:
    """The message that is on its way. With a situation, the same write prepares the next one."""
    key = known.key_of(message.version)
    response = await device.operate(known.station_id, "send-local-list", message.body(), key)
    outcome = _outcome_of(response)

    def answered(one: LocalList) -> LocalList:
        now = lists.clock()
        if one.in_flight is None or one.in_flight.message.version != message.version:
            return one.released(now)  # another process has seen the answer, or another station has this id
        after = outcome(one, now)
        return situation.prepared(after, now) if situation and outcome is LocalList.accepted else after

    return await lists.change(known.station_id, answered)


async def _ended(lists: LocalLists, known: LocalList | None) -> None:
    """The work on a list; None if the list was removed meanwhile."""
    if known is None:
        return
    match known.status:
        case "synchronized":
            log.info("station %s: has its local list of %d tokens", known.station_id, len(known.desired))
            if known.is_leaving:
                await lists.remove(known)
        case "failed" | "unsupported":
            log.warning("station %s: the local list is %s: %s", known.station_id, known.status, known.reason)


def _outcome_of(response: httpx.Response) -> Outcome:
    """Raises ``httpx.HTTPStatusError`` where the device service failed: nothing is known then."""
    match response.status_code:
        case 200:
            return _outcome_at_station(response.json())
        case 504 if response.json().get("commandStatus") == "expired":
            return LocalList.undelivered
        case 202 | 504:
            return _unanswered
        case 409 | 429:
            return LocalList.undelivered
        case 404 | 413 | 422:
            return partial(LocalList.unsent, reason=response.json()["detail"])
    response.raise_for_status()
    raise httpx.HTTPStatusError("an answer of no known kind", request=response.request, response=response)


def _outcome_at_station(operation: Json) -> Outcome:
    status, station_status = operation["status"], operation.get("stationStatus") or ""
    error = operation.get("error") or {}
    if status == "accepted":
        return LocalList.accepted
    if status == "pending":
        return _unanswered
    if status == "unsupported" or {station_status, error.get("code")} & UNSUPPORTED:
        return partial(LocalList.unsupported, reason="the station supports no local list")
    answer = station_status or f"{error.get('code', status)} {error.get('description', '')}".strip()
    return partial(LocalList.refused, reason=f"the station answered {answer}")


_unanswered: Outcome = partial(LocalList.unanswered, retry_after=RETRY_PAUSE)


class SyncLoop:
    """Looks after the lists in one process. It wakes when something changes in this process, and when a list
    is due that this process knows of: so it reads nothing while there is nothing to do.
    """

    def __init__(self, lists: LocalLists, device: DeviceClient) -> None:
        self._lists = lists
        self._device = device
        self._busy: set[str] = set()
        self._poll_at = lists.clock()

    async def run(self) -> None:
        signal = self._lists.signal
        async with asyncio.TaskGroup() as tasks:
            while True:
                signal.clear()
                pause = RETRY_PAUSE
                try:
                    for station_id in await self.take():
                        tasks.create_task(self.reconcile(station_id))
                    pause = self.pause()
                except Exception:
                    log.exception("the local lists were not looked after; next time is in %s", pause)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause.total_seconds()):
                        await signal.wait()

    async def take(self) -> list[str]:
        """The stations whose lists are to be worked on now. Applies changes of tokens first."""
        now, changes = self._lists.clock(), self._lists.tokens.changes.take()
        if now >= self._poll_at:
            changes += await self._lists.tokens.changes.abandoned()
            await self._lists.find_due()
            self._poll_at = now + POLL_INTERVAL
        if changes:
            await self._lists.apply_token_changes(changes)
        taken = self._lists.take_due(MAX_PARALLEL_LISTS - len(self._busy))
        self._busy.update(taken)
        return taken

    def pause(self) -> timedelta:
        """Until there is something to do again, if nothing changes."""
        is_full = len(self._busy) >= MAX_PARALLEL_LISTS
        next_at = min([self._poll_at, *([] if is_full else self._lists.due.values())])
        return max(next_at - self._lists.clock(), timedelta(0))

    async def reconcile(self, station_id: str) -> None:
        try:
            await reconcile(self._lists, self._device, station_id)
        except Exception:
            log.exception("station %s: its local list was not synchronized", station_id)
        finally:
            self._busy.discard(station_id)
            self._lists.signal.set()
