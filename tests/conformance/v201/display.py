"""Messages on the display of a station of 2.x."""

from __future__ import annotations

from typing import Any

from ..operator import Operator
from .reporting import complete, noticed

Json = dict[str, Any]
TEXT = {"format": "UTF8", "language": "en", "content": "Welcome"}


def message(id: int = 1, **more: Any) -> Json:
    return {"id": id, "priority": "NormalCycle", "message": TEXT} | more


async def shown(operator: Operator, shown: Json, status: str = "Accepted") -> None:
    """The operator wants a message shown; the station answers so, and the CSMS knows that."""
    outcome = await operator.tell("SetDisplayMessage", {"message": shown}, {"status": status})
    assert outcome in await operator.listed("commands?action=SetDisplayMessage")


async def asked_and_told(operator: Operator, criteria: Json, *messages: Json) -> None:
    """The station tells what it shows, one in each message, and the CSMS knows when it has all."""
    await operator.tell("GetDisplayMessages", {"requestId": 9} | criteria, {"status": "Accepted"})
    for number, one in enumerate(messages, start=1):
        part = {"requestId": 9, "messageInfo": [one]} | ({"tbc": True} if number < len(messages) else {})
        assert await operator.station.call("NotifyDisplayMessages", part) == {}
        assert await complete(operator, "NotifyDisplayMessages", 9) is (number == len(messages))
    reported = [
        one for part in await noticed(operator, "NotifyDisplayMessages") for one in part["messageInfo"]
    ]
    assert sorted(reported, key=lambda one: int(one["id"])) == list(messages)
