"""TransactionEvent (use cases E01 to E17): a transaction of 2.x started, went on or ended."""

from __future__ import annotations

from libs.csms.clients.authorization import Authorization, id_token_info_v2
from libs.csms.messaging.router import Call
from libs.csms.secrets import is_secret_token_type
from libs.ocpp_messages import ocpp2, v21, v201

from ..authorization import authorize, authorize_later, authorize_start
from ..energy import Readings
from ..evidence import Facts, moment, read_time
from ..meter_values import in_transaction
from ..model import Transaction, TransactionUpdate
from ..samples import measurements_v2
from ..service import TransactionService, router

Request = ocpp2.TransactionEventRequest


@router.on(v201.TransactionEvent, v21.TransactionEvent)
async def transaction_event(
    call: Call[Request], service: TransactionService
) -> ocpp2.TransactionEventResponse:
    request = call.request
    time, warning = read_time(request.timestamp, call.received_at)
    at = moment(time, request.seq_no)
    measurements = measurements_v2(request.meter_value or (), time)
    update = TransactionUpdate.of(
        call.station_id,
        request.transaction_info.transaction_id,
        at,
        Readings.of(measurements, warning, request.seq_no),
        _facts(call),
        charging_state=request.transaction_info.charging_state,
        received=[request.seq_no],
    )
    transaction = await service.store(update, in_transaction(update.id, call.station_id, measurements))
    if request.trigger_reason == "TxResumed" and transaction.active:
        await service.publish_resumed(transaction, request.seq_no)
    if request.id_token is None:
        return ocpp2.TransactionEventResponse()
    authorization = await _authorize(service, transaction, at, request.event_type, request.id_token)
    return ocpp2.TransactionEventResponse(id_token_info=id_token_info_v2(authorization, call.version))


def _facts(call: Call[Request]) -> Facts:
    request, info = call.request, call.request.transaction_info
    facts: Facts = {
        "ocppVersion": call.version.value,
        "remoteStartId": info.remote_start_id,
        "reservationId": request.reservation_id,
        "offline": 1 if request.offline else None,
    }
    if request.evse is not None:
        facts |= {"evseId": request.evse.id, "connectorId": request.evse.connector_id}
    if request.id_token is not None:
        facts |= _token_facts(request.event_type, request.id_token)
    if request.event_type == "Started":
        facts["started"] = request.seq_no
    elif request.event_type == "Ended":
        facts |= {"ended": request.seq_no, "stoppedReason": info.stopped_reason or "Local"}
    return facts


def _token_facts(event_type: str, id_token: ocpp2.IdTokenType) -> Facts:
    """A token that is a secret is not kept, and one that is empty is none."""
    value = None if is_secret_token_type(id_token.type) else id_token.id_token or None
    if event_type == "Ended":
        return {"endIdToken": value, "endIdTokenType": id_token.type}
    return {"idToken": value, "idTokenType": id_token.type}


async def _authorize(
    service: TransactionService,
    transaction: Transaction,
    at: str,
    event_type: str,
    id_token: ocpp2.IdTokenType,
) -> Authorization:
    match event_type:
        case "Started":
            return await authorize_start(service, transaction, at, id_token.id_token, id_token.type)
        case "Updated":
            return await authorize_later(service, transaction, at, id_token.id_token, id_token.type)
        case _:
            return await authorize(service, id_token.id_token, id_token.type)
