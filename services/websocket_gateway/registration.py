"""What a station may send before the CSMS has accepted it (B01 to B03 of 2.0.1)."""

from __future__ import annotations

from typing import Any

from libs.csms.clients.admission import RegistrationStatus
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.mappings import triggered_action

BOOT = "BootNotification"

_TRIGGERS = {"TriggerMessage", "ExtendedTriggerMessage"}
_REPORTS = {"GetBaseReport", "GetReport"}


class Registration:
    """BootNotification until it is accepted, and beside it only what the CSMS has asked for."""

    __slots__ = ("_invited", "_status")

    def __init__(self, status: RegistrationStatus) -> None:
        self._status: str = status
        self._invited: frozenset[str] = frozenset()

    def check(self, action: str) -> None:
        """Raises ``CallError`` if the station may not send the action now."""
        if self._status != "Accepted" and action != BOOT and action not in self._invited:
            raise CallError(ErrorCode.SECURITY_ERROR, "a BootNotification must be accepted first")

    def answered(self, action: str, response: dict[str, Any]) -> None:
        """The CSMS has answered the station."""
        if action == BOOT:
            self._status = response["status"]

    def commanded(self, action: str, request: dict[str, Any], response: dict[str, Any]) -> None:
        """The station has answered a command."""
        if response.get("status") != "Accepted":
            return
        if action in _TRIGGERS:
            self._invited |= {triggered_action(request["requestedMessage"])}
        elif action in _REPORTS:
            self._invited |= {"NotifyReport"}
