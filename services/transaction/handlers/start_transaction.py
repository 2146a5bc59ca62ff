"""StartTransaction of 1.6: given an id whatever the token, or the station would ask again for ever."""

from __future__ import annotations

from decimal import Decimal

from libs.csms.clients.authorization import id_tag_info_v16
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..energy import Readings
from ..evidence import Value, moment, read_time
from ..model import token_key
from ..report import report
from ..service import Ledger, router
from ..tokens import authorize_start
from ..transaction_ids import transaction_id


@router.on(v16.StartTransaction)
async def start_transaction(
    call: Call[ocpp16.StartTransactionRequest], ledger: Ledger
) -> ocpp16.StartTransactionResponse:
    request = call.request
    at, doubt = read_time(request.timestamp, call.received_at)
    start = (request.connector_id, token_key(request.id_tag), rfc3339(at), request.meter_start)
    given = await transaction_id(ledger.transaction_ids, call.station_id, *start)
    readings = Readings.of((), doubt)
    readings.read((moment(at), Decimal(request.meter_start)), "meterStart")
    first: dict[str, Value | None] = {
        "ocppVersion": call.version.value,
        "started": 0,
        "connectorId": request.connector_id,
        "idToken": request.id_tag or None,
        "reservationId": request.reservation_id,
    }
    told = report(call.station_id, str(given), moment(at), readings, first)
    transaction = await ledger.record(told, {})
    authorization = await authorize_start(ledger, transaction, moment(at), request.id_tag, None)
    return ocpp16.StartTransactionResponse(id_tag_info_v16(authorization), given)
