"""trigger-message: have a station send a message now (F06)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec
from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import (
    EXTENDED_MESSAGE_TRIGGERS_V16,
    MESSAGE_TRIGGERS_V2,
    MESSAGE_TRIGGERS_V16,
)
from libs.ocpp_messages.version import Version

from ..bodies import Number
from ..model import STATUSES, Operation, Part, Status, connector_v16, evse_v2, unknown_to
from ..service import Target


class TriggerMessage(Operation, name="trigger-message", scope=Scope.COMMANDS_MAINTAIN):
    requested_message: Literal[
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "PublishFirmwareStatusNotification",
        "SignChargingStationCertificate",
        "SignCombinedCertificate",
        "SignV2GCertificate",
        "StatusNotification",
        "TransactionEvent",
    ] = Field(description="MessageTriggerEnumType of OCPP 2.x, or DiagnosticsStatusNotification of 1.6.")
    evse_id: Number | None = Field(
        default=None, description="evse.id of OCPP 2.x; connectorId of 1.6. Without it, every EVSE."
    )
    connector_id: Number | None = Field(
        default=None,
        description="With evseId, a connector of that EVSE in OCPP 2.x; alone, connectorId of 1.6.",
    )

    async def parts(self, target: Target) -> Sequence[Part]:
        """StatusNotification of 2.x is triggered for one connector; without any, for each that is known."""
        named = self.evse_id is not None or self.connector_id is not None
        if target.version is Version.V16 or self.requested_message != "StatusNotification" or named:
            return [Part(self)]
        found = await target.connectors()
        if not found:
            why = "triggers the status of one connector, and none of the station is known: name its EVSE"
            raise unknown_to("2", "evseId", why)
        return [Part(self.changed(evse_id=evse, connector_id=connector)) for evse, connector in found]

    def v16(self, number: int) -> msgspec.Struct:
        connector_id = connector_v16(self.evse_id, self.connector_id)
        if core := MESSAGE_TRIGGERS_V16.get(self.requested_message):
            return ocpp16.TriggerMessageRequest(core, connector_id=connector_id)
        if security := EXTENDED_MESSAGE_TRIGGERS_V16.get(self.requested_message):
            return ocpp16.ExtendedTriggerMessageRequest(security, connector_id=connector_id)
        raise unknown_to("1.6", "requestedMessage", f"cannot trigger {self.requested_message}")

    def v2(self, number: int) -> ocpp2.TriggerMessageRequest:
        evse = evse_v2(self.evse_id, self.connector_id)
        if self.requested_message == "DiagnosticsStatusNotification":
            return ocpp2.TriggerMessageRequest(MESSAGE_TRIGGERS_V2[self.requested_message])
        if self.requested_message == "StatusNotification":
            if evse is None:
                raise unknown_to("2", "evseId", "triggers the status of one connector, so name its EVSE")
            evse = ocpp2.EVSEType(evse.id, connector_id=evse.connector_id or 1)
        return ocpp2.TriggerMessageRequest(self.requested_message, evse=evse)

    def result(self, response: Json, number: int) -> Json | None:
        """Of each EVSE or connector that was triggered."""
        return self.unanswered(STATUSES.get(response.get("status", ""), "rejected"))

    def unanswered(self, status: Status) -> Json | None:
        """In OCPP 1.6, a connector alone is the EVSE of its number."""
        alone = self.evse_id is None
        places = {
            "evseId": self.connector_id if alone else self.evse_id,
            "connectorId": None if alone else self.connector_id,
        }
        named = {name: number for name, number in places.items() if number is not None}
        return {"triggered": [named | {"status": status}]} if named else None
