"""unlock-connector: let a cable go (F05)."""

from __future__ import annotations

from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Number
from ..model import Operation, connector_v16, evse_v2, unknown_to


class UnlockConnector(Operation, name="unlock-connector"):
    evse_id: Number | None = None
    connector_id: Number | None = None

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
