"""start-session: begin a transaction for a token (F01, F02). The answer has its id once it has begun."""

from __future__ import annotations

from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import GroupIdToken, Number, OfToken, id_tag, id_token
from ..charging_profile import ChargingProfile
from ..model import Operation, connector_v16, evse_v2


class StartSession(OfToken, Operation, name="start-session", scope=Scope.COMMANDS_CHARGING):
    """The driver may still have to plug in."""

    group_id_token: GroupIdToken = Field(
        default=None,
        description="groupIdToken of OCPP 2.x or its text. Not sent to 1.6.",
    )
    evse_id: Number | None = Field(
        default=None, description="evseId of OCPP 2.x; connectorId of 1.6. Without it, the station chooses."
    )
    connector_id: Number | None = Field(
        default=None,
        description="With evseId, a connector of that EVSE, which OCPP has no field for; alone, that of 1.6.",
    )
    charging_profile: ChargingProfile | None = Field(
        default=None,
        description="ChargingProfileType: limits of the transaction, with the purpose TxProfile.",
    )

    def v16(self, number: int) -> ocpp16.RemoteStartTransactionRequest:
        return ocpp16.RemoteStartTransactionRequest(
            id_tag=id_tag(self.id_token, "idToken"),
            connector_id=connector_v16(self.evse_id, self.connector_id),
            charging_profile=None if self.charging_profile is None else self.charging_profile.v16(),
        )

    def v2(self, number: int) -> ocpp2.RequestStartTransactionRequest:
        evse_v2(self.evse_id, self.connector_id)  # a connector alone names no place in OCPP 2.x
        return ocpp2.RequestStartTransactionRequest(
            id_token=id_token(self.id_token, self.type),
            remote_start_id=number,
            evse_id=self.evse_id,
            group_id_token=id_token(self.group_id_token, "Central") if self.group_id_token else None,
            charging_profile=None if self.charging_profile is None else self.charging_profile.v2(),
        )

    def result(self, response: Json, number: int) -> Json | None:
        return {"stationTransactionId": response["transactionId"]} if "transactionId" in response else None
