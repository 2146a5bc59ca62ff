"""StopTransaction of 1.6: it has happened, so it is accepted, whether the transaction is known or not."""

from __future__ import annotations

from decimal import Decimal

from libs.csms.clients.authorization import id_tag_info_v16
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..authorization import authorize
from ..energy import Readings
from ..evidence import Facts, moment, read_time
from ..meter_values import in_transaction
from ..model import ID_NEVER_ASSIGNED, TransactionUpdate
from ..samples import measurements_v16
from ..service import TransactionService, router
from ..transaction_ids import digest


@router.on(v16.StopTransaction)
async def stop_transaction(
    call: Call[ocpp16.StopTransactionRequest], service: TransactionService
) -> ocpp16.StopTransactionResponse:
    request = call.request
    at, warning = read_time(request.timestamp, call.received_at)
    measurements = measurements_v16(request.transaction_data or (), at)
    readings = Readings.of(measurements, warning)
    readings.add((moment(at), Decimal(request.meter_stop)), "meterStop")
    facts: Facts = {
        "ocppVersion": call.version.value,
        "ended": 0,
        "stoppedReason": request.reason or "Local",
        "endIdToken": request.id_tag or None,
    }
    if request.transaction_id <= 0:
        readings.warn(ID_NEVER_ASSIGNED)
    update = TransactionUpdate.of(call.station_id, str(request.transaction_id), moment(at), readings, facts)
    if request.transaction_id <= 0:
        # Stations that never received an id send -1 or 0 for all of their transactions.
        update = update._replace(id=f"{update.id}:{digest(rfc3339(at), request.meter_stop)}")
    await service.store(update, in_transaction(update.id, call.station_id, measurements))
    if request.id_tag is None:
        return ocpp16.StopTransactionResponse()
    return ocpp16.StopTransactionResponse(id_tag_info_v16(await authorize(service, request.id_tag, None)))
