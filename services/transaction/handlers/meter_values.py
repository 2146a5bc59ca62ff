"""MeterValues: of a transaction where 1.6 names one, else of a meter by itself (J01)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..meter_values import Place, at_place
from ..samples import measurements_v2, measurements_v16
from ..service import TransactionService, router
from ..updates import metered_v16
from ..warnings import repairs_of


@router.on(v16.MeterValues)
async def meter_values_v16(
    call: Call[ocpp16.MeterValuesRequest], service: TransactionService
) -> ocpp16.MeterValuesResponse:
    request = call.request
    measurements = measurements_v16(request.meter_value, call.received_at)
    if not measurements or request.transaction_id is None or request.transaction_id <= 0:
        place = Place(call.station_id, connector_id=request.connector_id)
        await service.store_meter_values(at_place(place, measurements, repairs_of(call.message)))
        return ocpp16.MeterValuesResponse()
    await service.store(metered_v16(call, request.transaction_id, request.connector_id, measurements))
    return ocpp16.MeterValuesResponse()


@router.on(v201.MeterValues, v21.MeterValues)
async def meter_values_v2(
    call: Call[ocpp2.MeterValuesRequest], service: TransactionService
) -> ocpp2.MeterValuesResponse:
    request = call.request
    place = Place(call.station_id, evse_id=request.evse_id)
    measurements = measurements_v2(request.meter_value, call.received_at)
    await service.store_meter_values(at_place(place, measurements, repairs_of(call.message)))
    return ocpp2.MeterValuesResponse()
