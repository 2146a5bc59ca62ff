"""The payload types of OCPP 1.6 and its security extension. Written by ``generate.py``; not edited by hand."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct


class Object(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A JSON object. A property that is absent or null on the wire is ``None`` here, and left out again."""


BootNotificationStatus = Literal["Accepted", "Pending", "Rejected"]

CancelReservationStatus = Literal["Accepted", "Rejected"]

CertificateSignedStatusEnumType = Literal["Accepted", "Rejected"]

CertificateUseEnumType = Literal["CentralSystemRootCertificate", "ManufacturerRootCertificate"]

ChangeAvailabilityStatus = Literal["Accepted", "Rejected", "Scheduled"]

ChangeAvailabilityType = Literal["Inoperative", "Operative"]

ChangeConfigurationStatus = Literal["Accepted", "Rejected", "RebootRequired", "NotSupported"]

ChargingProfileKind = Literal["Absolute", "Recurring", "Relative"]

ChargingProfilePurpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]

ChargingRateUnit = Literal["A", "W"]

ClearCacheStatus = Literal["Accepted", "Rejected"]

ClearChargingProfileStatus = Literal["Accepted", "Unknown"]

Context = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
    "Other",
]

DataTransferStatus = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]

DeleteCertificateStatusEnumType = Literal["Accepted", "Failed", "NotFound"]

DiagnosticsStatusNotificationStatus = Literal["Idle", "Uploaded", "UploadFailed", "Uploading"]

ErrorCode = Literal[
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "OverVoltage",
    "WeakSignal",
]

FirmwareStatusEnumType = Literal[
    "Downloaded",
    "DownloadFailed",
    "Downloading",
    "DownloadScheduled",
    "DownloadPaused",
    "Idle",
    "InstallationFailed",
    "Installing",
    "Installed",
    "InstallRebooting",
    "InstallScheduled",
    "InstallVerificationFailed",
    "InvalidSignature",
    "SignatureVerified",
]

FirmwareStatusNotificationStatus = Literal[
    "Downloaded",
    "DownloadFailed",
    "Downloading",
    "Idle",
    "InstallationFailed",
    "Installing",
    "Installed",
]

Format = Literal["Raw", "SignedData"]

GenericStatusEnumType = Literal["Accepted", "Rejected"]

GetCompositeScheduleStatus = Literal["Accepted", "Rejected"]

GetInstalledCertificateStatusEnumType = Literal["Accepted", "NotFound"]

HashAlgorithmEnumType = Literal["SHA256", "SHA384", "SHA512"]

IdTagInfoStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]

InstallCertificateStatusEnumType = Literal["Accepted", "Failed", "Rejected"]

Location = Literal["Cable", "EV", "Inlet", "Outlet", "Body"]

LogEnumType = Literal["DiagnosticsLog", "SecurityLog"]

LogStatusEnumType = Literal["Accepted", "Rejected", "AcceptedCanceled"]

Measurand = Literal[
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "Power.Factor",
    "Current.Import",
    "Current.Export",
    "Current.Offered",
    "Voltage",
    "Frequency",
    "Temperature",
    "SoC",
    "RPM",
]

MessageTriggerEnumType = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargePointCertificate",
    "StatusNotification",
]

Phase = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]

Reason = Literal[
    "EmergencyStop",
    "EVDisconnected",
    "HardReset",
    "Local",
    "Other",
    "PowerLoss",
    "Reboot",
    "Remote",
    "SoftReset",
    "UnlockCommand",
    "DeAuthorized",
]

RecurrencyKind = Literal["Daily", "Weekly"]

RemoteStartTransactionStatus = Literal["Accepted", "Rejected"]

RemoteStopTransactionStatus = Literal["Accepted", "Rejected"]

RequestedMessage = Literal[
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
]

ReserveNowStatus = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]

ResetStatus = Literal["Accepted", "Rejected"]

ResetType = Literal["Hard", "Soft"]

SendLocalListStatus = Literal["Accepted", "Failed", "NotSupported", "VersionMismatch"]

SetChargingProfileStatus = Literal["Accepted", "Rejected", "NotSupported"]

StatusNotificationStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
]

TriggerMessageStatus = Literal["Accepted", "Rejected", "NotImplemented"]

TriggerMessageStatusEnumType = Literal["Accepted", "Rejected", "NotImplemented"]

Unit = Literal[
    "Wh",
    "kWh",
    "varh",
    "kvarh",
    "W",
    "kW",
    "VA",
    "kVA",
    "var",
    "kvar",
    "A",
    "V",
    "K",
    "Celcius",
    "Celsius",
    "Fahrenheit",
    "Percent",
    "Hertz",
]

UnlockConnectorStatus = Literal["Unlocked", "UnlockFailed", "NotSupported"]

UpdateFirmwareStatusEnumType = Literal[
    "Accepted",
    "Rejected",
    "AcceptedCanceled",
    "InvalidCertificate",
    "RevokedCertificate",
]

UpdateType = Literal["Differential", "Full"]

UploadLogStatusEnumType = Literal[
    "BadMessage",
    "Idle",
    "NotSupportedOperation",
    "PermissionDenied",
    "Uploaded",
    "UploadFailure",
    "Uploading",
]


class AuthorizeRequest(Object, frozen=True):
    id_tag: str


class IdTagInfo(Object, frozen=True):
    status: IdTagInfoStatus
    expiry_date: str | None = None
    parent_id_tag: str | None = None


class AuthorizeResponse(Object, frozen=True):
    id_tag_info: IdTagInfo


class BootNotificationRequest(Object, frozen=True):
    charge_point_vendor: str
    charge_point_model: str
    charge_point_serial_number: str | None = None
    charge_box_serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None


class BootNotificationResponse(Object, frozen=True):
    status: BootNotificationStatus
    current_time: str
    interval: int


class CancelReservationRequest(Object, frozen=True):
    reservation_id: int


class CancelReservationResponse(Object, frozen=True):
    status: CancelReservationStatus


class CertificateHashDataType(Object, frozen=True):
    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class CertificateSignedRequest(Object, frozen=True):
    certificate_chain: str


class CertificateSignedResponse(Object, frozen=True):
    status: CertificateSignedStatusEnumType


class ChangeAvailabilityRequest(Object, frozen=True):
    connector_id: int
    type: ChangeAvailabilityType


class ChangeAvailabilityResponse(Object, frozen=True):
    status: ChangeAvailabilityStatus


class ChangeConfigurationRequest(Object, frozen=True):
    key: str
    value: str


class ChangeConfigurationResponse(Object, frozen=True):
    status: ChangeConfigurationStatus


class ChargingSchedulePeriod(Object, frozen=True):
    start_period: int
    limit: Decimal
    number_phases: int | None = None


class ChargingSchedule(Object, frozen=True):
    charging_rate_unit: ChargingRateUnit
    charging_schedule_period: list[ChargingSchedulePeriod]
    duration: int | None = None
    start_schedule: str | None = None
    min_charging_rate: Decimal | None = None


class ChargingProfile(Object, frozen=True):
    charging_profile_id: int
    stack_level: int
    charging_profile_purpose: ChargingProfilePurpose
    charging_profile_kind: ChargingProfileKind
    charging_schedule: ChargingSchedule
    transaction_id: int | None = None
    recurrency_kind: RecurrencyKind | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class ClearCacheRequest(Object, frozen=True):
    pass


class ClearCacheResponse(Object, frozen=True):
    status: ClearCacheStatus


class ClearChargingProfileRequest(Object, frozen=True):
    id: int | None = None
    connector_id: int | None = None
    charging_profile_purpose: ChargingProfilePurpose | None = None
    stack_level: int | None = None


class ClearChargingProfileResponse(Object, frozen=True):
    status: ClearChargingProfileStatus


class ConfigurationKey(Object, frozen=True):
    key: str
    readonly: bool
    value: str | None = None


class DataTransferRequest(Object, frozen=True):
    vendor_id: str
    message_id: str | None = None
    data: str | None = None


class DataTransferResponse(Object, frozen=True):
    status: DataTransferStatus
    data: str | None = None


class DeleteCertificateRequest(Object, frozen=True):
    certificate_hash_data: CertificateHashDataType


class DeleteCertificateResponse(Object, frozen=True):
    status: DeleteCertificateStatusEnumType


class DiagnosticsStatusNotificationRequest(Object, frozen=True):
    status: DiagnosticsStatusNotificationStatus


class DiagnosticsStatusNotificationResponse(Object, frozen=True):
    pass


class ExtendedTriggerMessageRequest(Object, frozen=True):
    requested_message: MessageTriggerEnumType
    connector_id: int | None = None


class ExtendedTriggerMessageResponse(Object, frozen=True):
    status: TriggerMessageStatusEnumType


class FirmwareStatusNotificationRequest(Object, frozen=True):
    status: FirmwareStatusNotificationStatus


class FirmwareStatusNotificationResponse(Object, frozen=True):
    pass


class FirmwareType(Object, frozen=True):
    location: str
    retrieve_date_time: str
    signing_certificate: str
    signature: str
    install_date_time: str | None = None


class GetCompositeScheduleRequest(Object, frozen=True):
    connector_id: int
    duration: int
    charging_rate_unit: ChargingRateUnit | None = None


class GetCompositeScheduleResponse(Object, frozen=True):
    status: GetCompositeScheduleStatus
    connector_id: int | None = None
    schedule_start: str | None = None
    charging_schedule: ChargingSchedule | None = None


class GetConfigurationRequest(Object, frozen=True):
    key: list[str] | None = None


class GetConfigurationResponse(Object, frozen=True):
    configuration_key: list[ConfigurationKey] | None = None
    unknown_key: list[str] | None = None


class GetDiagnosticsRequest(Object, frozen=True):
    location: str
    retries: int | None = None
    retry_interval: int | None = None
    start_time: str | None = None
    stop_time: str | None = None


class GetDiagnosticsResponse(Object, frozen=True):
    file_name: str | None = None


class GetInstalledCertificateIdsRequest(Object, frozen=True):
    certificate_type: CertificateUseEnumType


class GetInstalledCertificateIdsResponse(Object, frozen=True):
    status: GetInstalledCertificateStatusEnumType
    certificate_hash_data: list[CertificateHashDataType] | None = None


class GetLocalListVersionRequest(Object, frozen=True):
    pass


class GetLocalListVersionResponse(Object, frozen=True):
    list_version: int


class LogParametersType(Object, frozen=True):
    remote_location: str
    oldest_timestamp: str | None = None
    latest_timestamp: str | None = None


class GetLogRequest(Object, frozen=True):
    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    retries: int | None = None
    retry_interval: int | None = None


class GetLogResponse(Object, frozen=True):
    status: LogStatusEnumType
    filename: str | None = None


class HeartbeatRequest(Object, frozen=True):
    pass


class HeartbeatResponse(Object, frozen=True):
    current_time: str


class InstallCertificateRequest(Object, frozen=True):
    certificate_type: CertificateUseEnumType
    certificate: str


class InstallCertificateResponse(Object, frozen=True):
    status: InstallCertificateStatusEnumType


class LocalAuthorizationList(Object, frozen=True):
    id_tag: str
    id_tag_info: IdTagInfo | None = None


class LogStatusNotificationRequest(Object, frozen=True):
    status: UploadLogStatusEnumType
    request_id: int | None = None


class LogStatusNotificationResponse(Object, frozen=True):
    pass


class SampledValue(Object, frozen=True):
    value: str
    context: Context | None = None
    format: Format | None = None
    measurand: Measurand | None = None
    phase: Phase | None = None
    location: Location | None = None
    unit: Unit | None = None


class MeterValue(Object, frozen=True):
    timestamp: str
    sampled_value: list[SampledValue]


class MeterValuesRequest(Object, frozen=True):
    connector_id: int
    meter_value: list[MeterValue]
    transaction_id: int | None = None


class MeterValuesResponse(Object, frozen=True):
    pass


class RemoteStartTransactionRequest(Object, frozen=True):
    id_tag: str
    connector_id: int | None = None
    charging_profile: ChargingProfile | None = None


class RemoteStartTransactionResponse(Object, frozen=True):
    status: RemoteStartTransactionStatus


class RemoteStopTransactionRequest(Object, frozen=True):
    transaction_id: int


class RemoteStopTransactionResponse(Object, frozen=True):
    status: RemoteStopTransactionStatus


class ReserveNowRequest(Object, frozen=True):
    connector_id: int
    expiry_date: str
    id_tag: str
    reservation_id: int
    parent_id_tag: str | None = None


class ReserveNowResponse(Object, frozen=True):
    status: ReserveNowStatus


class ResetRequest(Object, frozen=True):
    type: ResetType


class ResetResponse(Object, frozen=True):
    status: ResetStatus


class SecurityEventNotificationRequest(Object, frozen=True):
    type: str
    timestamp: str
    tech_info: str | None = None


class SecurityEventNotificationResponse(Object, frozen=True):
    pass


class SendLocalListRequest(Object, frozen=True):
    list_version: int
    update_type: UpdateType
    local_authorization_list: list[LocalAuthorizationList] | None = None


class SendLocalListResponse(Object, frozen=True):
    status: SendLocalListStatus


class SetChargingProfileRequest(Object, frozen=True):
    connector_id: int
    cs_charging_profiles: ChargingProfile


class SetChargingProfileResponse(Object, frozen=True):
    status: SetChargingProfileStatus


class SignCertificateRequest(Object, frozen=True):
    csr: str


class SignCertificateResponse(Object, frozen=True):
    status: GenericStatusEnumType


class SignedFirmwareStatusNotificationRequest(Object, frozen=True):
    status: FirmwareStatusEnumType
    request_id: int | None = None


class SignedFirmwareStatusNotificationResponse(Object, frozen=True):
    pass


class SignedUpdateFirmwareRequest(Object, frozen=True):
    request_id: int
    firmware: FirmwareType
    retries: int | None = None
    retry_interval: int | None = None


class SignedUpdateFirmwareResponse(Object, frozen=True):
    status: UpdateFirmwareStatusEnumType


class StartTransactionRequest(Object, frozen=True):
    connector_id: int
    id_tag: str
    meter_start: int
    timestamp: str
    reservation_id: int | None = None


class StartTransactionResponse(Object, frozen=True):
    id_tag_info: IdTagInfo
    transaction_id: int


class StatusNotificationRequest(Object, frozen=True):
    connector_id: int
    error_code: ErrorCode
    status: StatusNotificationStatus
    info: str | None = None
    timestamp: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class StatusNotificationResponse(Object, frozen=True):
    pass


class StopTransactionRequest(Object, frozen=True):
    meter_stop: int
    timestamp: str
    transaction_id: int
    id_tag: str | None = None
    reason: Reason | None = None
    transaction_data: list[MeterValue] | None = None


class StopTransactionResponse(Object, frozen=True):
    id_tag_info: IdTagInfo | None = None


class TriggerMessageRequest(Object, frozen=True):
    requested_message: RequestedMessage
    connector_id: int | None = None


class TriggerMessageResponse(Object, frozen=True):
    status: TriggerMessageStatus


class UnlockConnectorRequest(Object, frozen=True):
    connector_id: int


class UnlockConnectorResponse(Object, frozen=True):
    status: UnlockConnectorStatus


class UpdateFirmwareRequest(Object, frozen=True):
    location: str
    retrieve_date: str
    retries: int | None = None
    retry_interval: int | None = None


class UpdateFirmwareResponse(Object, frozen=True):
    pass
