"""A handshake that does not lead to a connection."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """The client is told why, in an HTTP response."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text
        self.headers = headers or {}
