"""What to simulate: how many stations, of which versions, where they connect and what they do."""

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
    """The options of one run. Times are in seconds; fractions are allowed."""

    url: str = "ws://localhost:3000/ocpp"
    """The CSMS. A station connects to this, a slash and its id."""
    stations: int = 10
    """How many stations."""
    version: Versions = "mixed"
    """The OCPP version of the stations; ``mixed`` takes turns."""
    prefix: str = "SIM"
    """What the ids of the stations begin with; five digits follow."""
    connectors: int = 1
    """Of each station."""
    sessions: int = 1
    """Charging sessions of each station before it leaves. Those that the CSMS starts come on top."""
    lifetime: float | None = None
    """Stations stay this long, and stop charging then. Without it they leave after their last session."""
    duration: float = 60
    """Of one charging session."""
    meter_interval: float = 10
    """Between two meter values of a transaction."""
    pause: float = 1
    """Between two sessions of a connector."""
    ramp: float = 0
    """The stations start evenly spread over this time."""
    power: int = 11_000
    """Watts while charging, more or less."""
    id_tag: str = "04A1B2C3D4E5F6"
    """The token that all drivers present."""
    register: str = ""
    """URL of a device service, where the stations are registered first; nowhere when empty."""
    register_token: str = ""
    """URL of a user service, where the token is registered first; nowhere when empty."""
    api_token: str = field(default="", repr=False)
    """Bearer token for these two services."""
    password: str = field(default="", repr=False)
    """Of every station, for HTTP Basic authentication; none when empty."""
    quirks: str = ""
    """How the stations depart from OCPP: a name in ``quirks.QUIRKS``, or ``all`` to take turns."""
    seed: int = 0
    """Of the random numbers: meter values and the jitter of retries."""
    call_timeout: float = 30
    """Without an answer for so long, a station takes its connection for dead."""
    retry_interval: float = 1
    """Until the first repetition of a refused call or connection; it doubles each time."""
    max_retry_interval: float = 60
    """Where the doubling ends."""
    message_attempts: int = 5
    """How often a station makes a call that the CSMS refuses with a CALLERROR."""
    connect_attempts: int = 10
    """How often in a row a station tries to connect before it gives up."""
    report_interval: float = 0.5
    """Between two reports of progress."""

    def station_id(self, number: int) -> str:
        return f"{self.prefix}{number:05d}"

    def station_version(self, number: int) -> Version:
        versions = _VERSIONS[self.version]
        return versions[number % len(versions)]
