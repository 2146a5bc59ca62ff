"""The compliance report as Markdown, for the manufacturer: without stations, and safe to show as HTML.

Vendors, models and examples come from stations, so every text is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from libs.ocpp_messages.leniency import Rule

from .model import FURTHER
from .report import ComplianceReport, ReportLine

MAX_EXAMPLE = 200
"""Characters of an example in the table."""

REQUIREMENTS: dict[str, str] = {
    Rule.TIMESTAMP_FORMAT: "A time is RFC 3339 with its zone, such as 2026-01-31T12:00:00Z. "
    "Without a zone, the CSMS read it as UTC.",
    Rule.TIMESTAMP_MISSING: "A required time is present and not empty. "
    "The CSMS took the time at which it received the message.",
    Rule.NUMBER_AS_TEXT: "A number is a JSON number, without quotes. The CSMS read the number in the text.",
    Rule.TEXT_AS_NUMBER: "A text is a JSON string, in quotes. The CSMS took the number or boolean as text.",
    Rule.DECIMAL_INTEGER: "An integer has no decimals. The CSMS rounded it.",
    Rule.NULL: "An optional field without a value is left out; null is not allowed. "
    "The CSMS took the field as absent.",
    Rule.TEXT_TOO_LONG: "A text is no longer than its schema allows. The CSMS cut it.",
    Rule.UNKNOWN_FIELD: "A message has only the fields of its schema. The CSMS left the field out.",
    Rule.UNKNOWN_VALUE: "A value is one of its enumeration, in its exact spelling. "
    "The CSMS took the value that was meant where it knew one, and otherwise none or Other.",
    Rule.EMPTY_LIST: "A list that is present has at least one item. The CSMS took the list as absent.",
    Rule.MISSING_FIELD: "A required field is present. The CSMS derived its value, or went on without it.",
}
"""What OCPP requires, and what the CSMS did, by the rule that repaired the message."""

REFUSED = (
    "The message breaks its schema in a way that cannot be repaired. "
    "The CSMS answered with a CALLERROR of this code."
)
FURTHER_TEXT = "Further deviations of stations that deviate in very many ways."
OTHERWISE = "The CSMS repaired the message by this rule."


_SPECIAL = re.compile(r"[*_\[\]{}#~\\@$^<>&|`]|:(?=/)|(?<=www)\.", re.IGNORECASE)
"""What has a meaning in Markdown or HTML inside of a line, or makes a link of what looks like an address."""


def as_markdown(report: ComplianceReport) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: ComplianceReport) -> Iterator[str]:
    yield f"# OCPP compliance report{_subject(report)}"
    yield ""
    yield f"Generated {_time(report.generated_at)}. Number of stations with deviations: {report.stations}."
    if report.first_seen and report.last_seen:
        yield f"Period: {_time(report.first_seen)} to {_time(report.last_seen)}."
    for (vendor, model), lines in groupby(report.lines, lambda line: (line.vendor, line.model)):
        yield ""
        yield f"## {_text(vendor) or 'Unknown vendor'} {_text(model) or 'Unknown model'}"
        yield ""
        yield from _table(list(lines))
    yield from _explanations(report)
    if not report.is_complete:
        yield ""
        yield "This report is not complete: what fewer stations do is left out."


def _subject(report: ComplianceReport) -> str:
    named = [report.vendor, report.model, report.firmware and f"firmware {report.firmware}"]
    subject = " ".join(_text(one) for one in named if one)
    return f": {subject}" if subject else ""


def _table(lines: list[ReportLine]) -> Iterator[str]:
    yield "| Rule | Message | Place | Example | Outcome | Stations | Times | First | Last | Firmware |"
    yield "|---|---|---|---|---|---:|---:|---|---|---|"
    for line in lines:
        cells = [
            _text(line.rule),
            _text(line.action),
            _text(line.place),
            _text(line.example, MAX_EXAMPLE),
            "repaired" if line.repaired else "refused",
            str(line.stations),
            str(line.count),
            _time(line.first_seen),
            _time(line.last_seen),
            ", ".join(_text(version) or "unknown" for version in line.firmware_versions),
        ]
        yield f"| {' | '.join(cells)} |"


def _explanations(report: ComplianceReport) -> Iterator[str]:
    rules = {(line.rule, line.repaired) for line in report.lines}
    if not rules:
        yield ""
        yield "No deviations."
        return
    yield ""
    yield "## What OCPP requires"
    yield ""
    for rule, repaired in sorted(rules):
        yield f"- **{_text(rule)}**: {_requirement(rule, repaired)}"


def _requirement(rule: str, repaired: bool) -> str:
    if rule == FURTHER:
        return FURTHER_TEXT
    return REQUIREMENTS.get(rule, OTHERWISE) if repaired else REFUSED


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _text(value: str, limit: int | None = None) -> str:
    """On one line, without meaning in Markdown or HTML. Letters of any language stay."""
    plain = " ".join("".join(" " if not one.isprintable() else one for one in value).split())
    if limit is not None and len(plain) > limit:
        plain = plain[:limit] + "…"
    return _SPECIAL.sub(_escaped, plain)


def _escaped(found: re.Match[str]) -> str:
    """A character reference where the character means something in HTML, or in a table before it is read."""
    character = found[0]
    return f"&#{ord(character)};" if character in "<>&|`" else f"\\{character}"
