"""What other services ask of stations, through the REST API of the device service."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from ..storage.store import Json


class Stations:
    """Stations by id. All raise ``httpx.HTTPError`` when the device service does not answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def exists(self, id: str) -> bool:
        return await self._get(id, "") is not None

    async def status(self, id: str) -> Json | None:
        """``connected``, ``ocppVersion`` and more; None if there is no such station."""
        return await self._get(id, "/status")

    async def variables(self, id: str, component: str) -> list[Json]:
        """What the station has reported of one component. Of 1.6 too, under the names of 2.x."""
        found = await self._get(id, "/variables", component=component, pageSize=1000)
        return list(found["items"]) if found is not None else []

    async def operate(
        self, id: str, operation: str, body: Json, key: str | None = None, wait: float = 30
    ) -> httpx.Response:
        """Ask for an operation of no version in particular. The same ``key`` never asks for a second one."""
        return await self._client.post(
            f"{station_path(id)}/remote/{operation}",
            json=body,
            params={"wait": wait},
            headers={} if key is None else {"Idempotency-Key": key},
            timeout=wait + 10,
        )

    async def _get(self, id: str, path: str, **parameters: Any) -> Json | None:
        answer = await self._client.get(station_path(id) + path, params=parameters)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: Json = answer.json()
        return found


def station_path(id: str) -> str:
    """With dots encoded, or httpx would resolve a station named ``..``."""
    return "/chargingstations/" + quote(id, safe="").replace(".", "%2E")
