"""Brings lists to their stations, message by message. Any number of processes may do this at once.

A message is kept before it is asked for, and asked for under its own key: so whoever goes on with it after a
crash gets the answer to the first one, and the station never gets it twice.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import httpx

from libs.csms.clients.stations import Stations
from libs.csms.parallel import each
from libs.ocpp_messages.version import Version

from ..service import User
from .answer import Answer, answer_of
from .entry import Entry
from .forgetting import forget
from .limits import limits
from .message import AuthorizationData, Message
from .model import LocalList
from .plan import Draft

log = logging.getLogger(__name__)

WAIT = 30
"""Seconds for the station's answer, before the same message is asked for again."""
AGAIN = timedelta(seconds=10)
GIVEN_UP_AFTER = timedelta(minutes=4)
"""Longer than a command stays open without an answer."""


async def bring(user: User, stations: Stations, station_id: str) -> None:
    """One message to the station, if its list is due and nobody else has it."""
    now, is_ours = user.clock(), False

    def claimed(known: LocalList) -> LocalList:
        nonlocal is_ours
        claimed = known.claimed(now)
        is_ours = claimed is not known
        return claimed

    known = await user.local_lists.change(station_id, claimed)
    if known is None or not is_ours:
        return
    if known.orphaned:
        await forget(user, known)
        return
    try:
        message = await _on_its_way(user, known) or await _next(user, stations, known)
        if message is not None:
            await _send(user, stations, known, message)
    except httpx.HTTPError as error:
        log.warning("station %s: the device service does not answer: %s", station_id, error)
        await user.local_lists.change(station_id, lambda one: one.asked_again("", user.clock() + AGAIN))
    finally:
        await user.local_lists.change(station_id, lambda one: one.let_go(user.clock()))


async def _on_its_way(user: User, known: LocalList) -> Message | None:
    if known.sending is None:
        return None
    message = await user.local_lists.messages.get(known.sending.message)
    if message is None:
        raise LookupError(f"{known.station_id}: the message on its way is not kept")
    return message


async def _next(user: User, stations: Stations, known: LocalList) -> Message | None:
    """None where there is none now."""
    id = known.station_id
    status = await stations.status(id)
    if status is None:
        await forget(user, known)
        return None
    if not status["connected"] or "ocppVersion" not in status:
        await user.local_lists.change(id, lambda one: one.postponed(known.changes, user.clock()))
        return None
    bounds = await limits(stations, id)
    wanted = await user.local_lists.wanted(id)
    if bounds.entries is not None and wanted > bounds.entries:
        reason = f"the list has {wanted} tokens, and the station holds {bounds.entries}"
        await user.local_lists.change(id, lambda one: one.failed(reason, known.changes, user.clock()))
        return None
    draft = Draft(user, await _counted(user, stations, known), Version(status["ocppVersion"]), bounds)
    message = await draft.differential() if known.version is not None else await draft.full()
    if message is None:
        await _end(user, known)
        return None
    if wanted == 0 and message.update_type == "Differential":
        message = await draft.full()
    return await _prepared(user, message)


async def _counted(user: User, stations: Stations, known: LocalList) -> LocalList:
    """After a refusal, with the station's own version, in case it refuses all that are not greater (D02)."""
    if known.refusals == 0:
        return known
    answer = await stations.operate(known.station_id, "get-local-list-version", {}, wait=WAIT)
    result = answer.json().get("result") if answer.status_code == 200 else None
    version = result.get("versionNumber") if isinstance(result, dict) else None
    if not isinstance(version, int):
        return known
    return await user.local_lists.change(known.station_id, lambda one: one.counted(version)) or known


async def _prepared(user: User, message: Message) -> Message | None:
    """None if another process was faster."""
    now = user.clock()
    await user.local_lists.messages.put(message.key, message)
    prepared = await user.local_lists.change(message.station_id, lambda one: one.prepared(message, now))
    if prepared is not None and prepared.is_sending(message):
        return message
    await user.local_lists.messages.delete(message.key)
    return None


async def _end(user: User, known: LocalList) -> None:
    now, id = user.clock(), known.station_id
    done = await user.local_lists.change(id, lambda one: one.synchronized(known.changes, now))
    if done is not None and done.status == "synchronized" and done.leaving:
        await forget(user, done)


async def _send(user: User, stations: Stations, known: LocalList, message: Message) -> None:
    response = await stations.operate(
        message.station_id, "send-local-list", message.body(), message.idempotency_key, WAIT
    )
    answer = answer_of(response)
    if answer.outcome == "accepted":
        await each(message.items, lambda item: _confirm(user, message, item))
    changed = await user.local_lists.change(
        message.station_id, lambda one: _after(one, message, answer, known.changes, user)
    )
    if changed is None or not changed.is_sending(message):
        await user.local_lists.messages.delete(message.key)


def _after(known: LocalList, message: Message, answer: Answer, changes: int, user: User) -> LocalList:
    now, id = user.clock(), answer.command_id
    if not known.is_sending(message):
        return known.asked_again("", now)
    match answer.outcome:
        case "accepted":
            return known.accepted(message, id, now)
        case "refused":
            return known.refused(message, id, answer.reason, changes, now)
        case "unsupported":
            return known.unsupported(message, id, answer.reason)
        case "undelivered":
            return known.undelivered(message, changes, now)
        case "impossible":
            return known.impossible(message, answer.reason, changes, now)
        case "open":
            if known.sending is not None and now > known.sending.since + GIVEN_UP_AFTER:
                return known.lost(message.key, id, changes, now)
            return known.asked_again(id, now + AGAIN)


async def _confirm(user: User, message: Message, item: AuthorizationData) -> None:
    gone = Entry(station_id=message.station_id, token=item.token, id_token=item.id_token)
    await user.local_lists.entries.update(
        gone.key, lambda entry: (entry or gone).confirmed(item, message.version)
    )
