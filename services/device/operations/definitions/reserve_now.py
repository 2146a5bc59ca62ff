"""reserve-now: reserve an EVSE for a token until a time (H01)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import GroupIdToken, Number, OfToken, id_tag, id_token
from ..model import Operation, unknown_to


class ReserveNow(OfToken, Operation, name="reserve-now", scope=Scope.COMMANDS_CHARGING):
    group_id_token: GroupIdToken = Field(
        default=None,
        description="groupIdToken of OCPP 2.x or its text; parentIdTag of 1.6.",
    )
    expiry_date_time: Time = Field(description="When the reservation ends: expiryDate of OCPP 1.6.")
    evse_id: Number | None = Field(
        default=None, description="evseId of OCPP 2.x; connectorId of 1.6. Without it, any EVSE."
    )
    connector_type: Annotated[str, Field(max_length=20)] | None = Field(
        default=None, description="ConnectorEnumType of OCPP 2.x; OCPP 1.6 has none."
    )
    reservation_id: Number | None = Field(
        default=None,
        description="id of ReserveNow in OCPP 2.x. A known id replaces that one; by default, a new one.",
    )

    def v16(self, number: int) -> ocpp16.ReserveNowRequest:
        if self.connector_type is not None:
            raise unknown_to("1.6", "connectorType", "reserves no connectors by type")
        return ocpp16.ReserveNowRequest(
            connector_id=self.evse_id or 0,
            expiry_date=rfc3339(self.expiry_date_time),
            id_tag=id_tag(self.id_token, "idToken"),
            reservation_id=self.reservation_id or number,
            parent_id_tag=self.group_id_token and id_tag(self.group_id_token, "groupIdToken"),
        )

    def v2(self, number: int) -> ocpp2.ReserveNowRequest:
        return ocpp2.ReserveNowRequest(
            id=self.reservation_id or number,
            expiry_date_time=rfc3339(self.expiry_date_time),
            id_token=id_token(self.id_token, self.type),
            connector_type=self.connector_type,
            evse_id=self.evse_id,
            group_id_token=id_token(self.group_id_token, "Central") if self.group_id_token else None,
        )

    def result(self, response: Json, number: int) -> Json:
        return {"reservationId": self.reservation_id or number}
