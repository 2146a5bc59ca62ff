"""The station's side of OCPP 2.0.1 and 2.1, which share the messages that it needs."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from libs.csms.clock import rfc3339
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version

from .dialect import Request, Status
from .samples2 import meter_value, token
from .transaction import Reading, Transaction

_STATUSES: dict[Status, ocpp2.ConnectorStatusEnumType] = {
    "Available": "Available",
    "Preparing": "Occupied",
    "Charging": "Occupied",
    "Finishing": "Occupied",
    "Unavailable": "Unavailable",
}
_STOP_REASONS: dict[str, tuple[ocpp2.ReasonEnumType, ocpp2.TriggerReasonEnumType]] = {
    "Local": ("Local", "StopAuthorized"),
    "Remote": ("Remote", "RemoteStop"),
    "DeAuthorized": ("DeAuthorized", "Deauthorized"),
    "UnlockCommand": ("Other", "UnlockCommand"),
    "Immediate": ("ImmediateReset", "ResetCommand"),
}


class Dialect2:
    first_connector = 1

    def __init__(self, version: Version) -> None:
        self.version = version

    def boot(self, station_id: str, reason: str) -> Request:
        station = ocpp2.ChargingStationType(
            model=f"Station {self.version.removeprefix('ocpp')}",
            vendor_name="Simulator",
            serial_number=station_id[-25:],
            firmware_version="1.0",
        )
        boot_reason: ocpp2.BootReasonEnumType = "RemoteReset" if reason == "RemoteReset" else "PowerUp"
        return self._request(ocpp2.BootNotificationRequest(charging_station=station, reason=boot_reason))

    def heartbeat(self) -> Request:
        return self._request(ocpp2.HeartbeatRequest())

    def status(self, connector: int, status: Status, at: datetime) -> Request:
        return self._request(
            ocpp2.StatusNotificationRequest(
                timestamp=rfc3339(at), connector_status=_STATUSES[status], evse_id=connector, connector_id=1
            )
        )

    def status_name(self, status: Status) -> str:
        return _STATUSES[status]

    def authorize(self, id_tag: str) -> Request:
        return self._request(ocpp2.AuthorizeRequest(id_token=token(id_tag)))

    def transaction_id(self) -> str:
        return str(uuid.uuid4())

    def started(self, transaction: Transaction, reading: Reading) -> Request:
        remote = transaction.remote_start_id is not None
        return self._event(
            transaction,
            reading,
            event_type="Started",
            trigger_reason="RemoteStart" if remote else "Authorized",
            context="Transaction.Begin",
            state="Charging",
            evse=ocpp2.EVSEType(id=transaction.connector, connector_id=1),
            id_token=token(transaction.id_tag),
        )

    def metered(self, transaction: Transaction, reading: Reading) -> Request:
        return self._event(
            transaction,
            reading,
            event_type="Updated",
            trigger_reason="MeterValuePeriodic",
            context="Sample.Periodic",
            state="Charging",
        )

    def ended(self, transaction: Transaction, reading: Reading) -> Request:
        reason, trigger = _STOP_REASONS.get(transaction.stop_reason, ("Other", "AbnormalCondition"))
        return self._event(
            transaction,
            reading,
            event_type="Ended",
            trigger_reason=trigger,
            context="Transaction.End",
            state="EVConnected",
            stopped_reason=reason,
            id_token=token(transaction.id_tag) if reason == "Local" else None,
        )

    def accept(self, transaction: Transaction, answer: Any) -> None:
        if not self.authorized(answer):
            transaction.stop("DeAuthorized")

    def authorized(self, answer: Any) -> bool:
        return answer.id_token_info is None or answer.id_token_info.status == "Accepted"

    def _request(self, payload: Any) -> Request:
        return Request(ACTIONS[self.version][type(payload).__name__.removesuffix("Request")], payload)

    def _event(
        self,
        transaction: Transaction,
        reading: Reading,
        *,
        event_type: ocpp2.TransactionEventEnumType,
        trigger_reason: ocpp2.TriggerReasonEnumType,
        context: ocpp2.ReadingContextEnumType,
        state: ocpp2.ChargingStateEnumType,
        stopped_reason: ocpp2.ReasonEnumType | None = None,
        evse: ocpp2.EVSEType | None = None,
        id_token: ocpp2.IdTokenType | None = None,
    ) -> Request:
        info = ocpp2.TransactionType(
            transaction_id=transaction.id,
            charging_state=state,
            stopped_reason=stopped_reason,
            remote_start_id=transaction.remote_start_id if event_type == "Started" else None,
        )
        return self._request(
            ocpp2.TransactionEventRequest(
                event_type=event_type,
                timestamp=rfc3339(reading.at),
                trigger_reason=trigger_reason,
                seq_no=reading.seq_no,
                transaction_info=info,
                meter_value=[meter_value(reading, context)],
                offline=True if reading.offline else None,
                evse=evse,
                id_token=id_token,
            )
        )
