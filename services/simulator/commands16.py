"""A 1.6 station's answers to commands."""

from __future__ import annotations

from functools import partial

from libs.ocpp_messages import ocpp16, v16

from .commands import Answer, commands
from .configuration import HEARTBEAT_INTERVAL_16, PASSWORD_16
from .panel import Panel


@commands.on(v16.Reset)
def reset(station: Panel, request: ocpp16.ResetRequest) -> Answer:
    return Answer(ocpp16.ResetResponse(status="Accepted"), partial(station.reset, request.type))


@commands.on(v16.RemoteStartTransaction)
def remote_start(station: Panel, request: ocpp16.RemoteStartTransactionRequest) -> Answer:
    connector = station.free_connector(request.connector_id)
    if connector is None:
        return Answer(ocpp16.RemoteStartTransactionResponse(status="Rejected"))
    return Answer(
        ocpp16.RemoteStartTransactionResponse(status="Accepted"),
        partial(connector.charge_remotely, request.id_tag, None),
    )


@commands.on(v16.RemoteStopTransaction)
def remote_stop(station: Panel, request: ocpp16.RemoteStopTransactionRequest) -> Answer:
    if not station.stop(str(request.transaction_id), "Remote"):
        return Answer(ocpp16.RemoteStopTransactionResponse(status="Rejected"))
    return Answer(ocpp16.RemoteStopTransactionResponse(status="Accepted"))


@commands.on(v16.TriggerMessage)
def trigger_message(station: Panel, request: ocpp16.TriggerMessageRequest) -> Answer:
    message = station.triggered(request.requested_message, request.connector_id)
    if message is None:
        return Answer(ocpp16.TriggerMessageResponse(status="NotImplemented"))
    return Answer(ocpp16.TriggerMessageResponse(status="Accepted"), message)


@commands.on(v16.ChangeAvailability)
def change_availability(station: Panel, request: ocpp16.ChangeAvailabilityRequest) -> Answer:
    connectors = station.connectors_of(request.connector_id)
    if not connectors:
        return Answer(ocpp16.ChangeAvailabilityResponse(status="Rejected"))
    busy = any(connector.busy for connector in connectors)
    change = station.put_into_service if request.type == "Operative" else station.put_out_of_service
    status: ocpp16.ChangeAvailabilityStatus = (
        "Scheduled" if busy and request.type == "Inoperative" else "Accepted"
    )
    return Answer(ocpp16.ChangeAvailabilityResponse(status=status), partial(change, connectors))


@commands.on(v16.GetConfiguration)
def get_configuration(station: Panel, request: ocpp16.GetConfigurationRequest) -> Answer:
    wanted = request.key or [key for key, _ in station.configuration.all()]
    known: list[ocpp16.ConfigurationKey] = []
    unknown: list[str] = []
    for key in wanted:
        if setting := station.configuration.get(key):
            known.append(ocpp16.ConfigurationKey(key, setting.access == "ReadOnly", setting.value))
        else:
            unknown.append(key)
    return Answer(ocpp16.GetConfigurationResponse(known or None, unknown or None))


@commands.on(v16.ChangeConfiguration)
def change_configuration(station: Panel, request: ocpp16.ChangeConfigurationRequest) -> Answer:
    setting = station.configuration.get(request.key)
    if setting is None:
        return Answer(ocpp16.ChangeConfigurationResponse(status="NotSupported"))
    if setting.access == "ReadOnly" or not setting.allows(request.value):
        return Answer(ocpp16.ChangeConfigurationResponse(status="Rejected"))
    station.configuration.write(request.key, request.value)
    accepted = ocpp16.ChangeConfigurationResponse(status="Accepted")
    match request.key:
        case key if key == HEARTBEAT_INTERVAL_16:
            station.beat_every(float(request.value))
        case key if key == PASSWORD_16:
            return Answer(accepted, partial(station.use_password, _key(request.value)))
    return Answer(accepted)


def _key(value: str) -> bytes:
    """An AuthorizationKey is sent as hexadecimal digits and used as the bytes that they stand for."""
    try:
        return bytes.fromhex(value)
    except ValueError:
        return value.encode()


@commands.on(v16.UnlockConnector)
def unlock_connector(station: Panel, request: ocpp16.UnlockConnectorRequest) -> Answer:
    connectors = station.connectors_of(request.connector_id)
    if len(connectors) != 1 or request.connector_id == 0:
        return Answer(ocpp16.UnlockConnectorResponse(status="NotSupported"))
    if connectors[0].transaction:
        connectors[0].transaction.stop("UnlockCommand")
    return Answer(ocpp16.UnlockConnectorResponse(status="Unlocked"))


@commands.on(v16.ClearCache)
def clear_cache(station: Panel, request: ocpp16.ClearCacheRequest) -> Answer:
    return Answer(ocpp16.ClearCacheResponse(status="Accepted"))


@commands.on(v16.DataTransfer)
def data_transfer(station: Panel, request: ocpp16.DataTransferRequest) -> Answer:
    return Answer(ocpp16.DataTransferResponse(status="UnknownVendorId"))


@commands.on(v16.GetLocalListVersion)
def get_local_list_version(station: Panel, request: ocpp16.GetLocalListVersionRequest) -> Answer:
    return Answer(ocpp16.GetLocalListVersionResponse(list_version=-1))


@commands.on(v16.SetChargingProfile)
def set_charging_profile(station: Panel, request: ocpp16.SetChargingProfileRequest) -> Answer:
    return Answer(ocpp16.SetChargingProfileResponse(status="NotSupported"))


@commands.on(v16.ReserveNow)
def reserve_now(station: Panel, request: ocpp16.ReserveNowRequest) -> Answer:
    return Answer(ocpp16.ReserveNowResponse(status="Rejected"))


@commands.on(v16.GetDiagnostics)
def get_diagnostics(station: Panel, request: ocpp16.GetDiagnosticsRequest) -> Answer:
    return Answer(ocpp16.GetDiagnosticsResponse())
