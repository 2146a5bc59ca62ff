"""Whether charging profiles may be sent: what the device service asks of the transaction service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from libs.ocpp_messages.version import Version

from ..errors import Conflict, Invalid, Unavailable
from ..web.app import Body
from .stations import station_path

ABOUT_PROFILES = {"SetChargingProfile", "ClearChargingProfile"}
MAY_HOLD_ONE = {"RemoteStartTransaction", "RequestStartTransaction"}


class ProfileCommand(Body):
    """A command that concerns charging profiles, with the payload that the station is to get."""

    command_id: str
    action: str
    ocpp_version: Version
    payload: dict[str, Any]


CheckProfile = Callable[[str, ProfileCommand], Awaitable[None]]
"""From a station's id and what is to be sent to it. Raises ``Invalid`` where a rule of OCPP forbids it,
``Conflict`` where another profile is in its way, ``Unavailable`` where nobody can say now. Asking again
changes nothing.
"""


async def unchecked(station_id: str, command: ProfileCommand) -> None:
    """Nothing is wrong."""


def concerns_profiles(action: str, payload: Any) -> bool:
    return action in ABOUT_PROFILES or (action in MAY_HOLD_ONE and "chargingProfile" in payload)


class HttpProfileCheck:
    """Asks the transaction service in its own process. When that does not answer, nothing is sent."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def check(self, station_id: str, command: ProfileCommand) -> None:
        path = f"{station_path(station_id)}/chargingprofiles/proposals"
        body = command.model_dump(mode="json", by_alias=True)
        try:
            answer = await self._client.post(path, json=body)
        except httpx.HTTPError as error:
            raise _nobody("does not answer") from error
        if answer.status_code in (409, 422):
            said = answer.json()
            extra = {name: said[name] for name in said.keys() - {"title", "status", "detail"}}
            kind = Conflict if answer.status_code == 409 else Invalid
            raise kind(said["detail"], **extra)
        if answer.status_code != 204:
            raise _nobody(f"answers {answer.status_code}")


def _nobody(does: str) -> Unavailable:
    return Unavailable(f"the transaction service, which checks charging profiles, {does}", retry_after=5)
