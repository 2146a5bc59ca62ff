"""A 2.0.1 or 2.1 station's answers to commands."""

from __future__ import annotations

from functools import partial

from libs.ocpp_messages import ocpp2, v21, v201

from .commands import Answer, commands
from .configuration import HEARTBEAT_INTERVAL, PASSWORD
from .panel import Panel


@commands.on(v201.Reset, v21.Reset)
def reset(station: Panel, request: ocpp2.ResetRequest) -> Answer:
    if request.evse_id is not None:
        return Answer(ocpp2.ResetResponse(status="Rejected"))
    if request.type == "OnIdle" and station.charging:
        return Answer(ocpp2.ResetResponse(status="Scheduled"), station.reset_when_idle)
    return Answer(ocpp2.ResetResponse(status="Accepted"), partial(station.reset, request.type))


@commands.on(v201.RequestStartTransaction, v21.RequestStartTransaction)
def request_start(station: Panel, request: ocpp2.RequestStartTransactionRequest) -> Answer:
    connector = station.free_connector(request.evse_id)
    if connector is None:
        return Answer(ocpp2.RequestStartTransactionResponse(status="Rejected"))
    return Answer(
        ocpp2.RequestStartTransactionResponse(status="Accepted"),
        partial(connector.charge_remotely, request.id_token.id_token, request.remote_start_id),
    )


@commands.on(v201.RequestStopTransaction, v21.RequestStopTransaction)
def request_stop(station: Panel, request: ocpp2.RequestStopTransactionRequest) -> Answer:
    if not station.stop(request.transaction_id, "Remote"):
        return Answer(ocpp2.RequestStopTransactionResponse(status="Rejected"))
    return Answer(ocpp2.RequestStopTransactionResponse(status="Accepted"))


@commands.on(v201.TriggerMessage, v21.TriggerMessage)
def trigger_message(station: Panel, request: ocpp2.TriggerMessageRequest) -> Answer:
    message = station.triggered(request.requested_message, request.evse.id if request.evse else None)
    if message is None:
        return Answer(ocpp2.TriggerMessageResponse(status="NotImplemented"))
    return Answer(ocpp2.TriggerMessageResponse(status="Accepted"), message)


@commands.on(v201.ChangeAvailability, v21.ChangeAvailability)
def change_availability(station: Panel, request: ocpp2.ChangeAvailabilityRequest) -> Answer:
    connectors = station.connectors_of(request.evse.id if request.evse else 0)
    if not connectors:
        return Answer(ocpp2.ChangeAvailabilityResponse(status="Rejected"))
    operative = request.operational_status == "Operative"
    busy = any(connector.busy for connector in connectors)
    status: ocpp2.ChangeAvailabilityStatusEnumType = "Scheduled" if busy and not operative else "Accepted"
    change = station.put_into_service if operative else station.put_out_of_service
    return Answer(ocpp2.ChangeAvailabilityResponse(status=status), partial(change, connectors))


@commands.on(v201.GetVariables, v21.GetVariables)
def get_variables(station: Panel, request: ocpp2.GetVariablesRequest) -> Answer:
    results = [_got(station, item) for item in request.get_variable_data]
    return Answer(ocpp2.GetVariablesResponse(get_variable_result=results))


def _got(station: Panel, item: ocpp2.GetVariableDataType) -> ocpp2.GetVariableResultType:
    setting = station.configuration.get(_key(item.component, item.variable))
    status: ocpp2.GetVariableStatusEnumType
    if setting is None:
        known = station.configuration.has_component(_component(item.component))
        status = "UnknownVariable" if known else "UnknownComponent"
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


@commands.on(v201.SetVariables, v21.SetVariables)
def set_variables(station: Panel, request: ocpp2.SetVariablesRequest) -> Answer:
    results = [_set(station, item) for item in request.set_variable_data]
    accepted = {
        _key(item.component, item.variable): item.attribute_value
        for item, result in zip(request.set_variable_data, results, strict=True)
        if result.attribute_status == "Accepted"
    }
    if HEARTBEAT_INTERVAL in accepted:
        station.beat_every(float(accepted[HEARTBEAT_INTERVAL]))
    answer = ocpp2.SetVariablesResponse(set_variable_result=results)
    if PASSWORD in accepted:
        return Answer(answer, partial(station.use_password, accepted[PASSWORD].encode()))
    return Answer(answer)


def _set(station: Panel, item: ocpp2.SetVariableDataType) -> ocpp2.SetVariableResultType:
    key = _key(item.component, item.variable)
    setting = station.configuration.get(key)
    status: ocpp2.SetVariableStatusEnumType = "Accepted"
    if setting is None:
        known = station.configuration.has_component(_component(item.component))
        status = "UnknownVariable" if known else "UnknownComponent"
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


def _component(component: ocpp2.ComponentType) -> str:
    return f"{component.name}#{component.evse.id}" if component.evse else component.name


def _key(component: ocpp2.ComponentType, variable: ocpp2.VariableType) -> str:
    return f"{_component(component)}.{variable.name}"


@commands.on(v201.UnlockConnector, v21.UnlockConnector)
def unlock_connector(station: Panel, request: ocpp2.UnlockConnectorRequest) -> Answer:
    connectors = station.connectors_of(request.evse_id) if request.evse_id else []
    if not connectors or request.connector_id != 1:
        return Answer(ocpp2.UnlockConnectorResponse(status="UnknownConnector"))
    if connectors[0].transaction:
        return Answer(ocpp2.UnlockConnectorResponse(status="OngoingAuthorizedTransaction"))
    return Answer(ocpp2.UnlockConnectorResponse(status="Unlocked"))


@commands.on(v201.ClearCache, v21.ClearCache)
def clear_cache(station: Panel, request: ocpp2.ClearCacheRequest) -> Answer:
    return Answer(ocpp2.ClearCacheResponse(status="Accepted"))


@commands.on(v201.DataTransfer, v21.DataTransfer)
def data_transfer(station: Panel, request: ocpp2.DataTransferRequest) -> Answer:
    return Answer(ocpp2.DataTransferResponse(status="UnknownVendorId"))
