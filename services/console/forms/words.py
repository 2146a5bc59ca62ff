"""What is wrong with a field, in plain words to translate. Alone knows the errors of the validator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Rule

N_ = str
"""Marks a text that gettext is to find; it is translated where it is shown."""

MAX_PROBLEMS = 100
"""More than anybody reads."""


class Words(NamedTuple):
    """A text for gettext, and the values that its ``%(name)s`` stand for."""

    text: str
    values: Mapping[str, object] = MappingProxyType({})

    def __str__(self) -> str:
        return self.text % self.values


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    name: str
    """Of the field, such as ``payload.chargingProfile.id``."""
    words: Words
    """What follows the name of the field: ``is required``."""

    def within(self, name: str) -> str:
        """Where it is inside the field ``name``. Empty if it is that field's own."""
        return self.name.removeprefix(name).removeprefix(".")


IS_REQUIRED = Words(N_("is required"))

_TYPES = {
    "array": N_("must be a list"),
    "boolean": N_("must be true or false"),
    "integer": N_("must be a whole number"),
    "null": N_("must be null"),
    "number": N_("must be a number"),
    "object": N_("must be an object"),
    "string": N_("must be text"),
}

_FORMATS = {
    "date-time": N_("must be a time with its zone, such as 2030-01-31T13:45:00Z"),
    "uri": N_("must be a URI, such as https://example.com/file"),
}


def problems(validator: jsonschema_rs.Validator, payload: Any, name: str) -> Iterator[Problem]:
    """What the schema finds wrong. ``name`` is that of the whole payload. At most ``MAX_PROBLEMS``."""
    for error in islice(validator.iter_errors(payload), MAX_PROBLEMS):
        path: Iterable[object] = error.instance_path
        if isinstance(error.kind, Rule.Required):
            path = [*path, error.kind.property]
        yield Problem(".".join(map(str, [name, *path])), _words(error.kind))


def _words(rule: Rule) -> Words:
    match rule:
        case Rule.Required(_):
            return IS_REQUIRED
        case Rule.AdditionalProperties(names):
            return Words(N_("has no field %(names)s"), {"names": ", ".join(names)[:200]})
        case Rule.Type([type_]) if type_ in _TYPES:
            return Words(_TYPES[type_])
        case Rule.Enum(options):
            return Words(N_("must be one of %(options)s"), {"options": ", ".join(map(str, options))})
        case Rule.Format(format_) if format_ in _FORMATS:
            return Words(_FORMATS[format_])
        case Rule.MultipleOf(step):
            return limited(N_("must be a multiple of %(limit)s"), step)
        case Rule.Pattern(pattern):
            return Words(N_("must have the form %(pattern)s"), {"pattern": pattern})
    return _limit(rule) or Words(N_("breaks the rule %(rule)s of the schema"), {"rule": rule.name})


def limited(text: str, limit: object) -> Words:
    """With ``%(limit)s`` for a number of a schema, in which 0 may be 0.0."""
    return Words(text, {"limit": str(limit).removesuffix(".0")})


def _limit(rule: Rule) -> Words | None:
    match rule:
        case Rule.MinLength(1):
            return Words(N_("must not be empty"))
        case Rule.MinLength(limit):
            return limited(N_("must be at least %(limit)s characters"), limit)
        case Rule.MaxLength(limit):
            return limited(N_("must be at most %(limit)s characters"), limit)
        case Rule.MinItems(1):
            return Words(N_("must have at least one item"))
        case Rule.MinItems(limit):
            return limited(N_("must have at least %(limit)s items"), limit)
        case Rule.MaxItems(1):
            return Words(N_("must have at most one item"))
        case Rule.MaxItems(limit):
            return limited(N_("must have at most %(limit)s items"), limit)
        case Rule.Minimum(limit):
            return limited(N_("must be at least %(limit)s"), limit)
        case Rule.Maximum(limit):
            return limited(N_("must be at most %(limit)s"), limit)
        case Rule.ExclusiveMinimum(limit):
            return limited(N_("must be greater than %(limit)s"), limit)
        case Rule.ExclusiveMaximum(limit):
            return limited(N_("must be less than %(limit)s"), limit)
    return None
