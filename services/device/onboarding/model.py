"""When a station is to be asked for its state, and for which firmware its settings are known."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.store import Document


class Onboarding(Document):
    station_id: str = Field(description="The station that is asked.")
    connection_id: str = Field(default="", description="The connection over which the station is asked.")
    follow_up_at: Time | None = Field(
        default=None, description="When the station is to be asked; absent if nothing is to be asked."
    )
    inventory_firmware: str | None = Field(
        default=None,
        description="Firmware version of the last inventory; empty if the station reports no version.",
    )

    def lacks_inventory(self, firmware_version: str | None) -> bool:
        """A station is asked for its device model if it is new, or its firmware is (B07.FR.14)."""
        return self.inventory_firmware != (firmware_version or "")

    def scheduled(self, connection_id: str, at: datetime) -> Onboarding:
        """Ask over this connection, unless a newer one is known."""
        if connection_id < self.connection_id:
            return self
        return self.changed(connection_id=connection_id, follow_up_at=at)

    def done(self, since: Onboarding) -> Onboarding:
        """The station has been asked. Nothing changes if it has been scheduled again since then."""
        if (self.connection_id, self.follow_up_at) != (since.connection_id, since.follow_up_at):
            return self
        return self.changed(follow_up_at=None)

    def inventoried(self, firmware_version: str | None) -> Onboarding:
        return self.changed(inventory_firmware=firmware_version or "")
