"""The core cases of OCPP 1.6."""

from __future__ import annotations

from ..case import case
from ..operator import Operator


@case("TC_013_CSMS")
async def test_hard_reset(operator: Operator) -> None:
    await operator.tell("Reset", {"type": "Hard"}, {"status": "Accepted"})
