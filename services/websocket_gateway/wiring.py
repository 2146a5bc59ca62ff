"""What every session of one gateway process shares."""

from __future__ import annotations

from dataclasses import dataclass

from libs.csms.clock import Clock
from libs.csms.messaging.bus import Bus

from .limits import Limits
from .routing import Routing


@dataclass(frozen=True)
class Wiring:
    bus: Bus
    routing: Routing
    clock: Clock
    limits: Limits
