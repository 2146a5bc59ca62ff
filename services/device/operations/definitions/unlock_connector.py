"""unlock-connector: release the cable of a connector (F05)."""

from __future__ import annotations

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Number
from ..model import Operation, connector_v16, evse_v2, unknown_to


class UnlockConnector(Operation, name="unlock-connector", scope=Scope.COMMANDS_CHARGING):
    evse_id: Number | None = Field(default=None, description="evseId of OCPP 2.x; connectorId of 1.6.")
    connector_id: Number | None = Field(
        default=None,
        description="With evseId, a connector of that EVSE in OCPP 2.x (1 by default); alone, that of 1.6.",
    )

    def v16(self, number: int) -> ocpp16.UnlockConnectorRequest:
        connector_id = connector_v16(self.evse_id, self.connector_id)
        if connector_id is None:
            raise unknown_to("1.6", "evseId", "unlocks one connector, so name it")
        return ocpp16.UnlockConnectorRequest(connector_id)

    def v2(self, number: int) -> ocpp2.UnlockConnectorRequest:
        evse = evse_v2(self.evse_id, self.connector_id)
        if evse is None:
            raise unknown_to("2", "evseId", "unlocks one connector, so name its EVSE")
        return ocpp2.UnlockConnectorRequest(evse.id, evse.connector_id or 1)
