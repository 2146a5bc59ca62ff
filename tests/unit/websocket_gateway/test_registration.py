"""What a station may send before it is accepted."""

from __future__ import annotations

import pytest

from libs.csms.clients.admission import RegistrationStatus
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.event import RegistrationStatusChanged
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


TRANSACTION_MESSAGES = ["TransactionEvent", "StartTransaction", "StopTransaction", "MeterValues"]


@pytest.mark.parametrize("action", TRANSACTION_MESSAGES)
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_transactions_of_a_station_that_was_accepted_are_never_refused(
    action: str, status: RegistrationStatus
) -> None:
    with pytest.raises(CallError):
        Registration(status).check(action)
    Registration(status, was_accepted=True).check(action)

    booted = Registration("Pending")
    booted.call_answered("BootNotification", ACCEPTED)
    booted.decided(RegistrationStatusChanged(status=status, number=1))
    booted.check(action)
    with pytest.raises(CallError):
        booted.check("StatusNotification")


def test_the_operator_s_decision_counts_at_once_and_an_earlier_one_that_comes_late_does_not() -> None:
    registration = Registration("Pending", decision_number=5)
    registration.decided(RegistrationStatusChanged(status="Accepted", number=5))
    with pytest.raises(CallError):
        registration.check("Heartbeat")

    accepted = RegistrationStatusChanged(status="Accepted", number=7)
    for decision in (accepted, accepted, RegistrationStatusChanged(status="Pending", number=6)):
        registration.decided(decision)
        registration.check("Heartbeat")

    registration.decided(RegistrationStatusChanged(status="Pending", number=8))
    with pytest.raises(CallError):
        registration.check("Heartbeat")
