"""get-local-list-version: which local authorization list a station has (D02)."""

from __future__ import annotations

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..model import Operation


class GetLocalListVersion(Operation, name="get-local-list-version"):
    def v16(self, number: int) -> ocpp16.GetLocalListVersionRequest:
        return ocpp16.GetLocalListVersionRequest()

    def v2(self, number: int) -> ocpp2.GetLocalListVersionRequest:
        return ocpp2.GetLocalListVersionRequest()

    def station_status(self, response: Json) -> str:
        """-1 is how OCPP 1.6 says that a station has no such list."""
        return "NotSupported" if response.get("listVersion") == -1 else "Accepted"

    def result(self, response: Json, number: int) -> Json:
        """0 is no list."""
        version = response["versionNumber" if "versionNumber" in response else "listVersion"]
        return {"versionNumber": max(version, 0)}
