"""How an OCPP 2.0.1 or 2.1 station answers the commands of the CSMS."""

from __future__ import annotations

from functools import partial
from typing import Literal

from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages import ocpp2, v21, v201
from libs.ocpp_messages.catalogue import ACTIONS

from .configuration import HEARTBEAT_INTERVAL_V2, PASSWORD_V2, Setting
from .firmware import update_statuses
from .messages import Request
from .station import CommandRouter, Reply, Station

MAX_SETTINGS_PER_REPORT = 5

router = CommandRouter()


@router.on(v201.Reset, v21.Reset)
def reset(station: Station, request: ocpp2.ResetRequest) -> Reply:
    if request.evse_id is not None:
        return Reply(ocpp2.ResetResponse(status="Rejected"))
    if request.type == "OnIdle" and station.charging:
        return Reply(ocpp2.ResetResponse(status="Scheduled"), station.reset_when_idle)
    return Reply(ocpp2.ResetResponse(status="Accepted"), partial(station.reset, request.type))


@router.on(v201.RequestStartTransaction, v21.RequestStartTransaction)
def request_start(station: Station, request: ocpp2.RequestStartTransactionRequest) -> Reply:
    connector = station.free_connector(request.evse_id)
    if connector is None:
        return Reply(ocpp2.RequestStartTransactionResponse(status="Rejected"))
    return Reply(
        ocpp2.RequestStartTransactionResponse(status="Accepted"),
        partial(connector.charge_remotely, request.id_token.id_token, request.remote_start_id),
    )


@router.on(v201.RequestStopTransaction, v21.RequestStopTransaction)
def request_stop(station: Station, request: ocpp2.RequestStopTransactionRequest) -> Reply:
    if not station.stop_transaction(request.transaction_id, "Remote"):
        return Reply(ocpp2.RequestStopTransactionResponse(status="Rejected"))
    return Reply(ocpp2.RequestStopTransactionResponse(status="Accepted"))


@router.on(v201.TriggerMessage, v21.TriggerMessage)
def trigger_message(station: Station, request: ocpp2.TriggerMessageRequest) -> Reply:
    message = station.triggered_message(request.requested_message, request.evse.id if request.evse else None)
    if message is None:
        return Reply(ocpp2.TriggerMessageResponse(status="NotImplemented"))
    return Reply(ocpp2.TriggerMessageResponse(status="Accepted"), message)


@router.on(v201.ChangeAvailability, v21.ChangeAvailability)
def change_availability(station: Station, request: ocpp2.ChangeAvailabilityRequest) -> Reply:
    connectors = station.connectors(request.evse.id if request.evse else 0)
    if not connectors:
        return Reply(ocpp2.ChangeAvailabilityResponse(status="Rejected"))
    status, change = station.change_availability(connectors, request.operational_status)
    return Reply(ocpp2.ChangeAvailabilityResponse(status=status), change)


@router.on(v201.GetVariables, v21.GetVariables)
def get_variables(station: Station, request: ocpp2.GetVariablesRequest) -> Reply:
    results = [_get(station, item) for item in request.get_variable_data]
    return Reply(ocpp2.GetVariablesResponse(get_variable_result=results))


def _get(station: Station, item: ocpp2.GetVariableDataType) -> ocpp2.GetVariableResultType:
    setting = station.configuration.get(_key(item.component, item.variable))
    status: ocpp2.GetVariableStatusEnumType
    if setting is None:
        status = _unknown(station, item.component)
    elif item.attribute_type not in (None, "Actual"):
        status = "NotSupportedAttributeType"
    else:
        status = "Rejected" if setting.value is None else "Accepted"
    return ocpp2.GetVariableResultType(
        attribute_status=status,
        component=item.component,
        variable=item.variable,
        attribute_type=item.attribute_type,
        attribute_value=setting.value if setting and status == "Accepted" else None,
    )


@router.on(v201.SetVariables, v21.SetVariables)
def set_variables(station: Station, request: ocpp2.SetVariablesRequest) -> Reply:
    results = [_set(station, item) for item in request.set_variable_data]
    accepted = {
        _key(item.component, item.variable): item.attribute_value
        for item, result in zip(request.set_variable_data, results, strict=True)
        if result.attribute_status == "Accepted"
    }
    if HEARTBEAT_INTERVAL_V2 in accepted:
        station.heartbeat_every(float(accepted[HEARTBEAT_INTERVAL_V2]))
    response = ocpp2.SetVariablesResponse(set_variable_result=results)
    if PASSWORD_V2 in accepted:
        return Reply(response, partial(station.use_password, accepted[PASSWORD_V2].encode()))
    return Reply(response)


def _set(station: Station, item: ocpp2.SetVariableDataType) -> ocpp2.SetVariableResultType:
    key = _key(item.component, item.variable)
    setting = station.configuration.get(key)
    status: ocpp2.SetVariableStatusEnumType = "Accepted"
    if setting is None:
        status = _unknown(station, item.component)
    elif item.attribute_type not in (None, "Actual"):
        status = "NotSupportedAttributeType"
    elif setting.access == "ReadOnly" or not setting.allows(item.attribute_value):
        status = "Rejected"
    else:
        station.configuration.write(key, item.attribute_value)
    return ocpp2.SetVariableResultType(
        attribute_status=status,
        component=item.component,
        variable=item.variable,
        attribute_type=item.attribute_type,
    )


def _unknown(
    station: Station, component: ocpp2.ComponentType
) -> Literal["UnknownVariable", "UnknownComponent"]:
    known = station.configuration.has_component(_component(component))
    return "UnknownVariable" if known else "UnknownComponent"


def _component(component: ocpp2.ComponentType) -> str:
    return f"{component.name}#{component.evse.id}" if component.evse else component.name


def _key(component: ocpp2.ComponentType, variable: ocpp2.VariableType) -> str:
    return f"{_component(component)}.{variable.name}"


@router.on(v201.UnlockConnector, v21.UnlockConnector)
def unlock_connector(station: Station, request: ocpp2.UnlockConnectorRequest) -> Reply:
    connectors = station.connectors(request.evse_id) if request.evse_id else []
    if not connectors or request.connector_id != 1:
        return Reply(ocpp2.UnlockConnectorResponse(status="UnknownConnector"))
    if connectors[0].transaction:
        return Reply(ocpp2.UnlockConnectorResponse(status="OngoingAuthorizedTransaction"))
    return Reply(ocpp2.UnlockConnectorResponse(status="Unlocked"))


@router.on(v201.ClearCache, v21.ClearCache)
def clear_cache(station: Station, request: ocpp2.ClearCacheRequest) -> Reply:
    return Reply(ocpp2.ClearCacheResponse(status="Accepted"))


@router.on(v201.DataTransfer, v21.DataTransfer)
def data_transfer(station: Station, request: ocpp2.DataTransferRequest) -> Reply:
    return Reply(ocpp2.DataTransferResponse(status="UnknownVendorId"))


@router.on(v201.GetBaseReport, v21.GetBaseReport)
def get_base_report(station: Station, request: ocpp2.GetBaseReportRequest) -> Reply:
    return Reply(
        ocpp2.GetBaseReportResponse(status="Accepted"), partial(_send_report, station, request.request_id)
    )


@router.on(v201.GetTransactionStatus, v21.GetTransactionStatus)
def get_transaction_status(station: Station, request: ocpp2.GetTransactionStatusRequest) -> Reply:
    ongoing = station.transaction(request.transaction_id) is not None if request.transaction_id else None
    return Reply(
        ocpp2.GetTransactionStatusResponse(
            messages_in_queue=station.has_undelivered_messages(request.transaction_id),
            ongoing_indicator=ongoing,
        )
    )


@router.on(v201.GetLocalListVersion, v21.GetLocalListVersion)
def get_local_list_version(station: Station, request: ocpp2.GetLocalListVersionRequest) -> Reply:
    return Reply(ocpp2.GetLocalListVersionResponse(version_number=station.local_list_version))


@router.on(v201.SendLocalList, v21.SendLocalList)
def send_local_list(station: Station, request: ocpp2.SendLocalListRequest) -> Reply:
    station.local_list_version = request.version_number
    return Reply(ocpp2.SendLocalListResponse(status="Accepted"))


@router.on(v201.UpdateFirmware, v21.UpdateFirmware)
def update_firmware(station: Station, request: ocpp2.UpdateFirmwareRequest) -> Reply:
    work = partial(_report_update, station, request.request_id, request.firmware.location)
    return Reply(ocpp2.UpdateFirmwareResponse(status="Accepted"), work)


async def _report_update(station: Station, request_id: int, location: str) -> None:
    action = ACTIONS[station.version]["FirmwareStatusNotification"]
    for status in update_statuses(location):
        payload = ocpp2.FirmwareStatusNotificationRequest(status=status, request_id=request_id)
        await station.send(Request(action, payload))


async def _send_report(station: Station, request_id: int) -> None:
    items = [_report_data(key, setting) for key, setting in station.configuration.all()]
    parts = [
        items[first : first + MAX_SETTINGS_PER_REPORT]
        for first in range(0, len(items), MAX_SETTINGS_PER_REPORT)
    ]
    action = ACTIONS[station.version]["NotifyReport"]
    for number, part in enumerate(parts):
        payload = ocpp2.NotifyReportRequest(
            request_id=request_id,
            generated_at=rfc3339(utc_now()),
            seq_no=number,
            report_data=part,
            tbc=number < len(parts) - 1,
        )
        await station.send(Request(action, payload))


def _report_data(key: str, setting: Setting) -> ocpp2.ReportDataType:
    component, _, variable = key.rpartition(".")
    name, _, evse = component.partition("#")
    return ocpp2.ReportDataType(
        component=ocpp2.ComponentType(name=name, evse=ocpp2.EVSEType(id=int(evse)) if evse else None),
        variable=ocpp2.VariableType(name=variable),
        variable_attribute=[
            ocpp2.VariableAttributeType(type="Actual", value=setting.value, mutability=setting.access)
        ],
        variable_characteristics=ocpp2.VariableCharacteristicsType(
            data_type=setting.type_, supports_monitoring=False
        ),
    )
