"""A vehicle at a connector: how much power it takes, by the state of charge of its battery."""

from __future__ import annotations

from dataclasses import dataclass

EFFICIENCY = 0.92
"""Of what is delivered, so much is in the battery."""

FULL = 0.995


@dataclass
class Vehicle:
    """It takes its full power up to ``taper_soc``, and less and less from there on."""

    power_w: int
    battery_wh: int
    soc: float
    """State of charge, from 0 to 1."""
    taper_soc: float

    @property
    def wanted_w(self) -> float:
        if self.soc >= FULL:
            return 0.0
        if self.soc <= self.taper_soc:
            return self.power_w
        return self.power_w * max(0.08, (1 - self.soc) / (1 - self.taper_soc))

    @property
    def soc_percent(self) -> int:
        return round(self.soc * 100)

    def take(self, energy_wh: float) -> None:
        self.soc = min(1.0, self.soc + EFFICIENCY * energy_wh / self.battery_wh)
