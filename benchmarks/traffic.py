"""What the stations send: 40 % meter values, 30 % statuses, 20 % heartbeats, 10 % authorizations.

A request is what follows the message id in the frame of a CALL: encoded once, with places for what changes.
"""

from __future__ import annotations

import re
import time
from random import Random
from typing import Protocol

from .station import Station

VERSIONS = ("ocpp2.0.1", "ocpp1.6")

_MIX = "MMMMSSSHHA"
"""Ten requests by their first letters: each station sends them in an order of its own, again and again."""

HEARTBEAT = b',"Heartbeat",{}]'

_SAMPLES_BESIDE_ENERGY = [
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


def _samples(register: str, value_format: str, unit_format: str) -> str:
    """Ten samples. ``register`` is the first of them."""
    rest = [
        f'{{"value":{value_format % value},"measurand":"{measurand}",'
        + (f'"phase":"{phase}",' if phase else "")
        + f"{unit_format % unit}}}"
        for measurand, phase, value, unit in _SAMPLES_BESIDE_ENERGY
    ]
    return ",".join([register, *rest])


_SAMPLES_V201 = _samples(
    '{"value":%d,"measurand":"Energy.Active.Import.Register","context":"Sample.Periodic",'
    '"unitOfMeasure":{"unit":"Wh"}}',
    "%s",
    '"unitOfMeasure":{"unit":"%s"}',
)
_SAMPLES_V16 = _samples(
    '{"value":"%d","measurand":"Energy.Active.Import.Register","unit":"Wh"}', '"%s"', '"unit":"%s"'
)

BOOT_V201 = (
    b',"BootNotification",{"reason":"PowerUp",'
    b'"chargingStation":{"model":"Bench","vendorName":"Bench","firmwareVersion":"1.0"}}]'
)
STARTED_V201 = (
    b',"TransactionEvent",{"eventType":"Started","timestamp":"%s","triggerReason":"Authorized","seqNo":0,'
    b'"transactionInfo":{"transactionId":"%s","chargingState":"Charging"},"evse":{"id":1,"connectorId":1},'
    b'"idToken":{"idToken":"%s","type":"ISO14443"}}]'
)
UPDATED_V201 = (
    ',"TransactionEvent",{"eventType":"Updated","timestamp":"%s","triggerReason":"MeterValuePeriodic",'
    '"seqNo":%d,"transactionInfo":{"transactionId":"%s","chargingState":"Charging"},'
    '"meterValue":[{"sampledValue":[' + _SAMPLES_V201 + '],"timestamp":"%s"}]}]'
).encode()
STATUS_V201 = b',"StatusNotification",{"timestamp":"%s","connectorStatus":"%s","evseId":1,"connectorId":1}]'
AUTHORIZE_V201 = b',"Authorize",{"idToken":{"idToken":"%s","type":"ISO14443"}}]'

BOOT_V16 = b',"BootNotification",{"chargePointVendor":"Bench","chargePointModel":"Bench"}]'
START_V16 = b',"StartTransaction",{"connectorId":1,"idTag":"%s","meterStart":100000,"timestamp":"%s"}]'
METER_VALUES_V16 = (
    ',"MeterValues",{"connectorId":1,"transactionId":%d,"meterValue":[{"timestamp":"%s","sampledValue":['
    + _SAMPLES_V16
    + "]}]}]"
).encode()
STATUS_V16 = b',"StatusNotification",{"connectorId":1,"errorCode":"NoError","timestamp":"%s","status":"%s"}]'
AUTHORIZE_V16 = b',"Authorize",{"idTag":"%s"}]'


def id_tag(station_id: str) -> str:
    """The token that is used at this station alone."""
    return f"TAG{station_id[-10:]}"


class Traffic(Protocol):
    """The requests of one station."""

    boot: bytes
    """Its BootNotification."""

    async def boot_and_start(self, station: Station) -> None:
        """Boot and start a transaction."""
        ...

    def next(self) -> bytes: ...


def traffic(station_id: str, version: str) -> Traffic:
    kind: type[TrafficV201] | type[TrafficV16] = TrafficV201 if version == "ocpp2.0.1" else TrafficV16
    return kind(station_id, Random(station_id))


class _Times:
    """The present time, as RFC 3339 with milliseconds: fast, because every call needs it."""

    def __init__(self) -> None:
        self._second = 0
        self._text = b""

    def now(self) -> bytes:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
        return b"%s.%03dZ" % (self._text, int(now * 1000) % 1000)


_times = _Times()


class TrafficV201:
    boot = BOOT_V201

    def __init__(self, station_id: str, random: Random) -> None:
        self._mix = "".join(random.sample(_MIX, len(_MIX)))
        self._tag = id_tag(station_id).encode()
        self._transaction = f"{station_id}-{int(time.time() * 1000):x}".encode()[-36:]
        self._count = 0
        self._seq_no = 0

    async def boot_and_start(self, station: Station) -> None:
        await station.call_and_wait(self.boot)
        await station.call_and_wait(STARTED_V201 % (_times.now(), self._transaction, self._tag))

    def next(self) -> bytes:
        self._count += 1
        match self._mix[self._count % 10]:
            case "M":
                self._seq_no += 1
                energy = 100_000 + 10 * self._seq_no
                now = _times.now()
                return UPDATED_V201 % (now, self._seq_no, self._transaction, energy, now)
            case "S":
                return STATUS_V201 % (_times.now(), b"Occupied" if self._count % 2 else b"Available")
            case "H":
                return HEARTBEAT
            case _:
                return AUTHORIZE_V201 % self._tag


class TrafficV16:
    boot = BOOT_V16

    def __init__(self, station_id: str, random: Random) -> None:
        self._mix = "".join(random.sample(_MIX, len(_MIX)))
        self._tag = id_tag(station_id).encode()
        self._transaction = 0
        self._count = 0
        self._energy = 100_000

    async def boot_and_start(self, station: Station) -> None:
        await station.call_and_wait(self.boot)
        answer = await station.call_and_wait(START_V16 % (self._tag, _times.now()))
        given = re.search(rb'"transactionId":\s*(\d+)', answer)
        self._transaction = int(given.group(1)) if given else -1

    def next(self) -> bytes:
        self._count += 1
        match self._mix[self._count % 10]:
            case "M":
                self._energy += 10
                return METER_VALUES_V16 % (self._transaction, _times.now(), self._energy)
            case "S":
                return STATUS_V16 % (_times.now(), b"Charging" if self._count % 2 else b"SuspendedEV")
            case "H":
                return HEARTBEAT
            case _:
                return AUTHORIZE_V16 % self._tag
