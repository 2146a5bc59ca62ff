"""Refused handshakes, published as events for the operator: of a flood of them, only a few."""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import CONNECTION_REFUSED, ConnectionRefused
from libs.ocpp_messages.message import Kind, Message

from .context import GatewayContext

log = logging.getLogger(__name__)

REPEAT_INTERVAL = 60.0
"""Seconds between two events of the same station and reason. What happens meanwhile is counted."""

PUBLISH_INTERVAL = 0.2
"""Seconds between two events of this gateway, whatever they are about."""

MAX_REMEMBERED = 1_000
"""Stations and reasons. While so many are remembered, a refusal of yet another one is only logged."""

MAX_PATH_LENGTH = 100
MAX_SUBPROTOCOLS = 8
MAX_SUBPROTOCOL_LENGTH = 50


@dataclass(frozen=True, slots=True)
class _Refusals:
    """Those of one station (or path) with one reason."""

    station_id: str
    due_at: float
    """When the next event may be published, as a time of the event loop."""
    newest: ConnectionRefused | None = None
    """What is not published yet, with its count."""
    refused_at: str = ""
    """RFC 3339."""


class RefusalThrottle:
    """Which event is to be published next. ``now`` is a time of the event loop. No I/O."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], _Refusals] = {}
        self._full_until = 0.0

    def add(self, station_id: str, refusal: ConnectionRefused, refused_at: str, now: float) -> None:
        key = (station_id or refusal.path, refusal.reason)
        known = self._by_key.get(key)
        if known is None:
            if len(self._by_key) >= MAX_REMEMBERED and not self._make_room(now):
                return
            known = _Refusals(station_id, due_at=now)
        count = refusal.count + (known.newest.count if known.newest is not None else 0)
        newest = msgspec.structs.replace(refusal, count=count)
        self._by_key[key] = replace(known, newest=newest, refused_at=refused_at)

    def take(self, now: float) -> tuple[str, ConnectionRefused, str] | None:
        """Station id, event and time of the refusal that has waited longest, if one is due."""
        for key, known in self._by_key.items():
            if known.newest is not None and known.due_at <= now:
                del self._by_key[key]
                self._by_key[key] = replace(known, newest=None, due_at=now + REPEAT_INTERVAL)
                return known.station_id, known.newest, known.refused_at
        return None

    def seconds_to_wait(self, now: float) -> float | None:
        """Until an event is due; None if none is left."""
        waiting = [known.due_at for known in self._by_key.values() if known.newest is not None]
        return max(min(waiting) - now, 0) if waiting else None

    def _make_room(self, now: float) -> bool:
        """Forget what is published and may be published anew. False if there is nothing to forget; that is
        looked for once a second, for a flood asks all the time.
        """
        if now < self._full_until:
            return False
        kept = {
            key: known
            for key, known in self._by_key.items()
            if known.newest is not None or known.due_at > now
        }
        has_room = len(kept) < len(self._by_key)
        self._by_key, self._full_until = kept, now if has_room else now + 1
        return has_room


class RefusalReporter:
    """Publishes refusals by and by. The handshakes do not wait for it."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._throttle = RefusalThrottle()
        self._is_new = asyncio.Event()

    def report(self, station_id: str, refusal: ConnectionRefused) -> None:
        """``station_id`` is empty if the path named no station. Never waits."""
        now = asyncio.get_running_loop().time()
        self._throttle.add(station_id, _shortened(refusal), rfc3339(self._context.clock()), now)
        self._is_new.set()

    async def keep_publishing(self) -> None:
        """Until cancelled. What the bus does not take is lost: the station will come again."""
        clock = asyncio.get_running_loop().time
        while True:
            if (due := self._throttle.take(clock())) is not None:
                await self._publish(*due)
                await asyncio.sleep(PUBLISH_INTERVAL)
                continue
            self._is_new.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._throttle.seconds_to_wait(clock())):
                    await self._is_new.wait()

    async def _publish(self, station_id: str, refusal: ConnectionRefused, refused_at: str) -> None:
        event = Message(
            data=encode(refusal),
            message_id=uuid.uuid4().hex,
            station_id=station_id,
            action=CONNECTION_REFUSED.name,
            kind=Kind.EVENT,
            sent_at=refused_at,
            origin=Direction.FROM_STATION,
            gateway_id=self._context.routing.gateway_id,
        )
        try:
            async with asyncio.timeout(self._context.limits.publish_timeout):
                await self._context.bus.publish(event.action, event)
        except Exception:
            log.exception("station %s: ConnectionRefused could not be published", station_id)


def _shortened(refusal: ConnectionRefused) -> ConnectionRefused:
    """What a client sends bounds nothing, so it is cut."""
    offered = [name[:MAX_SUBPROTOCOL_LENGTH] for name in refusal.subprotocols[:MAX_SUBPROTOCOLS]]
    return msgspec.structs.replace(refusal, path=refusal.path[:MAX_PATH_LENGTH], subprotocols=offered)
