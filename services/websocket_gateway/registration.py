"""What a station may send before the CSMS has accepted it (B01 to B03 of 2.0.1)."""

from __future__ import annotations

from typing import Any

from libs.csms.clients.admission import RegistrationStatus
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import RegistrationStatusChanged
from libs.ocpp_messages.mappings import triggered_action

BOOT_NOTIFICATION = "BootNotification"

TRANSACTION_MESSAGES = {"TransactionEvent", "StartTransaction", "StopTransaction", "MeterValues"}
"""They carry energy and money, so a station that was ever accepted may send them in any status."""

_TRIGGERS = {"TriggerMessage", "ExtendedTriggerMessage"}
_REPORT_REQUESTS = {"GetBaseReport", "GetReport"}


class Registration:
    """BootNotification until it is accepted, and beside it only what the CSMS has asked for."""

    __slots__ = ("_decision_number", "_requested", "_status", "_was_accepted")

    def __init__(
        self, status: RegistrationStatus, decision_number: int = 0, was_accepted: bool = False
    ) -> None:
        """As admission has it."""
        self._status: str = status
        self._decision_number = decision_number
        self._was_accepted = was_accepted or status == "Accepted"
        self._requested: frozenset[str] = frozenset()

    def check(self, action: str) -> None:
        """Raises ``CallError`` if the station may not send the action now."""
        if self._status != "Accepted" and action != BOOT_NOTIFICATION and action not in self._requested:
            if self._was_accepted and action in TRANSACTION_MESSAGES:
                return
            raise CallError(ErrorCode.SECURITY_ERROR, "a BootNotification must be accepted first")

    def decided(self, decision: RegistrationStatusChanged) -> None:
        """The operator has decided anew. What came twice or late changes nothing.

        An answer to a BootNotification that was on its way meanwhile may bring back the status before. The
        CSMS asks for another BootNotification after every decision, and its answer is right.
        """
        if decision.number > self._decision_number:
            self._decision_number = decision.number
            self._status = decision.status

    def call_answered(self, action: str, response: dict[str, Any]) -> None:
        """The CSMS has answered a CALL of the station."""
        if action == BOOT_NOTIFICATION:
            self._status = response["status"]
            self._was_accepted |= self._status == "Accepted"

    def command_answered(self, action: str, request: dict[str, Any], response: dict[str, Any]) -> None:
        """The station has answered a command."""
        if response.get("status") != "Accepted":
            return
        if action in _TRIGGERS:
            self._requested |= {triggered_action(request["requestedMessage"])}
        elif action in _REPORT_REQUESTS:
            self._requested |= {"NotifyReport"}
