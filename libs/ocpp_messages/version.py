"""The OCPP versions, by their WebSocket subprotocol names."""

from __future__ import annotations

from enum import StrEnum


class Version(StrEnum):
    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"
