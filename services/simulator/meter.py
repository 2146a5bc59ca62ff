"""The energy meter of a connector, whose register only rises."""

from __future__ import annotations

import random
from decimal import Decimal


class Meter:
    def __init__(self, power: int, chance: random.Random) -> None:
        self.power_w = 0
        self._rated_power = power
        self._chance = chance
        self._register = Decimal(chance.randrange(1_000_000))

    @property
    def register_wh(self) -> int:
        return int(self._register)

    def run(self, seconds: float) -> None:
        """Energy flowed for so long, at a little less than the rated power."""
        self.power_w = round(self._rated_power * (0.95 + self._chance.random() / 20))
        self._register += Decimal(self.power_w) * Decimal(seconds) / 3600
