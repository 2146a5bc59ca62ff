"""The calls of the benchmark, encoded: what follows the message id, with places for what changes."""

from __future__ import annotations

HEARTBEAT = b',"Heartbeat",{}]'

_MEASURED = [
    ("Power.Active.Import", "", "11040.5", "W"),
    ("Current.Import", "L1", "16.1", "A"),
    ("Current.Import", "L2", "15.9", "A"),
    ("Current.Import", "L3", "16.0", "A"),
    ("Voltage", "L1-N", "229.8", "V"),
    ("Voltage", "L2-N", "230.4", "V"),
    ("Voltage", "L3-N", "231.0", "V"),
    ("SoC", "", "57", "Percent"),
    ("Power.Offered", "", "22000", "W"),
]


def _samples_201() -> str:
    rest = [
        f'{{"value":{value},"measurand":"{measurand}"'
        + (f',"phase":"{phase}"' if phase else "")
        + f',"unitOfMeasure":{{"unit":"{unit}"}}}}'
        for measurand, phase, value, unit in _MEASURED
    ]
    register = (
        '{"value":%d,"measurand":"Energy.Active.Import.Register","context":"Sample.Periodic",'
        '"unitOfMeasure":{"unit":"Wh"}}'
    )
    return ",".join([register, *rest])


def _samples_16() -> str:
    rest = [
        f'{{"value":"{value}","measurand":"{measurand}"'
        + (f',"phase":"{phase}"' if phase else "")
        + f',"unit":"{unit}"}}'
        for measurand, phase, value, unit in _MEASURED
    ]
    register = '{"value":"%d","measurand":"Energy.Active.Import.Register","unit":"Wh"}'
    return ",".join([register, *rest])


BOOT_201 = (
    b',"BootNotification",{"reason":"PowerUp",'
    b'"chargingStation":{"model":"Bench","vendorName":"Bench","firmwareVersion":"1.0"}}]'
)
STARTED_201 = (
    b',"TransactionEvent",{"eventType":"Started","timestamp":"%s","triggerReason":"Authorized","seqNo":0,'
    b'"transactionInfo":{"transactionId":"%s","chargingState":"Charging"},"evse":{"id":1,"connectorId":1},'
    b'"idToken":{"idToken":"%s","type":"ISO14443"}}]'
)
UPDATED_201 = (
    ',"TransactionEvent",{"eventType":"Updated","timestamp":"%s","triggerReason":"MeterValuePeriodic",'
    '"seqNo":%d,"transactionInfo":{"transactionId":"%s","chargingState":"Charging"},'
    '"meterValue":[{"sampledValue":[' + _samples_201() + '],"timestamp":"%s"}]}]'
).encode()
STATUS_201 = b',"StatusNotification",{"timestamp":"%s","connectorStatus":"%s","evseId":1,"connectorId":1}]'
AUTHORIZE_201 = b',"Authorize",{"idToken":{"idToken":"%s","type":"ISO14443"}}]'

BOOT_16 = b',"BootNotification",{"chargePointVendor":"Bench","chargePointModel":"Bench"}]'
START_16 = b',"StartTransaction",{"connectorId":1,"idTag":"%s","meterStart":100000,"timestamp":"%s"}]'
METER_VALUES_16 = (
    ',"MeterValues",{"connectorId":1,"transactionId":%d,"meterValue":[{"timestamp":"%s","sampledValue":['
    + _samples_16()
    + "]}]}]"
).encode()
STATUS_16 = b',"StatusNotification",{"connectorId":1,"errorCode":"NoError","timestamp":"%s","status":"%s"}]'
AUTHORIZE_16 = b',"Authorize",{"idTag":"%s"}]'
