"""How simulated stations depart from OCPP, as stations in the field do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from libs.ocpp_messages.version import Version

Json = dict[str, Any]

LONGEST_MESSAGE_ID = 255
"""Characters. OCPP allows 36."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def _unchanged(action: str, payload: Json) -> Json:
    return payload


@dataclass(frozen=True, kw_only=True)
class Quirk:
    description: str
    request: Callable[[str, Json], Json] = _unchanged
    """From an action and the right payload of its request to the one that the station sends."""
    response: Callable[[str, Json], Json] = _unchanged
    """The same of a response to a command."""
    message_id: Callable[[str], str] = lambda id: id
    path: Callable[[str], str] = lambda id: f"/{id}"
    """What follows the URL of the CSMS, from the percent-encoded id of the station."""
    subprotocol: Callable[[Version], str] = lambda version: version.value
    """Empty where the station offers none."""
    user: Callable[[str], str] = lambda id: id
    """User name of HTTP Basic authentication, from the id of the station."""
    is_mute: bool = False
    """The station answers no command."""


def _times(change: Callable[[str], str]) -> Callable[[str, Json], Json]:
    def changed(name: str, value: Any) -> Any:
        return change(value) if isinstance(value, str) and _TIME.fullmatch(value) else value

    return lambda action, payload: _each_field(payload, changed)


def _each_field(payload: Json, change: Callable[[str, Any], Any]) -> Json:
    """The payload with every value that is neither list nor object changed by its field's name and itself."""

    def changed(name: str, part: Any) -> Any:
        if isinstance(part, dict):
            return {key: changed(key, value) for key, value in part.items()}
        if isinstance(part, list):
            return [changed(name, value) for value in part]
        return change(name, part)

    return {name: changed(name, part) for name, part in payload.items()}


def _sampled_time_empty(action: str, payload: Json) -> Json:
    for meter_value in payload.get("meterValue", []):
        meter_value["timestamp"] = ""
    return payload


_TEXTS_AS_NUMBERS = {"value"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_NUMBERS_AS_TEXTS = {"connectorId", "evseId", "meterStart", "meterStop", "seqNo", "transactionId", "value"}


def _other_type(name: str, value: Any) -> Any:
    if isinstance(value, str) and name in _TEXTS_AS_NUMBERS and _NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, int | float) and name in _NUMBERS_AS_TEXTS:
        return str(value)
    return value


def _with_decimals(name: str, value: Any) -> Any:
    return float(value) if type(value) is int and name in _NUMBERS_AS_TEXTS else value


_OPTIONAL = {
    "BootNotification": ("iccid", "imsi"),
    "StartTransaction": ("reservationId",),
    "StopTransaction": ("transactionData",),
    "StatusNotification": ("info", "customData"),
    "TransactionEvent": ("reservationId", "cableMaxCurrent"),
}


def _with_nulls(action: str, payload: Json) -> Json:
    return dict.fromkeys(_OPTIONAL.get(action, ())) | payload


def _long_texts(action: str, payload: Json) -> Json:
    if action != "BootNotification":
        return payload
    names = {"chargePointModel", "chargePointVendor", "firmwareVersion", "model", "vendorName"}
    return _each_field(payload, lambda name, value: f"{value} {'x' * 60}" if name in names else value)


def _extra_fields(action: str, payload: Json) -> Json:
    return payload | {"vendorExtension": {"uptime": 4711}}


_SPELLINGS = {
    "Wh": "wh",
    "W": "w",
    "Sample.Periodic": "sample.periodic",
    "Local": "local",
    "NoError": "noError",
}


def _other_spelling(name: str, value: Any) -> Any:
    return _SPELLINGS.get(value, value) if isinstance(value, str) else value


def _unknown_values(action: str, payload: Json) -> Json:
    """Of fields whose value does not matter for the energy."""
    if "reason" in payload and action == "StopTransaction":
        payload["reason"] = "ButtonPressed"
    if "errorCode" in payload:
        payload["errorCode"] = "NoFault"
    if "stoppedReason" in payload.get("transactionInfo", {}):
        payload["transactionInfo"]["stoppedReason"] = "ButtonPressed"
    return payload


def _empty_lists(action: str, payload: Json) -> Json:
    match action:
        case "StopTransaction":
            return payload | {"transactionData": []}
        case "MeterValues" | "TransactionEvent":
            empty = {"timestamp": payload.get("timestamp", "2030-01-01T00:00:00Z"), "sampledValue": []}
            return payload | {"meterValue": [*payload.get("meterValue", []), empty]}
    return payload


QUIRKS: dict[str, Quirk] = {
    "naive-times": Quirk(
        description="times without zone",
        request=_times(lambda time: time.removesuffix("Z")),
    ),
    "offset-times": Quirk(
        description="times with +0000",
        request=_times(lambda time: f"{time.removesuffix('Z')}+0000"),
    ),
    "spaced-times": Quirk(
        description="times with a space for the T",
        request=_times(lambda time: time.replace("T", " ")),
    ),
    "empty-times": Quirk(description="empty times of meter values", request=_sampled_time_empty),
    "other-types": Quirk(
        description="numbers as texts, and texts as numbers",
        request=lambda action, payload: _each_field(payload, _other_type),
    ),
    "decimals": Quirk(
        description="integers with decimals, as 1000.0",
        request=lambda action, payload: _each_field(payload, _with_decimals),
    ),
    "nulls": Quirk(description="null in optional fields", request=_with_nulls),
    "long-texts": Quirk(description="texts of BootNotification that are too long", request=_long_texts),
    "extra-fields": Quirk(description="fields that OCPP does not have", request=_extra_fields),
    "spelling": Quirk(
        description="values in another case, as kWh and wh",
        request=lambda action, payload: _each_field(payload, _other_spelling),
    ),
    "unknown-values": Quirk(description="reasons and error codes of its own", request=_unknown_values),
    "empty-lists": Quirk(description="empty sampledValue and transactionData", request=_empty_lists),
    "long-message-ids": Quirk(
        description="message ids of 255 characters",
        message_id=lambda id: (id * 8)[:LONGEST_MESSAGE_ID],
    ),
    "extra-slashes": Quirk(description="connects to /ocpp//ID/", path=lambda id: f"//{id}/"),
    "subprotocol-case": Quirk(
        description="offers OCPP1.6 for ocpp1.6",
        subprotocol=lambda version: version.value.upper(),
    ),
    "no-subprotocol": Quirk(description="offers no subprotocol", subprotocol=lambda version: ""),
    "user-case": Quirk(description="HTTP Basic user in another case", user=str.swapcase),
    "mute": Quirk(description="answers no command", is_mute=True),
    "off-form-answers": Quirk(
        description="answers to commands with fields that OCPP does not have",
        response=lambda action, payload: payload | {"vendorExtension": 1},
    ),
}


ALL = "all"
"""In the place of a name: the stations take turns."""


def quirk_of(names: str, station: int) -> Quirk:
    """The quirk of the station of that number; none without a name. Raises ``KeyError``."""
    if not names:
        return Quirk(description="none")
    return list(QUIRKS.values())[station % len(QUIRKS)] if names == ALL else QUIRKS[names]
