"""StartTransaction of 1.6: given an id whatever the token, or the station would send it again for ever."""

from __future__ import annotations

from decimal import Decimal

from libs.csms.clients.authorization import id_tag_info_v16
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..authorization import Token, authorize_start
from ..derived import token_key
from ..energy import Readings
from ..evidence import Facts, moment, read_time
from ..model import TransactionUpdate
from ..service import TransactionService, router
from ..transaction_ids import reserve_transaction_id
from ..updates import Reported
from ..warnings import repaired


@router.on(v16.StartTransaction)
async def start_transaction(
    call: Call[ocpp16.StartTransactionRequest], service: TransactionService
) -> ocpp16.StartTransactionResponse:
    request = call.request
    at, warning = read_time(request.timestamp, call.received_at)
    start = (request.connector_id, token_key(request.id_tag), rfc3339(at), request.meter_start)
    transaction_id = await reserve_transaction_id(service.transaction_ids, call.station_id, *start)
    readings = Readings.of((), [warning, *repaired(call.message)])
    readings.add((moment(at), Decimal(request.meter_start)), "meterStart")
    facts: Facts = {
        "ocppVersion": call.version.value,
        "started": 0,
        "connectorId": request.connector_id,
        "idToken": request.id_tag or None,
        "reservationId": request.reservation_id,
    }
    update = TransactionUpdate.of(call.station_id, str(transaction_id), moment(at), readings, facts)
    transaction = await service.store(Reported(update, {}))
    token = Token(request.id_tag, None, call.message)
    authorization = await authorize_start(service, transaction, moment(at), token)
    return ocpp16.StartTransactionResponse(id_tag_info_v16(authorization), transaction_id)
