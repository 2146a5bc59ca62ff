"""What every session of one gateway process shares."""

from __future__ import annotations

from dataclasses import dataclass

from libs.csms.bus import Bus
from libs.csms.clock import Clock

from .limits import Limits
from .routing import Routing


@dataclass(frozen=True)
class Wiring:
    bus: Bus
    routing: Routing
    clock: Clock
    limits: Limits
