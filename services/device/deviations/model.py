"""A deviation of a station, counted. The result does not depend on the order or repetition of events."""

from __future__ import annotations

from hashlib import blake2b

from pydantic import Field

from libs.csms.clock import Time, parse_time
from libs.csms.secrets import masked_text
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages.event import Deviation

from ..registry.model import Station

MAX_TEXT = 255
"""Characters that are stored of a rule, an action or a place: the station can have influence on the last."""

MAX_EXAMPLE = 500
"""Characters that are stored of an example."""

REMEMBERED_EVENTS = 8
"""The newest events that a deviation knows again. The bus repeats an event within seconds."""

FURTHER = "furtherDeviations"
"""Takes the place of the rule where a station deviates in more ways than are told apart."""


class DeviationView(Document):
    """One way in which a station departs from OCPP, with one version of its firmware."""

    station_id: str = Field(description="The station that deviates.")
    rule: str = Field(
        description="The rule that repaired the message; of a refused message, the code of its CALLERROR. "
        f"`{FURTHER}` counts what is not told apart any more."
    )
    action: str = Field(description="The OCPP action of the message, such as MeterValues.")
    place: str = Field(
        description="The place in the payload, such as `meterValue.*.timestamp`; `*` is any number in a list."
    )
    example: str = Field(description="What stood there last, or what was wrong. Without secrets.")
    repaired: bool = Field(description="True if the message was repaired, false if it was refused.")
    count: int = Field(description="How often it happened.")
    first_seen: Time = Field(description="When it happened first, by the clock of the gateway.")
    last_seen: Time = Field(description="When it happened last, by the clock of the gateway.")
    vendor: str = Field(description="The vendor that the station reported; empty if it reported none.")
    model: str = Field(description="The model that the station reported; empty if it reported none.")
    firmware_version: str = Field(
        description="The firmware version that the station reported; empty if it reported none."
        " A new version begins new counts."
    )

    @classmethod
    def of_stored(cls, one: StationDeviation) -> DeviationView:
        return cls(**one.model_dump(include=set(DeviationView.model_fields)))


class StationDeviation(DeviationView):
    events: tuple[str, ...] = Field(description="Ids of the last events that it was counted from.")

    @classmethod
    def of(cls, station: Station, deviation: Deviation, event_id: str) -> StationDeviation:
        """Raises ``ValueError`` if the time of the event is none."""
        seen = parse_time(deviation.last_seen)
        return cls(
            station_id=station.id,
            rule=deviation.rule[:MAX_TEXT],
            action=deviation.action[:MAX_TEXT],
            place=deviation.place[:MAX_TEXT],
            example=masked_text(deviation.example)[:MAX_EXAMPLE],
            repaired=deviation.repaired,
            count=deviation.count,
            first_seen=seen,
            last_seen=seen,
            vendor=station.vendor_name or "",
            model=station.model or "",
            firmware_version=station.firmware_version or "",
            events=(event_id,),
        )

    @property
    def key(self) -> str:
        """It begins with the station, so that those of one station follow each other in the order of ids."""
        parts = [self.rule]
        if self.rule != FURTHER:  # of which each station has one, whatever firmware it reports
            parts += [self.action, self.place, str(self.repaired)]
            parts += [self.vendor, self.model, self.firmware_version]
        return composite_id(self.station_id, blake2b("\0".join(parts).encode(), digest_size=16).hexdigest())

    def among_further(self) -> StationDeviation:
        """Counted together with all that is not told apart."""
        return self.changed(rule=FURTHER, action="", place="", example="", repaired=False)

    def merge(self, other: StationDeviation) -> StationDeviation:
        """Add what another event reports, unless it is one that was counted already."""
        return self if set(other.events) <= set(self.events) else self.plus(other)

    def plus(self, other: StationDeviation) -> StationDeviation:
        newest = other if other.last_seen >= self.last_seen else self
        return newest.changed(
            count=self.count + other.count,
            first_seen=min(self.first_seen, other.first_seen),
            last_seen=max(self.last_seen, other.last_seen),
            events=tuple(dict.fromkeys((*self.events, *other.events)))[-REMEMBERED_EVENTS:],
        )
