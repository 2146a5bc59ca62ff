"""What a station may send before the CSMS has accepted it (B01 to B03 of 2.0.1)."""

from __future__ import annotations

from typing import Any

from libs.csms.clients.admission import RegistrationStatus
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.mappings import triggered_action

BOOT_NOTIFICATION = "BootNotification"

_TRIGGERS = {"TriggerMessage", "ExtendedTriggerMessage"}
_REPORT_REQUESTS = {"GetBaseReport", "GetReport"}


class Registration:
    """BootNotification until it is accepted, and beside it only what the CSMS has asked for."""

    __slots__ = ("_requested", "_status")

    def __init__(self, status: RegistrationStatus) -> None:
        self._status: str = status
        self._requested: frozenset[str] = frozenset()

    def check(self, action: str) -> None:
        """Raises ``CallError`` if the station may not send the action now."""
        if self._status != "Accepted" and action != BOOT_NOTIFICATION and action not in self._requested:
            raise CallError(ErrorCode.SECURITY_ERROR, "a BootNotification must be accepted first")

    def call_answered(self, action: str, response: dict[str, Any]) -> None:
        """The CSMS has answered a CALL of the station."""
        if action == BOOT_NOTIFICATION:
            self._status = response["status"]

    def command_answered(self, action: str, request: dict[str, Any], response: dict[str, Any]) -> None:
        """The station has answered a command."""
        if response.get("status") != "Accepted":
            return
        if action in _TRIGGERS:
            self._requested |= {triggered_action(request["requestedMessage"])}
        elif action in _REPORT_REQUESTS:
            self._requested |= {"NotifyReport"}
