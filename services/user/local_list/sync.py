"""Brings lists to their stations, message by message. Any number of processes may do this at once.

A message is stored before it is requested, and requested under its own idempotency key. Whoever finds it in
flight requests it again under that key: the device service answers for the first one, and the station gets no
second. So a process may die at any point, and two that work on one list do some of the work twice, no more.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import httpx

from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import rfc3339
from libs.csms.storage.store import Json, Query
from libs.ocpp_messages.version import Version

from .model import RETRY_PAUSE, LocalList, Outcome
from .plan import Entry, Limits, Situation, keys_to_read, plan
from .service import LocalLists, found

log = logging.getLogger(__name__)

MAX_PARALLEL_LISTS = 20
"""In one process."""
POLL_INTERVAL = timedelta(minutes=5)
"""The store is asked so often for what processes that died have left behind."""


async def reconcile(lists: LocalLists, device: DeviceClient, due: LocalList) -> None:
    """Bring one list to its station."""
    station_id = due.station_id
    try:
        known = await _send_all(lists, device, due)
    except Exception as error:
        is_bug = not isinstance(error, httpx.HTTPError)
        log.warning("station %s: its local list was not sent: %r", station_id, error, exc_info=is_bug)
        await lists.change(station_id, lambda one, now: one.changed(retry_at=now + RETRY_PAUSE))
        return
    if known is not None and known.status == "synchronized":
        log.info("station %s: has its local list of %d tokens", station_id, known.tokens)
        if known.is_leaving:
            await lists.remove(known)
    elif known is not None and known.status != "pending":
        log.warning("station %s: the local list is %s: %s", station_id, known.status, known.reason)


async def _send_all(lists: LocalLists, device: DeviceClient, due: LocalList) -> LocalList | None:
    """Message after message while the station accepts them, at one write for each.

    A message that was found in flight is the only one: the list is due again after it.
    """
    id, situation = due.station_id, None
    known: LocalList | None = due
    if due.in_flight is None and (situation := await _situation(lists, device, due)) is not None:
        known = await lists.change(id, plan, situation)
    while known is not None and (sent := known.in_flight) is not None:
        key = known.request_key(sent.version_number)
        outcome = _outcome(await device.operate(id, "send-local-list", sent.body, key))
        known = await lists.change(id, _after, sent.version_number, outcome, situation)
        if outcome.kind != "accepted":
            break
    return known


def _after(
    known: LocalList, now: datetime, version: int, outcome: Outcome, situation: Situation | None
) -> LocalList:
    """That outcome of the message of that version. If it was accepted, the next one is in flight."""
    after = known.answered(now, version, outcome)
    return plan(after, now, situation) if outcome.kind == "accepted" else after


async def _situation(lists: LocalLists, device: DeviceClient, known: LocalList) -> Situation | None:
    """None if nothing can be sent now; then the list has gone, or says when that will be tried again."""
    id = known.station_id
    status = await device.status(id)
    if status is None:
        await lists.remove(known)
        return None
    if not status["connected"] or "ocppVersion" not in status:
        await lists.change(id, LocalList.postponed, known.revision)
        return None
    keys = set(keys_to_read(known))
    tokens = await found(keys, lists.tokens.documents.get)
    if deleted := keys - tokens.keys():  # while they were put on the list
        await lists.change(id, LocalList.tokens_changed, deleted, deleted)
        return None
    version = Version(status["ocppVersion"])
    return Situation(
        revision=known.revision,
        entries={key: Entry.adding(token, version) for key, token in tokens.items()},
        limits=Limits.of(await device.variables(id, "LocalAuthListCtrlr")),
        station_version=await _station_version(device, id) if known.is_refused else 0,
    )


async def _station_version(device: DeviceClient, station_id: str) -> int:
    """After a refusal: the station may refuse every version that is not greater than its own (D02)."""
    response = await device.operate(station_id, "get-local-list-version", {})
    result = response.json().get("result") if response.status_code == 200 else None
    return int((result or {}).get("versionNumber", 0))


def _outcome(response: httpx.Response) -> Outcome:
    """Raises ``httpx.HTTPStatusError`` where the device service failed: nothing is known then."""
    match response.status_code:
        case 200 | 202:
            return _outcome_at_station(response.json())
        case 504:
            is_expired = response.json().get("commandStatus") == "expired"
            return Outcome("undelivered" if is_expired else "unanswered")
        case 409 | 429:
            return Outcome("undelivered")
        case 404 | 413 | 422:
            return Outcome("refused", response.json()["detail"])
    raise httpx.HTTPStatusError(f"HTTP {response.status_code}", request=response.request, response=response)


def _outcome_at_station(operation: Json) -> Outcome:
    match operation["status"]:
        case "accepted":
            return Outcome("accepted")
        case "pending":
            return Outcome("unanswered")
        case "unsupported":
            return Outcome("unsupported", "the station supports no local list")
    error = operation.get("error", {"code": operation["status"], "description": ""})
    answer = operation.get("stationStatus") or f"{error['code']} {error['description']}".strip()
    return Outcome("refused", f"the station answered {answer}")


class SyncLoop:
    """Looks after the lists in one process. The alarm wakes it for what this process changes."""

    def __init__(self, lists: LocalLists, device: DeviceClient) -> None:
        self._lists = lists
        self._device = device
        self._busy: set[str] = set()
        self._poll_at = lists.clock()
        self._is_behind = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    for due in await self.take():
                        tasks.create_task(self.reconcile(due))
                except Exception:
                    log.exception("the local lists were not looked after")
                    self._lists.alarm.set(self._lists.clock() + RETRY_PAUSE)
                await self._lists.alarm.wait(POLL_INTERVAL.total_seconds())

    async def take(self) -> list[LocalList]:
        """The lists that are to be worked on now. Applies changes of tokens first."""
        now, changes = self._lists.clock(), self._lists.tokens.changes
        changed = changes.take()
        if now >= self._poll_at:
            changed += await changes.abandoned()
            self._poll_at = now + POLL_INTERVAL
        if changed:
            await self._lists.apply_token_changes(changed)
        until = rfc3339(now + timedelta(milliseconds=1))
        query = Query(order_by="retryAt", to=until, page_size=MAX_PARALLEL_LISTS)
        page = await self._lists.documents.find(query)
        due = [known for known in page.items if known.station_id not in self._busy]
        taken = due[: MAX_PARALLEL_LISTS - len(self._busy)]
        self._is_behind = len(taken) < len(page.items) or page.next_page_token != ""
        self._busy.update(known.station_id for known in taken)
        return taken

    async def reconcile(self, due: LocalList) -> None:
        try:
            await reconcile(self._lists, self._device, due)
        except Exception:
            log.exception("station %s: its local list was not stored", due.station_id)
            self._lists.alarm.set(self._lists.clock() + RETRY_PAUSE)
        self._busy.discard(due.station_id)
        if self._is_behind:
            self._lists.alarm.set(self._lists.clock())
