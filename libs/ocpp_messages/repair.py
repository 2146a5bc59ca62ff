"""Reads a payload that breaks its schema by the rules of ``leniency``. The schema has the last word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from .leniency import (
    BLANKS,
    CUT,
    DECISIVE,
    DEFAULTS,
    JSON_TEXTS,
    LEFT_OUT_IF_TOO_LONG,
    MAY_BE_EMPTY,
    MISSPELLINGS,
    OTHER_VALUES,
    QUANTITIES,
    Place,
    Rule,
)
from .schemas import Schema, Validator

MAX_VALUES = 20_000
"""Values of a payload. One that has more is not repaired: that would hold up the gateway's other stations."""

MAX_REPAIRS_TEXT = 1000
"""Characters of ``Message.repairs``."""

_MAX_SPELLING = 100
"""Characters of a misspelled name, value, number or time."""


class Repair(NamedTuple):
    rule: Rule
    place: Place
    """In the payload as it came."""
    original: Any
    """What stood there. None if nothing did."""


class Repaired(NamedTuple):
    payload: Any
    """Fits its schema."""
    repairs: list[Repair]
    """None if it did so from the beginning."""


def repair(
    validator: Validator, payload: object, received_at: str, refused_rules: Collection[str] = ()
) -> Repaired:
    """A payload, made to fit where ``validator`` refuses it. Leaves the one given as it is.

    ``received_at`` stands for times that are missing. Raises ``Violation`` where what is wrong has no rule,
    or one of ``refused_rules``. Its cost is bounded by ``MAX_VALUES``.
    """
    reading = _Reading(validator, received_at, refused_rules)
    try:
        read = reading.value(validator.schema, payload, ())
    except _TooManyValues:
        validator.check(payload)
        return Repaired(payload, [])
    (validator.accepting_empty_lists if reading.is_empty else validator).check(read)
    return Repaired(read, reading.repairs)


def place_text(place: Place) -> str:
    """Such as ``meterValue.0.timestamp``. Names that stations made up are cut, and hold no spaces."""
    return ".".join(_ODD_CHARACTERS.sub("?", str(part)[:50]) for part in place)


def repairs_text(repairs: Iterable[Repair]) -> str:
    """For ``Message.repairs``: as many as fit, those nearest to the top of the payload first."""
    text = ""
    for each in sorted(repairs, key=lambda each: len(each.place)):
        entry = f"{each.rule}@{place_text(each.place)}"
        if len(text) + 1 + len(entry) > MAX_REPAIRS_TEXT:
            break
        text = f"{text} {entry}" if text else entry
    return text


def readable_timestamp(text: str) -> str | None:
    """A time that is written in another way than RFC 3339 has it, in that way. None if it is none."""
    found = _TIMESTAMP.fullmatch(text.strip()) if len(text) <= _MAX_SPELLING else None
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone, hours, minutes = found.groups()
    try:  # second 60 is a leap second: RFC 3339 has it at the end of some months only
        at = datetime(int(year), int(month), int(day), int(hour), int(minute))
        at += timedelta(seconds=int(second or 0))
    except (ValueError, OverflowError):
        return None
    if int(second or 0) > 60 or int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    offset = "Z" if hours is None else f"{zone[0]}{int(hours):02}:{int(minutes or 0):02}"
    return f"{at.isoformat()}{f'.{fraction[:9]}' if fraction else ''}{offset}"


_ODD_CHARACTERS = re.compile(r"[^A-Za-z0-9_*-]")
_TIMESTAMP = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:T| {1,3})(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?"
    r" ?(Z|UTC|GMT|[+-](\d{1,2})(?::?(\d{2}))?)?",
    re.ASCII | re.IGNORECASE,
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_DATE_TIME = jsonschema_rs.validator_for({"format": "date-time"}, validate_formats=True)

_LEAVING_OUT = {Rule.TIMESTAMP_MISSING, Rule.NULL, Rule.UNKNOWN_VALUE, Rule.EMPTY_LIST, Rule.TEXT_TOO_LONG}
"""Rules that leave out an optional field which has no other reading."""


class _TooManyValues(Exception):
    """The payload is larger than what is repaired."""


class _Unreadable(Exception):
    """A value has no reading of its own. What it is in may do without it, by this rule."""

    def __init__(self, rule: Rule, place: Place, original: Any) -> None:
        super().__init__(rule)
        self.repair = Repair(rule, place, original)


class _Reading:
    """One pass over a payload along its schema, from the top. What no rule reads stays as it is."""

    def __init__(self, validator: Validator, received_at: str, refused_rules: Collection[str]) -> None:
        self.repairs: list[Repair] = []
        self.is_empty = False
        """Whether a list of ``MAY_BE_EMPTY`` is empty."""
        self._validator = validator
        self._definitions: Schema = validator.schema.get("definitions", {})
        self._received_at = received_at
        self._refused_rules = refused_rules
        self._values_left = MAX_VALUES

    def value(self, schema: Schema, value: Any, place: Place) -> Any:
        """The reading of a value. Raises ``_Unreadable``."""
        self._count()
        if (reference := schema.get("$ref")) is not None:
            schema = self._definitions[reference.rpartition("/")[2]]
        match schema.get("type"):
            case "object" if isinstance(value, dict):
                return self._object(schema, value, place)
            case "array":
                return self._list(schema, value, place)
            case "string":
                return self._text(schema, value, place)
            case "integer" | "number" as type_:
                return self._number(type_, value, place)
            case "boolean" if not isinstance(value, bool):
                return self._boolean(value, place)
        return value

    def _object(self, schema: Schema, value: dict[str, Any], place: Place) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        read = self._known_fields(schema, value, place)
        for name, part in list(read.items()):
            if name not in properties:
                continue
            try:
                if part is None:
                    raise _Unreadable(Rule.NULL, (*place, name), part)
                read[name] = self.value(properties[name], part, (*place, name))
            except _Unreadable as unreadable:
                self._do_without(read, name, schema, unreadable.repair, place)
        for name in required:
            if name not in read:
                missing = Repair(Rule.MISSING_FIELD, (*place, name), None)
                self._do_without(read, name, schema, missing, place)
        return read

    def _known_fields(self, schema: Schema, value: dict[str, Any], place: Place) -> dict[str, Any]:
        """A copy in which every field has the name of one in the schema, as far as names go."""
        properties = schema.get("properties", {})
        closed = schema.get("additionalProperties", True) is False
        if not closed or value.keys() <= properties.keys() or Rule.UNKNOWN_FIELD in self._refused_rules:
            return dict(value)
        known = {name: part for name, part in value.items() if name in properties}
        unknown = [name for name in value if name not in properties]
        self._count(5 * len(unknown))
        spellings = _spellings(tuple(properties))
        for name in unknown:
            self.repairs.append(Repair(Rule.UNKNOWN_FIELD, (*place, name), value[name]))
            meant = spellings.get(_folded(name))
            if meant is not None and known.get(meant) is None:
                known[meant] = value[name]
        return known

    def _do_without(
        self, read: dict[str, Any], name: str, schema: Schema, repair: Repair, place: Place
    ) -> None:
        """Leave out a field that has no reading, or give it what stands for it, or let it be."""
        field = _parent(place) or self._validator.name, name
        required = name in schema.get("required", ())
        is_time = schema["properties"].get(name, {}).get("format") == "date-time"
        if required and is_time:
            repair = repair._replace(rule=Rule.TIMESTAMP_MISSING)
        if not self._allows(repair.rule):
            return
        if required and is_time:
            read[name] = self._received_at
        elif required and field in DEFAULTS:
            read[name] = DEFAULTS[field]
        elif field in MAY_BE_EMPTY and repair.rule is Rule.EMPTY_LIST:
            read[name], self.is_empty = [], True
        elif field in DECISIVE and (required or repair.rule is not Rule.NULL):
            raise _Unreadable(*repair)
        elif not required and repair.rule in _LEAVING_OUT:
            read.pop(name, None)
        else:
            return
        self.repairs.append(repair)

    def _list(self, schema: Schema, value: Any, place: Place) -> Any:
        items = schema.get("items", {})
        if isinstance(value, dict) and self._is_object(items) and self._allows(Rule.SINGLE_ITEM):
            self.repairs.append(Repair(Rule.SINGLE_ITEM, place, value))
            value = [value]
        if not isinstance(value, list):
            return value
        read = []
        for index, item in enumerate(value):
            try:
                if item is None:
                    self._count()
                    raise _Unreadable(Rule.NULL, (*place, index), None)
                read.append(self.value(items, item, (*place, index)))
            except _Unreadable as unreadable:
                if self._allows(unreadable.repair.rule) and self._may_lack(unreadable.repair, place):
                    self.repairs.append(unreadable.repair)
                else:
                    read.append(item)
        if not read and schema.get("minItems"):
            raise _Unreadable(Rule.EMPTY_LIST, place, value)
        return read

    def _may_lack(self, repair: Repair, place: Place) -> bool:
        """Whether a list does without an item: one that is null, or that lacks what is decisive."""
        return len(repair.place) > len(place) + 1 or repair.rule is Rule.NULL

    def _is_object(self, schema: Schema) -> bool:
        reference = schema.get("$ref", "").rpartition("/")[2]
        return bool(self._definitions.get(reference, schema).get("type") == "object")

    def _text(self, schema: Schema, value: Any, place: Place) -> Any:
        if not isinstance(value, str):
            any_json = (_parent(place[:-1]) or self._validator.name, place[-1]) in JSON_TEXTS
            readable = isinstance(value, (int, float)) or any_json
            if not readable or not self._allows(Rule.TEXT_AS_NUMBER):
                return value
            self.repairs.append(Repair(Rule.TEXT_AS_NUMBER, place, value))
            value = orjson.dumps(value).decode()
        if "enum" in schema:
            return self._enumerated(schema["enum"], value, place)
        if schema.get("format") == "date-time":
            return self._timestamp(value, place)
        if len(value) > schema.get("maxLength", len(value)):
            return self._cut(schema["maxLength"], value, place)
        return value

    def _enumerated(self, options: list[str], value: str, place: Place) -> str:
        if value in options or not self._allows(Rule.UNKNOWN_VALUE):
            return value
        name = _parent(place)
        if not value.strip() and name in BLANKS:
            raise _Unreadable(Rule.NULL, place, value)
        spelled, words = value.strip().casefold()[:_MAX_SPELLING], MISSPELLINGS.get(name, {})
        meant = _spellings(tuple(options)).get(_folded(value))
        candidates = [meant, words.get(spelled), words.get(_folded(value) or spelled)]
        for candidate in [*candidates, *OTHER_VALUES.get(name, ())]:
            if candidate in options:
                self.repairs.append(Repair(Rule.UNKNOWN_VALUE, place, value))
                return candidate
        raise _Unreadable(Rule.UNKNOWN_VALUE, place, value)

    def _timestamp(self, value: str, place: Place) -> str:
        if not value.strip():
            raise _Unreadable(Rule.TIMESTAMP_MISSING, place, value)
        if _DATE_TIME.is_valid(value) or not self._allows(Rule.TIMESTAMP_FORMAT):
            return value
        if (read := readable_timestamp(value)) is None:
            return value
        self.repairs.append(Repair(Rule.TIMESTAMP_FORMAT, place, value))
        return read

    def _cut(self, limit: int, value: str, place: Place) -> str:
        name = place[-1]
        if name in LEFT_OUT_IF_TOO_LONG:
            raise _Unreadable(Rule.TEXT_TOO_LONG, place, value)
        if not {name, (_parent(place[:-1]), name)} & CUT or not self._allows(Rule.TEXT_TOO_LONG):
            return value
        self.repairs.append(Repair(Rule.TEXT_TOO_LONG, place, value))
        return value[:limit]

    def _number(self, type_: str, value: Any, place: Place) -> Any:
        number: Decimal | None = None
        if isinstance(value, str) and self._allows(Rule.NUMBER_AS_TEXT):
            number = _number_in(value)
        elif isinstance(value, float) and (type_ == "integer" or not value.is_integer()):
            number = Decimal(repr(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        if number is None:
            raise _Unreadable(Rule.NUMBER_AS_TEXT, place, value)
        rounds = type_ == "integer" and number != number.to_integral_value()
        has_decimals = rounds or (type_ == "integer" and isinstance(value, float))
        if has_decimals and not self._allows(Rule.DECIMAL_INTEGER):
            return value
        if rounds and place[-1] not in QUANTITIES:
            return value
        if isinstance(value, str):
            self.repairs.append(Repair(Rule.NUMBER_AS_TEXT, place, value))
        if has_decimals:
            self.repairs.append(Repair(Rule.DECIMAL_INTEGER, place, value))
            number = number.to_integral_value(ROUND_HALF_EVEN)
        return int(number) if number == number.to_integral_value() and abs(number) < 2**53 else float(number)

    def _boolean(self, value: Any, place: Place) -> Any:
        read = _BOOLEANS.get(str(value).strip().lower()) if isinstance(value, (str, int)) else None
        if read is None or not self._allows(Rule.NUMBER_AS_TEXT):
            return value
        self.repairs.append(Repair(Rule.NUMBER_AS_TEXT, place, value))
        return read

    def _allows(self, rule: Rule) -> bool:
        return rule not in self._refused_rules

    def _count(self, values: int = 1) -> None:
        self._values_left -= values
        if self._values_left < 0:
            raise _TooManyValues


def _parent(place: Place) -> str:
    """The name of the field or list that a place is in. Empty at the top."""
    return next((part for part in reversed(place) if isinstance(part, str)), "")


def _number_in(text: str) -> Decimal | None:
    spelled = text.strip() if len(text) <= _MAX_SPELLING else ""
    return Decimal(spelled) if _NUMBER.fullmatch(spelled) else None


def _folded(text: str) -> str:
    """Without capitals and punctuation. Empty if there is nothing else, or far too much."""
    return "".join(filter(str.isalnum, text.casefold())) if len(text) <= _MAX_SPELLING else ""


@cache
def _spellings(known: tuple[str, ...]) -> dict[str, str]:
    return {_folded(each): each for each in reversed(known)}
