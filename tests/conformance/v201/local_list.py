"""The operator changes the local list of a station, and the CSMS brings it there."""

from __future__ import annotations

import asyncio
from typing import Any

from ..operator import Operator

Json = dict[str, Any]


def address(operator: Operator) -> str:
    return f"{operator.system.user}/chargingstations/{operator.station.id}/locallist"


async def known(operator: Operator) -> Json:
    """The list as the CSMS keeps it."""
    return dict(await operator.system.get(address(operator)))


async def changed(operator: Operator, method: str, body: Json) -> Json:
    """The SendLocalList that the station gets for it, and accepts."""
    expecting = asyncio.create_task(operator.station.expect("SendLocalList", timeout=10))
    answer = await operator.system.http.request(method, address(operator), json=body)
    assert answer.is_success, answer.text
    command = await expecting
    version = command.payload["versionNumber"]
    operator.station.answers["GetLocalListVersion"] = {"versionNumber": version}
    await command.answer({"status": "Accepted"})
    async with asyncio.timeout(10):
        while (now := await known(operator))["status"] != "synchronized" or now["version"] != version:
            await asyncio.sleep(0.05)
    return command.payload


def statuses_in(payload: Json) -> dict[str, str | None]:
    """The tokens of a SendLocalList, each once, with its status."""
    entries = payload["localAuthorizationList"]
    statuses = {one["idToken"]["idToken"]: one.get("idTokenInfo", {}).get("status") for one in entries}
    assert len(statuses) == len(entries)
    return statuses
