"""StopTransaction of 1.6: it has happened, so it is accepted, known or not."""

from __future__ import annotations

from decimal import Decimal

from libs.csms.clients.authorization import id_tag_info_v16
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..energy import Readings
from ..evidence import Value, moment, read_time
from ..meter_values import in_transaction
from ..model import NEVER_GIVEN
from ..report import report
from ..samples import measured16
from ..service import Ledger, router
from ..tokens import authorize
from ..transaction_ids import digest


@router.on(v16.StopTransaction)
async def stop_transaction(
    call: Call[ocpp16.StopTransactionRequest], ledger: Ledger
) -> ocpp16.StopTransactionResponse:
    request = call.request
    at, doubt = read_time(request.timestamp, call.received_at)
    measured = measured16(request.transaction_data or (), at)
    readings = Readings.of(measured, doubt)
    readings.note(NEVER_GIVEN if request.transaction_id <= 0 else None)
    readings.read((moment(at), Decimal(request.meter_stop)), "meterStop")
    first: dict[str, Value | None] = {
        "ocppVersion": call.version.value,
        "ended": 0,
        "stoppedReason": request.reason or "Local",
        "endIdToken": request.id_tag or None,
    }
    told = report(call.station_id, str(request.transaction_id), moment(at), readings, first)
    if request.transaction_id <= 0:
        told = told._replace(id=f"{told.id}:{digest(rfc3339(at), request.meter_stop)}")
    await ledger.record(told, in_transaction(told.id, call.station_id, measured))
    if request.id_tag is None:
        return ocpp16.StopTransactionResponse()
    return ocpp16.StopTransactionResponse(id_tag_info_v16(await authorize(ledger, request.id_tag, None)))
