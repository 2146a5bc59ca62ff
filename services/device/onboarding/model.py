"""What is still to be asked of a station, and which settings are known."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.store import Document


class Onboarding(Document):
    station_id: str
    connection_id: str = Field(
        default="", description="The connection over which the station is to be asked."
    )
    follow_up_at: Time | None = Field(
        default=None, description="When it is to be asked; absent if there is nothing."
    )
    inventory_firmware: str | None = Field(
        default=None,
        description="The firmware whose settings the station was last asked for; empty if unnamed.",
    )

    def lacks_inventory(self, firmware_version: str | None) -> bool:
        """B07.FR.14: a station is asked for its device model when it is new, and when its firmware is."""
        return self.inventory_firmware != (firmware_version or "")

    def scheduled(self, connection_id: str, at: datetime) -> Onboarding:
        """Unless that connection is an older one."""
        if connection_id < self.connection_id:
            return self
        return self.changed(connection_id=connection_id, follow_up_at=at)

    def done(self, since: Onboarding) -> Onboarding:
        """It has been asked what was to be asked then."""
        if (self.connection_id, self.follow_up_at) != (since.connection_id, since.follow_up_at):
            return self
        return self.changed(follow_up_at=None)

    def inventoried(self, firmware_version: str | None) -> Onboarding:
        return self.changed(inventory_firmware=firmware_version or "")
