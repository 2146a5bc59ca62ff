"""How long and how much: the limits of the gateway. Durations are in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    call_timeout: float = 30
    """From the receipt of a station's CALL to its answer, whatever happens behind the gateway."""
    command_timeout: float = 30
    """From sending a command to the station's answer."""
    command_patience: float = 90
    """From the receipt of a command to its turn: one that has waited longer is not sent any more."""
    waiting_calls: int = 16
    """CALLs of one station that wait for the one in work. With more, nothing more is read from it."""
    waiting_commands: int = 32
    """Commands to one station that wait for the one in work. More are refused."""
    publish_timeout: float = 10
    """For connection events, and for what a station sent last before it left."""
    alive_interval: float = 30

    accept_backlog: int = 4096
    """Connections that wait to be accepted. With fewer, a fleet that comes back waits for TCP retries."""
    admission_timeout: float = 5
    open_timeout: float = 30
    """For the whole handshake: a slow one holds no socket for ever, and a storm of them is worked off."""
    ping_interval: float = 30
    ping_timeout: float = 20
    stall_timeout: float = 30
    """A station that has read nothing for so long, while there is something to read, is cut off."""
    close_timeout: float = 5
    drain_timeout: float = 5
    """At shutdown: for the calls that are in work."""

    max_frame_bytes: int = 1024 * 1024
    frame_queue: int = 8
    """Frames read ahead of the session, per connection."""
    write_buffer_bytes: int = 32 * 1024
