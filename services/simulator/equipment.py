"""What the connectors of a station share."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .dialect import Dialect
from .link import Link
from .options import Simulation
from .outbox import Outbox
from .tally import Tally


@dataclass(frozen=True)
class Equipment:
    id: str
    simulation: Simulation
    dialect: Dialect
    link: Link
    outbox: Outbox
    tally: Tally
    chance: random.Random
