"""The requests of an OCPP 1.6 station, and what it reads from their responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from libs.csms.clock import rfc3339
from libs.ocpp_messages import ocpp16, v16
from libs.ocpp_messages.version import Version

from .messages import SIMULATOR, ConnectorStatus, Identity, Reading, Request, Transaction

UNKNOWN_TRANSACTION = -1
"""The transactionId of a StopTransaction whose StartTransaction the CSMS never answered with one."""

_STOP_REASONS: dict[str, ocpp16.Reason] = {
    "Local": "Local",
    "Remote": "Remote",
    "DeAuthorized": "DeAuthorized",
    "UnlockCommand": "UnlockCommand",
    "Soft": "SoftReset",
    "Hard": "HardReset",
    "EVDisconnected": "EVDisconnected",
    "PowerLoss": "PowerLoss",
    "EmergencyStop": "EmergencyStop",
}


class MessagesV16:
    version = Version.V16
    first_connector = 0

    def __init__(self, identity: Identity = SIMULATOR) -> None:
        self._identity = identity

    def boot_notification(self, station_id: str, reason: str) -> Request:
        payload = ocpp16.BootNotificationRequest(
            charge_point_vendor=self._identity.vendor,
            charge_point_model=self._identity.model or "Station 1.6",
            charge_point_serial_number=station_id[-25:],
            firmware_version=self._identity.firmware,
        )
        return Request(v16.BootNotification, payload)

    def heartbeat(self) -> Request:
        return Request(v16.Heartbeat, ocpp16.HeartbeatRequest())

    def status_notification(self, connector: int, status: ConnectorStatus, at: datetime) -> Request:
        error_code: ocpp16.ErrorCode = "GroundFailure" if status == "Faulted" else "NoError"
        return Request(
            v16.StatusNotification,
            ocpp16.StatusNotificationRequest(
                connector_id=connector, error_code=error_code, status=status, timestamp=rfc3339(at)
            ),
        )

    def status_name(self, status: ConnectorStatus) -> str:
        return status

    def authorize(self, id_tag: str) -> Request:
        return Request(v16.Authorize, ocpp16.AuthorizeRequest(id_tag=id_tag))

    def new_transaction_id(self) -> str:
        return ""

    def transaction_started(self, transaction: Transaction, reading: Reading) -> Request:
        return Request(
            v16.StartTransaction,
            ocpp16.StartTransactionRequest(
                connector_id=transaction.connector,
                id_tag=transaction.id_tag,
                meter_start=reading.register_wh,
                timestamp=rfc3339(reading.at),
            ),
        )

    def meter_values(self, transaction: Transaction, reading: Reading) -> Request:
        return Request(
            v16.MeterValues,
            ocpp16.MeterValuesRequest(
                connector_id=transaction.connector,
                meter_value=[_meter_value(reading)],
                transaction_id=int(transaction.id) if transaction.id else None,
            ),
        )

    def transaction_ended(self, transaction: Transaction, reading: Reading) -> Request:
        return Request(
            v16.StopTransaction,
            ocpp16.StopTransactionRequest(
                meter_stop=reading.register_wh,
                timestamp=rfc3339(reading.at),
                transaction_id=int(transaction.id) if transaction.id else UNKNOWN_TRANSACTION,
                id_tag=transaction.id_tag if transaction.stop_reason == "Local" else None,
                reason=_STOP_REASONS.get(transaction.stop_reason, "Other"),
            ),
        )

    def apply_start_response(self, transaction: Transaction, response: Any) -> None:
        if isinstance(response, ocpp16.StartTransactionResponse):
            transaction.id = str(response.transaction_id)
            if not self.is_accepted(response):
                transaction.stop("DeAuthorized")

    def is_accepted(self, response: Any) -> bool:
        return bool(response.id_tag_info.status == "Accepted")


def _meter_value(reading: Reading) -> ocpp16.MeterValue:
    energy = ocpp16.SampledValue(
        value=str(reading.register_wh),
        context="Sample.Periodic",
        measurand="Energy.Active.Import.Register",
        unit="Wh",
    )
    power = ocpp16.SampledValue(value=str(reading.power_w), measurand="Power.Active.Import", unit="W")
    sampled = [energy, power]
    if reading.soc is not None:
        sampled.append(ocpp16.SampledValue(value=str(reading.soc), measurand="SoC", unit="Percent"))
    return ocpp16.MeterValue(timestamp=rfc3339(reading.at), sampled_value=sampled)
