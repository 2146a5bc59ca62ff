"""change-availability: put a station, an EVSE or a connector into or out of service (G03, G04)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Number
from ..model import Operation, connector_v16, evse_v2


class ChangeAvailability(Operation, name="change-availability", scope=Scope.COMMANDS_MAINTAIN):
    operational_status: Literal["Operative", "Inoperative"] = Field(
        description="OperationalStatusEnumType of OCPP 2.x; type of ChangeAvailability in 1.6."
    )
    evse_id: Number | None = Field(
        default=None, description="evse.id of OCPP 2.x, connectorId of 1.6. Without it, the whole station."
    )
    connector_id: Number | None = Field(
        default=None,
        description="With evseId, a connector of that EVSE in OCPP 2.x; alone, connectorId of 1.6.",
    )

    def v16(self, number: int) -> ocpp16.ChangeAvailabilityRequest:
        connector_id = connector_v16(self.evse_id, self.connector_id) or 0
        return ocpp16.ChangeAvailabilityRequest(connector_id, self.operational_status)

    def v2(self, number: int) -> ocpp2.ChangeAvailabilityRequest:
        evse = evse_v2(self.evse_id, self.connector_id)
        return ocpp2.ChangeAvailabilityRequest(self.operational_status, evse=evse)
