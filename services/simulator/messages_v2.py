"""The requests of an OCPP 2.0.1 or 2.1 station, and what it reads from their responses: both are the same."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from libs.csms.clock import rfc3339
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version

from .messages import SIMULATOR, ConnectorStatus, Identity, Reading, Request, Transaction

_STATUSES: dict[ConnectorStatus, ocpp2.ConnectorStatusEnumType] = {
    "Available": "Available",
    "Preparing": "Occupied",
    "Charging": "Occupied",
    "Finishing": "Occupied",
    "Unavailable": "Unavailable",
    "Faulted": "Faulted",
}
_STOP_REASONS: dict[str, tuple[ocpp2.ReasonEnumType, ocpp2.TriggerReasonEnumType]] = {
    "Local": ("Local", "StopAuthorized"),
    "Remote": ("Remote", "RemoteStop"),
    "DeAuthorized": ("DeAuthorized", "Deauthorized"),
    "UnlockCommand": ("Other", "UnlockCommand"),
    "Immediate": ("ImmediateReset", "ResetCommand"),
    "EVDisconnected": ("EVDisconnected", "EVCommunicationLost"),
    "PowerLoss": ("PowerLoss", "AbnormalCondition"),
    "EmergencyStop": ("EmergencyStop", "AbnormalCondition"),
}
_READING_CONTEXTS: dict[ocpp2.TransactionEventEnumType, ocpp2.ReadingContextEnumType] = {
    "Started": "Transaction.Begin",
    "Updated": "Sample.Periodic",
    "Ended": "Transaction.End",
}


class MessagesV2:
    """The one EVSE of a connector has its number, and the connector is number 1 of it."""

    first_connector = 1

    def __init__(self, version: Version, identity: Identity = SIMULATOR) -> None:
        self.version = version
        self._identity = identity

    def boot_notification(self, station_id: str, reason: str) -> Request:
        station = ocpp2.ChargingStationType(
            model=self._identity.model or f"Station {self.version.removeprefix('ocpp')}",
            vendor_name=self._identity.vendor,
            serial_number=station_id[-25:],
            firmware_version=self._identity.firmware,
        )
        boot_reason: ocpp2.BootReasonEnumType = "RemoteReset" if reason == "RemoteReset" else "PowerUp"
        return self._request(ocpp2.BootNotificationRequest(charging_station=station, reason=boot_reason))

    def heartbeat(self) -> Request:
        return self._request(ocpp2.HeartbeatRequest())

    def status_notification(self, connector: int, status: ConnectorStatus, at: datetime) -> Request:
        return self._request(
            ocpp2.StatusNotificationRequest(
                timestamp=rfc3339(at), connector_status=_STATUSES[status], evse_id=connector, connector_id=1
            )
        )

    def status_name(self, status: ConnectorStatus) -> str:
        return _STATUSES[status]

    def authorize(self, id_tag: str) -> Request:
        return self._request(ocpp2.AuthorizeRequest(id_token=_token(id_tag)))

    def new_transaction_id(self) -> str:
        return str(uuid.uuid4())

    def transaction_started(self, transaction: Transaction, reading: Reading) -> Request:
        return self._transaction_event(
            "Started",
            "Authorized" if transaction.remote_start_id is None else "RemoteStart",
            ocpp2.TransactionType(
                transaction_id=transaction.id,
                charging_state="Charging",
                remote_start_id=transaction.remote_start_id,
            ),
            reading,
            evse=ocpp2.EVSEType(id=transaction.connector, connector_id=1),
            id_token=_token(transaction.id_tag),
        )

    def meter_values(self, transaction: Transaction, reading: Reading) -> Request:
        info = ocpp2.TransactionType(transaction_id=transaction.id, charging_state="Charging")
        return self._transaction_event("Updated", "MeterValuePeriodic", info, reading)

    def transaction_ended(self, transaction: Transaction, reading: Reading) -> Request:
        reason, trigger = _STOP_REASONS.get(transaction.stop_reason, ("Other", "AbnormalCondition"))
        info = ocpp2.TransactionType(
            transaction_id=transaction.id, charging_state="EVConnected", stopped_reason=reason
        )
        id_token = _token(transaction.id_tag) if reason == "Local" else None
        return self._transaction_event("Ended", trigger, info, reading, id_token=id_token)

    def apply_start_response(self, transaction: Transaction, response: Any) -> None:
        if not self.is_accepted(response):
            transaction.stop("DeAuthorized")

    def is_accepted(self, response: Any) -> bool:
        return response.id_token_info is None or response.id_token_info.status == "Accepted"

    def _request(self, payload: Any) -> Request:
        return Request(ACTIONS[self.version][type(payload).__name__.removesuffix("Request")], payload)

    def _transaction_event(
        self,
        event_type: ocpp2.TransactionEventEnumType,
        trigger_reason: ocpp2.TriggerReasonEnumType,
        info: ocpp2.TransactionType,
        reading: Reading,
        evse: ocpp2.EVSEType | None = None,
        id_token: ocpp2.IdTokenType | None = None,
    ) -> Request:
        return self._request(
            ocpp2.TransactionEventRequest(
                event_type=event_type,
                timestamp=rfc3339(reading.at),
                trigger_reason=trigger_reason,
                seq_no=reading.seq_no,
                transaction_info=info,
                meter_value=[_meter_value(reading, _READING_CONTEXTS[event_type])],
                offline=True if reading.offline else None,
                evse=evse,
                id_token=id_token,
            )
        )


def _token(id_tag: str) -> ocpp2.IdTokenType:
    return ocpp2.IdTokenType(id_token=id_tag, type="ISO14443")


def _meter_value(reading: Reading, context: ocpp2.ReadingContextEnumType) -> ocpp2.MeterValueType:
    energy = ocpp2.SampledValueType(
        value=Decimal(reading.register_wh),
        context=context,
        measurand="Energy.Active.Import.Register",
        unit_of_measure=ocpp2.UnitOfMeasureType(unit="Wh"),
    )
    power = ocpp2.SampledValueType(
        value=Decimal(reading.power_w),
        context=context,
        measurand="Power.Active.Import",
        unit_of_measure=ocpp2.UnitOfMeasureType(unit="W"),
    )
    sampled = [energy, power]
    if reading.soc is not None:
        unit = ocpp2.UnitOfMeasureType(unit="Percent")
        sampled.append(
            ocpp2.SampledValueType(value=Decimal(reading.soc), measurand="SoC", unit_of_measure=unit)
        )
    return ocpp2.MeterValueType(sampled_value=sampled, timestamp=rfc3339(reading.at))
