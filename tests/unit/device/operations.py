"""An operator who requests operations by REST, and their results."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from .operation_messages import ANY
from .operator import Operator


async def remote(operator: Operator, operation: str, body: Any, **options: Any) -> httpx.Response:
    key = options.pop("key", None)
    return await operator.http.post(
        f"/chargingstations/CS1/remote/{operation}",
        json=body,
        params={"wait": 0} | options,
        headers={"Idempotency-Key": key} if key else {},
    )


async def done(operator: Operator, operation: str, body: Any, response: dict[str, Any]) -> Any:
    """The answer of the API after this response of the station."""
    posting = asyncio.create_task(remote(operator, operation, body, wait=0.2))
    await operator.answer(await operator.next(), response)
    answer = await posting
    assert answer.status_code == 200, answer.text
    return answer.json()


def same(sent: Any, expected: Any) -> bool:
    match expected:
        case dict():
            return sent.keys() == expected.keys() and all(same(sent[name], expected[name]) for name in sent)
        case list():
            return len(sent) == len(expected) and all(map(same, sent, expected))
    return isinstance(sent, int) and 0 < sent < 2**31 if expected is ANY else bool(sent == expected)
