"""How long a station waits before it tries again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from websockets.exceptions import InvalidStatus


@dataclass(frozen=True)
class Backoff:
    shortest: float
    longest: float
    chance: random.Random

    def after(self, failures: int) -> float:
        """Seconds: twice as many after each failure, and never the same for two stations."""
        wait: float = self.shortest * 2.0 ** min(failures, 20) * (0.5 + self.chance.random())
        return min(wait, self.longest)


def retry_after(error: Exception) -> float:
    """The seconds that the answer to a handshake asks for, else 0."""
    if isinstance(error, InvalidStatus):
        seconds = error.response.headers.get("Retry-After", "")
        return float(seconds) if seconds.isdecimal() else 0.0
    return 0.0


def reason(error: Exception) -> str:
    """Of a failed handshake, in a few words."""
    if isinstance(error, InvalidStatus):
        return f"connect: HTTP {error.response.status_code}"
    return f"connect: {type(error).__name__}"
