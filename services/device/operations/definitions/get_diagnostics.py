"""get-diagnostics: have a station upload a log (N01). How far it is, is a job of the station."""

from __future__ import annotations

from typing import Literal

import msgspec

from libs.csms.clock import Time
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Location, WholeNumber, text
from ..model import Operation


class GetDiagnostics(Operation, name="get-diagnostics"):
    """``location`` is where the station uploads to: a folder's URL. ``retryInterval`` in seconds."""

    location: Location
    log_type: Literal["DiagnosticsLog", "SecurityLog"] = "DiagnosticsLog"
    oldest_timestamp: Time | None = None
    latest_timestamp: Time | None = None
    retries: WholeNumber | None = None
    retry_interval: WholeNumber | None = None

    def v16(self, number: int) -> msgspec.Struct:
        """A security log is asked for by the security extension."""
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

    def station_status(self, response: Json) -> str:
        """Without a word of its own, OCPP 1.6 names no file where it has nothing to upload."""
        return str(response.get("status", "Accepted" if response.get("fileName") else "NothingToUpload"))

    def result(self, response: Json, number: int) -> Json:
        """The number is that of the job; the GetDiagnostics of OCPP 1.6 has none."""
        named = "fileName" if "fileName" in response else "filename"
        file_name = {"fileName": response[named]} if named in response else {}
        return file_name if "status" not in response else {"requestId": number, **file_name}
