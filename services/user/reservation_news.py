"""What is heard of reservations: that one was made, that one ended. Knows which news is of which one."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from libs.csms.clock import Time, rfc3339
from libs.csms.storage.store import Document

Ending = Literal["used", "expired", "cancelled", "removed"]

SLOW_CLOCK = timedelta(seconds=30)
"""How far a station's clock may be behind."""
OUR_CLOCKS = timedelta(seconds=1)
"""How far those of the CSMS may be apart, of which one tells of answers and one of transactions."""


class Terms(Document):
    """What is reserved, for which token and how long. Without an EVSE, any of the station."""

    evse_id: int | None = None
    connector_id: int | None = None
    connector_type: str | None = None
    id_token: str
    id_token_type: str | None = None
    group_id_token: str | None = None
    expiry_date_time: Time


class Made(Terms):
    """What the station accepted, ``at`` the time of its answer."""

    command_id: str
    at: Time


class News(Document):
    """That a reservation of this number ended. ``at`` is the station's own time if a transaction used it."""

    status: Ending
    at: Time
    heard_at: Time
    reason: str | None = None
    transaction: str | None = None
    transaction_id: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same news again. Of a transaction's start a better time may become known."""
        return self.status, self.transaction or rfc3339(self.at), self.reason or ""

    def joined(self, other: News) -> News:
        earliest = {"at": min(self.at, other.at), "heard_at": min(self.heard_at, other.heard_at)}
        return self.model_copy(update=earliest)

    def concerns(self, made: Made, is_reused: bool) -> bool:
        """What was heard before a reservation was accepted is of an earlier one with its number. So is a use
        from before that is heard later; but where there was no earlier one, a clock is wrong.
        """
        if self.status == "used" and not is_reused:
            return self.heard_at >= made.at - OUR_CLOCKS
        is_later_use = self.status != "used" or self.at >= made.at - SLOW_CLOCK
        return is_later_use and self.heard_at >= made.at


def end_of(made: Made, is_reused: bool, news: list[News]) -> News:
    """A use, since a transaction is more than words; else what came first, which time makes one at last."""
    ours = [one for one in news if one.concerns(made, is_reused)]
    used = [one for one in ours if one.status == "used"]
    expiry = News(status="expired", at=made.expiry_date_time, heard_at=made.expiry_date_time)
    return used[0] if used else min([*ours, expiry], key=lambda one: one.at)
