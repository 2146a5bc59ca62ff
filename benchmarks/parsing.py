"""What a TransactionEvent costs before any handler sees it: a script, for any checkout's interpreter.

It reads the frame from its input, takes the number of repetitions, and prints the median in seconds.
"""

from __future__ import annotations

import sys
import time
from statistics import median

import orjson

from libs.ocpp_messages import frame, v201
from libs.ocpp_messages.version import Version

REPETITIONS_PER_SAMPLE = 10
"""Measured together: the clock is too coarse for one."""


def main() -> None:
    text, repetitions = sys.stdin.buffer.read(), int(sys.argv[1])
    for _ in range(repetitions // 10):
        _process(text)
    costs: list[float] = []
    for _ in range(repetitions // REPETITIONS_PER_SAMPLE):
        begun = time.perf_counter()
        for _ in range(REPETITIONS_PER_SAMPLE):
            _process(text)
        costs.append((time.perf_counter() - begun) / REPETITIONS_PER_SAMPLE)
    print(median(costs))


def _process(text: bytes) -> None:
    """As the gateway and then a service do it."""
    call = frame.parse(text, Version.V201)
    assert isinstance(call, frame.Call)
    v201.TransactionEvent.request_validator.check(call.payload)
    event = v201.TransactionEvent.decode_request(orjson.dumps(call.payload))
    assert event.meter_value and len(event.meter_value[0].sampled_value) == 10


if __name__ == "__main__":
    main()
