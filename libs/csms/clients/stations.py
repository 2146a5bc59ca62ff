"""What other services ask of stations, through the REST API of the device service."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from ..access.groups import IdsInGroup, UnknownStation
from ..errors import Unavailable
from ..storage.store import BadPageToken, Json

RETRY_AFTER = 5
"""Seconds, while the device service does not answer."""

ANSWER_TIMEOUT = 30.0
"""Seconds that the device service waits for a station's answer before it says that there is none yet."""


class DeviceClient:
    """Asks the device service. All raise ``httpx.HTTPError`` when it does not answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def exists(self, station_id: str) -> bool:
        return await self._get(station_id, "") is not None

    async def group_of(self, id: str) -> str | None:
        """Raises ``UnknownStation``, and ``Unavailable`` instead of ``httpx.HTTPError``."""
        with _unavailable():
            station = await self._get(id, "")
        if station is None:
            raise UnknownStation
        group: str | None = station.get("group")
        return group

    async def ids_in_group(self, group: str, size: int, token: str) -> IdsInGroup:
        """Raises ``BadPageToken``, and ``Unavailable`` instead of ``httpx.HTTPError``."""
        parameters: dict[str, str | int] = {"group": group, "pageSize": size, "pageToken": token}
        with _unavailable():
            response = await self._client.get("/chargingstations", params=parameters)
            if response.status_code == 422:
                raise BadPageToken("not a page token of a list of stations")
            response.raise_for_status()
        page = response.json()
        return [station["id"] for station in page["items"]], page.get("nextPageToken", "")

    async def status(self, station_id: str) -> Json | None:
        """``connected``, ``ocppVersion`` and more; None if there is no such station."""
        return await self._get(station_id, "/status")

    async def variables(self, station_id: str, component: str) -> list[Json]:
        """What the station has reported of one component; of 1.6 too, under the names of 2.x."""
        page = await self._get(station_id, "/variables", component=component, pageSize=1000)
        return list(page["items"]) if page is not None else []

    async def operate(
        self,
        station_id: str,
        operation: str,
        body: Json,
        key: str | None = None,
        wait: float = ANSWER_TIMEOUT,
    ) -> httpx.Response:
        """Request an operation that reads the same for every version of OCPP.

        Waits so many seconds for the station's answer. The same ``key`` never makes a second command.
        """
        return await self._client.post(
            f"{station_path(station_id)}/remote/{operation}",
            json=body,
            params={"wait": wait},
            headers={} if key is None else {"Idempotency-Key": key},
            timeout=wait + 10,
        )

    async def _get(self, station_id: str, path: str, **parameters: Any) -> Json | None:
        response = await self._client.get(station_path(station_id) + path, params=parameters)
        if response.status_code == 404:
            return None
        response.raise_for_status()
        found: Json = response.json()
        return found


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise Unavailable("the device service does not answer", retry_after=RETRY_AFTER) from error


def command_id(station_id: str, key: str) -> str:
    """The id of the command that a request with this Idempotency-Key makes.

    So whoever made the request knows the ``CommandEnded`` of its command, whether or not it got an answer. At
    most 36 characters, as OCPP wants it of a message id.
    """
    return hashlib.sha256(orjson.dumps([station_id, key])).hexdigest()[:32]


def station_path(station_id: str) -> str:
    """With dots encoded, or httpx would resolve a station named ``..``."""
    return "/chargingstations/" + quote(station_id, safe="").replace(".", "%2E")
