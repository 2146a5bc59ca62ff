"""Reads as much as can be read of a message that no rule could repair, and that was refused.

A number may be a text, a name may be in another case, anything may be missing. No other module knows this.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from libs.csms.clock import parse_time, rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.event import MessageRefused
from libs.ocpp_messages.schemas import LARGEST_INTEGER
from libs.ocpp_messages.version import Version

from .energy import canonical
from .samples import measurements_v16
from .updates import Reported, event_v2, metered_v16, stopped_v16
from .warnings import salvaged

MAX_TEXT = 255
"""Characters. A longer text is no identifier."""

EARLIEST_EPOCH_SECOND = 1_000_000_000
LATEST_EPOCH_SECOND = 10_000_000_000
"""A number between them is a time in seconds since 1970; a thousand times as much is in milliseconds."""


MAX_WORD = 50
"""Characters of a value that its enumeration lacks."""

_EVENT_TYPES: dict[str, ocpp2.TransactionEventEnumType] = {"started": "Started", "ended": "Ended"}

Fields = dict[str, Any]
"""The properties of a JSON object, by their names in lower case."""


def salvage(call: Call[MessageRefused]) -> Reported | None:
    """What the message says of a transaction; None if it names none that can be read."""
    fields = _fields(call.request.payload)
    match call.request.action, call.version:
        case "StopTransaction", Version.V16:
            return _stopped_v16(call, fields)
        case "MeterValues", Version.V16:
            return _metered_v16(call, fields)
        case "TransactionEvent", Version.V201 | Version.V21:
            return _event_v2(call, fields)
        case _:
            return None


def _stopped_v16(call: Call[MessageRefused], fields: Fields) -> Reported | None:
    transaction_id = _integer(fields.get("transactionid"))
    if transaction_id is None or transaction_id <= 0:
        return None
    meter_stop = _number(fields.get("meterstop"))
    request = ocpp16.StopTransactionRequest(
        meter_stop=int(meter_stop or 0),
        timestamp=_time(fields.get("timestamp")),
        transaction_id=transaction_id,
        id_tag=_text(fields.get("idtag")),
        reason=_word(fields.get("reason")) or "Other",
        transaction_data=_meter_values_v16(fields.get("transactiondata")),
    )
    register = None if meter_stop is None else canonical(meter_stop)
    return stopped_v16(call, request, register, [salvaged(call.request)])


def _metered_v16(call: Call[MessageRefused], fields: Fields) -> Reported | None:
    transaction_id = _integer(fields.get("transactionid"))
    measurements = measurements_v16(_meter_values_v16(fields.get("metervalue")), call.received_at)
    if transaction_id is None or transaction_id <= 0 or not measurements:
        return None
    connector_id = _integer(fields.get("connectorid"))
    return metered_v16(call, transaction_id, connector_id, measurements, [salvaged(call.request)])


def _event_v2(call: Call[MessageRefused], fields: Fields) -> Reported | None:
    info = _fields(fields.get("transactioninfo"))
    transaction_id = _text(info.get("transactionid"))
    if not transaction_id:
        return None
    request = ocpp2.TransactionEventRequest(
        event_type=_EVENT_TYPES.get(str(fields.get("eventtype")).casefold(), "Updated"),
        timestamp=_time(fields.get("timestamp")),
        trigger_reason=_word(fields.get("triggerreason")),
        seq_no=0,
        transaction_info=ocpp2.TransactionType(
            transaction_id,
            charging_state=_word(info.get("chargingstate")),
            stopped_reason=_word(info.get("stoppedreason")) or "Other",
            remote_start_id=_integer(info.get("remotestartid")),
        ),
        meter_value=_meter_values_v2(fields.get("metervalue")),
        offline=fields.get("offline") is True,
        reservation_id=_integer(fields.get("reservationid")),
        evse=_evse(_fields(fields.get("evse"))),
        id_token=_id_token(fields.get("idtoken")),
    )
    return event_v2(call, request, _seq_no(fields.get("seqno")), [salvaged(call.request)])


def _evse(fields: Fields) -> ocpp2.EVSEType | None:
    id = _integer(fields.get("id"))
    return None if id is None else ocpp2.EVSEType(id, connector_id=_integer(fields.get("connectorid")))


def _id_token(value: Any) -> ocpp2.IdTokenType | None:
    """None without a type: it might be a secret."""
    fields = _fields(value)
    text, type_ = _text(fields.get("idtoken")), _word(fields.get("type"))
    return None if text is None or type_ is None else ocpp2.IdTokenType(text, type_)


def _meter_values_v16(value: Any) -> list[ocpp16.MeterValue]:
    return [
        ocpp16.MeterValue(
            _time(one.get("timestamp")),
            [
                ocpp16.SampledValue(
                    value=_text(sample.get("value")) or "",
                    format=_word(sample.get("format")),
                    **_about(sample),
                    unit=_word(sample.get("unit")),
                )
                for sample in _objects(one.get("sampledvalue"))
            ],
        )
        for one in _objects(value)
    ]


def _meter_values_v2(value: Any) -> list[ocpp2.MeterValueType]:
    return [
        ocpp2.MeterValueType(
            [
                ocpp2.SampledValueType(number, **_about(sample), unit_of_measure=_unit_v2(sample))
                for sample in _objects(one.get("sampledvalue"))
                if (number := _number(sample.get("value"))) is not None
            ],
            _time(one.get("timestamp")),
        )
        for one in _objects(value)
    ]


def _about(sample: Fields) -> dict[str, Any]:
    return {name: _word(sample.get(name)) for name in ("context", "measurand", "phase", "location")}


def _unit_v2(sample: Fields) -> ocpp2.UnitOfMeasureType:
    """A unit that cannot be read is none that an energy register has; a text is that of 1.6."""
    measure = _fields(sample.get("unitofmeasure"))
    unit = measure.get("unit", sample.get("unit", "Wh"))
    multiplier = _integer(measure.get("multiplier", 0))
    return ocpp2.UnitOfMeasureType(unit=_word(unit) or "?", multiplier=multiplier)


def _fields(value: Any) -> Fields:
    """By name in lower case. Empty if it is no JSON object."""
    return {name.casefold(): one for name, one in value.items()} if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Fields]:
    """Those in a list; or one alone, where a list should be."""
    return [_fields(one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) if len(str(value)) <= MAX_TEXT else None


def _word(value: Any) -> Any:
    """A value of an enumeration, whatever its text is."""
    text = _text(value)
    return text and text[:MAX_WORD]


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal((_text(value) or "").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 100 else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    if number is None or number != number.to_integral_value() or abs(number) > LARGEST_INTEGER:
        return None
    return int(number)


def _seq_no(value: Any) -> int | None:
    seq_no = _integer(value)
    return seq_no if seq_no is not None and seq_no >= 0 else None


def _time(value: Any) -> str:
    """In RFC 3339. Empty where there is none that can be read."""
    number = _number(value)
    for unit in (1, 1_000):
        if number is not None and EARLIEST_EPOCH_SECOND <= number / unit < LATEST_EPOCH_SECOND:
            return rfc3339(datetime.fromtimestamp(float(number / unit), UTC))
    try:
        return rfc3339(parse_time((_text(value) or "").strip()))
    except (ValueError, OverflowError):
        return ""
