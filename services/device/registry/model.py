"""A charging station: what the operator decides about it, and what it says of itself when it boots."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Time
from libs.csms.storage.store import Document


class Modem(Document):
    iccid: str | None = Field(default=None, description="ICCID of the modem's SIM card.")
    imsi: str | None = Field(default=None, description="IMSI of the modem's SIM card.")


class Location(Document):
    lat: float | None = Field(
        default=None, description="Latitude in degrees, north positive. Zero is a value."
    )
    lng: float | None = Field(
        default=None, description="Longitude in degrees, east positive. Zero is a value."
    )


class Boot(Document):
    """What a BootNotification says, the same in all versions."""

    model: str
    vendor_name: str
    serial_number: str | None = None
    firmware_version: str | None = None
    modem: Modem | None = None
    boot_reason: str | None = None


class Station(Document):
    id: str = Field(description="The identity with which the station connects.")
    serial_number: str | None = Field(
        default=None, description="As the station reports it (chargePointSerialNumber)."
    )
    model: str | None = Field(default=None, description="As the station reports it.")
    vendor_name: str | None = Field(default=None, description="As the station reports it.")
    firmware_version: str | None = Field(default=None, description="As the station reports it.")
    modem: Modem | None = Field(default=None, description="As the station reports it.")
    location: Location | None = Field(default=None, description="Where the station stands.")
    group: str | None = Field(
        default=None, description="The operator's word for stations that belong together."
    )
    registration_status: RegistrationStatus = Field(
        default="Accepted",
        description="The operator's decision, with which BootNotifications are answered (B01–B03).",
    )
    heartbeat_interval: int | None = Field(
        default=None,
        description="Seconds between Heartbeats; without it the setting HEARTBEAT_INTERVAL counts.",
    )
    last_boot: Time | None = Field(default=None, description="When the last BootNotification was received.")
    accepted_at: Time | None = Field(
        default=None,
        description="When a BootNotification was first answered Accepted. Absent when the station has never"
        " booted, or its last BootNotification was answered otherwise.",
    )
    boot_reason: str | None = Field(default=None, description="Of the last boot (BootReasonEnumType of 2.x).")
    deleted_at: Time | None = Field(
        default=None, description="Its deletion began then and is not complete: it is refused and not shown."
    )

    @property
    def may_operate(self) -> bool:
        """Whether it may send more than BootNotification."""
        return self.registration_status == "Accepted" and self.accepted_at is not None

    def booted(self, boot: Boot, at: datetime) -> Station:
        """What the station leaves unsaid stays as it was. An older BootNotification changes nothing."""
        if self.last_boot is not None and at < self.last_boot:
            return self
        modem = boot.modem
        if modem is not None and self.modem is not None:
            modem = self.modem.model_copy(update=modem.model_dump(exclude_none=True))
        return self.changed(
            model=boot.model,
            vendor_name=boot.vendor_name,
            serial_number=boot.serial_number or self.serial_number,
            firmware_version=boot.firmware_version or self.firmware_version,
            modem=modem or self.modem,
            boot_reason=boot.boot_reason,
            last_boot=at,
            accepted_at=(self.accepted_at or at) if self.registration_status == "Accepted" else None,
        )
