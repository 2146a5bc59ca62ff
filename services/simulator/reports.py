"""A 2.0.1 or 2.1 station's answers about its state, some of them in messages of their own."""

from __future__ import annotations

from functools import partial

from libs.csms.clock import rfc3339, utc_now
from libs.ocpp_messages import ocpp2, v21, v201
from libs.ocpp_messages.catalogue import ACTIONS

from .commands import Answer, commands
from .configuration import Setting
from .dialect import Request
from .panel import Panel

_PER_MESSAGE = 5


@commands.on(v201.GetBaseReport, v21.GetBaseReport)
def get_base_report(station: Panel, request: ocpp2.GetBaseReportRequest) -> Answer:
    return Answer(
        ocpp2.GetBaseReportResponse(status="Accepted"), partial(_report, station, request.request_id)
    )


@commands.on(v201.GetTransactionStatus, v21.GetTransactionStatus)
def get_transaction_status(station: Panel, request: ocpp2.GetTransactionStatusRequest) -> Answer:
    ongoing = station.transaction(request.transaction_id) is not None if request.transaction_id else None
    return Answer(
        ocpp2.GetTransactionStatusResponse(
            messages_in_queue=station.undelivered > 0, ongoing_indicator=ongoing
        )
    )


@commands.on(v201.GetLocalListVersion, v21.GetLocalListVersion)
def get_local_list_version(station: Panel, request: ocpp2.GetLocalListVersionRequest) -> Answer:
    return Answer(ocpp2.GetLocalListVersionResponse(version_number=0))


async def _report(station: Panel, request_id: int) -> None:
    items = [_item(key, setting) for key, setting in station.configuration.all()]
    parts = [items[first : first + _PER_MESSAGE] for first in range(0, len(items), _PER_MESSAGE)]
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


def _item(key: str, setting: Setting) -> ocpp2.ReportDataType:
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
