"""start-session: begin a transaction for a token (F01, F02); the answer names it once it began."""

from __future__ import annotations

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import GroupIdToken, Number, OfToken, id_tag, id_token
from ..charging_profile import ChargingProfile
from ..model import Operation, connector_v16


class StartSession(OfToken, Operation, name="start-session"):
    """Without ``evseId`` the station chooses. The driver may still have to plug in."""

    group_id_token: GroupIdToken = None
    evse_id: Number | None = None
    connector_id: Number | None = None
    charging_profile: ChargingProfile | None = None

    def v16(self, number: int) -> ocpp16.RemoteStartTransactionRequest:
        return ocpp16.RemoteStartTransactionRequest(
            id_tag=id_tag(self.id_token, "idToken"),
            connector_id=connector_v16(self.evse_id, self.connector_id),
            charging_profile=None if self.charging_profile is None else self.charging_profile.v16(),
        )

    def v2(self, number: int) -> ocpp2.RequestStartTransactionRequest:
        return ocpp2.RequestStartTransactionRequest(
            id_token=id_token(self.id_token, self.type),
            remote_start_id=number,
            evse_id=self.evse_id,
            group_id_token=id_token(self.group_id_token, "Central") if self.group_id_token else None,
            charging_profile=None if self.charging_profile is None else self.charging_profile.v2(),
        )

    def result(self, response: Json, number: int) -> Json | None:
        return {"stationTransactionId": response["transactionId"]} if "transactionId" in response else None
