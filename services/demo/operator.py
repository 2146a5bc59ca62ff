"""What the operator of the demo asks of its stations, by REST: some of it goes wrong, as chosen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from libs.csms.clock import rfc3339
from libs.csms.settings import Settings

from . import scenario
from .scenario import DemoStation

log = logging.getLogger(__name__)

MINUTE = 60


class Operator:
    """Its commands wait for the stations that are not there yet."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, now: datetime) -> None:
        self._device = f"http://{settings.host}:{settings.device_port}/chargingstations"
        self._user = f"http://{settings.host}:{settings.user_port}/chargingstations"
        self._http = http
        self._now = now

    async def work(self, stations: Sequence[DemoStation]) -> None:
        """Everything once. What the CSMS refuses is logged."""
        async with asyncio.TaskGroup() as tasks:
            for station in stations:
                tasks.create_task(self._attend(station))

    async def _attend(self, station: DemoStation) -> None:
        if station.trouble == scenario.NO_LIST or station.group == "South":
            texts = [one["idToken"] for one in scenario.DRIVERS[:20]]
            await self._send("PUT", f"{self._user}/{station.id}/locallist", {"idTokens": texts})
        match station.trouble:
            case scenario.REJECTS:
                await self._command(station, "Reset", {"type": "Immediate", "evseId": 1})
            case scenario.FAILED_UPDATE:
                await self._command(station, "UpdateFirmware", self._update())
            case scenario.MUTE:
                await self._command(station, "ClearCache", {})

    def _update(self) -> dict[str, Any]:
        """Of 1.6. No host has that name."""
        at = rfc3339(self._now + timedelta(seconds=10))
        return {"location": "https://firmware.invalid/rapid-50/5.21.bin", "retrieveDate": at}

    async def _command(self, station: DemoStation, action: str, payload: dict[str, Any]) -> None:
        path = f"{self._device}/{station.id}/commands/{action}?wait=0&deliver=when-online&ttl={10 * MINUTE}"
        await self._send("POST", path, payload)

    async def _send(self, method: str, url: str, body: dict[str, Any]) -> None:
        answer = await self._http.request(method, url, json=body)
        if answer.is_error:
            log.warning("%s %s: %d %s", method, url, answer.status_code, answer.text[:200])
