"""Messages as stations write them and the specification does not: what is off, and what is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version

Payload = dict[str, Any]

RECEIVED_AT = "2026-11-20T18:12:00.000Z"
TIME = "2026-11-20T10:00:00Z"
V16, V201, V21 = Version.V16, Version.V201, Version.V21
LEFT_OUT: Any = object()
"""Stands for a field that is not there."""


class OffForm(NamedTuple):
    version: Version
    action: str
    payload: Payload
    read: Payload | None
    """None if it is refused."""
    rules: str
    """Those that were applied, in alphabetical order. Empty if it is refused."""

    @property
    def of(self) -> Action[Any, Any]:
        return ACTIONS[self.version][self.action]

    def __str__(self) -> str:
        return f"{self.version}-{self.action}-{self.rules or 'refused'}"


SAMPLE = "meterValue.0.sampledValue.0"
SAMPLE_16 = {"value": "1500", "unit": "Wh", "measurand": "Energy.Active.Import.Register"}
SAMPLE_2 = {"value": 1500, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": TIME}
STOP = {"transactionId": 5, "meterStop": 2500, "timestamp": TIME, "reason": "Local"}
METER_16 = {
    "connectorId": 1,
    "transactionId": 5,
    "meterValue": [{"timestamp": TIME, "sampledValue": [SAMPLE_16]}],
}
STATUS_16 = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": TIME}
BOOT_16 = {"chargePointVendor": "Acme", "chargePointModel": "One"}
EVENT = {
    "eventType": "Ended",
    "timestamp": TIME,
    "triggerReason": "EVDeparted",
    "seqNo": 2,
    "transactionInfo": {"transactionId": "T1", "stoppedReason": "EVDisconnected"},
    "meterValue": [{"timestamp": TIME, "sampledValue": [SAMPLE_2]}],
}
METER_2 = {"evseId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": [SAMPLE_2]}]}
STATUS_2 = {"timestamp": TIME, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
BOOT_2 = {"reason": "PowerUp", "chargingStation": {"model": "One", "vendorName": "Acme"}}
NOTHING: Payload = {"timestamp": TIME, "sampledValue": []}
UNENCODED = {"signedMeterData": "x", "signingMethod": "ECDSA", "publicKey": "k"}
VARIABLE = {
    "component": {"name": "EVSE"},
    "variable": {"name": "Power"},
    "variableAttribute": [{"value": "11000"}],
}
CHARACTERISTICS = {"dataType": "OptionList", "supportsMonitoring": False}
REPORT = {"requestId": 1, "generatedAt": TIME, "seqNo": 0, "reportData": [VARIABLE, VARIABLE]}
ALERT = {
    "eventId": 1,
    "timestamp": TIME,
    "trigger": "Alerting",
    "actualValue": "1",
    "eventNotificationType": "HardWiredNotification",
    "component": {"name": "EVSE"},
    "variable": {"name": "Problem"},
}
NOTIFY = {"generatedAt": TIME, "seqNo": 0, "eventData": [ALERT]}


def changed(payload: Any, path: str, value: Any) -> Any:
    """A copy with another value at a place such as ``meterValue.0.timestamp``."""
    step, _, rest = path.partition(".")
    if isinstance(payload, list):
        items = list(payload)
        items[int(step)] = changed(items[int(step)], rest, value) if rest else value
        return [item for item in items if item is not LEFT_OUT]
    new = changed(payload.get(step, {}), rest, value) if rest else value
    copy = {name: part for name, part in payload.items() if name != step}
    return copy if new is LEFT_OUT else {**copy, step: new}


Row = tuple[str, Payload, str, Any, Any, str]
"""Action, clean message, place, what stands there, what is read there, rules (empty: refused)."""

IN_EVERY_TIME: list[tuple[Any, Any, str]] = [
    ("2026-11-20T10:00:00", TIME, "timestampFormat"),
    ("2026-11-20T10:00:00.250", "2026-11-20T10:00:00.250Z", "timestampFormat"),
    ("2026-11-20T11:00:00+0100", "2026-11-20T11:00:00+01:00", "timestampFormat"),
    ("2026-11-20T10:00:00+0000", "2026-11-20T10:00:00+00:00", "timestampFormat"),
    ("2026-11-20T10:00:00+00", "2026-11-20T10:00:00+00:00", "timestampFormat"),
    ("2026-11-20 10:00:00", TIME, "timestampFormat"),
    ("2026-11-20 10:00:00Z", TIME, "timestampFormat"),
    (" 2026-11-20T10:00:00Z ", TIME, "timestampFormat"),
    ("2026-11-20T10:00Z", TIME, "timestampFormat"),
    ("2026-11-20T10:00:00,5Z", "2026-11-20T10:00:00.5Z", "timestampFormat"),
    ("2026-11-20T10:00:00.Z", TIME, "timestampFormat"),
    ("2026-11-20T9:59:60Z", TIME, "timestampFormat"),
    ("2026/11/20 10:00:00 UTC", TIME, "timestampFormat"),
    ("", RECEIVED_AT, "timestampMissing"),
    ("  ", RECEIVED_AT, "timestampMissing"),
    (None, RECEIVED_AT, "timestampMissing"),
    (LEFT_OUT, RECEIVED_AT, "timestampMissing"),
    ("yesterday", None, ""),
    ("2026-02-30T10:00:00", None, ""),
    ("2026-11-20T25:00:00", None, ""),
    ("2026-11-20T10:00:61Z", None, ""),
    ("2026-11-20T10:00:00+25:00", None, ""),
    ("2026-11-20T10:00:00+01:60", None, ""),
    ("2026-11-20", None, ""),
    (1763632800, None, ""),
    ({}, None, ""),
]

ROWS_16: list[Row] = [
    *[("StopTransaction", STOP, "timestamp", *off) for off in IN_EVERY_TIME],
    ("MeterValues", METER_16, "meterValue.0.timestamp", "2026-11-20 10:00:00", TIME, "timestampFormat"),
    ("MeterValues", METER_16, "meterValue.0.timestamp", "", RECEIVED_AT, "timestampMissing"),
    ("StatusNotification", STATUS_16, "timestamp", "", LEFT_OUT, "timestampMissing"),
    ("StatusNotification", STATUS_16, "timestamp", None, LEFT_OUT, "null"),
    ("StartTransaction", START, "meterStart", "1000", 1000, "numberAsText"),
    ("StartTransaction", START, "meterStart", " 1000 ", 1000, "numberAsText"),
    ("StartTransaction", START, "meterStart", "1000.0", 1000, "numberAsText"),
    ("StartTransaction", START, "meterStart", "1e3", 1000, "numberAsText"),
    ("StartTransaction", START, "meterStart", "1,5", None, ""),
    ("StartTransaction", START, "meterStart", "0x10", None, ""),
    ("StartTransaction", START, "meterStart", "", None, ""),
    ("StartTransaction", START, "meterStart", "9" * 20, None, ""),
    ("StartTransaction", START, "meterStart", "9" * 50, None, ""),
    ("StartTransaction", START, "meterStart", "1e99", None, ""),
    ("StartTransaction", START, "meterStart", True, None, ""),
    ("StartTransaction", START, "meterStart", None, None, ""),
    ("StartTransaction", START, "meterStart", LEFT_OUT, None, ""),
    ("StartTransaction", START, "meterStart", 1000.4, 1000, "decimalInteger"),
    ("StartTransaction", START, "meterStart", 1000.0, 1000, "decimalInteger"),
    ("StartTransaction", START, "connectorId", 1.0, 1, "decimalInteger"),
    ("StartTransaction", START, "connectorId", "1", 1, "numberAsText"),
    ("StartTransaction", START, "connectorId", 1.5, None, ""),
    ("StartTransaction", START, "connectorId", "1.5", None, ""),
    ("StartTransaction", START, "idTag", 12345678, "12345678", "textAsNumber"),
    ("StartTransaction", START, "idTag", "x" * 21, None, ""),
    ("StartTransaction", START, "idTag", None, None, ""),
    ("StartTransaction", START, "reservationId", None, LEFT_OUT, "null"),
    ("StartTransaction", START, "extra", {"a": [1]}, LEFT_OUT, "unknownField"),
    ("StopTransaction", STOP, "meterStop", "2500", 2500, "numberAsText"),
    ("StopTransaction", STOP, "meterStop", 2500.5, 2500, "decimalInteger"),
    ("StopTransaction", STOP, "meterStop", 2501.5, 2502, "decimalInteger"),
    ("StopTransaction", STOP, "meterStop", "2500.51", 2501, "decimalInteger numberAsText"),
    ("StopTransaction", STOP, "meterStop", LEFT_OUT, None, ""),
    ("StopTransaction", STOP, "transactionId", "5", 5, "numberAsText"),
    ("StopTransaction", STOP, "transactionId", 5.5, None, ""),
    ("StopTransaction", STOP, "transactionId", "five", None, ""),
    ("StopTransaction", STOP, "idTag", None, LEFT_OUT, "null"),
    ("StopTransaction", STOP, "reason", "local", "Local", "unknownValue"),
    ("StopTransaction", STOP, "reason", "EV Disconnected", "EVDisconnected", "unknownValue"),
    ("StopTransaction", STOP, "reason", "Deauthorised", "DeAuthorized", "unknownValue"),
    ("StopTransaction", STOP, "reason", "PowerFailure", "PowerLoss", "unknownValue"),
    ("StopTransaction", STOP, "reason", "Finished", "Other", "unknownValue"),
    ("StopTransaction", STOP, "reason", "x" * 500, "Other", "unknownValue"),
    ("StopTransaction", STOP, "reason", "", LEFT_OUT, "null"),
    ("StopTransaction", STOP, "reason", 3, "Other", "textAsNumber unknownValue"),
    ("StopTransaction", STOP, "transactionData", None, LEFT_OUT, "null"),
    ("MeterValues", METER_16, SAMPLE + ".value", 1500, "1500", "textAsNumber"),
    ("MeterValues", METER_16, SAMPLE + ".value", 0.1, "0.1", "textAsNumber"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "WH", "Wh", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "kwh", "kWh", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "KW/h", "kWh", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "%", "Percent", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "°C", "Celsius", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "celsius", "Celsius", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "Ampere", "A", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".unit", "", LEFT_OUT, "null"),
    ("MeterValues", METER_16, SAMPLE + ".unit", None, LEFT_OUT, "null"),
    ("MeterValues", METER_16, SAMPLE + ".measurand", "energy_active_import_register",
     "Energy.Active.Import.Register", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".context", "sample.clock", "Sample.Clock", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".context", "Periodic", "Sample.Periodic", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".context", "Boot", "Other", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".phase", "l1n", "L1-N", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".phase", "A", "L1", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".location", "outlet", "Outlet", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".location", "Cabinet", LEFT_OUT, "unknownValue"),
    ("MeterValues", METER_16, SAMPLE + ".format", "raw", "Raw", "unknownValue"),
    ("MeterValues", METER_16, SAMPLE, {**SAMPLE_16, "unit": "MWh"}, LEFT_OUT, "unknownValue"),
    ("MeterValues", METER_16, SAMPLE, {**SAMPLE_16, "measurand": ""}, LEFT_OUT, "unknownValue"),
    ("MeterValues", METER_16, SAMPLE, {**SAMPLE_16, "phase": "L4"}, LEFT_OUT, "unknownValue"),
    ("MeterValues", METER_16, SAMPLE, {"unit": "Wh"}, LEFT_OUT, "missingField"),
    ("MeterValues", METER_16, SAMPLE, {"value": None}, LEFT_OUT, "null"),
    ("MeterValues", METER_16, SAMPLE, None, LEFT_OUT, "null"),
    ("MeterValues", METER_16, SAMPLE, [], None, ""),
    ("MeterValues", METER_16, "meterValue.0.sampledValue", SAMPLE_16, [SAMPLE_16], "singleItem"),
    ("MeterValues", METER_16, SAMPLE + ".extra", 1, LEFT_OUT, "unknownField"),
    ("MeterValues", METER_16, "connectorId", -1.5, None, ""),
    ("MeterValues", METER_16, "transactionId", None, LEFT_OUT, "null"),
    ("StatusNotification", STATUS_16, "errorCode", "OtherErr", "OtherError", "unknownValue"),
    ("StatusNotification", STATUS_16, "errorCode", "noerror", "NoError", "unknownValue"),
    ("StatusNotification", STATUS_16, "errorCode", "", "NoError", "unknownValue"),
    ("StatusNotification", STATUS_16, "errorCode", LEFT_OUT, "NoError", "missingField"),
    ("StatusNotification", STATUS_16, "errorCode", None, "NoError", "null"),
    ("StatusNotification", STATUS_16, "status", "SUSPENDED_EV", "SuspendedEV", "unknownValue"),
    ("StatusNotification", STATUS_16, "status", "Sleeping", None, ""),
    ("StatusNotification", STATUS_16, "info", "i" * 51, "i" * 50, "textTooLong"),
    ("StatusNotification", STATUS_16, "vendorErrorCode", 17, "17", "textAsNumber"),
    ("BootNotification", BOOT_16, "chargePointModel", "m" * 21, "m" * 20, "textTooLong"),
    ("BootNotification", BOOT_16, "chargePointSerialNumber", "s" * 26, "s" * 25, "textTooLong"),
    ("BootNotification", BOOT_16, "firmwareVersion", None, LEFT_OUT, "null"),
    ("BootNotification", BOOT_16, "imsi", 262011234567890, "262011234567890", "textAsNumber"),
    ("BootNotification", BOOT_16, "chargePointVendor", LEFT_OUT, "", "missingField"),
    ("DataTransfer", {"vendorId": "v"}, "data", {"a": 1}, '{"a":1}', "textAsNumber"),
    ("Authorize", {"idTag": "TAG"}, "idTag", "x" * 21, None, ""),
]  # fmt: skip

ROWS_2: list[Row] = [
    *[("TransactionEvent", EVENT, "timestamp", *off) for off in IN_EVERY_TIME],
    ("TransactionEvent", EVENT, "meterValue.0.timestamp", "2026-11-20 10:00:00", TIME, "timestampFormat"),
    ("TransactionEvent", EVENT, "meterValue.0.timestamp", "", RECEIVED_AT, "timestampMissing"),
    ("TransactionEvent", EVENT, "seqNo", "2", 2, "numberAsText"),
    ("TransactionEvent", EVENT, "seqNo", 2.5, None, ""),
    ("TransactionEvent", EVENT, "seqNo", LEFT_OUT, None, ""),
    ("TransactionEvent", EVENT, "offline", "false", False, "numberAsText"),
    ("TransactionEvent", EVENT, "offline", 1, True, "numberAsText"),
    ("TransactionEvent", EVENT, "offline", "perhaps", None, ""),
    ("TransactionEvent", EVENT, "cableMaxCurrent", None, LEFT_OUT, "null"),
    ("TransactionEvent", EVENT, "evse", {"id": "2"}, {"id": 2}, "numberAsText"),
    ("TransactionEvent", EVENT, "evse", {"id": 1, "connectorId": None}, {"id": 1}, "null"),
    ("TransactionEvent", EVENT, "evse", {"ID": 1}, {"id": 1}, "unknownField"),
    ("TransactionEvent", EVENT, "evse", None, LEFT_OUT, "null"),
    ("TransactionEvent", EVENT, "customData", {}, {"vendorId": ""}, "missingField"),
    ("TransactionEvent", EVENT, "eventType", "ended", "Ended", "unknownValue"),
    ("TransactionEvent", EVENT, "eventType", "Stopped", "Ended", "unknownValue"),
    ("TransactionEvent", EVENT, "eventType", "Paused", None, ""),
    ("TransactionEvent", EVENT, "eventType", LEFT_OUT, None, ""),
    ("TransactionEvent", EVENT, "triggerReason", "Magic", "AbnormalCondition", "unknownValue"),
    ("TransactionEvent", EVENT, "triggerReason", LEFT_OUT, "AbnormalCondition", "missingField"),
    ("TransactionEvent", EVENT, "transactionInfo.transactionId", 17, "17", "textAsNumber"),
    ("TransactionEvent", EVENT, "transactionInfo.transactionId", "t" * 37, None, ""),
    ("TransactionEvent", EVENT, "transactionInfo.transactionId", LEFT_OUT, None, ""),
    ("TransactionEvent", EVENT, "transactionInfo.stoppedReason", "Finished", "Other", "unknownValue"),
    ("TransactionEvent", EVENT, "transactionInfo.chargingState", "charging", "Charging", "unknownValue"),
    ("TransactionEvent", EVENT, "transactionInfo.chargingState", "Dancing", LEFT_OUT, "unknownValue"),
    ("TransactionEvent", EVENT, "transactionInfo.chargingState", None, LEFT_OUT, "null"),
    ("TransactionEvent", EVENT, "transactionInfo.timeSpentCharging", 60.4, 60, "decimalInteger"),
    ("TransactionEvent", EVENT, "transactionInfo.remoteStartId", "7", 7, "numberAsText"),
    ("TransactionEvent", EVENT, "meterValue", [], LEFT_OUT, "emptyList"),
    ("TransactionEvent", EVENT, "meterValue", None, LEFT_OUT, "null"),
    ("TransactionEvent", EVENT, "meterValue", [NOTHING], LEFT_OUT, "emptyList"),
    ("TransactionEvent", EVENT, "meterValue.0.sampledValue", SAMPLE_2, [SAMPLE_2], "singleItem"),
    ("TransactionEvent", EVENT, SAMPLE + ".value", "1500", 1500, "numberAsText"),
    ("TransactionEvent", EVENT, SAMPLE + ".value", "0.15009", 0.15009, "numberAsText"),
    ("TransactionEvent", EVENT, SAMPLE + ".value", "1e30", 1e30, "numberAsText"),
    ("TransactionEvent", EVENT, SAMPLE + ".unitOfMeasure.multiplier", "3", 3, "numberAsText"),
    ("TransactionEvent", EVENT, SAMPLE + ".unitOfMeasure.multiplier", 0.5, None, ""),
    ("TransactionEvent", EVENT, SAMPLE + ".context", "transaction.end", "Transaction.End",
     "unknownValue"),
    ("TransactionEvent", EVENT, SAMPLE + ".signedMeterValue", UNENCODED,
     {**UNENCODED, "encodingMethod": ""}, "missingField"),
    ("TransactionEvent", EVENT, "idToken", {"idToken": 1234, "type": "ISO14443"},
     {"idToken": "1234", "type": "ISO14443"}, "textAsNumber"),
    ("MeterValues", METER_2, "meterValue", [], [], "emptyList"),
    ("MeterValues", METER_2, "meterValue", LEFT_OUT, None, ""),
    ("MeterValues", METER_2, "meterValue", [NOTHING], [], "emptyList"),
    ("MeterValues", METER_2, "evseId", "one", None, ""),
    ("StatusNotification", STATUS_2, "connectorStatus", "available", "Available", "unknownValue"),
    ("StatusNotification", STATUS_2, "connectorStatus", "SuspendedEV", "Occupied", "unknownValue"),
    ("StatusNotification", STATUS_2, "connectorStatus", "Sleeping", None, ""),
    ("StatusNotification", STATUS_2, "evseId", "1", 1, "numberAsText"),
    ("StatusNotification", STATUS_2, "timestamp", LEFT_OUT, RECEIVED_AT, "timestampMissing"),
    ("BootNotification", BOOT_2, "reason", "PowerOn", "PowerUp", "unknownValue"),
    ("BootNotification", BOOT_2, "reason", "Coffee", "Unknown", "unknownValue"),
    ("BootNotification", BOOT_2, "reason", LEFT_OUT, "Unknown", "missingField"),
    ("BootNotification", BOOT_2, "chargingStation.model", "m" * 21, "m" * 20, "textTooLong"),
    ("BootNotification", BOOT_2, "chargingStation.serialNumber", "s" * 26, "s" * 25, "textTooLong"),
    ("BootNotification", BOOT_2, "chargingStation.modem", None, LEFT_OUT, "null"),
    ("BootNotification", BOOT_2, "chargingStation.firmware", "1.0", LEFT_OUT, "unknownField"),
    ("BootNotification", BOOT_2, "chargingStation", [], None, ""),
    ("NotifyReport", REPORT, "reportData", [], LEFT_OUT, "emptyList"),
    ("NotifyReport", REPORT, "reportData.0", {**VARIABLE, "variableAttribute": []}, LEFT_OUT, "emptyList"),
    ("NotifyReport", REPORT, "reportData.0.variableAttribute.0.value", 11000, "11000", "textAsNumber"),
    ("NotifyReport", REPORT, "reportData.0.variableAttribute.0.value", True, "true", "textAsNumber"),
    ("NotifyReport", REPORT, "reportData.0.variableCharacteristics",
     CHARACTERISTICS | {"valuesList": "v" * 1001}, CHARACTERISTICS, "textTooLong"),
    ("NotifyReport", REPORT, "reportData.0.variableAttribute.0.value", "v" * 2501, None, ""),
    ("NotifyReport", REPORT, "tbc", "true", True, "numberAsText"),
    ("NotifyReport", REPORT, "generatedAt", "", RECEIVED_AT, "timestampMissing"),
    ("NotifyReport", REPORT, "seqNo", LEFT_OUT, None, ""),
    ("NotifyEvent", NOTIFY, "eventData.0.eventNotificationType", LEFT_OUT,
     "HardWiredNotification", "missingField"),
    ("NotifyEvent", NOTIFY, "eventData.0.actualValue", 1, "1", "textAsNumber"),
    ("NotifyEvent", NOTIFY, "eventData.0.techInfo", "t" * 501, "t" * 500, "textTooLong"),
    ("NotifyEvent", NOTIFY, "eventData.0.cleared", "False", False, "numberAsText"),
    ("NotifyEvent", NOTIFY, "eventData.0.trigger", LEFT_OUT, None, ""),
    ("NotifyEvent", NOTIFY, "eventData", [], [], "emptyList"),
]  # fmt: skip


def _off_form(version: Version, rows: list[Row]) -> Iterator[OffForm]:
    for action, clean, place, off, read, rules in rows:
        payload = changed(clean, place, off)
        if not rules:
            yield OffForm(version, action, payload, None, "")
        else:
            yield OffForm(version, action, payload, changed(clean, place, read), rules)


OFF_FORM = [*_off_form(V16, ROWS_16), *_off_form(V201, ROWS_2), *_off_form(V21, ROWS_2)]
