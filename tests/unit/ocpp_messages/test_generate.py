"""The generated types: up to date, and named so that every property finds its way back to the wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.ocpp_messages import generate, ocpp2, ocpp16
from libs.ocpp_messages.generate import camel, render, snake
from libs.ocpp_messages.schemas import Schema, schema, schema_names
from libs.ocpp_messages.version import Version


def property_names(version: Version) -> set[str]:
    return {key for name in schema_names(version) for keys in objects(schema(version, name)) for key in keys}


def objects(schema: Schema) -> Iterator[list[str]]:
    """The names of the properties of each object in a schema."""
    for key, part in schema.items():
        if key == "properties":
            yield list(part)
        if isinstance(part, dict):
            yield from objects(part)


@pytest.mark.parametrize("file", generate.FILES)
def test_the_generated_files_are_those_of_the_schemas(file: str) -> None:
    assert Path(generate.__file__).with_name(file).read_text(encoding="utf-8") == render(
        *generate.FILES[file]
    )


@pytest.mark.parametrize("version", Version)
def test_no_two_properties_of_an_object_share_a_name(version: Version) -> None:
    for name in schema_names(version):
        for keys in objects(schema(version, name)):
            assert len(set(map(snake, keys))) == len(keys)


@pytest.mark.parametrize("version", Version)
def test_names_are_plain_snake_case(version: Version) -> None:
    assert [
        name for name in property_names(version) if not re.fullmatch("[a-z0-9]+(_[a-z0-9]+)*_?", snake(name))
    ] == []


@pytest.mark.parametrize("module", [ocpp16, ocpp2])
def test_every_property_of_every_type_is_written_as_in_the_schemas(module: Any) -> None:
    versions = [Version.V16] if module is ocpp16 else [Version.V201, Version.V21]
    known = set().union(*map(property_names, versions))
    types = [
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, module.Object)
    ]

    written = {name for kind in types for name in kind.__struct_encode_fields__}

    assert written == known
    for kind in types:
        for field, wire in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
            assert field == snake(wire)


def test_regular_names_need_no_explicit_one() -> None:
    irregular = {name for name in property_names(Version.V21) if camel(snake(name)) != name}

    source = render(*generate.FILES["ocpp2.py"])
    assert irregular == set(re.findall(r'\bname="(\w+)"', source))
    assert {"prioritizedEMAIDs", "setpoint_L2", "targetSoC", "responderURL"} <= irregular


@pytest.mark.parametrize(
    ("wire", "field"),
    [
        ("evseId", "evse_id"),
        ("idToken", "id_token"),
        ("maxSoC", "max_soc"),
        ("soC", "soc"),
        ("prioritizedEMAIDs", "prioritized_emaids"),
        ("evMaxV2XEnergyRequest", "ev_max_v2x_energy_request"),
        ("setpointReactive_L2", "setpoint_reactive_l2"),
        ("iso15118SchemaVersion", "iso15118_schema_version"),
        ("evMaximumLevel1DCInjection", "ev_maximum_level1_dc_injection"),
        ("fixedPFAbsorb", "fixed_pf_absorb"),
        ("from", "from_"),
    ],
)
def test_fields_have_the_names_one_expects(wire: str, field: str) -> None:
    assert snake(wire) == field
