"""What a station may send before it is accepted."""

from __future__ import annotations

import pytest

from libs.ocpp_messages.errors import CallError
from services.websocket_gateway.registration import Registration

ACCEPTED = {"status": "Accepted"}


@pytest.mark.parametrize(
    ("command", "request_", "requested"),
    [
        ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "StatusNotification"),
        ("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"}, "SignCertificate"),
        ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}, "SignCertificate"),
        ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}, "NotifyReport"),
        ("GetReport", {"requestId": 1}, "NotifyReport"),
    ],
)
def test_what_the_csms_has_asked_for_may_come(
    command: str, request_: dict[str, object], requested: str
) -> None:
    registration = Registration("Pending")
    with pytest.raises(CallError):
        registration.check(requested)

    registration.command_answered(command, request_, {"status": "Rejected"})
    with pytest.raises(CallError):
        registration.check(requested)
    registration.command_answered(command, request_, ACCEPTED)

    registration.check(requested)
    with pytest.raises(CallError):
        registration.check("Heartbeat")


def test_a_boot_that_is_not_accepted_any_more_closes_the_gate_again() -> None:
    registration = Registration("Accepted")
    registration.check("Heartbeat")

    registration.call_answered("BootNotification", {"status": "Rejected"})

    registration.check("BootNotification")
    with pytest.raises(CallError):
        registration.check("Heartbeat")
