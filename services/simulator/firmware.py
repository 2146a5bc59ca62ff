"""What becomes of firmware that a station is offered: it downloads none, and says how that went."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

FirmwareStatus = Literal["Downloading", "Downloaded", "DownloadFailed", "Installing", "Installed"]
"""Those that all versions of OCPP have."""


def update_statuses(location: str) -> tuple[FirmwareStatus, ...]:
    """In their order. No host has a name under ``.invalid`` (RFC 2606), so a download from there fails."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        host = ".invalid"
    if host.endswith(".invalid"):
        return "Downloading", "DownloadFailed"
    return "Downloading", "Downloaded", "Installing", "Installed"
