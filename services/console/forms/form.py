"""A form out of a JSON schema: as it is shown, and what a person made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import jsonschema_rs

from libs.ocpp_messages.schemas import Schema

from . import exact_json
from .shape import Kind, Part, part_of, plain
from .texts import (
    AS_JSON,
    MARKS,
    MAX_CHARACTERS,
    MAX_TEXTS,
    BadForm,
    Texts,
    added,
    fold,
    removed,
    spread,
    started,
)
from .words import Problem, Words, problems


@dataclass
class Field:
    """One place of a form, for the template."""

    name: str
    """Of its control: the path to it, from the name of the form on."""
    label: str
    """Its name in OCPP; of an item that of its list, and its number from 1 on."""
    part: Part
    is_required: bool
    is_removable: bool
    is_present: bool
    """Of an object or list: its fields are shown. Of others always true."""
    text: str = ""
    """As typed."""
    is_as_json: bool = False
    """The text is a JSON text."""
    is_focused: bool = False
    """It was just added."""
    fields: list[Field] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Of its element in the page."""
        return self.name.replace(".", "-")

    @property
    def is_addable(self) -> bool:
        """A person may ask for it, or for one more of its items."""
        if not self.is_present:
            return True
        most = self.part.schema.get("maxItems", MAX_TEXTS)
        return self.part.kind is Kind.ARRAY and len(self.fields) < most

    @property
    def is_closed(self) -> bool:
        """It is shown closed: a blank extension, such as customData in every object of OCPP 2.x."""
        is_extension = self.part.kind is Kind.JSON and self.part.schema.get("type") == "object"
        return is_extension and not (self.is_required or self.text or self.problems)

    @property
    def may_be_as_json(self) -> bool:
        """Whether to offer it: it is so already, or only so can the text be empty."""
        blank = not self.text and bool(self.problems) and not self.part.schema.get("minLength")
        return self.part.kind is Kind.TEXT and (self.is_as_json or blank)

    def around(self, name: str) -> Field:
        """The field of this name, or the one that shows what it is in."""
        for one in self.fields:
            if f"{name}.".startswith(f"{one.name}."):
                return one.around(name)
        return self


@dataclass(frozen=True)
class Filled:
    """A form with what is filled in."""

    payload: Any
    """With decimals as ``Decimal``. To be sent only if there are no problems."""
    whole: Field
    """The whole payload: what belongs to no field stands there."""
    problems: list[Problem] = field(default_factory=list)
    """Of all fields."""
    is_rebuilt: bool = False
    """A field was added or removed: the person goes on with the form, and nothing is to be sent."""

    def refused(self, place: str, detail: str) -> None:
        """A service has found something wrong, of which the schema knows nothing. ``place`` is as in its
        answer, such as ``chargingProfile.id``; empty for the whole payload.
        """
        name = f"{self.whole.name}.{place}" if place else self.whole.name
        self.put(Problem(name, Words("%(detail)s", {"detail": detail})))

    def put(self, problem: Problem) -> None:
        """At its field, or the one that shows what it is in."""
        self.problems.append(problem)
        self.whole.around(problem.name).problems.append(problem)

    @property
    def json(self) -> bytes:
        """The payload for the wire, with numbers as they were typed."""
        return exact_json.write(self.payload)

    @property
    def json_text(self) -> str:
        """The payload for people."""
        return exact_json.pretty(self.payload)


class Form:
    """Made once for each schema; keeps nothing of what is filled in."""

    def __init__(self, schema: Schema, document: Schema | None = None, name: str = "payload") -> None:
        """``document`` has what the schema refers to, where that is not the schema itself. ``name`` begins
        the names of all controls.
        """
        schema = plain(schema, schema if document is None else document)
        self.name = name
        self.part = part_of(schema)
        self._validator = jsonschema_rs.validator_for(schema, validate_formats=True)

    def blank(self) -> Filled:
        texts = dict(started(self.part, self.name))
        return self._filled(texts, fold(self.part, texts, self.name)[0], [])

    def of(self, payload: Any) -> Filled:
        """Of a payload from ``exact_json.read``. Raises ``BadForm`` if it is too large for a form."""
        texts = dict(spread(self.part, payload, self.name))
        _check_size(list(texts.items()))
        return self._filled(texts, payload, list(problems(self._validator, payload, self.name)))

    def without_fields(self, payload: Any) -> Filled:
        """Of a payload that is too large for a form, from ``exact_json.read``: the fields stay blank."""
        texts = dict(started(self.part, self.name))
        return self._filled(texts, payload, list(problems(self._validator, payload, self.name)))

    def submitted(self, pairs: Iterable[tuple[str, str]]) -> Filled:
        """Of the names and texts that a browser has sent; those that do not begin with the name of the form
        are the page's own. Raises ``BadForm`` for what no browser makes of this form.
        """
        pairs = list(pairs)
        _check_size(pairs)
        own = [pair for pair in pairs if f"{pair[0]}.".startswith(f"{self.name}.")]
        texts = dict(own)
        if len(texts) < len(own):
            raise BadForm("a field was submitted twice")
        asked = [pair for pair in pairs if pair[0] in ("add", "remove")]
        if asked:
            return self._rebuilt(texts, asked)
        payload, unread = fold(self.part, texts, self.name)
        names = {problem.name for problem in unread}
        found = [one for one in problems(self._validator, payload, self.name) if one.name not in names]
        return self._filled(texts, payload, unread + found)

    def _rebuilt(self, texts: Texts, asked: list[tuple[str, str]]) -> Filled:
        [(what, name), *more] = asked
        if more or not name.startswith(f"{self.name}."):
            raise BadForm(f"{name[:100]}: the form has no such field")
        focused = ""
        if what == "add":
            texts, focused = added(self.part, texts, name)
        else:
            texts = removed(self.part, texts, name)
        payload, _ = fold(self.part, texts, self.name)
        filled = self._filled(texts, payload, [])
        if focused:
            filled.whole.around(focused).is_focused = True
        return replace(filled, is_rebuilt=True)

    def _filled(self, texts: Texts, payload: Any, found: list[Problem]) -> Filled:
        filled = Filled(payload, _field(self.part, texts, self.name, self.name))
        for problem in found:
            filled.put(problem)
        return filled


def _field(
    part: Part, texts: Texts, name: str, label: str, required: bool = True, removable: bool = False
) -> Field:
    """The field of a part, with those in it."""
    one = Field(
        name,
        label,
        part,
        is_required=required,
        is_removable=removable,
        is_present=part.kind not in MARKS or name in texts,
        text=texts.get(name, ""),
        is_as_json=f"{name}.{AS_JSON}" in texts,
    )
    for key, child in part.parts.items() if one.is_present else ():
        must = key in part.required
        one.fields.append(_field(child, texts, f"{name}.{key}", key, must, child.kind in MARKS and not must))
    while part.item is not None and (item := f"{name}.{len(one.fields)}") in texts:
        one.fields.append(_field(part.item, texts, item, f"{label} {len(one.fields) + 1}", removable=True))
    return one


def _check_size(pairs: list[tuple[str, str]]) -> None:
    if len(pairs) > MAX_TEXTS:
        raise BadForm(f"more than {MAX_TEXTS} fields: write it as JSON")
    if sum(len(name) + len(text) for name, text in pairs) > MAX_CHARACTERS:
        raise BadForm(f"more than {MAX_CHARACTERS} characters")
    try:
        "".join(part for pair in pairs for part in pair).encode()
    except UnicodeEncodeError:
        raise BadForm("has half of a character") from None
