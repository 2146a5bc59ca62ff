"""The leases on messages of a Pub/Sub subscription: extended, acknowledged or released."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from itertools import islice

from google.api_core.exceptions import GoogleAPIError
from google.pubsub_v1 import SubscriberAsyncClient

from ..delivery import Backoff

log = logging.getLogger(__name__)

MAX_ACK_IDS_PER_REQUEST = 1_000
ACK_BATCH_INTERVAL = 0.01
"""Seconds in which acknowledgements gather for one request."""

REQUEST_TIMEOUT = 5.0
"""Seconds for one try of one request."""

RETRY = Backoff(0.1, 10.0)


class Leases:
    """``path`` is the full name of the subscription, ``deadline`` the seconds of one lease."""

    def __init__(self, subscriber: SubscriberAsyncClient, path: str, deadline: int) -> None:
        self._subscriber = subscriber
        self._path = path
        self._deadline = deadline
        self._held: dict[str, str] = {}
        self._done: list[str] = []
        self._any_done = asyncio.Event()

    def hold(self, message_id: str, ack_id: str) -> bool:
        """False if the message is held already: then the lease had ended, and this is the one that counts."""
        is_new = message_id not in self._held
        self._held[message_id] = ack_id
        return is_new

    def acknowledge(self, message_id: str) -> None:
        """Sent to the server a little later, together with others."""
        self._done.append(self._held.pop(message_id))
        self._any_done.set()

    def expire(self, message_id: str) -> None:
        """Let the lease end: then the message is delivered again."""
        del self._held[message_id]

    async def keep(self) -> None:
        """Extend what is held, and send acknowledgements, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._send_acknowledgements())
            tasks.create_task(self._extend())

    async def release(self) -> None:
        """Have all that is held delivered to another consumer at once: a lease of no time is a refusal."""
        try:
            await self._flush()
            await self._lease(0)
        except GoogleAPIError as error:
            log.warning("%s: messages wait for the end of their leases: %s", self._path, error)

    async def _send_acknowledgements(self) -> None:
        failures = 0
        while True:
            await self._any_done.wait()
            await asyncio.sleep(RETRY.after(failures) if failures else ACK_BATCH_INTERVAL)
            try:
                await self._flush()
                failures = 0
            except GoogleAPIError as error:
                failures += 1
                log.warning("%s: acknowledgements failed: %s", self._path, error)

    async def _flush(self) -> None:
        done, self._done = self._done, []
        self._any_done.clear()
        try:
            for ack_ids in _batches(done):
                await self._subscriber.acknowledge(
                    subscription=self._path, ack_ids=ack_ids, retry=None, timeout=REQUEST_TIMEOUT
                )
        except BaseException:
            self._done += done
            self._any_done.set()
            raise

    async def _extend(self) -> None:
        while True:
            await asyncio.sleep(self._deadline / 2)
            try:
                await self._lease(self._deadline)
            except GoogleAPIError as error:
                log.warning("%s: leases could not be extended: %s", self._path, error)

    async def _lease(self, seconds: int) -> None:
        for ack_ids in _batches(self._held.values()):
            await self._subscriber.modify_ack_deadline(
                subscription=self._path,
                ack_ids=ack_ids,
                ack_deadline_seconds=seconds,
                retry=None,
                timeout=REQUEST_TIMEOUT,
            )


def _batches(ack_ids: Iterable[str]) -> Iterable[list[str]]:
    remaining = iter(list(ack_ids))
    return iter(lambda: list(islice(remaining, MAX_ACK_IDS_PER_REQUEST)), [])
