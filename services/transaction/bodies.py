"""What a client may send about a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from libs.csms.clock import Time, rfc3339
from libs.csms.errors import Invalid
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain

from .energy import MAX_REGISTER_WH, canonical
from .evidence import OperatorEnd
from .model import AlreadyEnded, Transaction

CLOCK_SKEW = timedelta(minutes=1)
"""How far the caller's clock may be ahead."""


WattHours = Annotated[Decimal, Field(ge=0, le=MAX_REGISTER_WH, max_digits=21, decimal_places=6)]


class TransactionEnd(Body):
    """The end of a transaction, as the operator sees it."""

    meter_stop_wh: WattHours | None = Field(
        default=None,
        description="The energy register at the end, in Wh. Without one, the highest reading of the station.",
    )
    reason: Annotated[str, Field(min_length=1, max_length=50), Plain] = Field(
        default="Other", description="Shown as `stoppedReason`."
    )
    ended_at: Time | None = Field(default=None, description="When it ended; now, if that is not given.")
    below_highest: bool = Field(
        default=False,
        description="Whether `meterStopWh` may be less than the highest reading of the station, because that "
        "is wrong.",
    )

    def checked(self, transaction: Transaction, now: datetime) -> OperatorEnd:
        """Raises ``Invalid`` and ``AlreadyEnded``."""
        known, ended_at = transaction.operator_end, self.ended_at or now
        if known is None and not transaction.active:
            raise AlreadyEnded(transaction.id)
        if known is not None and self.ended_at is None:
            ended_at = known.ended_at  # sent again
        if ended_at > now + CLOCK_SKEW:
            raise Invalid(f"endedAt is {rfc3339(ended_at)}, which is still to come")
        if ended_at < transaction.started_at:
            raise Invalid(f"endedAt is before the start at {rfc3339(transaction.started_at)}")
        meter_stop = None if self.meter_stop_wh is None else canonical(self.meter_stop_wh)
        if meter_stop is not None:
            self._check_register(meter_stop, transaction)
        return OperatorEnd(requested_at=now, ended_at=ended_at, meter_stop_wh=meter_stop, reason=self.reason)

    def _check_register(self, meter_stop: Decimal, transaction: Transaction) -> None:
        start, highest = transaction.meter_start_wh, transaction.evidence.highest_reading
        if start is not None and meter_stop < start:
            raise Invalid(f"meterStopWh is less than the register at the start, {start} Wh")
        if highest is not None and meter_stop < highest[1] and not self.below_highest:
            raise Invalid(
                f"meterStopWh is less than the highest reading, {highest[1]} Wh; with belowHighest it counts"
            )
