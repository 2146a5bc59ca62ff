"""The groups of stations: what the transaction service asks of the user service, which asks the registry."""

from __future__ import annotations

from urllib.parse import quote

import httpx
from pydantic import Field

from ..access.groups import IdsInGroup, UnknownStation
from ..errors import Unavailable
from ..storage.store import BadPageToken, Document, Json

RETRY_AFTER = 5
"""Seconds, while the service that knows does not answer."""


class GroupOfStation(Document):
    """All that the transaction service is told of a station."""

    id: str = Field(description="The id of the station.")
    group: str | None = Field(default=None, description="Its group; absent if it is in none.")


class HttpStationGroups:
    """Asks the user service in its own process. Raises ``Unavailable`` when that does not answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def group_of(self, id: str) -> str | None:
        """Raises ``UnknownStation``."""
        found = await self._get("/" + quote(id, safe="").replace(".", "%2E"))
        if found is None:
            raise UnknownStation
        return GroupOfStation.model_validate(found).group

    async def ids_in_group(self, group: str, size: int, token: str) -> IdsInGroup:
        page = await self._get("", group=group, pageSize=size, pageToken=token) or {"items": []}
        return [station["id"] for station in page["items"]], page.get("nextPageToken", "")

    async def _get(self, path: str, **parameters: str | int) -> Json | None:
        try:
            response = await self._client.get(f"/stationgroups{path}", params=parameters)
            if response.status_code == 404:
                return None
            if response.status_code == 422:
                raise BadPageToken("not a page token of a list of stations")
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable("the user service does not answer", retry_after=RETRY_AFTER) from error
        found: Json = response.json()
        return found
