"""update-firmware: have a station install new firmware (L01, L02). How far it is, is a job of the station."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from pydantic import Field, model_validator

from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Location, WholeNumber, text
from ..model import Operation, unknown_to

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)


class UpdateFirmware(Operation, name="update-firmware"):
    """``location`` is the URL of the file. With a signature, as OCPP's secure update; a PEM certificate."""

    location: Location
    retrieve_date_time: Time = AT_ONCE
    install_date_time: Time | None = None
    signing_certificate: Annotated[str, Field(max_length=5_500)] | None = None
    signature: Annotated[str, Field(max_length=800)] | None = None
    retries: WholeNumber | None = None
    retry_interval: WholeNumber | None = None

    @model_validator(mode="after")
    def signed_or_not(self) -> UpdateFirmware:
        if (self.signature is None) is not (self.signing_certificate is None):
            raise ValueError("signature and signingCertificate belong together")
        return self

    def v16(self, number: int) -> msgspec.Struct:
        retrieve, install = self._times()
        if self.signature and self.signing_certificate:
            firmware = ocpp16.FirmwareType(
                self.location, retrieve, self.signing_certificate, self.signature, install_date_time=install
            )
            return ocpp16.SignedUpdateFirmwareRequest(number, firmware, self.retries, self.retry_interval)
        if install is not None:
            raise unknown_to("1.6", "installDateTime", "installs unsigned firmware at once")
        return ocpp16.UpdateFirmwareRequest(self.location, retrieve, self.retries, self.retry_interval)

    def v2(self, number: int) -> ocpp2.UpdateFirmwareRequest:
        retrieve, install = self._times()
        firmware = ocpp2.FirmwareType(
            self.location,
            retrieve,
            install_date_time=install,
            signing_certificate=self.signing_certificate,
            signature=self.signature,
        )
        return ocpp2.UpdateFirmwareRequest(
            number, firmware, retries=self.retries, retry_interval=self.retry_interval
        )

    def _times(self) -> tuple[str, str | None]:
        return rfc3339(self.retrieve_date_time), text(self.install_date_time)

    def result(self, response: Json, number: int) -> Json | None:
        """The number is that of the job; the UpdateFirmware of OCPP 1.6 has none."""
        return {"requestId": number} if "status" in response else None
