"""OCPP 2.0.1: every action."""

from __future__ import annotations

from . import ocpp2 as t
from .action import Action, Direction
from .version import Version

FROM_STATION, TO_STATION, BOTH = Direction
V = Version.V201

Authorize = Action(V, FROM_STATION, t.AuthorizeRequest, t.AuthorizeResponse)
BootNotification = Action(V, FROM_STATION, t.BootNotificationRequest, t.BootNotificationResponse)
CancelReservation = Action(V, TO_STATION, t.CancelReservationRequest, t.CancelReservationResponse)
CertificateSigned = Action(V, TO_STATION, t.CertificateSignedRequest, t.CertificateSignedResponse)
ChangeAvailability = Action(V, TO_STATION, t.ChangeAvailabilityRequest, t.ChangeAvailabilityResponse)
ClearCache = Action(V, TO_STATION, t.ClearCacheRequest, t.ClearCacheResponse)
ClearChargingProfile = Action(V, TO_STATION, t.ClearChargingProfileRequest, t.ClearChargingProfileResponse)
ClearDisplayMessage = Action(V, TO_STATION, t.ClearDisplayMessageRequest, t.ClearDisplayMessageResponse)
ClearVariableMonitoring = Action(
    V, TO_STATION, t.ClearVariableMonitoringRequest, t.ClearVariableMonitoringResponse
)
ClearedChargingLimit = Action(V, FROM_STATION, t.ClearedChargingLimitRequest, t.ClearedChargingLimitResponse)
CostUpdated = Action(V, TO_STATION, t.CostUpdatedRequest, t.CostUpdatedResponse)
CustomerInformation = Action(V, TO_STATION, t.CustomerInformationRequest, t.CustomerInformationResponse)
DataTransfer = Action(V, BOTH, t.DataTransferRequest, t.DataTransferResponse)
DeleteCertificate = Action(V, TO_STATION, t.DeleteCertificateRequest, t.DeleteCertificateResponse)
FirmwareStatusNotification = Action(
    V, FROM_STATION, t.FirmwareStatusNotificationRequest, t.FirmwareStatusNotificationResponse
)
Get15118EVCertificate = Action(
    V, FROM_STATION, t.Get15118EVCertificateRequest, t.Get15118EVCertificateResponse
)
GetBaseReport = Action(V, TO_STATION, t.GetBaseReportRequest, t.GetBaseReportResponse)
GetCertificateStatus = Action(V, FROM_STATION, t.GetCertificateStatusRequest, t.GetCertificateStatusResponse)
GetChargingProfiles = Action(V, TO_STATION, t.GetChargingProfilesRequest, t.GetChargingProfilesResponse)
GetCompositeSchedule = Action(V, TO_STATION, t.GetCompositeScheduleRequest, t.GetCompositeScheduleResponse)
GetDisplayMessages = Action(V, TO_STATION, t.GetDisplayMessagesRequest, t.GetDisplayMessagesResponse)
GetInstalledCertificateIds = Action(
    V, TO_STATION, t.GetInstalledCertificateIdsRequest, t.GetInstalledCertificateIdsResponse
)
GetLocalListVersion = Action(V, TO_STATION, t.GetLocalListVersionRequest, t.GetLocalListVersionResponse)
GetLog = Action(V, TO_STATION, t.GetLogRequest, t.GetLogResponse)
GetMonitoringReport = Action(V, TO_STATION, t.GetMonitoringReportRequest, t.GetMonitoringReportResponse)
GetReport = Action(V, TO_STATION, t.GetReportRequest, t.GetReportResponse)
GetTransactionStatus = Action(V, TO_STATION, t.GetTransactionStatusRequest, t.GetTransactionStatusResponse)
GetVariables = Action(V, TO_STATION, t.GetVariablesRequest, t.GetVariablesResponse)
Heartbeat = Action(V, FROM_STATION, t.HeartbeatRequest, t.HeartbeatResponse)
InstallCertificate = Action(V, TO_STATION, t.InstallCertificateRequest, t.InstallCertificateResponse)
LogStatusNotification = Action(
    V, FROM_STATION, t.LogStatusNotificationRequest, t.LogStatusNotificationResponse
)
MeterValues = Action(V, FROM_STATION, t.MeterValuesRequest, t.MeterValuesResponse)
NotifyChargingLimit = Action(V, FROM_STATION, t.NotifyChargingLimitRequest, t.NotifyChargingLimitResponse)
NotifyCustomerInformation = Action(
    V, FROM_STATION, t.NotifyCustomerInformationRequest, t.NotifyCustomerInformationResponse
)
NotifyDisplayMessages = Action(
    V, FROM_STATION, t.NotifyDisplayMessagesRequest, t.NotifyDisplayMessagesResponse
)
NotifyEVChargingNeeds = Action(
    V, FROM_STATION, t.NotifyEVChargingNeedsRequest, t.NotifyEVChargingNeedsResponse
)
NotifyEVChargingSchedule = Action(
    V, FROM_STATION, t.NotifyEVChargingScheduleRequest, t.NotifyEVChargingScheduleResponse
)
NotifyEvent = Action(V, FROM_STATION, t.NotifyEventRequest, t.NotifyEventResponse)
NotifyMonitoringReport = Action(
    V, FROM_STATION, t.NotifyMonitoringReportRequest, t.NotifyMonitoringReportResponse
)
NotifyReport = Action(V, FROM_STATION, t.NotifyReportRequest, t.NotifyReportResponse)
PublishFirmware = Action(V, TO_STATION, t.PublishFirmwareRequest, t.PublishFirmwareResponse)
PublishFirmwareStatusNotification = Action(
    V, FROM_STATION, t.PublishFirmwareStatusNotificationRequest, t.PublishFirmwareStatusNotificationResponse
)
ReportChargingProfiles = Action(
    V, FROM_STATION, t.ReportChargingProfilesRequest, t.ReportChargingProfilesResponse
)
RequestStartTransaction = Action(
    V, TO_STATION, t.RequestStartTransactionRequest, t.RequestStartTransactionResponse
)
RequestStopTransaction = Action(
    V, TO_STATION, t.RequestStopTransactionRequest, t.RequestStopTransactionResponse
)
ReservationStatusUpdate = Action(
    V, FROM_STATION, t.ReservationStatusUpdateRequest, t.ReservationStatusUpdateResponse
)
ReserveNow = Action(V, TO_STATION, t.ReserveNowRequest, t.ReserveNowResponse)
Reset = Action(V, TO_STATION, t.ResetRequest, t.ResetResponse)
SecurityEventNotification = Action(
    V, FROM_STATION, t.SecurityEventNotificationRequest, t.SecurityEventNotificationResponse
)
SendLocalList = Action(V, TO_STATION, t.SendLocalListRequest, t.SendLocalListResponse)
SetChargingProfile = Action(V, TO_STATION, t.SetChargingProfileRequest, t.SetChargingProfileResponse)
SetDisplayMessage = Action(V, TO_STATION, t.SetDisplayMessageRequest, t.SetDisplayMessageResponse)
SetMonitoringBase = Action(V, TO_STATION, t.SetMonitoringBaseRequest, t.SetMonitoringBaseResponse)
SetMonitoringLevel = Action(V, TO_STATION, t.SetMonitoringLevelRequest, t.SetMonitoringLevelResponse)
SetNetworkProfile = Action(V, TO_STATION, t.SetNetworkProfileRequest, t.SetNetworkProfileResponse)
SetVariableMonitoring = Action(V, TO_STATION, t.SetVariableMonitoringRequest, t.SetVariableMonitoringResponse)
SetVariables = Action(V, TO_STATION, t.SetVariablesRequest, t.SetVariablesResponse)
SignCertificate = Action(V, FROM_STATION, t.SignCertificateRequest, t.SignCertificateResponse)
StatusNotification = Action(V, FROM_STATION, t.StatusNotificationRequest, t.StatusNotificationResponse)
TransactionEvent = Action(V, FROM_STATION, t.TransactionEventRequest, t.TransactionEventResponse)
TriggerMessage = Action(V, TO_STATION, t.TriggerMessageRequest, t.TriggerMessageResponse)
UnlockConnector = Action(V, TO_STATION, t.UnlockConnectorRequest, t.UnlockConnectorResponse)
UnpublishFirmware = Action(V, TO_STATION, t.UnpublishFirmwareRequest, t.UnpublishFirmwareResponse)
UpdateFirmware = Action(V, TO_STATION, t.UpdateFirmwareRequest, t.UpdateFirmwareResponse)

ACTIONS = {action.name: action for action in list(vars().values()) if isinstance(action, Action)}
