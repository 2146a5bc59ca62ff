"""MeterValues: of a transaction where 1.6 names one, else of a meter by itself (use case J01)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..energy import Readings
from ..evidence import moment
from ..meter_values import Place, at_place, in_transaction
from ..report import report
from ..samples import measured2, measured16
from ..service import Ledger, router


@router.on(v16.MeterValues)
async def meter_values_16(
    call: Call[ocpp16.MeterValuesRequest], ledger: Ledger
) -> ocpp16.MeterValuesResponse:
    request = call.request
    measured = measured16(request.meter_value, call.received_at)
    if not measured or request.transaction_id is None or request.transaction_id <= 0:
        place = Place(call.station_id, connector_id=request.connector_id)
        await ledger.keep(at_place(place, measured))
        return ocpp16.MeterValuesResponse()
    told = report(
        call.station_id,
        str(request.transaction_id),
        moment(min(one.at for one in measured)),
        Readings.of(measured, None),
        {"ocppVersion": call.version.value, "meterConnectorId": request.connector_id},
        until=moment(max(one.at for one in measured)),
    )
    await ledger.record(told, in_transaction(told.id, call.station_id, measured))
    return ocpp16.MeterValuesResponse()


@router.on(v201.MeterValues, v21.MeterValues)
async def meter_values_2(call: Call[ocpp2.MeterValuesRequest], ledger: Ledger) -> ocpp2.MeterValuesResponse:
    request = call.request
    place = Place(call.station_id, evse_id=request.evse_id)
    measured = measured2(request.meter_value, call.received_at)
    await ledger.keep(at_place(place, measured))
    return ocpp2.MeterValuesResponse()
