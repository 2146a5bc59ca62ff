"""What an enumeration of one version is called in another. The API of the CSMS speaks the words of OCPP 2.x.

Tables are named after the enumeration of 2.x and the version that they translate to. The types are those of
OCPP 1.6 edition 2 (chapter 7), of its security whitepaper, and of part 2 of OCPP 2.0.1 and 2.1 (chapter 3).
"""

from __future__ import annotations

from typing import Literal, get_args

from . import ocpp2, ocpp16

CHARGING_PROFILE_PURPOSES_V16: dict[str, ocpp16.ChargingProfilePurpose] = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}
"""ChargingProfilePurposeEnumType to ChargingProfilePurposeType of 1.6."""

MESSAGE_TRIGGERS_V16: dict[str, ocpp16.RequestedMessage] = {
    "BootNotification": "BootNotification",
    "DiagnosticsStatusNotification": "DiagnosticsStatusNotification",
    "FirmwareStatusNotification": "FirmwareStatusNotification",
    "Heartbeat": "Heartbeat",
    "MeterValues": "MeterValues",
    "StatusNotification": "StatusNotification",
}
"""MessageTriggerEnumType to MessageTrigger of 1.6, for TriggerMessage."""

EXTENDED_MESSAGE_TRIGGERS_V16: dict[str, ocpp16.MessageTriggerEnumType] = {
    "LogStatusNotification": "LogStatusNotification",
    "SignChargingStationCertificate": "SignChargePointCertificate",
}
"""MessageTriggerEnumType to its namesake in the whitepaper, for ExtendedTriggerMessage."""

MESSAGE_TRIGGERS_V2: dict[str, ocpp2.MessageTriggerEnumType] = {
    "DiagnosticsStatusNotification": "LogStatusNotification"
}
"""What 1.6 alone can trigger, as MessageTriggerEnumType: 2.x reports diagnostics as a log (N01)."""

RESET_TYPES_V16: dict[str, ocpp16.ResetType] = {"Immediate": "Hard", "OnIdle": "Soft"}
"""ResetEnumType to ResetType of 1.6. Soft ends transactions too, but in good order."""

_TRIGGERED_ACTIONS = {
    "SignChargePointCertificate": "SignCertificate",
    "SignChargingStationCertificate": "SignCertificate",
    "SignCombinedCertificate": "SignCertificate",
    "SignV2G20Certificate": "SignCertificate",
    "SignV2GCertificate": "SignCertificate",
}

_AUTHORIZATION_STATUSES_V16: dict[str, ocpp16.IdTagInfoStatus] = {
    status: status for status in get_args(ocpp16.IdTagInfoStatus)
}
_AUTHORIZATION_STATUSES_V2: dict[str, ocpp2.AuthorizationStatusEnumType] = {
    status: status for status in get_args(ocpp2.AuthorizationStatusEnumType)
}


TokenStatus = Literal[
    "Accepted",
    "Blocked",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]
"""AuthorizationStatusEnumType without ConcurrentTx, which depends on transactions and not on the token."""


def triggered_action(requested_message: str) -> str:
    """The action that a station sends when this message is triggered (F06)."""
    return _TRIGGERED_ACTIONS.get(requested_message, requested_message)


def authorization_status_v16(status: str) -> ocpp16.IdTagInfoStatus:
    """AuthorizationStatusEnumType as AuthorizationStatus of 1.6, which has fewer: the others are Invalid."""
    return _AUTHORIZATION_STATUSES_V16.get(status, "Invalid")


def authorization_status_v2(status: str) -> ocpp2.AuthorizationStatusEnumType:
    """Invalid for what is no status."""
    return _AUTHORIZATION_STATUSES_V2.get(status, "Invalid")


def unit_v2(unit: str | None) -> str | None:
    """UnitOfMeasure of 1.6, which has two spellings of Celsius, as a standard unit of 2.x."""
    return "Celsius" if unit == "Celcius" else unit
