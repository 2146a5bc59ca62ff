"""Charging sessions of 20 kWh in four steps, as stations of each version tell them."""

from __future__ import annotations

from typing import Any

from .station import Station

Json = dict[str, Any]
METER_START_WH = 1_000_000
READINGS_WH = (1_005_000, 1_010_000, 1_015_000)
METER_STOP_WH = 1_020_000
ENERGY_WH = METER_STOP_WH - METER_START_WH


def at(minute: int) -> str:
    return f"2026-03-01T10:{minute:02d}:00Z"


class Session16:
    """The messages of OCPP 1.6 in their order; ``transaction_id`` is known after ``start``."""

    transaction_id: int

    def __init__(self, station: Station, id_tag: str = "TAG1", connector_id: int = 1) -> None:
        self.station = station
        self.id_tag = id_tag
        self.connector_id = connector_id

    async def authorize(self) -> str:
        answer = await self.station.call("Authorize", {"idTag": self.id_tag})
        return str(answer["idTagInfo"]["status"])

    async def status(self, status: str) -> None:
        payload = {"connectorId": self.connector_id, "errorCode": "NoError", "status": status}
        assert await self.station.call("StatusNotification", payload) == {}

    async def start(self) -> str:
        payload = {
            "connectorId": self.connector_id,
            "idTag": self.id_tag,
            "meterStart": METER_START_WH,
            "timestamp": at(0),
        }
        answer = await self.station.call("StartTransaction", payload)
        self.transaction_id = answer["transactionId"]
        return str(answer["idTagInfo"]["status"])

    async def meter(self, step: int) -> None:
        sample = {"value": str(READINGS_WH[step]), "unit": "Wh", "context": "Sample.Periodic"}
        payload = {
            "connectorId": self.connector_id,
            "transactionId": self.transaction_id,
            "meterValue": [{"timestamp": at(step + 1), "sampledValue": [sample]}],
        }
        assert await self.station.call("MeterValues", payload) == {}

    async def stop(self) -> Json:
        payload = {
            "transactionId": self.transaction_id,
            "meterStop": METER_STOP_WH,
            "timestamp": at(9),
            "reason": "EVDisconnected",
            "idTag": self.id_tag,
        }
        return await self.station.call("StopTransaction", payload)


class Session2:
    """The messages of OCPP 2.0.1 and 2.1 in their order."""

    def __init__(
        self, station: Station, transaction_id: str, id_token: str = "TAG1", evse_id: int = 1
    ) -> None:
        self.station = station
        self.transaction_id = transaction_id
        self.id_token = {"idToken": id_token, "type": "ISO14443"}
        self.evse = {"id": evse_id, "connectorId": 1}

    async def authorize(self) -> str:
        answer = await self.station.call("Authorize", {"idToken": self.id_token})
        return str(answer["idTokenInfo"]["status"])

    async def status(self, status: str) -> None:
        payload = {
            "timestamp": at(0),
            "connectorStatus": status,
            "evseId": self.evse["id"],
            "connectorId": 1,
        }
        assert await self.station.call("StatusNotification", payload) == {}

    def event(self, type_: str, seq_no: int, wh: int, context: str, **more: Any) -> Json:
        sample = {"value": wh / 1000, "context": context, "unitOfMeasure": {"unit": "kWh"}}
        timestamp = at(9 if type_ == "Ended" else seq_no)
        return {
            "eventType": type_,
            "timestamp": timestamp,
            "triggerReason": "MeterValuePeriodic",
            "seqNo": seq_no,
            "transactionInfo": {"transactionId": self.transaction_id, "chargingState": "Charging"}
            | more.pop("info", {}),
            "meterValue": [{"timestamp": timestamp, "sampledValue": [sample]}],
        } | more

    def started(self) -> Json:
        return self.event(
            "Started", 0, METER_START_WH, "Transaction.Begin", evse=self.evse, idToken=self.id_token
        )

    def updated(self, step: int) -> Json:
        return self.event("Updated", step + 1, READINGS_WH[step], "Sample.Periodic")

    def ended(self) -> Json:
        info = {"stoppedReason": "EVDisconnected", "chargingState": "Idle"}
        return self.event("Ended", 4, METER_STOP_WH, "Transaction.End", info=info)

    async def start(self) -> str:
        answer = await self.station.call("TransactionEvent", self.started())
        return str(answer["idTokenInfo"]["status"])

    async def meter(self, step: int) -> None:
        assert await self.station.call("TransactionEvent", self.updated(step)) == {}

    async def stop(self) -> Json:
        return await self.station.call("TransactionEvent", self.ended())
