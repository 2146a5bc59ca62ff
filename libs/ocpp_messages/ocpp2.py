"""The payload types of OCPP 2.0.1 and 2.1. Written by ``generate.py``; not edited by hand."""

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field


class Object(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A JSON object. A property that is absent or null on the wire is ``None`` here, and left out again."""


APNAuthenticationEnumType = Literal["CHAP", "NONE", "PAP", "AUTO"]

AttributeEnumType = Literal["Actual", "Target", "MinSet", "MaxSet"]

AuthorizationStatusEnumType = Literal[
    "Accepted",
    "Blocked",
    "ConcurrentTx",
    "Expired",
    "Invalid",
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
]

AuthorizeCertificateStatusEnumType = Literal[
    "Accepted",
    "SignatureError",
    "CertificateExpired",
    "CertificateRevoked",
    "NoCertificateAvailable",
    "CertChainError",
    "ContractCancelled",
]

BatterySwapEventEnumType = Literal["BatteryIn", "BatteryOut", "BatteryOutTimeout"]

BootReasonEnumType = Literal[
    "ApplicationReset",
    "FirmwareUpdate",
    "LocalReset",
    "PowerUp",
    "RemoteReset",
    "ScheduledReset",
    "Triggered",
    "Unknown",
    "Watchdog",
]

CancelReservationStatusEnumType = Literal["Accepted", "Rejected"]

CertificateActionEnumType = Literal["Install", "Update"]

CertificateSignedStatusEnumType = Literal["Accepted", "Rejected"]

CertificateSigningUseEnumType = Literal["ChargingStationCertificate", "V2GCertificate", "V2G20Certificate"]

CertificateStatusEnumType = Literal["Good", "Revoked", "Unknown", "Failed"]

CertificateStatusSourceEnumType = Literal["CRL", "OCSP"]

ChangeAvailabilityStatusEnumType = Literal["Accepted", "Rejected", "Scheduled"]

ChargingLimitSourceEnumType = Literal["EMS", "Other", "SO", "CSO"]

ChargingProfileKindEnumType = Literal["Absolute", "Recurring", "Relative", "Dynamic"]

ChargingProfilePurposeEnumType = Literal[
    "ChargingStationExternalConstraints",
    "ChargingStationMaxProfile",
    "TxDefaultProfile",
    "TxProfile",
    "PriorityCharging",
    "LocalGeneration",
]

ChargingProfileStatusEnumType = Literal["Accepted", "Rejected"]

ChargingRateUnitEnumType = Literal["W", "A"]

ChargingStateEnumType = Literal["Charging", "EVConnected", "SuspendedEV", "SuspendedEVSE", "Idle"]

ClearCacheStatusEnumType = Literal["Accepted", "Rejected"]

ClearChargingProfileStatusEnumType = Literal["Accepted", "Unknown"]

ClearMessageStatusEnumType = Literal["Accepted", "Unknown", "Rejected"]

ClearMonitoringStatusEnumType = Literal["Accepted", "Rejected", "NotFound"]

ComponentCriterionEnumType = Literal["Active", "Available", "Enabled", "Problem"]

ConnectorEnumType = Literal[
    "cCCS1",
    "cCCS2",
    "cG105",
    "cTesla",
    "cType1",
    "cType2",
    "s309-1P-16A",
    "s309-1P-32A",
    "s309-3P-16A",
    "s309-3P-32A",
    "sBS1361",
    "sCEE-7-7",
    "sType2",
    "sType3",
    "Other1PhMax16A",
    "Other1PhOver16A",
    "Other3Ph",
    "Pan",
    "wInductive",
    "wResonant",
    "Undetermined",
    "Unknown",
]

ConnectorStatusEnumType = Literal["Available", "Occupied", "Reserved", "Unavailable", "Faulted"]

ControlModeEnumType = Literal["ScheduledControl", "DynamicControl"]

CostDimensionEnumType = Literal[
    "Energy",
    "MaxCurrent",
    "MinCurrent",
    "MaxPower",
    "MinPower",
    "IdleTIme",
    "ChargingTime",
]

CostKindEnumType = Literal[
    "CarbonDioxideEmission",
    "RelativePricePercentage",
    "RenewableGenerationPercentage",
]

CustomerInformationStatusEnumType = Literal["Accepted", "Rejected", "Invalid"]

DERControlEnumType = Literal[
    "EnterService",
    "FreqDroop",
    "FreqWatt",
    "FixedPFAbsorb",
    "FixedPFInject",
    "FixedVar",
    "Gradients",
    "HFMustTrip",
    "HFMayTrip",
    "HVMustTrip",
    "HVMomCess",
    "HVMayTrip",
    "LimitMaxDischarge",
    "LFMustTrip",
    "LVMustTrip",
    "LVMomCess",
    "LVMayTrip",
    "PowerMonitoringMustTrip",
    "VoltVar",
    "VoltWatt",
    "WattPF",
    "WattVar",
]

DERControlStatusEnumType = Literal["Accepted", "Rejected", "NotSupported", "NotFound"]

DERUnitEnumType = Literal[
    "Not_Applicable",
    "PctMaxW",
    "PctMaxVar",
    "PctWAvail",
    "PctVarAvail",
    "PctEffectiveV",
]

DataEnumType = Literal[
    "string",
    "decimal",
    "integer",
    "dateTime",
    "boolean",
    "OptionList",
    "SequenceList",
    "MemberList",
]

DataTransferStatusEnumType = Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]

DayOfWeekEnumType = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

DeleteCertificateStatusEnumType = Literal["Accepted", "Failed", "NotFound"]

DisplayMessageStatusEnumType = Literal[
    "Accepted",
    "NotSupportedMessageFormat",
    "Rejected",
    "NotSupportedPriority",
    "NotSupportedState",
    "UnknownTransaction",
    "LanguageNotSupported",
]

EnergyTransferModeEnumType = Literal[
    "DC",
    "AC_single_phase",
    "AC_two_phase",
    "AC_three_phase",
    "AC_BPT",
    "AC_BPT_DER",
    "AC_DER",
    "DC_BPT",
    "DC_ACDP",
    "DC_ACDP_BPT",
    "WPT",
]

EventNotificationEnumType = Literal[
    "HardWiredNotification",
    "HardWiredMonitor",
    "PreconfiguredMonitor",
    "CustomMonitor",
]

EventTriggerEnumType = Literal["Alerting", "Delta", "Periodic"]

EvseKindEnumType = Literal["AC", "DC"]

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

GenericDeviceModelStatusEnumType = Literal["Accepted", "Rejected", "NotSupported", "EmptyResultSet"]

GenericStatusEnumType = Literal["Accepted", "Rejected"]

GetCertificateIdUseEnumType = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "V2GCertificateChain",
    "ManufacturerRootCertificate",
    "OEMRootCertificate",
]

GetCertificateStatusEnumType = Literal["Accepted", "Failed"]

GetChargingProfileStatusEnumType = Literal["Accepted", "NoProfiles"]

GetDisplayMessagesStatusEnumType = Literal["Accepted", "Unknown"]

GetInstalledCertificateStatusEnumType = Literal["Accepted", "NotFound"]

GetVariableStatusEnumType = Literal[
    "Accepted",
    "Rejected",
    "UnknownComponent",
    "UnknownVariable",
    "NotSupportedAttributeType",
]

GridEventFaultEnumType = Literal[
    "CurrentImbalance",
    "LocalEmergency",
    "LowInputPower",
    "OverCurrent",
    "OverFrequency",
    "OverVoltage",
    "PhaseRotation",
    "RemoteEmergency",
    "UnderFrequency",
    "UnderVoltage",
    "VoltageImbalance",
]

HashAlgorithmEnumType = Literal["SHA256", "SHA384", "SHA512"]

IdTokenEnumType = Literal[
    "Central",
    "eMAID",
    "ISO14443",
    "ISO15693",
    "KeyCode",
    "Local",
    "MacAddress",
    "NoAuthorization",
]

InstallCertificateStatusEnumType = Literal["Accepted", "Rejected", "Failed"]

InstallCertificateUseEnumType = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "OEMRootCertificate",
]

IslandingDetectionEnumType = Literal[
    "NoAntiIslandingSupport",
    "RoCoF",
    "UVP_OVP",
    "UFP_OFP",
    "VoltageVectorShift",
    "ZeroCrossingDetection",
    "OtherPassive",
    "ImpedanceMeasurement",
    "ImpedanceAtFrequency",
    "SlipModeFrequencyShift",
    "SandiaFrequencyShift",
    "SandiaVoltageShift",
    "FrequencyJump",
    "RCLQFactor",
    "OtherActive",
]

Iso15118EVCertificateStatusEnumType = Literal["Accepted", "Failed"]

LocationEnumType = Literal["Body", "Cable", "EV", "Inlet", "Outlet", "Upstream"]

LogEnumType = Literal["DiagnosticsLog", "SecurityLog", "DataCollectorLog"]

LogStatusEnumType = Literal["Accepted", "Rejected", "AcceptedCanceled"]

MeasurandEnumType = Literal[
    "Current.Export",
    "Current.Import",
    "Current.Offered",
    "Energy.Active.Export.Register",
    "Energy.Active.Import.Register",
    "Energy.Reactive.Export.Register",
    "Energy.Reactive.Import.Register",
    "Energy.Active.Export.Interval",
    "Energy.Active.Import.Interval",
    "Energy.Active.Net",
    "Energy.Reactive.Export.Interval",
    "Energy.Reactive.Import.Interval",
    "Energy.Reactive.Net",
    "Energy.Apparent.Net",
    "Energy.Apparent.Import",
    "Energy.Apparent.Export",
    "Frequency",
    "Power.Active.Export",
    "Power.Active.Import",
    "Power.Factor",
    "Power.Offered",
    "Power.Reactive.Export",
    "Power.Reactive.Import",
    "SoC",
    "Voltage",
    "Current.Export.Offered",
    "Current.Export.Minimum",
    "Current.Import.Offered",
    "Current.Import.Minimum",
    "Display.PresentSOC",
    "Display.MinimumSOC",
    "Display.TargetSOC",
    "Display.MaximumSOC",
    "Display.RemainingTimeToMinimumSOC",
    "Display.RemainingTimeToTargetSOC",
    "Display.RemainingTimeToMaximumSOC",
    "Display.ChargingComplete",
    "Display.BatteryEnergyCapacity",
    "Display.InletHot",
    "Energy.Active.Import.CableLoss",
    "Energy.Active.Import.LocalGeneration.Register",
    "Energy.Active.Setpoint.Interval",
    "EnergyRequest.Target",
    "EnergyRequest.Minimum",
    "EnergyRequest.Maximum",
    "EnergyRequest.Minimum.V2X",
    "EnergyRequest.Maximum.V2X",
    "EnergyRequest.Bulk",
    "Power.Active.Setpoint",
    "Power.Active.Residual",
    "Power.Export.Minimum",
    "Power.Export.Offered",
    "Power.Import.Offered",
    "Power.Import.Minimum",
    "Voltage.Minimum",
    "Voltage.Maximum",
]

MessageFormatEnumType = Literal["ASCII", "HTML", "URI", "UTF8", "QRCODE"]

MessagePriorityEnumType = Literal["AlwaysFront", "InFront", "NormalCycle"]

MessageStateEnumType = Literal["Charging", "Faulted", "Idle", "Unavailable", "Suspended", "Discharging"]

MessageTriggerEnumType = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargingStationCertificate",
    "SignV2GCertificate",
    "StatusNotification",
    "TransactionEvent",
    "SignCombinedCertificate",
    "PublishFirmwareStatusNotification",
    "SignV2G20Certificate",
    "CustomTrigger",
]

MobilityNeedsModeEnumType = Literal["EVCC", "EVCC_SECC"]

MonitorEnumType = Literal[
    "UpperThreshold",
    "LowerThreshold",
    "Delta",
    "Periodic",
    "PeriodicClockAligned",
    "TargetDelta",
    "TargetDeltaRelative",
]

MonitoringBaseEnumType = Literal["All", "FactoryDefault", "HardWiredOnly"]

MonitoringCriterionEnumType = Literal["ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring"]

MutabilityEnumType = Literal["ReadOnly", "WriteOnly", "ReadWrite"]

NotifyAllowedEnergyTransferStatusEnumType = Literal["Accepted", "Rejected"]

NotifyEVChargingNeedsStatusEnumType = Literal["Accepted", "Rejected", "Processing", "NoChargingProfile"]

OCPPInterfaceEnumType = Literal[
    "Wired0",
    "Wired1",
    "Wired2",
    "Wired3",
    "Wireless0",
    "Wireless1",
    "Wireless2",
    "Wireless3",
    "Any",
]

OCPPTransportEnumType = Literal["JSON", "SOAP"]

OCPPVersionEnumType = Literal["OCPP12", "OCPP15", "OCPP16", "OCPP20", "OCPP201", "OCPP21"]

OperationModeEnumType = Literal[
    "Idle",
    "ChargingOnly",
    "CentralSetpoint",
    "ExternalSetpoint",
    "ExternalLimits",
    "CentralFrequency",
    "LocalFrequency",
    "LocalLoadBalancing",
]

OperationalStatusEnumType = Literal["Inoperative", "Operative"]

PaymentStatusEnumType = Literal["Settled", "Canceled", "Rejected", "Failed"]

PhaseEnumType = Literal["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]

PowerDuringCessationEnumType = Literal["Active", "Reactive"]

PreconditioningStatusEnumType = Literal["Unknown", "Ready", "NotReady", "Preconditioning"]

PriorityChargingStatusEnumType = Literal["Accepted", "Rejected", "NoProfile"]

PublishFirmwareStatusEnumType = Literal[
    "Idle",
    "DownloadScheduled",
    "Downloading",
    "Downloaded",
    "Published",
    "DownloadFailed",
    "DownloadPaused",
    "InvalidChecksum",
    "ChecksumVerified",
    "PublishFailed",
]

ReadingContextEnumType = Literal[
    "Interruption.Begin",
    "Interruption.End",
    "Other",
    "Sample.Clock",
    "Sample.Periodic",
    "Transaction.Begin",
    "Transaction.End",
    "Trigger",
]

ReasonEnumType = Literal[
    "DeAuthorized",
    "EmergencyStop",
    "EnergyLimitReached",
    "EVDisconnected",
    "GroundFault",
    "ImmediateReset",
    "Local",
    "LocalOutOfCredit",
    "MasterPass",
    "Other",
    "OvercurrentFault",
    "PowerLoss",
    "PowerQuality",
    "Reboot",
    "Remote",
    "SOCLimitReached",
    "StoppedByEV",
    "TimeLimitReached",
    "Timeout",
    "ReqEnergyTransferRejected",
]

RecurrencyKindEnumType = Literal["Daily", "Weekly"]

RegistrationStatusEnumType = Literal["Accepted", "Pending", "Rejected"]

ReportBaseEnumType = Literal["ConfigurationInventory", "FullInventory", "SummaryInventory"]

RequestStartStopStatusEnumType = Literal["Accepted", "Rejected"]

ReservationUpdateStatusEnumType = Literal["Expired", "Removed", "NoTransaction"]

ReserveNowStatusEnumType = Literal["Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"]

ResetEnumType = Literal["Immediate", "OnIdle", "ImmediateAndResume"]

ResetStatusEnumType = Literal["Accepted", "Rejected", "Scheduled"]

SendLocalListStatusEnumType = Literal["Accepted", "Failed", "VersionMismatch"]

SetMonitoringStatusEnumType = Literal[
    "Accepted",
    "UnknownComponent",
    "UnknownVariable",
    "UnsupportedMonitorType",
    "Rejected",
    "Duplicate",
]

SetNetworkProfileStatusEnumType = Literal["Accepted", "Rejected", "Failed"]

SetVariableStatusEnumType = Literal[
    "Accepted",
    "Rejected",
    "UnknownComponent",
    "UnknownVariable",
    "NotSupportedAttributeType",
    "RebootRequired",
]

TariffChangeStatusEnumType = Literal[
    "Accepted",
    "Rejected",
    "TooManyElements",
    "ConditionNotSupported",
    "TxNotFound",
    "NoCurrencyChange",
]

TariffClearStatusEnumType = Literal["Accepted", "Rejected", "NoTariff"]

TariffCostEnumType = Literal["NormalCost", "MinCost", "MaxCost"]

TariffGetStatusEnumType = Literal["Accepted", "Rejected", "NoTariff"]

TariffKindEnumType = Literal["DefaultTariff", "DriverTariff"]

TariffSetStatusEnumType = Literal[
    "Accepted",
    "Rejected",
    "TooManyElements",
    "ConditionNotSupported",
    "DuplicateTariffId",
]

TransactionEventEnumType = Literal["Ended", "Started", "Updated"]

TriggerMessageStatusEnumType = Literal["Accepted", "Rejected", "NotImplemented"]

TriggerReasonEnumType = Literal[
    "Authorized",
    "CablePluggedIn",
    "ChargingRateChanged",
    "ChargingStateChanged",
    "Deauthorized",
    "EnergyLimitReached",
    "EVCommunicationLost",
    "EVConnectTimeout",
    "MeterValueClock",
    "MeterValuePeriodic",
    "TimeLimitReached",
    "Trigger",
    "UnlockCommand",
    "StopAuthorized",
    "EVDeparted",
    "EVDetected",
    "RemoteStop",
    "RemoteStart",
    "AbnormalCondition",
    "SignedDataReceived",
    "ResetCommand",
    "CostLimitReached",
    "LimitSet",
    "OperationModeChanged",
    "RunningCost",
    "SoCLimitReached",
    "TariffChanged",
    "TariffNotAccepted",
    "TxResumed",
]

UnlockStatusEnumType = Literal["Unlocked", "UnlockFailed", "OngoingAuthorizedTransaction", "UnknownConnector"]

UnpublishFirmwareStatusEnumType = Literal["DownloadOngoing", "NoFirmware", "Unpublished"]

UpdateEnumType = Literal["Differential", "Full"]

UpdateFirmwareStatusEnumType = Literal[
    "Accepted",
    "Rejected",
    "AcceptedCanceled",
    "InvalidCertificate",
    "RevokedCertificate",
]

UploadLogStatusEnumType = Literal[
    "BadMessage",
    "Idle",
    "NotSupportedOperation",
    "PermissionDenied",
    "Uploaded",
    "UploadFailure",
    "Uploading",
    "AcceptedCanceled",
]

VPNEnumType = Literal["IKEv2", "IPSec", "L2TP", "PPTP"]


class ACChargingParametersType(Object, frozen=True):
    energy_amount: Decimal
    ev_min_current: Decimal
    ev_max_current: Decimal
    ev_max_voltage: Decimal
    custom_data: dict[str, Any] | None = None


class AFRRSignalRequest(Object, frozen=True):
    timestamp: str
    signal: int
    custom_data: dict[str, Any] | None = None


class StatusInfoType(Object, frozen=True):
    reason_code: str
    custom_data: dict[str, Any] | None = None
    additional_info: str | None = None


class AFRRSignalResponse(Object, frozen=True):
    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class APNType(Object, frozen=True):
    apn: str
    apn_authentication: APNAuthenticationEnumType
    custom_data: dict[str, Any] | None = None
    apn_user_name: str | None = None
    apn_password: str | None = None
    sim_pin: int | None = None
    preferred_network: str | None = None
    use_only_preferred_network: bool | None = None


class RationalNumberType(Object, frozen=True):
    exponent: int
    value: int
    custom_data: dict[str, Any] | None = None


class PriceRuleType(Object, frozen=True):
    energy_fee: RationalNumberType
    power_range_start: RationalNumberType
    parking_fee_period: int | None = None
    carbon_dioxide_emission: int | None = None
    renewable_generation_percentage: int | None = None
    parking_fee: RationalNumberType | None = None
    custom_data: dict[str, Any] | None = None


class PriceRuleStackType(Object, frozen=True):
    duration: int
    price_rule: list[PriceRuleType]
    custom_data: dict[str, Any] | None = None


class TaxRuleType(Object, frozen=True):
    tax_rule_id: int = field(name="taxRuleID")
    applies_to_energy_fee: bool
    applies_to_parking_fee: bool
    applies_to_overstay_fee: bool
    applies_to_minimum_maximum_cost: bool
    tax_rate: RationalNumberType
    tax_rule_name: str | None = None
    tax_included_in_price: bool | None = None
    custom_data: dict[str, Any] | None = None


class OverstayRuleType(Object, frozen=True):
    overstay_fee: RationalNumberType
    start_time: int
    overstay_fee_period: int
    overstay_rule_description: str | None = None
    custom_data: dict[str, Any] | None = None


class OverstayRuleListType(Object, frozen=True):
    overstay_rule: list[OverstayRuleType]
    overstay_power_threshold: RationalNumberType | None = None
    overstay_time_threshold: int | None = None
    custom_data: dict[str, Any] | None = None


class AdditionalSelectedServicesType(Object, frozen=True):
    service_fee: RationalNumberType
    service_name: str
    custom_data: dict[str, Any] | None = None


class AbsolutePriceScheduleType(Object, frozen=True):
    time_anchor: str
    price_schedule_id: int = field(name="priceScheduleID")
    currency: str
    language: str
    price_algorithm: str
    price_rule_stacks: list[PriceRuleStackType]
    price_schedule_description: str | None = None
    minimum_cost: RationalNumberType | None = None
    maximum_cost: RationalNumberType | None = None
    tax_rules: list[TaxRuleType] | None = None
    overstay_rule_list: OverstayRuleListType | None = None
    additional_selected_services: list[AdditionalSelectedServicesType] | None = None
    custom_data: dict[str, Any] | None = None


class AdditionalInfoType(Object, frozen=True):
    additional_id_token: str
    type: str
    custom_data: dict[str, Any] | None = None


class AddressType(Object, frozen=True):
    name: str
    address1: str
    city: str
    country: str
    address2: str | None = None
    postal_code: str | None = None
    custom_data: dict[str, Any] | None = None


class PeriodicEventStreamParamsType(Object, frozen=True):
    interval: int | None = None
    values: int | None = None
    custom_data: dict[str, Any] | None = None


class AdjustPeriodicEventStreamRequest(Object, frozen=True):
    id: int
    params: PeriodicEventStreamParamsType
    custom_data: dict[str, Any] | None = None


class AdjustPeriodicEventStreamResponse(Object, frozen=True):
    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class IdTokenType(Object, frozen=True):
    id_token: str
    type: str
    custom_data: dict[str, Any] | None = None
    additional_info: list[AdditionalInfoType] | None = None


class MessageContentType(Object, frozen=True):
    format: MessageFormatEnumType
    content: str
    custom_data: dict[str, Any] | None = None
    language: str | None = None


class IdTokenInfoType(Object, frozen=True):
    status: AuthorizationStatusEnumType
    custom_data: dict[str, Any] | None = None
    cache_expiry_date_time: str | None = None
    charging_priority: int | None = None
    language1: str | None = None
    evse_id: list[int] | None = None
    group_id_token: IdTokenType | None = None
    language2: str | None = None
    personal_message: MessageContentType | None = None


class AuthorizationData(Object, frozen=True):
    id_token: IdTokenType
    custom_data: dict[str, Any] | None = None
    id_token_info: IdTokenInfoType | None = None


class OCSPRequestDataType(Object, frozen=True):
    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    responder_url: str = field(name="responderURL")
    custom_data: dict[str, Any] | None = None


class AuthorizeRequest(Object, frozen=True):
    id_token: IdTokenType
    custom_data: dict[str, Any] | None = None
    certificate: str | None = None
    iso15118_certificate_hash_data: list[OCSPRequestDataType] | None = None


class TariffConditionsType(Object, frozen=True):
    start_time_of_day: str | None = None
    end_time_of_day: str | None = None
    day_of_week: list[DayOfWeekEnumType] | None = None
    valid_from_date: str | None = None
    valid_to_date: str | None = None
    evse_kind: EvseKindEnumType | None = None
    min_energy: Decimal | None = None
    max_energy: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_time: int | None = None
    max_time: int | None = None
    min_charging_time: int | None = None
    max_charging_time: int | None = None
    min_idle_time: int | None = None
    max_idle_time: int | None = None
    custom_data: dict[str, Any] | None = None


class TariffEnergyPriceType(Object, frozen=True):
    price_kwh: Decimal
    conditions: TariffConditionsType | None = None
    custom_data: dict[str, Any] | None = None


class TaxRateType(Object, frozen=True):
    type: str
    tax: Decimal
    stack: int | None = None
    custom_data: dict[str, Any] | None = None


class TariffEnergyType(Object, frozen=True):
    prices: list[TariffEnergyPriceType]
    tax_rates: list[TaxRateType] | None = None
    custom_data: dict[str, Any] | None = None


class TariffTimePriceType(Object, frozen=True):
    price_minute: Decimal
    conditions: TariffConditionsType | None = None
    custom_data: dict[str, Any] | None = None


class TariffTimeType(Object, frozen=True):
    prices: list[TariffTimePriceType]
    tax_rates: list[TaxRateType] | None = None
    custom_data: dict[str, Any] | None = None


class TariffConditionsFixedType(Object, frozen=True):
    start_time_of_day: str | None = None
    end_time_of_day: str | None = None
    day_of_week: list[DayOfWeekEnumType] | None = None
    valid_from_date: str | None = None
    valid_to_date: str | None = None
    evse_kind: EvseKindEnumType | None = None
    payment_brand: str | None = None
    payment_recognition: str | None = None
    custom_data: dict[str, Any] | None = None


class TariffFixedPriceType(Object, frozen=True):
    price_fixed: Decimal
    conditions: TariffConditionsFixedType | None = None
    custom_data: dict[str, Any] | None = None


class TariffFixedType(Object, frozen=True):
    prices: list[TariffFixedPriceType]
    tax_rates: list[TaxRateType] | None = None
    custom_data: dict[str, Any] | None = None


class PriceType(Object, frozen=True):
    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None
    tax_rates: list[TaxRateType] | None = None
    custom_data: dict[str, Any] | None = None


class TariffType(Object, frozen=True):
    tariff_id: str
    currency: str
    description: list[MessageContentType] | None = None
    energy: TariffEnergyType | None = None
    valid_from: str | None = None
    charging_time: TariffTimeType | None = None
    idle_time: TariffTimeType | None = None
    fixed_fee: TariffFixedType | None = None
    reservation_time: TariffTimeType | None = None
    reservation_fixed: TariffFixedType | None = None
    min_cost: PriceType | None = None
    max_cost: PriceType | None = None
    custom_data: dict[str, Any] | None = None


class AuthorizeResponse(Object, frozen=True):
    id_token_info: IdTokenInfoType
    custom_data: dict[str, Any] | None = None
    certificate_status: AuthorizeCertificateStatusEnumType | None = None
    allowed_energy_transfer: list[EnergyTransferModeEnumType] | None = None
    tariff: TariffType | None = None


class BatteryDataType(Object, frozen=True):
    evse_id: int
    serial_number: str
    soc: Decimal = field(name="soC")
    so_h: Decimal
    production_date: str | None = None
    vendor_info: str | None = None
    custom_data: dict[str, Any] | None = None


class BatterySwapRequest(Object, frozen=True):
    battery_data: list[BatteryDataType]
    event_type: BatterySwapEventEnumType
    id_token: IdTokenType
    request_id: int
    custom_data: dict[str, Any] | None = None


class BatterySwapResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class ModemType(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    iccid: str | None = None
    imsi: str | None = None


class ChargingStationType(Object, frozen=True):
    model: str
    vendor_name: str
    custom_data: dict[str, Any] | None = None
    serial_number: str | None = None
    modem: ModemType | None = None
    firmware_version: str | None = None


class BootNotificationRequest(Object, frozen=True):
    charging_station: ChargingStationType
    reason: BootReasonEnumType
    custom_data: dict[str, Any] | None = None


class BootNotificationResponse(Object, frozen=True):
    current_time: str
    interval: int
    status: RegistrationStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class CancelReservationRequest(Object, frozen=True):
    reservation_id: int
    custom_data: dict[str, Any] | None = None


class CancelReservationResponse(Object, frozen=True):
    status: CancelReservationStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class CertificateHashDataType(Object, frozen=True):
    hash_algorithm: HashAlgorithmEnumType
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    custom_data: dict[str, Any] | None = None


class CertificateHashDataChainType(Object, frozen=True):
    certificate_hash_data: CertificateHashDataType
    certificate_type: GetCertificateIdUseEnumType
    custom_data: dict[str, Any] | None = None
    child_certificate_hash_data: list[CertificateHashDataType] | None = None


class CertificateSignedRequest(Object, frozen=True):
    certificate_chain: str
    custom_data: dict[str, Any] | None = None
    certificate_type: CertificateSigningUseEnumType | None = None
    request_id: int | None = None


class CertificateSignedResponse(Object, frozen=True):
    status: CertificateSignedStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class CertificateStatusRequestInfoType(Object, frozen=True):
    certificate_hash_data: CertificateHashDataType
    source: CertificateStatusSourceEnumType
    urls: list[str]
    custom_data: dict[str, Any] | None = None


class CertificateStatusType(Object, frozen=True):
    certificate_hash_data: CertificateHashDataType
    source: CertificateStatusSourceEnumType
    status: CertificateStatusEnumType
    next_update: str
    custom_data: dict[str, Any] | None = None


class EVSEType(Object, frozen=True):
    id: int
    custom_data: dict[str, Any] | None = None
    connector_id: int | None = None


class ChangeAvailabilityRequest(Object, frozen=True):
    operational_status: OperationalStatusEnumType
    custom_data: dict[str, Any] | None = None
    evse: EVSEType | None = None


class ChangeAvailabilityResponse(Object, frozen=True):
    status: ChangeAvailabilityStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ChangeTransactionTariffRequest(Object, frozen=True):
    tariff: TariffType
    transaction_id: str
    custom_data: dict[str, Any] | None = None


class ChangeTransactionTariffResponse(Object, frozen=True):
    status: TariffChangeStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class ChargingLimitType(Object, frozen=True):
    charging_limit_source: str
    custom_data: dict[str, Any] | None = None
    is_grid_critical: bool | None = None
    is_local_generation: bool | None = None


class DCChargingParametersType(Object, frozen=True):
    ev_max_current: Decimal
    ev_max_voltage: Decimal
    custom_data: dict[str, Any] | None = None
    energy_amount: Decimal | None = None
    ev_max_power: Decimal | None = None
    state_of_charge: int | None = None
    ev_energy_capacity: Decimal | None = None
    full_soc: int | None = field(default=None, name="fullSoC")
    bulk_soc: int | None = field(default=None, name="bulkSoC")


class DERChargingParametersType(Object, frozen=True):
    ev_supported_der_control: list[DERControlEnumType] | None = field(
        default=None, name="evSupportedDERControl"
    )
    ev_over_excited_max_discharge_power: Decimal | None = None
    ev_over_excited_power_factor: Decimal | None = None
    ev_under_excited_max_discharge_power: Decimal | None = None
    ev_under_excited_power_factor: Decimal | None = None
    max_apparent_power: Decimal | None = None
    max_charge_apparent_power: Decimal | None = None
    max_charge_apparent_power_l2: Decimal | None = field(default=None, name="maxChargeApparentPower_L2")
    max_charge_apparent_power_l3: Decimal | None = field(default=None, name="maxChargeApparentPower_L3")
    max_discharge_apparent_power: Decimal | None = None
    max_discharge_apparent_power_l2: Decimal | None = field(default=None, name="maxDischargeApparentPower_L2")
    max_discharge_apparent_power_l3: Decimal | None = field(default=None, name="maxDischargeApparentPower_L3")
    max_charge_reactive_power: Decimal | None = None
    max_charge_reactive_power_l2: Decimal | None = field(default=None, name="maxChargeReactivePower_L2")
    max_charge_reactive_power_l3: Decimal | None = field(default=None, name="maxChargeReactivePower_L3")
    min_charge_reactive_power: Decimal | None = None
    min_charge_reactive_power_l2: Decimal | None = field(default=None, name="minChargeReactivePower_L2")
    min_charge_reactive_power_l3: Decimal | None = field(default=None, name="minChargeReactivePower_L3")
    max_discharge_reactive_power: Decimal | None = None
    max_discharge_reactive_power_l2: Decimal | None = field(default=None, name="maxDischargeReactivePower_L2")
    max_discharge_reactive_power_l3: Decimal | None = field(default=None, name="maxDischargeReactivePower_L3")
    min_discharge_reactive_power: Decimal | None = None
    min_discharge_reactive_power_l2: Decimal | None = field(default=None, name="minDischargeReactivePower_L2")
    min_discharge_reactive_power_l3: Decimal | None = field(default=None, name="minDischargeReactivePower_L3")
    nominal_voltage: Decimal | None = None
    nominal_voltage_offset: Decimal | None = None
    max_nominal_voltage: Decimal | None = None
    min_nominal_voltage: Decimal | None = None
    ev_inverter_manufacturer: str | None = None
    ev_inverter_model: str | None = None
    ev_inverter_serial_number: str | None = None
    ev_inverter_sw_version: str | None = None
    ev_inverter_hw_version: str | None = None
    ev_islanding_detection_method: list[IslandingDetectionEnumType] | None = None
    ev_islanding_trip_time: Decimal | None = None
    ev_maximum_level1_dc_injection: Decimal | None = field(default=None, name="evMaximumLevel1DCInjection")
    ev_duration_level1_dc_injection: Decimal | None = field(default=None, name="evDurationLevel1DCInjection")
    ev_maximum_level2_dc_injection: Decimal | None = field(default=None, name="evMaximumLevel2DCInjection")
    ev_duration_level2_dc_injection: Decimal | None = field(default=None, name="evDurationLevel2DCInjection")
    ev_reactive_susceptance: Decimal | None = None
    ev_session_total_discharge_energy_available: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class EVPriceRuleType(Object, frozen=True):
    energy_fee: Decimal
    power_range_start: Decimal
    custom_data: dict[str, Any] | None = None


class EVAbsolutePriceScheduleEntryType(Object, frozen=True):
    duration: int
    ev_price_rule: list[EVPriceRuleType]
    custom_data: dict[str, Any] | None = None


class EVAbsolutePriceScheduleType(Object, frozen=True):
    time_anchor: str
    currency: str
    ev_absolute_price_schedule_entries: list[EVAbsolutePriceScheduleEntryType]
    price_algorithm: str
    custom_data: dict[str, Any] | None = None


class EVPowerScheduleEntryType(Object, frozen=True):
    duration: int
    power: Decimal
    custom_data: dict[str, Any] | None = None


class EVPowerScheduleType(Object, frozen=True):
    ev_power_schedule_entries: list[EVPowerScheduleEntryType]
    time_anchor: str
    custom_data: dict[str, Any] | None = None


class EVEnergyOfferType(Object, frozen=True):
    ev_power_schedule: EVPowerScheduleType
    ev_absolute_price_schedule: EVAbsolutePriceScheduleType | None = None
    custom_data: dict[str, Any] | None = None


class V2XChargingParametersType(Object, frozen=True):
    min_charge_power: Decimal | None = None
    min_charge_power_l2: Decimal | None = field(default=None, name="minChargePower_L2")
    min_charge_power_l3: Decimal | None = field(default=None, name="minChargePower_L3")
    max_charge_power: Decimal | None = None
    max_charge_power_l2: Decimal | None = field(default=None, name="maxChargePower_L2")
    max_charge_power_l3: Decimal | None = field(default=None, name="maxChargePower_L3")
    min_discharge_power: Decimal | None = None
    min_discharge_power_l2: Decimal | None = field(default=None, name="minDischargePower_L2")
    min_discharge_power_l3: Decimal | None = field(default=None, name="minDischargePower_L3")
    max_discharge_power: Decimal | None = None
    max_discharge_power_l2: Decimal | None = field(default=None, name="maxDischargePower_L2")
    max_discharge_power_l3: Decimal | None = field(default=None, name="maxDischargePower_L3")
    min_charge_current: Decimal | None = None
    max_charge_current: Decimal | None = None
    min_discharge_current: Decimal | None = None
    max_discharge_current: Decimal | None = None
    min_voltage: Decimal | None = None
    max_voltage: Decimal | None = None
    ev_target_energy_request: Decimal | None = None
    ev_min_energy_request: Decimal | None = None
    ev_max_energy_request: Decimal | None = None
    ev_min_v2x_energy_request: Decimal | None = None
    ev_max_v2x_energy_request: Decimal | None = None
    target_soc: int | None = field(default=None, name="targetSoC")
    custom_data: dict[str, Any] | None = None


class ChargingNeedsType(Object, frozen=True):
    requested_energy_transfer: EnergyTransferModeEnumType
    custom_data: dict[str, Any] | None = None
    ac_charging_parameters: ACChargingParametersType | None = None
    dc_charging_parameters: DCChargingParametersType | None = None
    departure_time: str | None = None
    der_charging_parameters: DERChargingParametersType | None = None
    ev_energy_offer: EVEnergyOfferType | None = None
    v2x_charging_parameters: V2XChargingParametersType | None = None
    available_energy_transfer: list[EnergyTransferModeEnumType] | None = None
    control_mode: ControlModeEnumType | None = None
    mobility_needs_mode: MobilityNeedsModeEnumType | None = None


class CostDimensionType(Object, frozen=True):
    type: CostDimensionEnumType
    volume: Decimal
    custom_data: dict[str, Any] | None = None


class ChargingPeriodType(Object, frozen=True):
    start_period: str
    dimensions: list[CostDimensionType] | None = None
    tariff_id: str | None = None
    custom_data: dict[str, Any] | None = None


class ChargingProfileCriterionType(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: int | None = None
    charging_profile_id: list[int] | None = None
    charging_limit_source: list[str] | None = None


class V2XFreqWattPointType(Object, frozen=True):
    frequency: Decimal
    power: Decimal
    custom_data: dict[str, Any] | None = None


class V2XSignalWattPointType(Object, frozen=True):
    signal: int
    power: Decimal
    custom_data: dict[str, Any] | None = None


class ChargingSchedulePeriodType(Object, frozen=True):
    start_period: int
    custom_data: dict[str, Any] | None = None
    limit: Decimal | None = None
    number_phases: int | None = None
    phase_to_use: int | None = None
    limit_l2: Decimal | None = field(default=None, name="limit_L2")
    limit_l3: Decimal | None = field(default=None, name="limit_L3")
    discharge_limit: Decimal | None = None
    discharge_limit_l2: Decimal | None = field(default=None, name="dischargeLimit_L2")
    discharge_limit_l3: Decimal | None = field(default=None, name="dischargeLimit_L3")
    setpoint: Decimal | None = None
    setpoint_l2: Decimal | None = field(default=None, name="setpoint_L2")
    setpoint_l3: Decimal | None = field(default=None, name="setpoint_L3")
    setpoint_reactive: Decimal | None = None
    setpoint_reactive_l2: Decimal | None = field(default=None, name="setpointReactive_L2")
    setpoint_reactive_l3: Decimal | None = field(default=None, name="setpointReactive_L3")
    preconditioning_request: bool | None = None
    evse_sleep: bool | None = None
    v2x_baseline: Decimal | None = None
    operation_mode: OperationModeEnumType | None = None
    v2x_freq_watt_curve: list[V2XFreqWattPointType] | None = None
    v2x_signal_watt_curve: list[V2XSignalWattPointType] | None = None


class RelativeTimeIntervalType(Object, frozen=True):
    start: int
    custom_data: dict[str, Any] | None = None
    duration: int | None = None


class CostType(Object, frozen=True):
    cost_kind: CostKindEnumType
    amount: int
    custom_data: dict[str, Any] | None = None
    amount_multiplier: int | None = None


class ConsumptionCostType(Object, frozen=True):
    start_value: Decimal
    cost: list[CostType]
    custom_data: dict[str, Any] | None = None


class SalesTariffEntryType(Object, frozen=True):
    relative_time_interval: RelativeTimeIntervalType
    custom_data: dict[str, Any] | None = None
    e_price_level: int | None = None
    consumption_cost: list[ConsumptionCostType] | None = None


class SalesTariffType(Object, frozen=True):
    id: int
    sales_tariff_entry: list[SalesTariffEntryType]
    custom_data: dict[str, Any] | None = None
    sales_tariff_description: str | None = None
    num_eprice_levels: int | None = field(default=None, name="numEPriceLevels")


class LimitAtSoCType(Object, frozen=True):
    soc: int
    limit: Decimal
    custom_data: dict[str, Any] | None = None


class PriceLevelScheduleEntryType(Object, frozen=True):
    duration: int
    price_level: int
    custom_data: dict[str, Any] | None = None


class PriceLevelScheduleType(Object, frozen=True):
    price_level_schedule_entries: list[PriceLevelScheduleEntryType]
    time_anchor: str
    price_schedule_id: int
    number_of_price_levels: int
    price_schedule_description: str | None = None
    custom_data: dict[str, Any] | None = None


class ChargingScheduleType(Object, frozen=True):
    id: int
    charging_rate_unit: ChargingRateUnitEnumType
    charging_schedule_period: list[ChargingSchedulePeriodType]
    custom_data: dict[str, Any] | None = None
    start_schedule: str | None = None
    duration: int | None = None
    min_charging_rate: Decimal | None = None
    sales_tariff: SalesTariffType | None = None
    limit_at_soc: LimitAtSoCType | None = field(default=None, name="limitAtSoC")
    power_tolerance: Decimal | None = None
    signature_id: int | None = None
    digest_value: str | None = None
    use_local_time: bool | None = None
    randomized_delay: int | None = None
    absolute_price_schedule: AbsolutePriceScheduleType | None = None
    price_level_schedule: PriceLevelScheduleType | None = None


class ChargingProfileType(Object, frozen=True):
    id: int
    stack_level: int
    charging_profile_purpose: ChargingProfilePurposeEnumType
    charging_profile_kind: ChargingProfileKindEnumType
    charging_schedule: list[ChargingScheduleType]
    custom_data: dict[str, Any] | None = None
    recurrency_kind: RecurrencyKindEnumType | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    transaction_id: str | None = None
    max_offline_duration: int | None = None
    invalid_after_offline_duration: bool | None = None
    dyn_update_interval: int | None = None
    dyn_update_time: str | None = None
    price_schedule_signature: str | None = None


class ChargingScheduleUpdateType(Object, frozen=True):
    limit: Decimal | None = None
    limit_l2: Decimal | None = field(default=None, name="limit_L2")
    limit_l3: Decimal | None = field(default=None, name="limit_L3")
    discharge_limit: Decimal | None = None
    discharge_limit_l2: Decimal | None = field(default=None, name="dischargeLimit_L2")
    discharge_limit_l3: Decimal | None = field(default=None, name="dischargeLimit_L3")
    setpoint: Decimal | None = None
    setpoint_l2: Decimal | None = field(default=None, name="setpoint_L2")
    setpoint_l3: Decimal | None = field(default=None, name="setpoint_L3")
    setpoint_reactive: Decimal | None = None
    setpoint_reactive_l2: Decimal | None = field(default=None, name="setpointReactive_L2")
    setpoint_reactive_l3: Decimal | None = field(default=None, name="setpointReactive_L3")
    custom_data: dict[str, Any] | None = None


class ClearCacheRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class ClearCacheResponse(Object, frozen=True):
    status: ClearCacheStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ClearChargingProfileType(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    evse_id: int | None = None
    charging_profile_purpose: ChargingProfilePurposeEnumType | None = None
    stack_level: int | None = None


class ClearChargingProfileRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    charging_profile_id: int | None = None
    charging_profile_criteria: ClearChargingProfileType | None = None


class ClearChargingProfileResponse(Object, frozen=True):
    status: ClearChargingProfileStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ClearDERControlRequest(Object, frozen=True):
    is_default: bool
    control_type: DERControlEnumType | None = None
    control_id: str | None = None
    custom_data: dict[str, Any] | None = None


class ClearDERControlResponse(Object, frozen=True):
    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class ClearDisplayMessageRequest(Object, frozen=True):
    id: int
    custom_data: dict[str, Any] | None = None


class ClearDisplayMessageResponse(Object, frozen=True):
    status: ClearMessageStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ClearMonitoringResultType(Object, frozen=True):
    status: ClearMonitoringStatusEnumType
    id: int
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ClearTariffsRequest(Object, frozen=True):
    tariff_ids: list[str] | None = None
    evse_id: int | None = None
    custom_data: dict[str, Any] | None = None


class ClearTariffsResultType(Object, frozen=True):
    status: TariffClearStatusEnumType
    status_info: StatusInfoType | None = None
    tariff_id: str | None = None
    custom_data: dict[str, Any] | None = None


class ClearTariffsResponse(Object, frozen=True):
    clear_tariffs_result: list[ClearTariffsResultType]
    custom_data: dict[str, Any] | None = None


class ClearVariableMonitoringRequest(Object, frozen=True):
    id: list[int]
    custom_data: dict[str, Any] | None = None


class ClearVariableMonitoringResponse(Object, frozen=True):
    clear_monitoring_result: list[ClearMonitoringResultType]
    custom_data: dict[str, Any] | None = None


class ClearedChargingLimitRequest(Object, frozen=True):
    charging_limit_source: str
    custom_data: dict[str, Any] | None = None
    evse_id: int | None = None


class ClearedChargingLimitResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class ClosePeriodicEventStreamRequest(Object, frozen=True):
    id: int
    custom_data: dict[str, Any] | None = None


class ClosePeriodicEventStreamResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class ComponentType(Object, frozen=True):
    name: str
    custom_data: dict[str, Any] | None = None
    evse: EVSEType | None = None
    instance: str | None = None


class VariableType(Object, frozen=True):
    name: str
    custom_data: dict[str, Any] | None = None
    instance: str | None = None


class ComponentVariableType(Object, frozen=True):
    component: ComponentType
    custom_data: dict[str, Any] | None = None
    variable: VariableType | None = None


class CompositeScheduleType(Object, frozen=True):
    charging_schedule_period: list[ChargingSchedulePeriodType]
    evse_id: int
    duration: int
    schedule_start: str
    charging_rate_unit: ChargingRateUnitEnumType
    custom_data: dict[str, Any] | None = None


class ConstantStreamDataType(Object, frozen=True):
    id: int
    params: PeriodicEventStreamParamsType
    variable_monitoring_id: int
    custom_data: dict[str, Any] | None = None


class TotalPriceType(Object, frozen=True):
    excl_tax: Decimal | None = None
    incl_tax: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class TotalCostType(Object, frozen=True):
    currency: str
    type_of_cost: TariffCostEnumType
    total: TotalPriceType
    fixed: PriceType | None = None
    energy: PriceType | None = None
    charging_time: PriceType | None = None
    idle_time: PriceType | None = None
    reservation_time: PriceType | None = None
    reservation_fixed: PriceType | None = None
    custom_data: dict[str, Any] | None = None


class TotalUsageType(Object, frozen=True):
    energy: Decimal
    charging_time: int
    idle_time: int
    reservation_time: int | None = None
    custom_data: dict[str, Any] | None = None


class CostDetailsType(Object, frozen=True):
    total_cost: TotalCostType
    total_usage: TotalUsageType
    charging_periods: list[ChargingPeriodType] | None = None
    failure_to_calculate: bool | None = None
    failure_reason: str | None = None
    custom_data: dict[str, Any] | None = None


class CostUpdatedRequest(Object, frozen=True):
    total_cost: Decimal
    transaction_id: str
    custom_data: dict[str, Any] | None = None


class CostUpdatedResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class CustomerInformationRequest(Object, frozen=True):
    request_id: int
    report: bool
    clear: bool
    custom_data: dict[str, Any] | None = None
    customer_certificate: CertificateHashDataType | None = None
    id_token: IdTokenType | None = None
    customer_identifier: str | None = None


class CustomerInformationResponse(Object, frozen=True):
    status: CustomerInformationStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class DERCurvePointsType(Object, frozen=True):
    x: Decimal
    y: Decimal
    custom_data: dict[str, Any] | None = None


class HysteresisType(Object, frozen=True):
    hysteresis_high: Decimal | None = None
    hysteresis_low: Decimal | None = None
    hysteresis_delay: Decimal | None = None
    hysteresis_gradient: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class ReactivePowerParamsType(Object, frozen=True):
    v_ref: Decimal | None = None
    autonomous_vref_enable: bool | None = field(default=None, name="autonomousVRefEnable")
    autonomous_vref_time_constant: Decimal | None = field(default=None, name="autonomousVRefTimeConstant")
    custom_data: dict[str, Any] | None = None


class VoltageParamsType(Object, frozen=True):
    hv10_min_mean_value: Decimal | None = None
    hv10_min_mean_trip_delay: Decimal | None = None
    power_during_cessation: PowerDuringCessationEnumType | None = None
    custom_data: dict[str, Any] | None = None


class DERCurveType(Object, frozen=True):
    curve_data: list[DERCurvePointsType]
    priority: int
    y_unit: DERUnitEnumType
    hysteresis: HysteresisType | None = None
    reactive_power_params: ReactivePowerParamsType | None = None
    voltage_params: VoltageParamsType | None = None
    response_time: Decimal | None = None
    start_time: str | None = None
    duration: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class DERCurveGetType(Object, frozen=True):
    curve: DERCurveType
    id: str
    curve_type: DERControlEnumType
    is_default: bool
    is_superseded: bool
    custom_data: dict[str, Any] | None = None


class DataTransferRequest(Object, frozen=True):
    vendor_id: str
    custom_data: dict[str, Any] | None = None
    message_id: str | None = None
    data: Any | None = None


class DataTransferResponse(Object, frozen=True):
    status: DataTransferStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    data: Any | None = None


class DeleteCertificateRequest(Object, frozen=True):
    certificate_hash_data: CertificateHashDataType
    custom_data: dict[str, Any] | None = None


class DeleteCertificateResponse(Object, frozen=True):
    status: DeleteCertificateStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class EnterServiceType(Object, frozen=True):
    priority: int
    high_voltage: Decimal
    low_voltage: Decimal
    high_freq: Decimal
    low_freq: Decimal
    delay: Decimal | None = None
    random_delay: Decimal | None = None
    ramp_rate: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class EnterServiceGetType(Object, frozen=True):
    enter_service: EnterServiceType
    id: str
    custom_data: dict[str, Any] | None = None


class EventDataType(Object, frozen=True):
    event_id: int
    timestamp: str
    trigger: EventTriggerEnumType
    actual_value: str
    component: ComponentType
    event_notification_type: EventNotificationEnumType
    variable: VariableType
    custom_data: dict[str, Any] | None = None
    cause: int | None = None
    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool | None = None
    transaction_id: str | None = None
    variable_monitoring_id: int | None = None
    severity: int | None = None


class FirmwareStatusNotificationRequest(Object, frozen=True):
    status: FirmwareStatusEnumType
    custom_data: dict[str, Any] | None = None
    request_id: int | None = None
    status_info: StatusInfoType | None = None


class FirmwareStatusNotificationResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class FirmwareType(Object, frozen=True):
    location: str
    retrieve_date_time: str
    custom_data: dict[str, Any] | None = None
    install_date_time: str | None = None
    signing_certificate: str | None = None
    signature: str | None = None


class FixedPFType(Object, frozen=True):
    priority: int
    displacement: Decimal
    excitation: bool
    start_time: str | None = None
    duration: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class FixedPFGetType(Object, frozen=True):
    fixed_pf: FixedPFType = field(name="fixedPF")
    id: str
    is_default: bool
    is_superseded: bool
    custom_data: dict[str, Any] | None = None


class FixedVarType(Object, frozen=True):
    priority: int
    setpoint: Decimal
    unit: DERUnitEnumType
    start_time: str | None = None
    duration: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class FixedVarGetType(Object, frozen=True):
    fixed_var: FixedVarType
    id: str
    is_default: bool
    is_superseded: bool
    custom_data: dict[str, Any] | None = None


class FreqDroopType(Object, frozen=True):
    priority: int
    over_freq: Decimal
    under_freq: Decimal
    over_droop: Decimal
    under_droop: Decimal
    response_time: Decimal
    start_time: str | None = None
    duration: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class FreqDroopGetType(Object, frozen=True):
    freq_droop: FreqDroopType
    id: str
    is_default: bool
    is_superseded: bool
    custom_data: dict[str, Any] | None = None


class Get15118EVCertificateRequest(Object, frozen=True):
    iso15118_schema_version: str
    action: CertificateActionEnumType
    exi_request: str
    custom_data: dict[str, Any] | None = None
    maximum_contract_certificate_chains: int | None = None
    prioritized_emaids: list[str] | None = field(default=None, name="prioritizedEMAIDs")


class Get15118EVCertificateResponse(Object, frozen=True):
    status: Iso15118EVCertificateStatusEnumType
    exi_response: str
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    remaining_contracts: int | None = None


class GetBaseReportRequest(Object, frozen=True):
    request_id: int
    report_base: ReportBaseEnumType
    custom_data: dict[str, Any] | None = None


class GetBaseReportResponse(Object, frozen=True):
    status: GenericDeviceModelStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class GetCertificateChainStatusRequest(Object, frozen=True):
    certificate_status_requests: list[CertificateStatusRequestInfoType]
    custom_data: dict[str, Any] | None = None


class GetCertificateChainStatusResponse(Object, frozen=True):
    certificate_status: list[CertificateStatusType]
    custom_data: dict[str, Any] | None = None


class GetCertificateStatusRequest(Object, frozen=True):
    ocsp_request_data: OCSPRequestDataType
    custom_data: dict[str, Any] | None = None


class GetCertificateStatusResponse(Object, frozen=True):
    status: GetCertificateStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    ocsp_result: str | None = None


class GetChargingProfilesRequest(Object, frozen=True):
    request_id: int
    charging_profile: ChargingProfileCriterionType
    custom_data: dict[str, Any] | None = None
    evse_id: int | None = None


class GetChargingProfilesResponse(Object, frozen=True):
    status: GetChargingProfileStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class GetCompositeScheduleRequest(Object, frozen=True):
    duration: int
    evse_id: int
    custom_data: dict[str, Any] | None = None
    charging_rate_unit: ChargingRateUnitEnumType | None = None


class GetCompositeScheduleResponse(Object, frozen=True):
    status: GenericStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    schedule: CompositeScheduleType | None = None


class GetDERControlRequest(Object, frozen=True):
    request_id: int
    is_default: bool | None = None
    control_type: DERControlEnumType | None = None
    control_id: str | None = None
    custom_data: dict[str, Any] | None = None


class GetDERControlResponse(Object, frozen=True):
    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class GetDisplayMessagesRequest(Object, frozen=True):
    request_id: int
    custom_data: dict[str, Any] | None = None
    id: list[int] | None = None
    priority: MessagePriorityEnumType | None = None
    state: MessageStateEnumType | None = None


class GetDisplayMessagesResponse(Object, frozen=True):
    status: GetDisplayMessagesStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class GetInstalledCertificateIdsRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    certificate_type: list[GetCertificateIdUseEnumType] | None = None


class GetInstalledCertificateIdsResponse(Object, frozen=True):
    status: GetInstalledCertificateStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    certificate_hash_data_chain: list[CertificateHashDataChainType] | None = None


class GetLocalListVersionRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class GetLocalListVersionResponse(Object, frozen=True):
    version_number: int
    custom_data: dict[str, Any] | None = None


class LogParametersType(Object, frozen=True):
    remote_location: str
    custom_data: dict[str, Any] | None = None
    oldest_timestamp: str | None = None
    latest_timestamp: str | None = None


class GetLogRequest(Object, frozen=True):
    log: LogParametersType
    log_type: LogEnumType
    request_id: int
    custom_data: dict[str, Any] | None = None
    retries: int | None = None
    retry_interval: int | None = None


class GetLogResponse(Object, frozen=True):
    status: LogStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    filename: str | None = None


class GetMonitoringReportRequest(Object, frozen=True):
    request_id: int
    custom_data: dict[str, Any] | None = None
    component_variable: list[ComponentVariableType] | None = None
    monitoring_criteria: list[MonitoringCriterionEnumType] | None = None


class GetMonitoringReportResponse(Object, frozen=True):
    status: GenericDeviceModelStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class GetPeriodicEventStreamRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class GetPeriodicEventStreamResponse(Object, frozen=True):
    constant_stream_data: list[ConstantStreamDataType] | None = None
    custom_data: dict[str, Any] | None = None


class GetReportRequest(Object, frozen=True):
    request_id: int
    custom_data: dict[str, Any] | None = None
    component_variable: list[ComponentVariableType] | None = None
    component_criteria: list[ComponentCriterionEnumType] | None = None


class GetReportResponse(Object, frozen=True):
    status: GenericDeviceModelStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class GetTariffsRequest(Object, frozen=True):
    evse_id: int
    custom_data: dict[str, Any] | None = None


class TariffAssignmentType(Object, frozen=True):
    tariff_id: str
    tariff_kind: TariffKindEnumType
    valid_from: str | None = None
    evse_ids: list[int] | None = None
    id_tokens: list[str] | None = None
    custom_data: dict[str, Any] | None = None


class GetTariffsResponse(Object, frozen=True):
    status: TariffGetStatusEnumType
    status_info: StatusInfoType | None = None
    tariff_assignments: list[TariffAssignmentType] | None = None
    custom_data: dict[str, Any] | None = None


class GetTransactionStatusRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    transaction_id: str | None = None


class GetTransactionStatusResponse(Object, frozen=True):
    messages_in_queue: bool
    custom_data: dict[str, Any] | None = None
    ongoing_indicator: bool | None = None


class GetVariableDataType(Object, frozen=True):
    component: ComponentType
    variable: VariableType
    custom_data: dict[str, Any] | None = None
    attribute_type: AttributeEnumType | None = None


class GetVariableResultType(Object, frozen=True):
    attribute_status: GetVariableStatusEnumType
    component: ComponentType
    variable: VariableType
    custom_data: dict[str, Any] | None = None
    attribute_status_info: StatusInfoType | None = None
    attribute_type: AttributeEnumType | None = None
    attribute_value: str | None = None


class GetVariablesRequest(Object, frozen=True):
    get_variable_data: list[GetVariableDataType]
    custom_data: dict[str, Any] | None = None


class GetVariablesResponse(Object, frozen=True):
    get_variable_result: list[GetVariableResultType]
    custom_data: dict[str, Any] | None = None


class GradientType(Object, frozen=True):
    priority: int
    gradient: Decimal
    soft_gradient: Decimal
    custom_data: dict[str, Any] | None = None


class GradientGetType(Object, frozen=True):
    gradient: GradientType
    id: str
    custom_data: dict[str, Any] | None = None


class HeartbeatRequest(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class HeartbeatResponse(Object, frozen=True):
    current_time: str
    custom_data: dict[str, Any] | None = None


class InstallCertificateRequest(Object, frozen=True):
    certificate_type: InstallCertificateUseEnumType
    certificate: str
    custom_data: dict[str, Any] | None = None


class InstallCertificateResponse(Object, frozen=True):
    status: InstallCertificateStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class LimitMaxDischargeType(Object, frozen=True):
    priority: int
    pct_max_discharge_power: Decimal | None = None
    power_monitoring_must_trip: DERCurveType | None = None
    start_time: str | None = None
    duration: Decimal | None = None
    custom_data: dict[str, Any] | None = None


class LimitMaxDischargeGetType(Object, frozen=True):
    id: str
    is_default: bool
    is_superseded: bool
    limit_max_discharge: LimitMaxDischargeType
    custom_data: dict[str, Any] | None = None


class LogStatusNotificationRequest(Object, frozen=True):
    status: UploadLogStatusEnumType
    custom_data: dict[str, Any] | None = None
    request_id: int | None = None
    status_info: StatusInfoType | None = None


class LogStatusNotificationResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class MessageInfoType(Object, frozen=True):
    id: int
    priority: MessagePriorityEnumType
    message: MessageContentType
    custom_data: dict[str, Any] | None = None
    display: ComponentType | None = None
    state: MessageStateEnumType | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    transaction_id: str | None = None
    message_extra: list[MessageContentType] | None = None


class SignedMeterValueType(Object, frozen=True):
    signed_meter_data: str
    encoding_method: str
    custom_data: dict[str, Any] | None = None
    signing_method: str | None = None
    public_key: str | None = None


class UnitOfMeasureType(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    unit: str | None = None
    multiplier: int | None = None


class SampledValueType(Object, frozen=True):
    value: Decimal
    custom_data: dict[str, Any] | None = None
    context: ReadingContextEnumType | None = None
    measurand: MeasurandEnumType | None = None
    phase: PhaseEnumType | None = None
    location: LocationEnumType | None = None
    signed_meter_value: SignedMeterValueType | None = None
    unit_of_measure: UnitOfMeasureType | None = None


class MeterValueType(Object, frozen=True):
    sampled_value: list[SampledValueType]
    timestamp: str
    custom_data: dict[str, Any] | None = None


class MeterValuesRequest(Object, frozen=True):
    evse_id: int
    meter_value: list[MeterValueType]
    custom_data: dict[str, Any] | None = None


class MeterValuesResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class VariableMonitoringType(Object, frozen=True):
    id: int
    transaction: bool
    value: Decimal
    type: MonitorEnumType
    severity: int
    custom_data: dict[str, Any] | None = None
    event_notification_type: EventNotificationEnumType | None = None


class MonitoringDataType(Object, frozen=True):
    component: ComponentType
    variable: VariableType
    variable_monitoring: list[VariableMonitoringType]
    custom_data: dict[str, Any] | None = None


class VPNType(Object, frozen=True):
    server: str
    user: str
    password: str
    key: str
    type: VPNEnumType
    custom_data: dict[str, Any] | None = None
    group: str | None = None


class NetworkConnectionProfileType(Object, frozen=True):
    ocpp_transport: OCPPTransportEnumType
    ocpp_csms_url: str
    message_timeout: int
    security_profile: int
    ocpp_interface: OCPPInterfaceEnumType
    custom_data: dict[str, Any] | None = None
    apn: APNType | None = None
    ocpp_version: OCPPVersionEnumType | None = None
    vpn: VPNType | None = None
    identity: str | None = None
    basic_auth_password: str | None = None


class NotifyAllowedEnergyTransferRequest(Object, frozen=True):
    transaction_id: str
    allowed_energy_transfer: list[EnergyTransferModeEnumType]
    custom_data: dict[str, Any] | None = None


class NotifyAllowedEnergyTransferResponse(Object, frozen=True):
    status: NotifyAllowedEnergyTransferStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class NotifyChargingLimitRequest(Object, frozen=True):
    charging_limit: ChargingLimitType
    custom_data: dict[str, Any] | None = None
    charging_schedule: list[ChargingScheduleType] | None = None
    evse_id: int | None = None


class NotifyChargingLimitResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifyCustomerInformationRequest(Object, frozen=True):
    data: str
    seq_no: int
    generated_at: str
    request_id: int
    custom_data: dict[str, Any] | None = None
    tbc: bool | None = None


class NotifyCustomerInformationResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifyDERAlarmRequest(Object, frozen=True):
    control_type: DERControlEnumType
    timestamp: str
    grid_event_fault: GridEventFaultEnumType | None = None
    alarm_ended: bool | None = None
    extra_info: str | None = None
    custom_data: dict[str, Any] | None = None


class NotifyDERAlarmResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifyDERStartStopRequest(Object, frozen=True):
    control_id: str
    started: bool
    timestamp: str
    superseded_ids: list[str] | None = None
    custom_data: dict[str, Any] | None = None


class NotifyDERStartStopResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifyDisplayMessagesRequest(Object, frozen=True):
    request_id: int
    custom_data: dict[str, Any] | None = None
    message_info: list[MessageInfoType] | None = None
    tbc: bool | None = None


class NotifyDisplayMessagesResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifyEVChargingNeedsRequest(Object, frozen=True):
    charging_needs: ChargingNeedsType
    evse_id: int
    custom_data: dict[str, Any] | None = None
    max_schedule_tuples: int | None = None
    timestamp: str | None = None


class NotifyEVChargingNeedsResponse(Object, frozen=True):
    status: NotifyEVChargingNeedsStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class NotifyEVChargingScheduleRequest(Object, frozen=True):
    time_base: str
    charging_schedule: ChargingScheduleType
    evse_id: int
    custom_data: dict[str, Any] | None = None
    selected_charging_schedule_id: int | None = None
    power_tolerance_acceptance: bool | None = None


class NotifyEVChargingScheduleResponse(Object, frozen=True):
    status: GenericStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class NotifyEventRequest(Object, frozen=True):
    generated_at: str
    seq_no: int
    event_data: list[EventDataType]
    custom_data: dict[str, Any] | None = None
    tbc: bool | None = None


class NotifyEventResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifyMonitoringReportRequest(Object, frozen=True):
    request_id: int
    seq_no: int
    generated_at: str
    custom_data: dict[str, Any] | None = None
    monitor: list[MonitoringDataType] | None = None
    tbc: bool | None = None


class NotifyMonitoringReportResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class StreamDataElementType(Object, frozen=True):
    t: Decimal
    v: str
    custom_data: dict[str, Any] | None = None


class NotifyPeriodicEventStreamRequest(Object, frozen=True):
    data: list[StreamDataElementType]
    id: int
    pending: int
    basetime: str
    custom_data: dict[str, Any] | None = None


class NotifyPriorityChargingRequest(Object, frozen=True):
    transaction_id: str
    activated: bool
    custom_data: dict[str, Any] | None = None


class NotifyPriorityChargingResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class VariableAttributeType(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    type: AttributeEnumType | None = None
    value: str | None = None
    mutability: MutabilityEnumType | None = None
    persistent: bool | None = None
    constant: bool | None = None


class VariableCharacteristicsType(Object, frozen=True):
    data_type: DataEnumType
    supports_monitoring: bool
    custom_data: dict[str, Any] | None = None
    unit: str | None = None
    min_limit: Decimal | None = None
    max_limit: Decimal | None = None
    values_list: str | None = None
    max_elements: int | None = None


class ReportDataType(Object, frozen=True):
    component: ComponentType
    variable: VariableType
    variable_attribute: list[VariableAttributeType]
    custom_data: dict[str, Any] | None = None
    variable_characteristics: VariableCharacteristicsType | None = None


class NotifyReportRequest(Object, frozen=True):
    request_id: int
    generated_at: str
    seq_no: int
    custom_data: dict[str, Any] | None = None
    report_data: list[ReportDataType] | None = None
    tbc: bool | None = None


class NotifyReportResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class NotifySettlementRequest(Object, frozen=True):
    psp_ref: str
    status: PaymentStatusEnumType
    settlement_amount: Decimal
    settlement_time: str
    transaction_id: str | None = None
    status_info: str | None = None
    receipt_id: str | None = None
    receipt_url: str | None = None
    vat_company: AddressType | None = None
    vat_number: str | None = None
    custom_data: dict[str, Any] | None = None


class NotifySettlementResponse(Object, frozen=True):
    receipt_url: str | None = None
    receipt_id: str | None = None
    custom_data: dict[str, Any] | None = None


class NotifyWebPaymentStartedRequest(Object, frozen=True):
    evse_id: int
    timeout: int
    custom_data: dict[str, Any] | None = None


class NotifyWebPaymentStartedResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class OpenPeriodicEventStreamRequest(Object, frozen=True):
    constant_stream_data: ConstantStreamDataType
    custom_data: dict[str, Any] | None = None


class OpenPeriodicEventStreamResponse(Object, frozen=True):
    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class PublishFirmwareRequest(Object, frozen=True):
    location: str
    checksum: str
    request_id: int
    custom_data: dict[str, Any] | None = None
    retries: int | None = None
    retry_interval: int | None = None


class PublishFirmwareResponse(Object, frozen=True):
    status: GenericStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class PublishFirmwareStatusNotificationRequest(Object, frozen=True):
    status: PublishFirmwareStatusEnumType
    custom_data: dict[str, Any] | None = None
    location: list[str] | None = None
    request_id: int | None = None
    status_info: StatusInfoType | None = None


class PublishFirmwareStatusNotificationResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class PullDynamicScheduleUpdateRequest(Object, frozen=True):
    charging_profile_id: int
    custom_data: dict[str, Any] | None = None


class PullDynamicScheduleUpdateResponse(Object, frozen=True):
    status: ChargingProfileStatusEnumType
    schedule_update: ChargingScheduleUpdateType | None = None
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class ReportChargingProfilesRequest(Object, frozen=True):
    request_id: int
    charging_limit_source: str
    charging_profile: list[ChargingProfileType]
    evse_id: int
    custom_data: dict[str, Any] | None = None
    tbc: bool | None = None


class ReportChargingProfilesResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class ReportDERControlRequest(Object, frozen=True):
    request_id: int
    curve: list[DERCurveGetType] | None = None
    enter_service: list[EnterServiceGetType] | None = None
    fixed_pf_absorb: list[FixedPFGetType] | None = field(default=None, name="fixedPFAbsorb")
    fixed_pf_inject: list[FixedPFGetType] | None = field(default=None, name="fixedPFInject")
    fixed_var: list[FixedVarGetType] | None = None
    freq_droop: list[FreqDroopGetType] | None = None
    gradient: list[GradientGetType] | None = None
    limit_max_discharge: list[LimitMaxDischargeGetType] | None = None
    tbc: bool | None = None
    custom_data: dict[str, Any] | None = None


class ReportDERControlResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class RequestBatterySwapRequest(Object, frozen=True):
    id_token: IdTokenType
    request_id: int
    custom_data: dict[str, Any] | None = None


class RequestBatterySwapResponse(Object, frozen=True):
    status: GenericStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class RequestStartTransactionRequest(Object, frozen=True):
    id_token: IdTokenType
    remote_start_id: int
    custom_data: dict[str, Any] | None = None
    evse_id: int | None = None
    group_id_token: IdTokenType | None = None
    charging_profile: ChargingProfileType | None = None


class RequestStartTransactionResponse(Object, frozen=True):
    status: RequestStartStopStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None
    transaction_id: str | None = None


class RequestStopTransactionRequest(Object, frozen=True):
    transaction_id: str
    custom_data: dict[str, Any] | None = None


class RequestStopTransactionResponse(Object, frozen=True):
    status: RequestStartStopStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ReservationStatusUpdateRequest(Object, frozen=True):
    reservation_id: int
    reservation_update_status: ReservationUpdateStatusEnumType
    custom_data: dict[str, Any] | None = None


class ReservationStatusUpdateResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class ReserveNowRequest(Object, frozen=True):
    id: int
    expiry_date_time: str
    id_token: IdTokenType
    custom_data: dict[str, Any] | None = None
    connector_type: str | None = None
    evse_id: int | None = None
    group_id_token: IdTokenType | None = None


class ReserveNowResponse(Object, frozen=True):
    status: ReserveNowStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class ResetRequest(Object, frozen=True):
    type: ResetEnumType
    custom_data: dict[str, Any] | None = None
    evse_id: int | None = None


class ResetResponse(Object, frozen=True):
    status: ResetStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SecurityEventNotificationRequest(Object, frozen=True):
    type: str
    timestamp: str
    custom_data: dict[str, Any] | None = None
    tech_info: str | None = None


class SecurityEventNotificationResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class SendLocalListRequest(Object, frozen=True):
    version_number: int
    update_type: UpdateEnumType
    custom_data: dict[str, Any] | None = None
    local_authorization_list: list[AuthorizationData] | None = None


class SendLocalListResponse(Object, frozen=True):
    status: SendLocalListStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SetChargingProfileRequest(Object, frozen=True):
    evse_id: int
    charging_profile: ChargingProfileType
    custom_data: dict[str, Any] | None = None


class SetChargingProfileResponse(Object, frozen=True):
    status: ChargingProfileStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SetDERControlRequest(Object, frozen=True):
    is_default: bool
    control_id: str
    control_type: DERControlEnumType
    curve: DERCurveType | None = None
    enter_service: EnterServiceType | None = None
    fixed_pf_absorb: FixedPFType | None = field(default=None, name="fixedPFAbsorb")
    fixed_pf_inject: FixedPFType | None = field(default=None, name="fixedPFInject")
    fixed_var: FixedVarType | None = None
    freq_droop: FreqDroopType | None = None
    gradient: GradientType | None = None
    limit_max_discharge: LimitMaxDischargeType | None = None
    custom_data: dict[str, Any] | None = None


class SetDERControlResponse(Object, frozen=True):
    status: DERControlStatusEnumType
    status_info: StatusInfoType | None = None
    superseded_ids: list[str] | None = None
    custom_data: dict[str, Any] | None = None


class SetDefaultTariffRequest(Object, frozen=True):
    evse_id: int
    tariff: TariffType
    custom_data: dict[str, Any] | None = None


class SetDefaultTariffResponse(Object, frozen=True):
    status: TariffSetStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class SetDisplayMessageRequest(Object, frozen=True):
    message: MessageInfoType
    custom_data: dict[str, Any] | None = None


class SetDisplayMessageResponse(Object, frozen=True):
    status: DisplayMessageStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SetMonitoringBaseRequest(Object, frozen=True):
    monitoring_base: MonitoringBaseEnumType
    custom_data: dict[str, Any] | None = None


class SetMonitoringBaseResponse(Object, frozen=True):
    status: GenericDeviceModelStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SetMonitoringDataType(Object, frozen=True):
    value: Decimal
    type: MonitorEnumType
    severity: int
    component: ComponentType
    variable: VariableType
    custom_data: dict[str, Any] | None = None
    id: int | None = None
    transaction: bool | None = None
    periodic_event_stream: PeriodicEventStreamParamsType | None = None


class SetMonitoringLevelRequest(Object, frozen=True):
    severity: int
    custom_data: dict[str, Any] | None = None


class SetMonitoringLevelResponse(Object, frozen=True):
    status: GenericStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SetMonitoringResultType(Object, frozen=True):
    status: SetMonitoringStatusEnumType
    type: MonitorEnumType
    component: ComponentType
    variable: VariableType
    severity: int
    custom_data: dict[str, Any] | None = None
    id: int | None = None
    status_info: StatusInfoType | None = None


class SetNetworkProfileRequest(Object, frozen=True):
    configuration_slot: int
    connection_data: NetworkConnectionProfileType
    custom_data: dict[str, Any] | None = None


class SetNetworkProfileResponse(Object, frozen=True):
    status: SetNetworkProfileStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class SetVariableDataType(Object, frozen=True):
    attribute_value: str
    component: ComponentType
    variable: VariableType
    custom_data: dict[str, Any] | None = None
    attribute_type: AttributeEnumType | None = None


class SetVariableMonitoringRequest(Object, frozen=True):
    set_monitoring_data: list[SetMonitoringDataType]
    custom_data: dict[str, Any] | None = None


class SetVariableMonitoringResponse(Object, frozen=True):
    set_monitoring_result: list[SetMonitoringResultType]
    custom_data: dict[str, Any] | None = None


class SetVariableResultType(Object, frozen=True):
    attribute_status: SetVariableStatusEnumType
    component: ComponentType
    variable: VariableType
    custom_data: dict[str, Any] | None = None
    attribute_type: AttributeEnumType | None = None
    attribute_status_info: StatusInfoType | None = None


class SetVariablesRequest(Object, frozen=True):
    set_variable_data: list[SetVariableDataType]
    custom_data: dict[str, Any] | None = None


class SetVariablesResponse(Object, frozen=True):
    set_variable_result: list[SetVariableResultType]
    custom_data: dict[str, Any] | None = None


class SignCertificateRequest(Object, frozen=True):
    csr: str
    custom_data: dict[str, Any] | None = None
    certificate_type: CertificateSigningUseEnumType | None = None
    hash_root_certificate: CertificateHashDataType | None = None
    request_id: int | None = None


class SignCertificateResponse(Object, frozen=True):
    status: GenericStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class StatusNotificationRequest(Object, frozen=True):
    timestamp: str
    connector_status: ConnectorStatusEnumType
    evse_id: int
    connector_id: int
    custom_data: dict[str, Any] | None = None


class StatusNotificationResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None


class TransactionLimitType(Object, frozen=True):
    max_cost: Decimal | None = None
    max_energy: Decimal | None = None
    max_time: int | None = None
    max_soc: int | None = field(default=None, name="maxSoC")
    custom_data: dict[str, Any] | None = None


class TransactionType(Object, frozen=True):
    transaction_id: str
    custom_data: dict[str, Any] | None = None
    charging_state: ChargingStateEnumType | None = None
    time_spent_charging: int | None = None
    stopped_reason: ReasonEnumType | None = None
    remote_start_id: int | None = None
    operation_mode: OperationModeEnumType | None = None
    tariff_id: str | None = None
    transaction_limit: TransactionLimitType | None = None


class TransactionEventRequest(Object, frozen=True):
    event_type: TransactionEventEnumType
    timestamp: str
    trigger_reason: TriggerReasonEnumType
    seq_no: int
    transaction_info: TransactionType
    custom_data: dict[str, Any] | None = None
    meter_value: list[MeterValueType] | None = None
    offline: bool | None = None
    number_of_phases_used: int | None = None
    cable_max_current: int | None = None
    reservation_id: int | None = None
    evse: EVSEType | None = None
    id_token: IdTokenType | None = None
    cost_details: CostDetailsType | None = None
    preconditioning_status: PreconditioningStatusEnumType | None = None
    evse_sleep: bool | None = None


class TransactionEventResponse(Object, frozen=True):
    custom_data: dict[str, Any] | None = None
    total_cost: Decimal | None = None
    charging_priority: int | None = None
    id_token_info: IdTokenInfoType | None = None
    updated_personal_message: MessageContentType | None = None
    transaction_limit: TransactionLimitType | None = None
    updated_personal_message_extra: list[MessageContentType] | None = None


class TriggerMessageRequest(Object, frozen=True):
    requested_message: MessageTriggerEnumType
    custom_data: dict[str, Any] | None = None
    evse: EVSEType | None = None
    custom_trigger: str | None = None


class TriggerMessageResponse(Object, frozen=True):
    status: TriggerMessageStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class UnlockConnectorRequest(Object, frozen=True):
    evse_id: int
    connector_id: int
    custom_data: dict[str, Any] | None = None


class UnlockConnectorResponse(Object, frozen=True):
    status: UnlockStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class UnpublishFirmwareRequest(Object, frozen=True):
    checksum: str
    custom_data: dict[str, Any] | None = None


class UnpublishFirmwareResponse(Object, frozen=True):
    status: UnpublishFirmwareStatusEnumType
    custom_data: dict[str, Any] | None = None


class UpdateDynamicScheduleRequest(Object, frozen=True):
    charging_profile_id: int
    schedule_update: ChargingScheduleUpdateType
    custom_data: dict[str, Any] | None = None


class UpdateDynamicScheduleResponse(Object, frozen=True):
    status: ChargingProfileStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class UpdateFirmwareRequest(Object, frozen=True):
    request_id: int
    firmware: FirmwareType
    custom_data: dict[str, Any] | None = None
    retries: int | None = None
    retry_interval: int | None = None


class UpdateFirmwareResponse(Object, frozen=True):
    status: UpdateFirmwareStatusEnumType
    custom_data: dict[str, Any] | None = None
    status_info: StatusInfoType | None = None


class UsePriorityChargingRequest(Object, frozen=True):
    transaction_id: str
    activate: bool
    custom_data: dict[str, Any] | None = None


class UsePriorityChargingResponse(Object, frozen=True):
    status: PriorityChargingStatusEnumType
    status_info: StatusInfoType | None = None
    custom_data: dict[str, Any] | None = None


class VatNumberValidationRequest(Object, frozen=True):
    vat_number: str
    evse_id: int | None = None
    custom_data: dict[str, Any] | None = None


class VatNumberValidationResponse(Object, frozen=True):
    vat_number: str
    status: GenericStatusEnumType
    company: AddressType | None = None
    status_info: StatusInfoType | None = None
    evse_id: int | None = None
    custom_data: dict[str, Any] | None = None
