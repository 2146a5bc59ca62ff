"""What messages say of a transaction, whether they kept to their schemas or were salvaged."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.csms.secrets import is_secret_token_type
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.leniency import Rule

from .energy import Readings
from .evidence import Facts, moment, read_time
from .meter_values import Documents, in_transaction
from .model import TransactionUpdate
from .samples import Measurement, measurements_v2, measurements_v16
from .seq_nos import event_digests
from .transaction_ids import digest
from .warnings import ID_NEVER_ASSIGNED, repaired, repairs_of

RECEIPT_TIME = f"{Rule.TIMESTAMP_MISSING}@timestamp"
"""The repair of an event without a time: sent again, it gets another one."""


class Reported(NamedTuple):
    """What one message reports."""

    update: TransactionUpdate
    measured: Documents
    """Its meter values."""


def stopped_v16(
    call: Call[Any],
    request: ocpp16.StopTransactionRequest,
    meter_stop: Decimal | None,
    salvaged: Sequence[str] = (),
) -> Reported:
    """``meter_stop`` is that of the request, or None where nobody can read it."""
    at, warning = read_time(request.timestamp, call.received_at)
    measurements = measurements_v16(request.transaction_data or (), at)
    readings = Readings.of(measurements, [warning, *repaired(call.message)])
    if meter_stop is not None:
        readings.add((moment(at), meter_stop), "meterStop")
    facts: Facts = {
        "ocppVersion": call.version.value,
        "ended": 0,
        "stoppedReason": request.reason or "Local",
        "endIdToken": request.id_tag or None,
    }
    if request.transaction_id <= 0:
        readings.warn(ID_NEVER_ASSIGNED)
    update = TransactionUpdate.of(
        call.station_id, str(request.transaction_id), moment(at), readings, facts, salvaged=salvaged
    )
    if request.transaction_id <= 0:
        # Stations that never received an id send -1 or 0 for all of their transactions.
        update = update._replace(id=f"{update.id}:{digest(rfc3339(at), request.meter_stop)}")
    return _reported(call, update, measurements)


def metered_v16(
    call: Call[Any],
    transaction_id: int,
    connector_id: int | None,
    measurements: Sequence[Measurement],
    salvaged: Sequence[str] = (),
) -> Reported:
    """MeterValues of a transaction, with at least one measurement."""
    facts: Facts = {"ocppVersion": call.version.value}
    if connector_id is not None:
        facts["meterConnectorId"] = connector_id
    update = TransactionUpdate.of(
        call.station_id,
        str(transaction_id),
        moment(min(one.at for one in measurements)),
        Readings.of(measurements, repaired(call.message)),
        facts,
        until=moment(max(one.at for one in measurements)),
        salvaged=salvaged,
    )
    return _reported(call, update, measurements)


def event_v2(
    call: Call[Any],
    request: ocpp2.TransactionEventRequest,
    seq_no: int | None,
    salvaged: Sequence[str] = (),
) -> Reported:
    """``seq_no`` is that of the request, or None where nobody can read it."""
    time, warning = read_time(request.timestamp, call.received_at)
    at = moment(time, seq_no or 0)
    measurements = measurements_v2(request.meter_value or (), time)
    has_own_time = warning is None and RECEIPT_TIME not in call.message.repairs.split()
    digests = ""
    if seq_no is not None and has_own_time and not salvaged:
        digests = event_digests(seq_no, request.event_type, request.trigger_reason, at)
    update = TransactionUpdate.of(
        call.station_id,
        request.transaction_info.transaction_id,
        at,
        Readings.of(measurements, [warning, *repaired(call.message)], seq_no or 0),
        _facts(call, request, seq_no or 0),
        charging_state=request.transaction_info.charging_state,
        received=[] if seq_no is None else [seq_no],
        event_digests=digests,
        salvaged=salvaged,
    )
    return _reported(call, update, measurements)


def _reported(call: Call[Any], update: TransactionUpdate, measurements: Sequence[Measurement]) -> Reported:
    repairs = repairs_of(call.message)
    return Reported(update, in_transaction(update.id, call.station_id, measurements, repairs))


def _facts(call: Call[Any], request: ocpp2.TransactionEventRequest, seq_no: int) -> Facts:
    info = request.transaction_info
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
        facts["started"] = seq_no
    elif request.event_type == "Ended":
        facts |= {"ended": seq_no, "stoppedReason": info.stopped_reason or "Local"}
    return facts


def _token_facts(event_type: str, id_token: ocpp2.IdTokenType) -> Facts:
    """A token that is a secret is not kept, and one that is empty is none."""
    value = None if is_secret_token_type(id_token.type) else id_token.id_token or None
    if event_type == "Ended":
        return {"endIdToken": value, "endIdTokenType": id_token.type}
    return {"idToken": value, "idTokenType": id_token.type}
