"""Names of settings for all versions: components and variables of 2.x, and the keys of 1.6 that match."""

from __future__ import annotations

import re

from libs.ocpp_messages import ocpp2

KEYS = {
    "AdditionalRootCertificateCheck": "SecurityCtrlr.AdditionalRootCertificateCheck",
    "AllowOfflineTxForUnknownId": "AuthCtrlr.OfflineTxForUnknownIdEnabled",
    "AuthorizationCacheEnabled": "AuthCacheCtrlr.Enabled",
    "AuthorizationKey": "SecurityCtrlr.BasicAuthPassword",
    "AuthorizeRemoteTxRequests": "AuthCtrlr.AuthorizeRemoteStart",
    "CertificateSignedMaxChainSize": "SecurityCtrlr.MaxCertificateChainSize",
    "CertificateStoreMaxLength": "SecurityCtrlr.CertificateEntries",
    "ChargeProfileMaxStackLevel": "SmartChargingCtrlr.ProfileStackLevel",
    "ChargingScheduleAllowedChargingRateUnit": "SmartChargingCtrlr.RateUnit",
    "ChargingScheduleMaxPeriods": "SmartChargingCtrlr.PeriodsPerSchedule",
    "ClockAlignedDataInterval": "AlignedDataCtrlr.Interval",
    "ConnectionTimeOut": "TxCtrlr.EVConnectionTimeOut",
    "ConnectorSwitch3to1PhaseSupported": "SmartChargingCtrlr.Phases3to1",
    "CpoName": "SecurityCtrlr.OrganizationName",
    "GetConfigurationMaxKeys": "DeviceDataCtrlr.ItemsPerMessage[GetVariables]",
    "HeartbeatInterval": "OCPPCommCtrlr.HeartbeatInterval",
    "ISO15118PnCEnabled": "ISO15118Ctrlr.PnCEnabled",
    "LocalAuthListEnabled": "LocalAuthListCtrlr.Enabled",
    "LocalAuthListMaxLength": "LocalAuthListCtrlr.Entries",
    "LocalAuthorizeOffline": "AuthCtrlr.LocalAuthorizeOffline",
    "LocalPreAuthorize": "AuthCtrlr.LocalPreAuthorize",
    "MaxChargingProfilesInstalled": "SmartChargingCtrlr.Entries[ChargingProfiles]",
    "MaxEnergyOnInvalidId": "TxCtrlr.MaxEnergyOnInvalidId",
    "MeterValueSampleInterval": "SampledDataCtrlr.TxUpdatedInterval",
    "MeterValuesAlignedData": "AlignedDataCtrlr.Measurands",
    "MeterValuesSampledData": "SampledDataCtrlr.TxUpdatedMeasurands",
    "ReserveConnectorZeroSupported": "ReservationCtrlr.NonEvseSpecific",
    "ResetRetries": "OCPPCommCtrlr.ResetRetries",
    "SecurityProfile": "SecurityCtrlr.SecurityProfile",
    "SendLocalListMaxLength": "LocalAuthListCtrlr.ItemsPerMessage",
    "StopTransactionOnEVSideDisconnect": "TxCtrlr.StopTxOnEVSideDisconnect",
    "StopTransactionOnInvalidId": "TxCtrlr.StopTxOnInvalidId",
    "StopTxnAlignedData": "AlignedDataCtrlr.TxEndedMeasurands",
    "StopTxnSampledData": "SampledDataCtrlr.TxEndedMeasurands",
    "SupportedFileTransferProtocols": "OCPPCommCtrlr.FileTransferProtocols",
    "TransactionMessageAttempts": "OCPPCommCtrlr.MessageAttempts[TransactionEvent]",
    "TransactionMessageRetryInterval": "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]",
    "UnlockConnectorOnEVSideDisconnect": "OCPPCommCtrlr.UnlockOnEVSideDisconnect",
    "WebSocketPingInterval": "OCPPCommCtrlr.WebSocketPingInterval",
}
"""The variable of 2.x that means the same, by the key of 1.6."""

MAX_ENTRIES_KEYS = {"LocalAuthListMaxLength", "MaxChargingProfilesInstalled"}
"""Keys of 1.6 whose value is the greatest number of entries; in 2.x that is the maxLimit of a variable."""

OTHER_KEYS = "Configuration"
"""Takes the place of the component in the names of keys of 1.6 that no variable of 2.x matches."""

_KEY_OF = {name.casefold(): key for key, name in KEYS.items()}
_NAME_OF = {key.casefold(): name for key, name in KEYS.items()}
_NAME = re.compile(
    r"(?P<component>[^.:\[\]]+)(\[(?P<component_instance>[^\[\]]+)\])?"
    r"(:(?P<evse>\d{1,9})(:(?P<connector>\d{1,9}))?)?"
    r"\.(?P<variable>[^\[\]]+)(\[(?P<variable_instance>[^\[\]]+)\])?"
)


class NoName(ValueError):
    """The text names no variable of OCPP 2.x."""


def key_of(name: str) -> str:
    """The key of 1.6 for a name of 1.6 or 2.x. A key of a vendor stays as it is."""
    prefix, dot, rest = name.partition(".")
    if dot and prefix.casefold() == OTHER_KEYS.casefold():
        return rest
    return _KEY_OF.get(name.casefold(), name)


def name_of(key: str) -> str:
    """The name of a key of 1.6: that of the variable of 2.x, or ``Configuration.<key>``."""
    return _NAME_OF.get(key.casefold(), f"{OTHER_KEYS}.{key}")


def variable_of(name: str) -> tuple[ocpp2.ComponentType, ocpp2.VariableType]:
    """From ``Component[instance]:evse:connector.Variable[instance]``, of which all but the two names may be
    absent; or from a key of 1.6. Raises ``NoName``.
    """
    found = _NAME.fullmatch(_NAME_OF.get(name.casefold(), name))
    if found is None:
        raise NoName(name)
    evse, connector = found["evse"], found["connector"]
    component = ocpp2.ComponentType(
        found["component"],
        evse=ocpp2.EVSEType(int(evse), connector_id=int(connector) if connector else None) if evse else None,
        instance=found["component_instance"],
    )
    return component, ocpp2.VariableType(found["variable"], instance=found["variable_instance"])


def text_of(component: ocpp2.ComponentType, variable: ocpp2.VariableType) -> str:
    """The name of a variable, as ``variable_of`` reads it."""
    evse = component.evse
    numbers = (
        [] if evse is None else [number for number in (evse.id, evse.connector_id) if number is not None]
    )
    place = "".join(f":{number}" for number in numbers)
    return f"{_named(component)}{place}.{_named(variable)}"


def _named(thing: ocpp2.ComponentType | ocpp2.VariableType) -> str:
    return f"{thing.name}[{thing.instance}]" if thing.instance else thing.name
