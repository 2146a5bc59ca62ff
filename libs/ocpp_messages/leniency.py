"""How messages that break their schema are read all the same: the rules, and the tables that they look into.

``repair`` applies them. Nothing here invents energy: what could be read as another quantity is left out.
"""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """The names of the rules, as reports and profiles of stations have them."""

    TIMESTAMP_FORMAT = "timestampFormat"
    """A time without zone, with ``+0000``, with a space for the T, or written in another way that leaves no
    doubt. Without zone, it is read as UTC.
    """
    TIMESTAMP_MISSING = "timestampMissing"
    """An empty time, or none where one is required: the time of receipt takes its place. An empty optional
    one counts as absent.
    """
    NUMBER_AS_TEXT = "numberAsText"
    """A text that reads as the number or boolean which the schema wants, or 0 and 1 for a boolean. A sampled
    value that is no number is left out.
    """
    TEXT_AS_NUMBER = "textAsNumber"
    """A number or boolean where the schema wants text; in DataTransfer of 1.6, any JSON."""
    DECIMAL_INTEGER = "decimalInteger"
    """A quantity with decimals where the schema wants an integer: rounded half to even. Ids are not."""
    NULL = "null"
    """null in an optional field, or an empty text for an optional enumeration: the field counts as absent."""
    TEXT_TOO_LONG = "textTooLong"
    """A text for people that is longer than its limit: cut. Ids and tokens are not cut."""
    UNKNOWN_FIELD = "unknownField"
    """A field that is not part of the message: read as the absent field that it spells, or left out."""
    UNKNOWN_VALUE = "unknownValue"
    """A value that its enumeration lacks: another spelling of a known one is read as that one. Another value
    becomes Other, or is left out. A sampled value of unknown unit, measurand or phase is left out as a whole.
    """
    EMPTY_LIST = "emptyList"
    """An empty list where at least one item is required: the list, or the item that it is in, counts as
    absent.
    """
    SINGLE_ITEM = "singleItem"
    """An object where a list of objects is wanted: read as a list of this one."""
    MISSING_FIELD = "missingField"
    """A required field is absent whose value follows from the rest, or does not matter. A sampled value
    without its value is left out.
    """
    FRAME = "frame"
    """An OCPP-J frame whose message id is a number or longer than 36 characters, whose action is spelled with
    other capitals, or that has no payload where it would be empty.
    """


Place = tuple[str | int, ...]
"""The way to a value in a payload: names of fields and numbers in lists."""

Field = tuple[str, str]
"""A field: the name of the field or list that it is in (at the top, that of the message), and its own."""

OTHER_VALUES: dict[str, tuple[str, ...]] = {
    "chargingLimitSource": ("Other",),
    "context": ("Other",),
    "errorCode": ("OtherError",),
    "reason": ("Other", "Unknown"),
    "stoppedReason": ("Other",),
    "triggerReason": ("AbnormalCondition",),
}
"""By field: what stands for values that the enumeration lacks; the first that it has."""

MISSPELLINGS: dict[str, dict[str, str]] = {
    "connectorStatus": {
        "charging": "Occupied",
        "finishing": "Occupied",
        "preparing": "Occupied",
        "suspendedev": "Occupied",
        "suspendedevse": "Occupied",
        "inoperative": "Unavailable",
        "outofservice": "Unavailable",
    },
    "context": {"clock": "Sample.Clock", "periodic": "Sample.Periodic", "sample": "Sample.Periodic"},
    "errorCode": {"": "NoError", "none": "NoError", "noerrors": "NoError", "other": "OtherError"},
    "eventType": {"start": "Started", "update": "Updated", "end": "Ended", "stopped": "Ended"},
    "phase": {"a": "L1", "b": "L2", "c": "L3", "1": "L1", "2": "L2", "3": "L3", "phase1": "L1"}
    | {"phase2": "L2", "phase3": "L3", "neutral": "N"},
    "reason": {
        "deauthorised": "DeAuthorized",
        "evdisconnect": "EVDisconnected",
        "powerfailure": "PowerLoss",
        "poweron": "PowerUp",
        "remotestop": "Remote",
        "localstop": "Local",
    },
    "status": {"occupied": "Preparing"},
    "stoppedReason": {
        "deauthorised": "DeAuthorized",
        "evdisconnect": "EVDisconnected",
        "powerfailure": "PowerLoss",
        "remotestop": "Remote",
        "localstop": "Local",
    },
    "unit": {
        "%": "Percent",
        "percentage": "Percent",
        "amp": "A",
        "ampere": "A",
        "amps": "A",
        "c": "Celsius",
        "celcius": "Celsius",
        "degc": "Celsius",
        "f": "Fahrenheit",
        "hz": "Hertz",
        "volt": "V",
        "volts": "V",
        "watt": "W",
        "watts": "W",
        "watthour": "Wh",
        "watthours": "Wh",
        "kilowatt": "kW",
        "kilowatthour": "kWh",
        "kilowatthours": "kWh",
    },
}
"""By field, and by what was written, in small letters: what was meant, where the enumeration has it. A known
value with other capitals or punctuation needs no entry here.
"""

BLANKS = frozenset({"context", "format", "location", "phase", "reason", "stoppedReason", "unit"})
"""Optional enumerations in which an empty text counts as absent. A measurand is not among them: absent, it
would be energy.
"""

DEFAULTS: dict[Field, str] = {
    ("BootNotificationRequest", "chargePointModel"): "",
    ("BootNotificationRequest", "chargePointVendor"): "",
    ("BootNotificationRequest", "reason"): "Unknown",
    ("StatusNotificationRequest", "errorCode"): "NoError",
    ("TransactionEventRequest", "triggerReason"): "AbnormalCondition",
    ("chargingStation", "model"): "",
    ("chargingStation", "vendorName"): "",
    ("customData", "vendorId"): "",
    ("eventData", "eventNotificationType"): "HardWiredNotification",
    ("signedMeterValue", "encodingMethod"): "",
    ("signedMeterValue", "publicKey"): "",
    ("signedMeterValue", "signingMethod"): "",
}
"""What stands for required fields that are absent. For times it is the time of receipt."""

DECISIVE: frozenset[Field] = frozenset(
    {
        ("sampledValue", "measurand"),
        ("sampledValue", "phase"),
        ("sampledValue", "unit"),
        ("sampledValue", "value"),
        ("meterValue", "sampledValue"),
        ("transactionData", "sampledValue"),
        ("reportData", "variableAttribute"),
    }
)
"""Fields without which an item of a list would say nothing, or something else: it is left out."""

MAY_BE_EMPTY: frozenset[Field] = frozenset(
    {("MeterValuesRequest", "meterValue"), ("NotifyEventRequest", "eventData")}
)
"""Required lists that are passed on empty, whatever their schema says: then the message says nothing."""

QUANTITIES = frozenset(
    {
        "energyAmount",
        "evEnergyCapacity",
        "evMaxCurrent",
        "evMaxPower",
        "evMaxVoltage",
        "evMinCurrent",
        "meterStart",
        "meterStop",
        "bulkSoC",
        "fullSoC",
        "stateOfCharge",
        "duration",
        "timeSpentCharging",
    }
)
"""Integers that measure something, and may be rounded."""

CUT: frozenset[str | Field] = frozenset(
    {
        "additionalInfo",
        "chargeBoxSerialNumber",
        "chargePointModel",
        "chargePointSerialNumber",
        "chargePointVendor",
        "extraInfo",
        "failureReason",
        "firmwareVersion",
        "iccid",
        "imsi",
        "info",
        "meterSerialNumber",
        "meterType",
        "model",
        "reasonCode",
        "techCode",
        "techInfo",
        "vendorErrorCode",
        "vendorInfo",
        "vendorName",
        ("chargingStation", "serialNumber"),
    }
)
"""Texts that are cut: their beginning says the same to people, and they are no keys."""

LEFT_OUT_IF_TOO_LONG = frozenset({"valuesList"})
"""Optional texts whose beginning would mislead."""

JSON_TEXTS: frozenset[Field] = frozenset({("DataTransferRequest", "data"), ("DataTransferResponse", "data")})
"""Texts that may hold anything: other JSON becomes its text."""

MONEY_ACTIONS = {
    name.casefold(): name
    for name in ("MeterValues", "StartTransaction", "StopTransaction", "TransactionEvent")
}
"""What carries energy or money, by its name in small letters: a refused message is kept."""
