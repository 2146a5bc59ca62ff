"""A payload as flat texts by name, which is what a browser submits, and back. Alone knows that notation.

``payload.chargingSchedule.0.limit`` is the field ``limit`` of the first item of ``chargingSchedule``. What
holds others has a text of its own, which says that it is there: ``{}`` for an object, ``[]`` for a list. A
blank text is an absent field. A text that no control carries as it is (empty, or with control characters) is
written as a JSON text, and has a second one for a sign: ``payload.value.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from math import isinf
from typing import Any

from libs.csms.errors import Invalid

from . import exact_json
from .shape import Kind, Part
from .words import IS_REQUIRED, N_, Problem, Words

Texts = dict[str, str]

MAX_TEXTS = 5000
MAX_CHARACTERS = 2_000_000
"""Of all names and texts of a form."""

MARKS = {Kind.OBJECT: "{}", Kind.ARRAY: "[]"}
AS_JSON = "json"

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MAX_NUMBER = 400
"""Characters."""
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_TRUTHS = {"true": True, "false": False}
_ABSENT = object()


class BadForm(Invalid):
    """What was submitted is not what the form has, or is more than a form may have."""


def started(part: Part, name: str) -> Iterator[tuple[str, str]]:
    """Of something new: what is required is there, and nothing is filled in."""
    yield name, MARKS.get(part.kind, "")
    for key in part.required:
        if key in part.parts:
            yield from started(part.parts[key], f"{name}.{key}")
    if part.item is not None:
        for number in range(part.schema.get("minItems", 0)):
            yield from started(part.item, f"{name}.{number}")


def spread(part: Part, value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Of a value; where it is of another kind than the part, of as much as the form can show."""
    match part.kind, value:
        case Kind.OBJECT, dict():
            yield name, MARKS[part.kind]
            for key, child in part.parts.items():
                if value.get(key) is not None or (key in value and child.kind is Kind.JSON):
                    yield from spread(child, value[key], f"{name}.{key}")
        case Kind.ARRAY, list() if part.item is not None:
            yield name, MARKS[part.kind]
            for number, one in enumerate(value):
                yield from spread(part.item, one, f"{name}.{number}")
        case ((Kind.OBJECT | Kind.ARRAY), _):
            yield from started(part, name)
        case Kind.TEXT, str() if not value or _UNSAFE.search(value):
            yield name, exact_json.write(value).decode() if value else ""
            yield f"{name}.{AS_JSON}", "on"
        case Kind.JSON, _:
            yield name, exact_json.pretty(value)
        case _, str():
            yield name, value
        case _:
            yield name, exact_json.write(value).decode()


def fold(part: Part, texts: Texts, name: str) -> tuple[Any, list[Problem]]:
    """The payload, and what cannot be read: that stays text in it. Raises ``BadForm`` for texts that ``part``
    has no place for. Its cost is that of reading the texts, whatever their names.
    """
    folding = _Folding(dict(texts))
    payload = folding.value(part, name)
    if name not in texts or folding.left:
        odd = next(iter(folding.left), name)
        raise BadForm(f"{odd[:100]}: the form has no such field, or not any more. Open it again.")
    return (None if payload is _ABSENT else payload), folding.problems


class _Folding:
    def __init__(self, left: Texts) -> None:
        self.left = left
        self.problems: list[Problem] = []

    def value(self, part: Part, name: str) -> Any:
        """Takes its texts away. ``_ABSENT`` if there are none, or blank ones."""
        text = self.left.pop(name, None)
        if text is None:
            return _ABSENT
        if part.kind in MARKS and text != MARKS[part.kind]:
            raise BadForm(f"{name[:100]}: the form has no such field, or not any more. Open it again.")
        match part.kind:
            case Kind.OBJECT:
                found = {key: self.value(child, f"{name}.{key}") for key, child in part.parts.items()}
                return {key: value for key, value in found.items() if value is not _ABSENT}
            case Kind.ARRAY if part.item is not None:
                return list(self._items(part.item, name))
            case Kind.TEXT if self.left.pop(f"{name}.{AS_JSON}", None) is not None:
                return self._json(name, text) if text else ""
        return self._leaf(part, name, text.replace("\r\n", "\n").replace("\r", "\n"))

    def _items(self, item: Part, name: str) -> Iterator[Any]:
        number = 0
        while f"{name}.{number}" in self.left:
            value = self.value(item, f"{name}.{number}")
            if value is _ABSENT:
                self.problems.append(Problem(f"{name}.{number}", IS_REQUIRED))
            yield "" if value is _ABSENT else value
            number += 1

    def _leaf(self, part: Part, name: str, text: str) -> Any:
        if part.kind is Kind.TEXT:
            return text or _ABSENT
        text = text.strip()
        if not text:
            return _ABSENT
        match part.kind:
            case Kind.ENUM:
                return part.options.get(text, text)
            case Kind.BOOLEAN:
                return _TRUTHS.get(text, text)
            case Kind.INTEGER | Kind.NUMBER:
                return self._number(part, name, text)
            case Kind.JSON:
                return self._json(name, text)
        return text

    def _number(self, part: Part, name: str, text: str) -> Any:
        if len(text) > _MAX_NUMBER or not _NUMBER.fullmatch(text) or isinf(float(text)):
            whole = part.kind is Kind.INTEGER
            words = N_("must be a whole number, such as 16") if whole else N_("must be a number, such as 0.5")
            self.problems.append(Problem(name, Words(words)))
            return text
        return int(text) if text.lstrip("-").isdigit() else Decimal(text)

    def _json(self, name: str, text: str) -> Any:
        try:
            return exact_json.read(text)
        except exact_json.BadJson:
            words = N_('must be JSON, such as 5, "text" or {"vendorId": "example"}')
            self.problems.append(Problem(name, Words(words)))
            return text


def added(whole: Part, texts: Texts, name: str) -> tuple[Texts, str]:
    """The texts with one more item in the list ``name``, or, where the field ``name`` is absent, with that;
    and the name of what is new. Raises ``BadForm``.
    """
    part = _part(whole, name)
    if name not in texts:
        return texts | dict(started(part, name)), name
    if part.item is None:
        raise BadForm(f"{name[:100]}: is there already")
    number = 0
    while f"{name}.{number}" in texts:
        number += 1
    return texts | dict(started(part.item, f"{name}.{number}")), f"{name}.{number}"


def removed(whole: Part, texts: Texts, name: str) -> Texts:
    """The texts without a field, or an item of a list: the items after it move up. Raises ``BadForm``."""
    _part(whole, name)
    left = {key: text for key, text in texts.items() if not f"{key}.".startswith(f"{name}.")}
    around, _, last = name.rpartition(".")
    if texts.get(around) != MARKS[Kind.ARRAY]:
        return left
    return {_moved_up(key, around, int(last)): text for key, text in left.items()}


def _moved_up(key: str, array: str, gone: int) -> str:
    number, dot, rest = key.removeprefix(f"{array}.").partition(".")
    if not key.startswith(f"{array}.") or not _is_index(number) or int(number) < gone:
        return key
    return f"{array}.{int(number) - 1}{dot}{rest}"


def _part(whole: Part, name: str) -> Part:
    part = whole
    for key in name.split(".")[1:]:
        child = part.item if _is_index(key) and part.item is not None else part.parts.get(key)
        if child is None:
            raise BadForm(f"{name[:100]}: the form has no such field")
        part = child
    return part


def _is_index(text: str) -> bool:
    return re.fullmatch("0|[1-9][0-9]{0,8}", text) is not None
