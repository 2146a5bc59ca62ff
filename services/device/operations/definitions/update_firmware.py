"""update-firmware: have a station install firmware (L01, L02). A job of the station shows the progress."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from pydantic import Field, model_validator

from libs.csms.access.scopes import Scope
from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, ocpp16

from ..bodies import Location, WholeNumber, text
from ..model import Operation, unknown_to

DEFAULT_RETRIEVE_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""A time in the past: the station retrieves the file at once."""


class UpdateFirmware(Operation, name="update-firmware", scope=Scope.COMMANDS_MAINTAIN):
    """With a signature and its certificate, a secure firmware update."""

    location: Location = Field(description="URL that the station retrieves the file from.")
    retrieve_date_time: Time = Field(
        default=DEFAULT_RETRIEVE_TIME,
        description="When the station retrieves the file: retrieveDate of OCPP 1.6. By default, at once.",
    )
    install_date_time: Time | None = Field(
        default=None, description="When the station installs it. Of OCPP 1.6, signed firmware only."
    )
    signing_certificate: Annotated[str, Field(max_length=5_500)] | None = Field(
        default=None, description="Certificate that the firmware is signed with, as PEM."
    )
    signature: Annotated[str, Field(max_length=800)] | None = Field(
        default=None, description="Signature of the firmware, in base64. Needs signingCertificate."
    )
    retries: WholeNumber | None = Field(
        default=None,
        description="How often the station tries to retrieve the file. Without it, the station decides.",
    )
    retry_interval: WholeNumber | None = Field(
        default=None, description="Seconds between two tries. Without it, the station decides."
    )

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
        """requestId identifies the job; UpdateFirmware of OCPP 1.6 has none."""
        return {"requestId": number} if "status" in response else None
