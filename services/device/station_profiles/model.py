"""A profile of stations: whom it is for, and what is different for them. No I/O."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from pydantic import Field

from libs.csms.storage.store import Document
from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.version import Version

Treatment = Literal["repair", "refuse"]

MAX_MATCHES = 1_000
"""Combinations of vendor, model and firmware whose profile is remembered."""


class KnownBug(Document):
    text: str = Field(description="What the stations do wrong.")
    source: str = Field(description="Where that is from, as a URL.")


class StationProfile(Document):
    """For the stations whose vendor, model and firmware version all match its patterns."""

    id: str = Field(description="The operator's name of the profile.")
    vendor: str = Field(
        default="*",
        description="Pattern of the vendor that the station reports: `*` is any text, `?` any character,"
        " and case does not matter.",
    )
    model: str = Field(default="*", description="Pattern of the model, in the same way.")
    firmware: str = Field(default="*", description="Pattern of the firmware version, in the same way.")
    rules: dict[Rule, Treatment] = Field(
        default={},
        description="What happens to a message that breaks its schema in a way that has a rule: `repair`, as "
        "without a profile, or `refuse` with a CALLERROR.",
    )
    answer_timeout: float | None = Field(
        default=None,
        description="Seconds that these stations have to answer a command; without it, as for all stations.",
    )
    onboarding: bool = Field(
        default=True,
        description="Whether the CSMS asks these stations for their settings and connectors by itself.",
    )
    default_version: Version | None = Field(
        default=None,
        description="The version of OCPP where the station offers no WebSocket subprotocol; without it, such "
        "a station is treated as all others.",
    )
    known_bugs: list[KnownBug] = Field(default=[], description="What these stations do wrong.")
    source: str | None = Field(default=None, description="Where the patterns are from, as a URL.")
    built_in: bool = Field(
        default=False, description="Whether it comes with the CSMS; such profiles cannot be changed."
    )

    @property
    def refused_rules(self) -> list[str]:
        """The rules of leniency that are switched off."""
        return [rule.value for rule, treatment in self.rules.items() if treatment == "refuse"]

    @property
    def order(self) -> tuple[int, int, int, bool, str]:
        """Of several profiles that match a station, the first counts: the one whose firmware pattern has most
        characters beside wildcards, then its model pattern, then its vendor pattern. Of equal ones, the
        operator's comes before one that is built in.
        """
        firmware, model, vendor = map(_literals, (self.firmware, self.model, self.vendor))
        return (-firmware, -model, -vendor, self.built_in, self.id)


class Profiles:
    """Finds the profile for a station."""

    def __init__(self, profiles: Iterable[StationProfile]) -> None:
        self._profiles = [(_patterns(one), one) for one in sorted(profiles, key=lambda one: one.order)]
        self.match = lru_cache(MAX_MATCHES)(self._match)

    def _match(self, vendor: str, model: str, firmware: str) -> StationProfile | None:
        texts = (vendor.casefold(), model.casefold(), firmware.casefold())
        for patterns, profile in self._profiles:
            if all(pattern.match(text) for pattern, text in zip(patterns, texts, strict=True)):
                return profile
        return None


def _literals(pattern: str) -> int:
    return len(re.sub(r"[*?]", "", pattern))


def _patterns(profile: StationProfile) -> list[re.Pattern[str]]:
    """``fnmatch`` makes expressions that take no longer for many wildcards. Its brackets are text here."""
    return [
        re.compile(fnmatch.translate(one.casefold().replace("[", "[[]")))
        for one in (profile.vendor, profile.model, profile.firmware)
    ]
