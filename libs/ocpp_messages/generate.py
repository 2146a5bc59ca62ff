"""Writes ``ocpp16.py`` and ``ocpp2.py``: the payload types of OCPP 1.6, 2.0.1 and 2.1, from the schemas.

Run as ``python -m libs.ocpp_messages.generate`` when the schemas change; a test compares the files with them.
OCPP 2.1 extends 2.0.1, so one set of types serves both: it has every property of either, and requires what
both require. Whether a payload fits its own version is for the schema validator to say.
"""

from __future__ import annotations

import keyword
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from .schemas import Schema, schema, schema_names
from .version import Version

WIDTH = 110
"""Longer lines are wrapped as ``ruff format`` wraps them."""

HEADER = '''"""The payload types of {title}. Written by ``generate.py``; not edited by hand."""

from decimal import Decimal
from typing import {typing}

from msgspec import {msgspec}


class Object(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A JSON object. A property that is absent or null on the wire is ``None`` here, and left out again."""

'''

PRIMITIVES = {"string": "str", "integer": "int", "number": "Decimal", "boolean": "bool"}

WORDS = {"EMAIDs": "Emaids", "SoC": "Soc", "soC": "soc", "V2X": "V2x"}
"""Words of the schemas with capitals inside."""


def snake(name: str) -> str:
    """``evseId`` → ``evse_id``, ``maxSoC`` → ``max_soc``, ``dischargeLimit_L2`` → ``discharge_limit_l2``."""
    for word, plain in WORDS.items():
        name = name.replace(word, plain)
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", name)
    lowered = words.lower()
    return f"{lowered}_" if keyword.iskeyword(lowered) else lowered


def camel(name: str) -> str:
    """What msgspec makes of a field name by ``rename="camel"``."""
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


def inline_name(owner: str, key: str) -> str:
    """OCPP 1.6 nests without naming: a property names its type, ``status`` and ``type`` with their owner."""
    if key in ("status", "type"):
        return re.sub(r"Request$|Response$", "", owner) + key.capitalize()
    name = key[0].upper() + key[1:]
    return {"TransactionData": "MeterValue", "CsChargingProfiles": "ChargingProfile"}.get(name, name)


class Types:
    """The types of one or more versions, merged by name."""

    def __init__(self, *versions: Version) -> None:
        self._enums: dict[str, list[str]] = {}
        self._objects: dict[str, dict[str, str]] = {}
        self._required: dict[str, list[set[str]]] = defaultdict(list)
        for version in versions:
            for name in schema_names(version):
                self._add(name, schema(version, name), schema(version, name))

    def _add(self, name: str, schema: Schema, root: Schema) -> str:
        """Define an object or enumeration, or widen the one of the same name. Returns its name."""
        if "enum" in schema:
            known = self._enums.setdefault(name, [])
            known += [value for value in schema["enum"] if value not in known]
            return name
        self._required[name].append(set(schema.get("required", ())))
        fields = self._objects.setdefault(name, {})
        for key, value in schema.get("properties", {}).items():
            fields[key] = self._annotation(name, key, value, root)
        return name

    def _annotation(self, owner: str, key: str, schema: Schema, root: Schema) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name == "CustomDataType":
                return "dict[str, Any]"
            return self._add(name, root["definitions"][name], root)
        if "enum" in schema or "properties" in schema:
            return self._add(inline_name(owner, key), schema, root)
        if schema.get("type") == "array":
            return f"list[{self._annotation(owner, key, schema['items'], root)}]"
        return PRIMITIVES.get(schema.get("type", ""), "Any")

    def source(self) -> Iterator[str]:
        """Python source, each type after those it mentions."""
        for name, values in sorted(self._enums.items()):
            yield f"\n{_literal(name, values)}\n"
        done: set[str] = set()
        for name in sorted(self._objects):
            yield from self._object(name, done)

    def _object(self, name: str, done: set[str]) -> Iterator[str]:
        if name in done:
            return
        done.add(name)
        fields = self._objects[name]
        for mentioned in re.findall(r"\w+", " ".join(fields.values())):
            if mentioned in self._objects:
                yield from self._object(mentioned, done)
        required = set.intersection(*self._required[name])
        keys = sorted(fields, key=lambda key: key not in required)
        lines = [(_required if key in required else _optional)(key, fields[key]) for key in keys]
        yield f"\n\nclass {name}(Object, frozen=True):\n" + ("\n".join(lines) or "    pass") + "\n"


def _literal(name: str, values: list[str]) -> str:
    quoted = [f'"{value}"' for value in values]
    line = f"{name} = Literal[{', '.join(quoted)}]"
    wrapped = f"{name} = Literal[\n" + "".join(f"    {value},\n" for value in quoted) + "]"
    return line if len(line) <= WIDTH else wrapped


def _required(key: str, annotation: str) -> str:
    name = snake(key)
    return f"    {name}: {annotation}" + ("" if camel(name) == key else f' = field(name="{key}")')


def _optional(key: str, annotation: str) -> str:
    name = snake(key)
    if camel(name) == key:
        return f"    {name}: {annotation} | None = None"
    arguments = f'default=None, name="{key}"'
    line = f"    {name}: {annotation} | None = field({arguments})"
    return line if len(line) <= WIDTH else line.replace(arguments, f"\n        {arguments}\n    ")


def render(title: str, versions: list[Version]) -> str:
    body = "".join(Types(*versions).source())
    used = set(re.findall(r"\w+", body))
    typing = ", ".join(name for name in ("Any", "Literal") if name in used)
    msgspec = ", ".join(name for name in ("Struct", "field") if name == "Struct" or name in used)
    return HEADER.format(title=title, typing=typing, msgspec=msgspec) + body


FILES = {
    "ocpp16.py": ("OCPP 1.6 and its security extension", [Version.V16]),
    "ocpp2.py": ("OCPP 2.0.1 and 2.1", [Version.V201, Version.V21]),
}

if __name__ == "__main__":
    for file, (title, versions) in FILES.items():
        Path(__file__).with_name(file).write_text(render(title, versions))
