"""What a simulation is told: how many stations, where, and what they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from libs.ocpp_messages.version import Version

Versions = Literal["1.6", "2.0.1", "2.1", "mixed"]

_VERSIONS: dict[Versions, tuple[Version, ...]] = {
    "1.6": (Version.V16,),
    "2.0.1": (Version.V201,),
    "2.1": (Version.V21,),
    "mixed": (Version.V201, Version.V16, Version.V21),
}


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """Times are in seconds, down to milliseconds."""

    url: str = "ws://localhost:3000/ocpp"
    """A station connects to this, a slash and its id."""
    stations: int = 10
    version: Versions = "mixed"
    prefix: str = "SIM"
    connectors: int = 1
    sessions: int = 1
    """What each station charges before it leaves. Sessions that the CSMS starts come on top."""
    lifetime: float | None = None
    """Stations stay this long, and stop charging then. Without it they leave after their last session."""
    duration: float = 60
    meter_interval: float = 10
    pause: float = 1
    """Between two sessions of a station."""
    ramp: float = 0
    """The stations connect evenly spread over this time."""
    power: int = 11_000
    """Watts while charging, more or less."""
    id_tag: str = "04A1B2C3D4E5F6"
    register: str = ""
    """URL of a device service, where the stations are registered first; nowhere when empty."""
    register_token: str = ""
    """URL of a user service, where the token is registered first; nowhere when empty."""
    api_token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    seed: int = 0
    call_timeout: float = 30
    retry_interval: float = 1
    """Until the first repetition of a refused call or connection; longer each time."""
    longest_retry_interval: float = 60
    attempts: int = 5
    """How often a call is made that the CSMS refuses with a CALLERROR."""
    connect_attempts: int = 10
    """How often in a row a station tries to connect before it gives up."""
    report_interval: float = 0.5

    def station_id(self, number: int) -> str:
        return f"{self.prefix}{number:05d}"

    def station_version(self, number: int) -> Version:
        versions = _VERSIONS[self.version]
        return versions[number % len(versions)]
