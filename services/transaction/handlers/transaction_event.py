"""TransactionEvent (use cases E01 to E15): a transaction of 2.x started, went on or ended."""

from __future__ import annotations

from libs.csms.clients.authorization import Authorization, id_token_info_v2
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..energy import Readings
from ..evidence import Value, moment, read_time
from ..meter_values import in_transaction
from ..model import Transaction
from ..report import Report, report
from ..samples import measured2
from ..service import Ledger, router
from ..tokens import SECRET_TYPES, authorize, authorize_later, authorize_start

Request = ocpp2.TransactionEventRequest


@router.on(v201.TransactionEvent, v21.TransactionEvent)
async def transaction_event(call: Call[Request], ledger: Ledger) -> ocpp2.TransactionEventResponse:
    request = call.request
    at, doubt = read_time(request.timestamp, call.received_at)
    measured = measured2(request.meter_value or (), at)
    said_at = moment(at, request.seq_no)
    told = _report(call, said_at, Readings.of(measured, doubt, request.seq_no))
    transaction = await ledger.record(told, in_transaction(told.id, call.station_id, measured))
    if request.trigger_reason == "TxResumed":
        await ledger.resumed(transaction, request.seq_no)
    if request.id_token is None:
        return ocpp2.TransactionEventResponse()
    authorization = await _authorize(ledger, transaction, said_at, request.event_type, request.id_token)
    return ocpp2.TransactionEventResponse(id_token_info=id_token_info_v2(authorization, call.version))


def _report(call: Call[Request], said_at: str, readings: Readings) -> Report:
    request, about = call.request, call.request.transaction_info
    first: dict[str, Value | None] = {
        "ocppVersion": call.version.value,
        "remoteStartId": about.remote_start_id,
        "reservationId": request.reservation_id,
        "offline": 1 if request.offline else None,
    }
    if request.evse is not None:
        first |= {"evseId": request.evse.id, "connectorId": request.evse.connector_id}
    if request.id_token is not None:
        first |= _token(request.id_token, "endIdToken" if request.event_type == "Ended" else "idToken")
    if request.event_type == "Started":
        first["started"] = request.seq_no
    elif request.event_type == "Ended":
        first |= {"ended": request.seq_no, "stoppedReason": about.stopped_reason or "Local"}
    return report(
        call.station_id,
        about.transaction_id,
        said_at,
        readings,
        first,
        charging_state=about.charging_state,
        received=[request.seq_no],
    )


def _token(id_token: ocpp2.IdTokenType, name: str) -> dict[str, Value | None]:
    """A token that is a secret is not kept, and one that is empty is none."""
    value = None if id_token.type in SECRET_TYPES else id_token.id_token or None
    return {name: value, f"{name}Type": id_token.type}


async def _authorize(
    ledger: Ledger, transaction: Transaction, at: str, event_type: str, id_token: ocpp2.IdTokenType
) -> Authorization:
    match event_type:
        case "Started":
            return await authorize_start(ledger, transaction, at, id_token.id_token, id_token.type)
        case "Updated":
            return await authorize_later(ledger, transaction, at, id_token.id_token, id_token.type)
        case _:
            return await authorize(ledger, id_token.id_token, id_token.type)
