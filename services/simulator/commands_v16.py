"""How an OCPP 1.6 station answers the commands of the CSMS."""

from __future__ import annotations

from functools import partial

from libs.ocpp_messages import ocpp16, v16

from .configuration import HEARTBEAT_INTERVAL_V16, PASSWORD_V16
from .firmware import update_statuses
from .messages import Request
from .station import CommandRouter, Reply, Station

router = CommandRouter()


@router.on(v16.Reset)
def reset(station: Station, request: ocpp16.ResetRequest) -> Reply:
    return Reply(ocpp16.ResetResponse(status="Accepted"), partial(station.reset, request.type))


@router.on(v16.RemoteStartTransaction)
def remote_start(station: Station, request: ocpp16.RemoteStartTransactionRequest) -> Reply:
    connector = station.free_connector(request.connector_id)
    if connector is None:
        return Reply(ocpp16.RemoteStartTransactionResponse(status="Rejected"))
    return Reply(
        ocpp16.RemoteStartTransactionResponse(status="Accepted"),
        partial(connector.charge_remotely, request.id_tag, None),
    )


@router.on(v16.RemoteStopTransaction)
def remote_stop(station: Station, request: ocpp16.RemoteStopTransactionRequest) -> Reply:
    if not station.stop_transaction(str(request.transaction_id), "Remote"):
        return Reply(ocpp16.RemoteStopTransactionResponse(status="Rejected"))
    return Reply(ocpp16.RemoteStopTransactionResponse(status="Accepted"))


@router.on(v16.TriggerMessage)
def trigger_message(station: Station, request: ocpp16.TriggerMessageRequest) -> Reply:
    message = station.triggered_message(request.requested_message, request.connector_id)
    if message is None:
        return Reply(ocpp16.TriggerMessageResponse(status="NotImplemented"))
    return Reply(ocpp16.TriggerMessageResponse(status="Accepted"), message)


@router.on(v16.ChangeAvailability)
def change_availability(station: Station, request: ocpp16.ChangeAvailabilityRequest) -> Reply:
    connectors = station.connectors(request.connector_id)
    if not connectors:
        return Reply(ocpp16.ChangeAvailabilityResponse(status="Rejected"))
    status, change = station.change_availability(connectors, request.type)
    return Reply(ocpp16.ChangeAvailabilityResponse(status=status), change)


@router.on(v16.GetConfiguration)
def get_configuration(station: Station, request: ocpp16.GetConfigurationRequest) -> Reply:
    keys = request.key or [key for key, _ in station.configuration.all()]
    known: list[ocpp16.ConfigurationKey] = []
    unknown: list[str] = []
    for key in keys:
        if setting := station.configuration.get(key):
            known.append(ocpp16.ConfigurationKey(key, setting.access == "ReadOnly", setting.value))
        else:
            unknown.append(key)
    return Reply(ocpp16.GetConfigurationResponse(known or None, unknown or None))


@router.on(v16.ChangeConfiguration)
def change_configuration(station: Station, request: ocpp16.ChangeConfigurationRequest) -> Reply:
    setting = station.configuration.get(request.key)
    if setting is None:
        return Reply(ocpp16.ChangeConfigurationResponse(status="NotSupported"))
    if setting.access == "ReadOnly" or not setting.allows(request.value):
        return Reply(ocpp16.ChangeConfigurationResponse(status="Rejected"))
    station.configuration.write(request.key, request.value)
    accepted = ocpp16.ChangeConfigurationResponse(status="Accepted")
    if request.key == HEARTBEAT_INTERVAL_V16:
        station.heartbeat_every(float(request.value))
    if request.key == PASSWORD_V16:
        return Reply(accepted, partial(station.use_password, _password(request.value)))
    return Reply(accepted)


def _password(value: str) -> bytes:
    """An AuthorizationKey is sent as hexadecimal digits; the password is the bytes that they stand for."""
    try:
        return bytes.fromhex(value)
    except ValueError:
        return value.encode()


@router.on(v16.UnlockConnector)
def unlock_connector(station: Station, request: ocpp16.UnlockConnectorRequest) -> Reply:
    connectors = station.connectors(request.connector_id)
    if len(connectors) != 1 or request.connector_id == 0:
        return Reply(ocpp16.UnlockConnectorResponse(status="NotSupported"))
    if connectors[0].transaction:
        connectors[0].transaction.stop("UnlockCommand")
    return Reply(ocpp16.UnlockConnectorResponse(status="Unlocked"))


@router.on(v16.ClearCache)
def clear_cache(station: Station, request: ocpp16.ClearCacheRequest) -> Reply:
    return Reply(ocpp16.ClearCacheResponse(status="Accepted"))


@router.on(v16.DataTransfer)
def data_transfer(station: Station, request: ocpp16.DataTransferRequest) -> Reply:
    return Reply(ocpp16.DataTransferResponse(status="UnknownVendorId"))


@router.on(v16.GetLocalListVersion)
def get_local_list_version(station: Station, request: ocpp16.GetLocalListVersionRequest) -> Reply:
    return Reply(ocpp16.GetLocalListVersionResponse(list_version=station.local_list_version))


@router.on(v16.SendLocalList)
def send_local_list(station: Station, request: ocpp16.SendLocalListRequest) -> Reply:
    station.local_list_version = request.list_version
    return Reply(ocpp16.SendLocalListResponse(status="Accepted"))


@router.on(v16.SetChargingProfile)
def set_charging_profile(station: Station, request: ocpp16.SetChargingProfileRequest) -> Reply:
    return Reply(ocpp16.SetChargingProfileResponse(status="NotSupported"))


@router.on(v16.ReserveNow)
def reserve_now(station: Station, request: ocpp16.ReserveNowRequest) -> Reply:
    return Reply(ocpp16.ReserveNowResponse(status="Rejected"))


@router.on(v16.UpdateFirmware)
def update_firmware(station: Station, request: ocpp16.UpdateFirmwareRequest) -> Reply:
    return Reply(ocpp16.UpdateFirmwareResponse(), partial(_report_update, station, request.location))


async def _report_update(station: Station, location: str) -> None:
    for status in update_statuses(location):
        payload = ocpp16.FirmwareStatusNotificationRequest(status=status)
        await station.send(Request(v16.FirmwareStatusNotification, payload))


@router.on(v16.GetDiagnostics)
def get_diagnostics(station: Station, request: ocpp16.GetDiagnosticsRequest) -> Reply:
    return Reply(ocpp16.GetDiagnosticsResponse())
