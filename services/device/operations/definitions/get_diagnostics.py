"""get-diagnostics: have a station upload a log (N01). A job of the station shows the progress."""

from __future__ import annotations

from typing import Literal

import msgspec
from pydantic import Field

from libs.csms.access.scopes import Scope
from libs.csms.clock import Time
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Location, WholeNumber, text
from ..model import Operation


class GetDiagnostics(Operation, name="get-diagnostics", scope=Scope.COMMANDS_MAINTAIN):
    location: Location = Field(
        description="URL of the folder that the station uploads to: remoteLocation of OCPP 2.x."
    )
    log_type: Literal["DiagnosticsLog", "SecurityLog"] = Field(
        default="DiagnosticsLog",
        description="LogEnumType of OCPP 2.x. OCPP 1.6 has a SecurityLog with the security extension.",
    )
    oldest_timestamp: Time | None = Field(
        default=None, description="Leave out what was logged earlier: startTime of OCPP 1.6."
    )
    latest_timestamp: Time | None = Field(
        default=None, description="Leave out what was logged later: stopTime of OCPP 1.6."
    )
    retries: WholeNumber | None = Field(
        default=None, description="How often the station tries to upload. Without it, the station decides."
    )
    retry_interval: WholeNumber | None = Field(
        default=None, description="Seconds between two tries. Without it, the station decides."
    )

    def v16(self, number: int) -> msgspec.Struct:
        """GetLog, of the security extension, for a security log; GetDiagnostics for all else."""
        oldest, latest = self._times()
        if self.log_type == "DiagnosticsLog":
            return ocpp16.GetDiagnosticsRequest(
                self.location, self.retries, self.retry_interval, start_time=oldest, stop_time=latest
            )
        log = ocpp16.LogParametersType(self.location, oldest_timestamp=oldest, latest_timestamp=latest)
        return ocpp16.GetLogRequest(log, "SecurityLog", number, self.retries, self.retry_interval)

    def v2(self, number: int) -> ocpp2.GetLogRequest:
        oldest, latest = self._times()
        log = ocpp2.LogParametersType(self.location, oldest_timestamp=oldest, latest_timestamp=latest)
        return ocpp2.GetLogRequest(
            log, self.log_type, number, retries=self.retries, retry_interval=self.retry_interval
        )

    def _times(self) -> tuple[str | None, str | None]:
        return text(self.oldest_timestamp), text(self.latest_timestamp)

    def station_statuses(self, response: Json) -> list[str]:
        """GetDiagnostics of OCPP 1.6 has no status: a response without a file name has nothing to upload."""
        return [str(response.get("status", "Accepted" if response.get("fileName") else "NothingToUpload"))]

    def result(self, response: Json, number: int) -> Json:
        """requestId identifies the job; GetDiagnostics of OCPP 1.6 has none."""
        named = "fileName" if "fileName" in response else "filename"
        file_name = {"fileName": response[named]} if named in response else {}
        return file_name if "status" not in response else {"requestId": number, **file_name}
