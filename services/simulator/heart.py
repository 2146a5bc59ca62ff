"""A station's heartbeat."""

from __future__ import annotations

import asyncio

from .connection import Lost, Refused
from .dialect import Dialect
from .link import Link


class Heart:
    def __init__(self, link: Link, dialect: Dialect) -> None:
        self._link = link
        self._dialect = dialect
        self._changed = asyncio.Event()

    def beat_every(self, seconds: float) -> None:
        """0 stops it."""
        self._link.heartbeat_interval = seconds
        self._changed.set()

    async def run(self) -> None:
        while True:
            await self._link.online.wait()
            self._changed.clear()
            try:
                async with asyncio.timeout(self._link.heartbeat_interval or None):
                    await self._changed.wait()
            except TimeoutError:
                await self._beat()

    async def _beat(self) -> None:
        try:
            await self._link.call(self._dialect.heartbeat())
        except (Lost, Refused):
            return
