"""Ports for servers that are processes of their own, so that they cannot bind port 0 and tell which it is."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """Below those that the kernel gives to clients and to port 0: none of these takes it before the process
    does that it is for.
    """
    while True:
        port = random.randrange(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
