"""A charging station: what the operator sets, and what the station reports when it boots."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field, computed_field

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Time
from libs.csms.storage.store import Document
from libs.ocpp_messages.version import Version

from .search import search_keys


class Modem(Document):
    """ModemType of 2.x; iccid and imsi of 1.6."""

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
    """The content of a BootNotification of any version."""

    model: str = Field(description="chargePointModel of 1.6, model of 2.x.")
    vendor_name: str = Field(description="chargePointVendor of 1.6, vendorName of 2.x.")
    serial_number: str | None = Field(
        default=None,
        description="chargePointSerialNumber of 1.6, or else its chargeBoxSerialNumber; serialNumber of 2.x.",
    )
    firmware_version: str | None = Field(default=None, description="firmwareVersion of all versions.")
    modem: Modem | None = Field(default=None, description="iccid and imsi of 1.6, modem of 2.x.")
    boot_reason: str | None = Field(default=None, description="BootReasonEnumType of 2.x; 1.6 has none.")


class StationView(Document):
    """A station as it is shown."""

    id: str = Field(description="The identity with which the station connects.")
    serial_number: str | None = Field(
        default=None, description="As the station reports it (chargePointSerialNumber of 1.6)."
    )
    model: str | None = Field(
        default=None, description="As the station reports it (chargePointModel of 1.6)."
    )
    vendor_name: str | None = Field(
        default=None, description="As the station reports it (chargePointVendor of 1.6)."
    )
    firmware_version: str | None = Field(
        default=None, description="As the station reports it (firmwareVersion)."
    )
    modem: Modem | None = Field(
        default=None, description="The modem of the station, as the station reports it."
    )
    location: Location | None = Field(default=None, description="Where the station stands.")
    group: str | None = Field(
        default=None, description="The operator's name for stations that belong together."
    )
    registration_status: RegistrationStatus = Field(
        default="Accepted",
        description="The operator's decision: the status that answers BootNotification (B01–B03).",
    )
    heartbeat_interval: int | None = Field(
        default=None,
        description="Seconds between Heartbeats; without it the setting HEARTBEAT_INTERVAL applies.",
    )
    default_version: Version | None = Field(
        default=None,
        description="The version of OCPP that the station speaks if it offers none as subprotocol of its"
        " WebSocket: ocpp1.6, ocpp2.0.1 or ocpp2.1.",
    )
    last_boot: Time | None = Field(default=None, description="When the last BootNotification was received.")
    accepted_at: Time | None = Field(
        default=None,
        description="When a BootNotification was first answered Accepted. Absent when the station has never"
        " booted, or its last BootNotification was answered otherwise.",
    )
    first_accepted_at: Time | None = Field(
        default=None,
        description="When a BootNotification was first answered Accepted, if a later one was answered"
        " otherwise. What the station sends of transactions counts all the same.",
    )
    decided_at: Time | None = Field(
        default=None, description="When the operator last changed registrationStatus."
    )
    boot_due: bool | None = Field(
        default=None,
        description="True from a change of registrationStatus to the next BootNotification, which the CSMS"
        " asks the station for; otherwise absent.",
    )
    boot_reason: str | None = Field(
        default=None, description="Why the station last booted (BootReasonEnumType of 2.x)."
    )


class Station(StationView):
    """A station as it is stored."""

    deleted_at: Time | None = Field(
        default=None,
        description="When its deletion began, if that is not complete: the station is refused and not shown.",
    )

    @computed_field(description="The texts by which a search finds it: `search.py`.")  # type: ignore[prop-decorator]
    @property
    def search_keys(self) -> list[str]:
        return search_keys(self.id, self.serial_number, self.model, self.vendor_name, self.group)

    @property
    def may_operate(self) -> bool:
        """Whether it may send more than BootNotification."""
        return self.registration_status == "Accepted" and self.accepted_at is not None

    @property
    def was_accepted(self) -> bool:
        """Whether a BootNotification was ever answered Accepted."""
        return self.accepted_at is not None or self.first_accepted_at is not None

    @property
    def must_boot(self) -> bool:
        """Whether it has to learn by a BootNotification what the operator decided. A rejected one is asked
        nothing (B03).
        """
        return bool(self.boot_due) and self.registration_status != "Rejected"

    @property
    def status_on_connection(self) -> RegistrationStatus:
        """What counts on its connections: Accepted only if its last BootNotification was answered so."""
        accepted = self.registration_status == "Accepted"
        return "Pending" if accepted and not self.may_operate else self.registration_status

    @property
    def decision_number(self) -> int:
        """Grows with every change of ``registration_status``."""
        return 0 if self.decided_at is None else int(self.decided_at.timestamp() * 1000)

    def decided(self, before: Station, at: datetime) -> Station:
        """After the operator has changed it, with what follows if that changed ``registration_status``."""
        if self.registration_status == before.registration_status:
            return self
        if before.decided_at is not None:
            at = max(at, before.decided_at + timedelta(milliseconds=1))
        return self.changed(decided_at=at, boot_due=self.last_boot is not None or None)

    def booted(self, boot: Boot, at: datetime) -> Station:
        """Fields that the station does not report stay as they were. An older BootNotification changes
        nothing.
        """
        if self.last_boot is not None and at < self.last_boot:
            return self
        accepted = self.registration_status == "Accepted"
        modem = boot.modem
        if modem is not None and self.modem is not None:
            modem = self.modem.changed(
                iccid=modem.iccid or self.modem.iccid, imsi=modem.imsi or self.modem.imsi
            )
        return self.changed(
            model=boot.model,
            vendor_name=boot.vendor_name,
            serial_number=boot.serial_number or self.serial_number,
            firmware_version=boot.firmware_version or self.firmware_version,
            modem=modem or self.modem,
            boot_reason=boot.boot_reason,
            last_boot=at,
            accepted_at=(self.accepted_at or at) if accepted else None,
            first_accepted_at=self.first_accepted_at
            if accepted
            else self.first_accepted_at or self.accepted_at,
            boot_due=None,
        )
