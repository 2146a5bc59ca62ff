"""The catalogue against the tables of the specifications."""

from __future__ import annotations

from typing import Any

import pytest

from libs.ocpp_messages import catalogue, ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.schemas import schema_names
from libs.ocpp_messages.version import Version

FROM_STATION = {
    Version.V16: """
        Authorize BootNotification DataTransfer DiagnosticsStatusNotification FirmwareStatusNotification
        Heartbeat LogStatusNotification MeterValues SecurityEventNotification SignCertificate
        SignedFirmwareStatusNotification StartTransaction StatusNotification StopTransaction
    """,
    Version.V201: """
        Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification
        Get15118EVCertificate GetCertificateStatus Heartbeat LogStatusNotification MeterValues
        NotifyChargingLimit NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds
        NotifyEVChargingSchedule NotifyEvent NotifyMonitoringReport NotifyReport
        PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate
        SecurityEventNotification SignCertificate StatusNotification TransactionEvent
    """,
}
FROM_STATION[Version.V21] = f"""
    {FROM_STATION[Version.V201]} BatterySwap ClosePeriodicEventStream GetCertificateChainStatus
    NotifyDERAlarm NotifyDERStartStop NotifyPeriodicEventStream NotifyPriorityCharging NotifySettlement
    OpenPeriodicEventStream PullDynamicScheduleUpdate ReportDERControl VatNumberValidation
"""

TO_STATION = {
    Version.V16: """
        CancelReservation CertificateSigned ChangeAvailability ChangeConfiguration ClearCache
        ClearChargingProfile DataTransfer DeleteCertificate ExtendedTriggerMessage GetCompositeSchedule
        GetConfiguration GetDiagnostics GetInstalledCertificateIds GetLocalListVersion GetLog
        InstallCertificate RemoteStartTransaction RemoteStopTransaction ReserveNow Reset SendLocalList
        SetChargingProfile SignedUpdateFirmware TriggerMessage UnlockConnector UpdateFirmware
    """,
    Version.V201: """
        CancelReservation CertificateSigned ChangeAvailability ClearCache ClearChargingProfile
        ClearDisplayMessage ClearVariableMonitoring CostUpdated CustomerInformation DataTransfer
        DeleteCertificate GetBaseReport GetChargingProfiles GetCompositeSchedule GetDisplayMessages
        GetInstalledCertificateIds GetLocalListVersion GetLog GetMonitoringReport GetReport
        GetTransactionStatus GetVariables InstallCertificate PublishFirmware RequestStartTransaction
        RequestStopTransaction ReserveNow Reset SendLocalList SetChargingProfile SetDisplayMessage
        SetMonitoringBase SetMonitoringLevel SetNetworkProfile SetVariableMonitoring SetVariables
        TriggerMessage UnlockConnector UnpublishFirmware UpdateFirmware
    """,
}
TO_STATION[Version.V21] = f"""
    {TO_STATION[Version.V201]} AFRRSignal AdjustPeriodicEventStream ChangeTransactionTariff
    ClearDERControl ClearTariffs GetDERControl GetPeriodicEventStream GetTariffs
    NotifyAllowedEnergyTransfer NotifyWebPaymentStarted RequestBatterySwap SetDERControl SetDefaultTariff
    UpdateDynamicSchedule UsePriorityCharging
"""

COUNTS = {Version.V16: (13, 1, 25), Version.V201: (24, 1, 39), Version.V21: (36, 1, 54)}
"""From the station only, both ways, to the station only."""

every_version = pytest.mark.parametrize("version", Version)


def test_there_are_39_actions_in_1_6_64_in_2_0_1_and_91_in_2_1() -> None:
    assert [len(ACTIONS[version]) for version in Version] == [39, 64, 91]


@every_version
def test_every_action_goes_in_the_directions_of_the_specification(version: Version) -> None:
    actions = ACTIONS[version].values()

    assert {action.name for action in actions if action.from_station} == set(FROM_STATION[version].split())
    assert {action.name for action in actions if action.to_station} == set(TO_STATION[version].split())


@pytest.mark.parametrize(("version", "counts"), list(COUNTS.items()))
def test_only_data_transfer_goes_both_ways(version: Version, counts: tuple[int, int, int]) -> None:
    directions = [action.direction for action in ACTIONS[version].values()]

    order = (Direction.FROM_STATION, Direction.BOTH, Direction.TO_STATION)
    assert tuple(map(directions.count, order)) == counts
    assert ACTIONS[version]["DataTransfer"].direction is Direction.BOTH


@every_version
def test_an_action_is_found_by_its_name_as_an_attribute_of_its_version(version: Version) -> None:
    module = {Version.V16: v16, Version.V201: v201, Version.V21: v21}[version]

    for name, action in ACTIONS[version].items():
        assert (action.name, action.version) == (name, version)
        assert getattr(module, name) is action


def test_the_only_message_without_an_answer_is_notify_periodic_event_stream() -> None:
    unanswered = [a for actions in ACTIONS.values() for a in actions.values() if not a.answered]

    assert unanswered == [v21.NotifyPeriodicEventStream]


@every_version
def test_every_schema_belongs_to_an_action(version: Version) -> None:
    actions = ACTIONS[version].values()
    requests = {action.request_topic for action in actions}
    responses = {action.response_topic for action in actions if action.answered}

    assert set(schema_names(version)) == requests | responses


@every_version
def test_the_types_of_an_action_are_named_like_its_topics(version: Version) -> None:
    types = ocpp16 if version is Version.V16 else ocpp2

    for action in ACTIONS[version].values():
        assert action.request is getattr(types, action.request_topic)
        assert action.response is (getattr(types, action.response_topic) if action.answered else type(None))


def test_topics_are_named_alike_in_every_version() -> None:
    assert (
        v16.BootNotification.request_topic == v21.BootNotification.request_topic == "BootNotificationRequest"
    )
    assert (
        v16.BootNotification.response_topic
        == v201.BootNotification.response_topic
        == "BootNotificationResponse"
    )


def test_there_is_a_topic_for_every_direction_of_every_action() -> None:
    from_station = set(" ".join(FROM_STATION.values()).split())
    to_station = set(" ".join(TO_STATION.values()).split())

    assert topics(catalogue.STATION_REQUEST_TOPICS, "Request") == from_station
    assert topics(catalogue.STATION_RESPONSE_TOPICS, "Response") == from_station - {
        "NotifyPeriodicEventStream"
    }
    assert topics(catalogue.COMMAND_REQUEST_TOPICS, "Request") == to_station
    assert topics(catalogue.COMMAND_RESPONSE_TOPICS, "Response") == to_station


def topics(names: list[str], ending: str) -> set[str]:
    assert names == sorted(set(names))
    assert all(name.endswith(ending) for name in names)
    return {name.removesuffix(ending) for name in names}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"chargingStation":5,"reason":"PowerUp"}',
        b"\xff",
        b'"' + b"\xff" + b'"',
    ]
    + [b'{"chargingStation":{"model":"\xff","vendorName":"x"},"reason":"PowerUp"}', b'{"a":' * 50_000],
    ids=lambda data: repr(data[:20]),
)
@pytest.mark.parametrize("action", [v201.BootNotification, v21.BootNotification])
def test_data_that_does_not_fit_is_unparseable(action: Action[Any, Any], data: bytes) -> None:
    with pytest.raises(Unparseable, match="BootNotification"):
        action.decode_request(data)
