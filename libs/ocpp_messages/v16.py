"""OCPP 1.6, with the security extension: every action."""

from __future__ import annotations

from . import ocpp16 as t
from .action import Action, Direction
from .version import Version

FROM_STATION, TO_STATION, BOTH = Direction
V = Version.V16

Authorize = Action(V, FROM_STATION, t.AuthorizeRequest, t.AuthorizeResponse)
BootNotification = Action(V, FROM_STATION, t.BootNotificationRequest, t.BootNotificationResponse)
CancelReservation = Action(V, TO_STATION, t.CancelReservationRequest, t.CancelReservationResponse)
CertificateSigned = Action(V, TO_STATION, t.CertificateSignedRequest, t.CertificateSignedResponse)
ChangeAvailability = Action(V, TO_STATION, t.ChangeAvailabilityRequest, t.ChangeAvailabilityResponse)
ChangeConfiguration = Action(V, TO_STATION, t.ChangeConfigurationRequest, t.ChangeConfigurationResponse)
ClearCache = Action(V, TO_STATION, t.ClearCacheRequest, t.ClearCacheResponse)
ClearChargingProfile = Action(V, TO_STATION, t.ClearChargingProfileRequest, t.ClearChargingProfileResponse)
DataTransfer = Action(V, BOTH, t.DataTransferRequest, t.DataTransferResponse)
DeleteCertificate = Action(V, TO_STATION, t.DeleteCertificateRequest, t.DeleteCertificateResponse)
DiagnosticsStatusNotification = Action(
    V, FROM_STATION, t.DiagnosticsStatusNotificationRequest, t.DiagnosticsStatusNotificationResponse
)
ExtendedTriggerMessage = Action(
    V, TO_STATION, t.ExtendedTriggerMessageRequest, t.ExtendedTriggerMessageResponse
)
FirmwareStatusNotification = Action(
    V, FROM_STATION, t.FirmwareStatusNotificationRequest, t.FirmwareStatusNotificationResponse
)
GetCompositeSchedule = Action(V, TO_STATION, t.GetCompositeScheduleRequest, t.GetCompositeScheduleResponse)
GetConfiguration = Action(V, TO_STATION, t.GetConfigurationRequest, t.GetConfigurationResponse)
GetDiagnostics = Action(V, TO_STATION, t.GetDiagnosticsRequest, t.GetDiagnosticsResponse)
GetInstalledCertificateIds = Action(
    V, TO_STATION, t.GetInstalledCertificateIdsRequest, t.GetInstalledCertificateIdsResponse
)
GetLocalListVersion = Action(V, TO_STATION, t.GetLocalListVersionRequest, t.GetLocalListVersionResponse)
GetLog = Action(V, TO_STATION, t.GetLogRequest, t.GetLogResponse)
Heartbeat = Action(V, FROM_STATION, t.HeartbeatRequest, t.HeartbeatResponse)
InstallCertificate = Action(V, TO_STATION, t.InstallCertificateRequest, t.InstallCertificateResponse)
LogStatusNotification = Action(
    V, FROM_STATION, t.LogStatusNotificationRequest, t.LogStatusNotificationResponse
)
MeterValues = Action(V, FROM_STATION, t.MeterValuesRequest, t.MeterValuesResponse)
RemoteStartTransaction = Action(
    V, TO_STATION, t.RemoteStartTransactionRequest, t.RemoteStartTransactionResponse
)
RemoteStopTransaction = Action(V, TO_STATION, t.RemoteStopTransactionRequest, t.RemoteStopTransactionResponse)
ReserveNow = Action(V, TO_STATION, t.ReserveNowRequest, t.ReserveNowResponse)
Reset = Action(V, TO_STATION, t.ResetRequest, t.ResetResponse)
SecurityEventNotification = Action(
    V, FROM_STATION, t.SecurityEventNotificationRequest, t.SecurityEventNotificationResponse
)
SendLocalList = Action(V, TO_STATION, t.SendLocalListRequest, t.SendLocalListResponse)
SetChargingProfile = Action(V, TO_STATION, t.SetChargingProfileRequest, t.SetChargingProfileResponse)
SignCertificate = Action(V, FROM_STATION, t.SignCertificateRequest, t.SignCertificateResponse)
SignedFirmwareStatusNotification = Action(
    V, FROM_STATION, t.SignedFirmwareStatusNotificationRequest, t.SignedFirmwareStatusNotificationResponse
)
SignedUpdateFirmware = Action(V, TO_STATION, t.SignedUpdateFirmwareRequest, t.SignedUpdateFirmwareResponse)
StartTransaction = Action(V, FROM_STATION, t.StartTransactionRequest, t.StartTransactionResponse)
StatusNotification = Action(V, FROM_STATION, t.StatusNotificationRequest, t.StatusNotificationResponse)
StopTransaction = Action(V, FROM_STATION, t.StopTransactionRequest, t.StopTransactionResponse)
TriggerMessage = Action(V, TO_STATION, t.TriggerMessageRequest, t.TriggerMessageResponse)
UnlockConnector = Action(V, TO_STATION, t.UnlockConnectorRequest, t.UnlockConnectorResponse)
UpdateFirmware = Action(V, TO_STATION, t.UpdateFirmwareRequest, t.UpdateFirmwareResponse)

ACTIONS = {action.name: action for action in list(vars().values()) if isinstance(action, Action)}
