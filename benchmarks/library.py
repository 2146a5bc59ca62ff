"""Row f: what a TransactionEvent with ten samples costs before any handler sees it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import orjson

from libs.ocpp_messages import frame, v201
from libs.ocpp_messages.version import Version

from . import frames
from .figures import Figure, percentile
from .size import Size

_TIME = b"2026-11-20T18:12:00.000Z"
_REPEATED = 10


async def library(size: Size) -> Sequence[Figure]:
    tail = frames.UPDATED_201 % (_TIME, 7, b"0123456789", 123_456, _TIME)
    text = b'[2,"0123456789abcdef"' + tail
    for _ in range(size.messages // 10):
        _through(text)
    costs: list[float] = []
    for _ in range(size.messages // _REPEATED):
        begun = time.perf_counter()
        for _ in range(_REPEATED):
            _through(text)
        costs.append((time.perf_counter() - begun) / _REPEATED)
    return [
        Figure(
            "f",
            "TransactionEvent with 10 samples: parse, validate, decode",
            percentile(costs, 50) * 1e6,
            "µs",
            below=60,
        )
    ]


def _through(text: bytes) -> None:
    """As the gateway and then a service do it."""
    call = frame.parse(text, Version.V201)
    assert isinstance(call, frame.Call)
    v201.TransactionEvent.request_validator.check(call.payload)
    event = v201.TransactionEvent.decode_request(orjson.dumps(call.payload))
    assert event.meter_value and len(event.meter_value[0].sampled_value) == 10
