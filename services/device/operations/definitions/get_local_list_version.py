"""get-local-list-version: the version of the local authorization list of a station (D02)."""

from __future__ import annotations

from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..model import Operation


class GetLocalListVersion(Operation, name="get-local-list-version", scope=Scope.COMMANDS_MAINTAIN):
    def v16(self, number: int) -> ocpp16.GetLocalListVersionRequest:
        return ocpp16.GetLocalListVersionRequest()

    def v2(self, number: int) -> ocpp2.GetLocalListVersionRequest:
        return ocpp2.GetLocalListVersionRequest()

    def station_statuses(self, response: Json) -> list[str]:
        """In OCPP 1.6, listVersion -1 means that the station supports no local list."""
        return ["NotSupported" if response.get("listVersion") == -1 else "Accepted"]

    def result(self, response: Json, number: int) -> Json:
        """versionNumber 0 means that the station has no list."""
        version = response["versionNumber" if "versionNumber" in response else "listVersion"]
        return {"versionNumber": max(version, 0)}
