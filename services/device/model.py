"""A charging station, and what else the device service keeps beside its connections."""

from __future__ import annotations

from datetime import datetime

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Time
from libs.csms.storage.store import Document


class Modem(Document):
    iccid: str | None = None
    imsi: str | None = None


class Location(Document):
    """In degrees. Zero is a value."""

    lat: float | None = None
    lng: float | None = None


class Boot(Document):
    """What a station says about itself in a BootNotification, the same in all versions."""

    model: str
    vendor_name: str
    serial_number: str | None = None
    firmware_version: str | None = None
    modem: Modem | None = None
    boot_reason: str | None = None


class Station(Document):
    """What the operator knows about a station, and what it told of itself when it booted.

    ``registration_status`` is the operator's decision. ``accepted_at`` is when it was first answered so. It
    is absent when it has never booted, or its latest BootNotification was answered otherwise. ``group`` is
    the operator's own word for stations that belong together. ``security_profile`` is the highest that the
    station has had: from 1 on it needs a secret, from 2 on TLS too. ``offered_security_profiles`` are higher
    ones that it has agreed to, and has yet to come with. ``inventory_of`` is the firmware whose settings the
    station was last asked for.
    """

    id: str
    serial_number: str | None = None
    model: str | None = None
    vendor_name: str | None = None
    firmware_version: str | None = None
    modem: Modem | None = None
    location: Location | None = None
    group: str | None = None
    registration_status: RegistrationStatus = "Accepted"
    heartbeat_interval: int | None = None
    last_boot: Time | None = None
    accepted_at: Time | None = None
    boot_reason: str | None = None
    security_profile: int | None = None
    offered_security_profiles: tuple[int, ...] | None = None
    inventory_of: str | None = None

    @property
    def may_operate(self) -> bool:
        """Whether it may send more than BootNotification."""
        return self.registration_status == "Accepted" and self.accepted_at is not None

    def booted(self, boot: Boot, at: datetime) -> Station:
        """What the station leaves unsaid stays as it was. An older BootNotification changes nothing."""
        if self.last_boot is not None and at < self.last_boot:
            return self
        told = {name: getattr(boot, name) for name in Boot.model_fields if getattr(boot, name) is not None}
        if boot.modem is not None and self.modem is not None:
            told["modem"] = self.modem.model_copy(update=boot.modem.model_dump(exclude_none=True))
        accepted_at = (self.accepted_at or at) if self.registration_status == "Accepted" else None
        own = {"boot_reason": boot.boot_reason, "last_boot": at, "accepted_at": accepted_at}
        booted = self.model_copy(update=told | own)
        return self if booted == self else booted

    @property
    def lacks_inventory(self) -> bool:
        """B07.FR.14: a station is asked for its device model when it is new, and when its firmware is."""
        return self.inventory_of != (self.firmware_version or "")

    def inventoried(self, asked_at: datetime) -> Station:
        """Unless it has booted since, perhaps with other firmware."""
        if not self.lacks_inventory or (self.last_boot is not None and asked_at < self.last_boot):
            return self
        return self.changed(inventory_of=self.firmware_version or "")

    def secured(self, profile: int) -> Station:
        """A profile is never lowered."""
        if profile <= (self.security_profile or 0):
            return self
        ahead = tuple(each for each in self.offered_security_profiles or () if each > profile) or None
        return self.changed(security_profile=profile, offered_security_profiles=ahead)

    def offered(self, profile: int) -> Station:
        """It has agreed to this profile for later connections (A05)."""
        known = self.offered_security_profiles or ()
        if profile <= (self.security_profile or 0) or profile in known:
            return self
        return self.changed(offered_security_profiles=tuple(sorted((*known, profile))))

    def reached(self, profile: int) -> Station:
        """It has come with this profile, and is held to the highest up to it that it has agreed to."""
        offered = self.offered_security_profiles or ()
        return self.secured(max((each for each in offered if each <= profile), default=0))


class Gateway(Document):
    """A gateway process. ``last_seen`` is when it last said that it was alive."""

    id: str
    last_seen: Time

    def seen(self, at: datetime) -> Gateway:
        return self if at <= self.last_seen else self.changed(last_seen=at)


class DeadMessage(Document):
    """A message that no attempt could handle."""

    id: str
    received_at: Time
    topic: str
    subscription: str
    reason: str
    attempts: int
    data: str
    attributes: dict[str, str]
    station_id: str
