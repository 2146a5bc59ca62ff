"""The compliance report: what the stations of a model do otherwise than OCPP requires, over all of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nlargest

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.secrets import HIDDEN
from libs.csms.storage.store import Document

from .model import StationDeviation

MAX_KINDS = 10_000
"""Lines that are counted while stations are read. One station can fill only 300 of them."""

MAX_LINES = 1_000
"""Lines of a report: those of most stations."""

MAX_FIRMWARE_VERSIONS = 20
"""Firmware versions that a line names."""


class ReportLine(Document):
    """One way in which stations of a model depart from OCPP."""

    vendor: str = Field(description="The vendor, as the stations report it.")
    model: str = Field(description="The model, as the stations report it.")
    rule: str = Field(
        description="The rule that repaired the messages; of refused messages, the code of the CALLERROR."
    )
    action: str = Field(description="The OCPP action of the messages.")
    place: str = Field(description="The place in the payload; `*` is any number in a list.")
    repaired: bool = Field(description="True if the messages were repaired, false if they were refused.")
    example: str = Field(
        description="What stood there in one of the messages, or what was wrong."
        " The id of the station and tokens are hidden."
    )
    stations: int = Field(description="How many stations did it.")
    count: int = Field(description="How often it happened at all of them.")
    first_seen: Time = Field(description="When it happened first.")
    last_seen: Time = Field(description="When it happened last.")
    firmware_versions: list[str] = Field(
        description=f"The firmware versions that did it, at most {MAX_FIRMWARE_VERSIONS}."
    )


class ComplianceReport(Document):
    generated_at: Time = Field(description="When the report was made.")
    vendor: str | None = Field(default=None, description="The report has stations of this vendor only.")
    model: str | None = Field(default=None, description="The report has stations of this model only.")
    firmware: str | None = Field(
        default=None, description="The report has what happened with this firmware version only."
    )
    stations: int = Field(description="How many stations have deviated.")
    first_seen: Time | None = Field(default=None, description="The time of the first deviation.")
    last_seen: Time | None = Field(default=None, description="The time of the last deviation.")
    lines: list[ReportLine] = Field(description="By vendor and model; what most stations do comes first.")
    is_complete: bool = Field(
        default=True, description=f"False where a report of {MAX_LINES} lines has no room for more."
    )


_OF_DRIVER = re.compile(r"(?:^|\.)(?:idTag|parentIdTag|idToken|additionalIdToken)(?:\.|$)")
"""Places whose values are tokens of drivers."""


@dataclass
class _Line:
    """A line while stations are read. Those of one station follow each other, so the last one is enough to
    count every station once.
    """

    first: StationDeviation
    last_station: str = ""
    stations: int = 0
    count: int = 0
    first_seen: datetime = field(init=False)
    last_seen: datetime = field(init=False)
    firmware_versions: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.first_seen, self.last_seen = self.first.first_seen, self.first.last_seen

    def add(self, one: StationDeviation) -> None:
        self.stations += one.station_id != self.last_station
        self.last_station = one.station_id
        self.count += one.count
        self.first_seen = min(self.first_seen, one.first_seen)
        self.last_seen = max(self.last_seen, one.last_seen)
        if len(self.firmware_versions) < MAX_FIRMWARE_VERSIONS:
            self.firmware_versions.add(one.firmware_version)

    def complete(self) -> ReportLine:
        shared = self.first.model_dump(include={"vendor", "model", "rule", "action", "place", "repaired"})
        return ReportLine(
            **shared,
            example=_example(self.first),
            stations=self.stations,
            count=self.count,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            firmware_versions=sorted(self.firmware_versions),
        )


async def compliance_report(
    deviations: AsyncIterable[StationDeviation],
    at: datetime,
    vendor: str | None = None,
    model: str | None = None,
    firmware: str | None = None,
) -> ComplianceReport:
    """Of deviations that are read station by station. Memory is bounded by ``MAX_KINDS``, however many there
    are.
    """
    lines: dict[tuple[str, str, str, str, str, bool], _Line] = {}
    stations, last_station, is_complete = 0, "", True
    async for one in deviations:
        stations += one.station_id != last_station
        last_station = one.station_id
        key = (one.vendor, one.model, one.rule, one.action, one.place, one.repaired)
        if key not in lines and len(lines) >= MAX_KINDS:
            is_complete = False
            continue
        lines.setdefault(key, _Line(one)).add(one)
    shown = nlargest(MAX_LINES, lines.values(), key=lambda line: (line.stations, line.count))
    found = [line.complete() for line in shown]
    return ComplianceReport(
        generated_at=at,
        vendor=vendor,
        model=model,
        firmware=firmware,
        stations=stations,
        first_seen=min((line.first_seen for line in found), default=None),
        last_seen=max((line.last_seen for line in found), default=None),
        lines=sorted(found, key=_order),
        is_complete=is_complete and len(found) == len(lines),
    )


def _example(one: StationDeviation) -> str:
    """Without whom it is from: the report leaves the house."""
    hidden = HIDDEN if _OF_DRIVER.search(one.place) else one.example
    return hidden.replace(one.station_id, HIDDEN)


def _order(line: ReportLine) -> tuple[str, str, int, int, str, str, str]:
    return (line.vendor, line.model, -line.stations, -line.count, line.rule, line.action, line.place)
