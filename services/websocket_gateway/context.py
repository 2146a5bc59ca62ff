"""What all connections of one gateway process share: the bus, the routing, the clock and the limits."""

from __future__ import annotations

from dataclasses import dataclass

from libs.csms.clock import Clock
from libs.csms.messaging.bus import Bus
from libs.csms.proxies import TrustedProxies

from .negotiation import PATH_PREFIX
from .routing import Routing


@dataclass(frozen=True)
class GatewayLimits:
    """Durations are in seconds."""

    call_timeout: float = 30
    """From the receipt of a station's CALL to its answer, whatever happens behind the gateway."""
    command_timeout: float = 30
    """From sending a command to the station's answer, unless its admission says otherwise."""
    command_queue_timeout: float = 90
    """From the receipt of a command to its turn: one that has waited longer is not sent any more. A command
    may have less time than that."""
    announcement_delay: float = 1
    """From the receipt of a command to CommandSent, where it is sent and has no answer by then."""
    max_queued_calls: int = 16
    """CALLs of one station that wait for the one in work. With more, nothing more is read from it."""
    max_queued_commands: int = 32
    """Commands to one station that wait for the one in work. More are refused."""
    publish_timeout: float = 10
    """For events of a connection, for what a station sent last before it left, and for deleting topics."""
    alive_interval: float = 30
    """Between two GatewayAlive events."""
    seen_interval: float = 300
    """Between two StationsSeen events."""

    accept_backlog: int = 4096
    """TCP connections that wait to be accepted. With fewer, a fleet that comes back waits for TCP retries."""
    request_timeout: float = 10
    """From the TCP connection to the end of the request's headers."""
    max_request_bytes: int = 32 * 1024
    """Request line and headers. websockets allows 128 headers and 8 KiB for each, which would be 1 MiB."""
    max_unfinished_requests: int | None = 1000
    """Connections of one address whose request is not complete yet; None is any number. More are cut off. A
    trusted proxy may have any number: its clients share its address.
    """
    admission_timeout: float = 5
    """For the answer of the device service whether a station may connect."""
    open_timeout: float = 30
    """For the whole handshake, admission included: a storm of them is worked off."""
    ping_interval: float = 30
    """Between two WebSocket pings."""
    ping_timeout: float = 20
    """From a ping to its pong."""
    stall_timeout: float = 30
    """A station that has read nothing for so long, while there is something to read, is cut off."""
    close_timeout: float = 5
    """For the station's part of the closing handshake."""
    drain_timeout: float = 5
    """At shutdown: for the answers to the CALLs that are in work."""

    connections_per_address: int = 1000
    """Open at the same time, and begun at once; a tenth of them may begin each second."""
    failed_logins_per_minute: float = 60
    """Wrong secrets from one address, or for one station, after the first ten."""
    frames_per_second: float = 50
    """From one station; ten times as many at once. With more, reading pauses."""
    max_frame_bytes: int = 1024 * 1024
    """A longer frame ends its connection with close code 1009."""
    max_queued_frames: int = 8
    """Frames of one connection that are read before the session takes them."""
    write_buffer_bytes: int = 32 * 1024
    """Unsent bytes of one connection from which on nothing more is written or read."""


@dataclass(frozen=True)
class GatewayContext:
    bus: Bus
    routing: Routing
    """How answers and commands reach this gateway; it also knows the gateway's id."""
    clock: Clock
    """For the times in bus messages only. What is newer, and what is too late, other things decide."""
    limits: GatewayLimits
    path_prefixes: tuple[str, ...] = (PATH_PREFIX,)
    """What may stand before the station id in the path of a handshake. Each begins and ends with a slash."""
    proxies: TrustedProxies = TrustedProxies()
    allowed_origins: tuple[str, ...] = ()
    """Of web pages that may connect as stations."""
    tells_unknown_stations: bool = True
    """Whether the response differs between an unknown station (404) and wrong credentials (401)."""
