"""The JSON schemas of every OCPP message, the validators made from them, and what violations are called.

The files are those of the ``ocpp`` package, which are the Open Charge Alliance's byte for byte but for what
``_corrected`` undoes.
"""

from __future__ import annotations

from copy import copy
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import orjson
from jsonschema_rs import ValidationErrorKind as Kind

from .errors import ErrorCode, Violation
from .leniency import MAY_BE_EMPTY
from .version import Version

Schema = dict[str, Any]

_FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}

LARGEST_INTEGER = 2**53 - 1
"""OCPP says 32 bits, its schemas nothing. Beyond this one, readers of JSON disagree on the number."""


def schema_names(version: Version) -> list[str]:
    """The messages of a version, named alike in all: ``HeartbeatRequest``, ``HeartbeatResponse``, …"""
    names = [file.name.removesuffix(".json") for file in _folder(version).iterdir()]
    return sorted(name if name.endswith(("Request", "Response")) else f"{name}Request" for name in names)


@cache
def schema(version: Version, name: str) -> Schema:
    file = _folder(version) / f"{name}.json"
    if not file.is_file():
        file = _folder(version) / f"{name.removesuffix('Request')}.json"
    return _corrected(version, name, orjson.loads(file.read_bytes().removeprefix(b"\xef\xbb\xbf")))


def _folder(version: Version) -> Traversable:
    return files("ocpp") / _FOLDERS[version] / "schemas"


def _corrected(version: Version, name: str, schema: Schema) -> Schema:
    _limit_integers(schema)
    match version, name:
        case Version.V201, "Get15118EVCertificateResponse":
            schema["properties"]["exiResponse"]["maxLength"] = 5600
        case Version.V16, "MeterValuesRequest":
            meter_value = schema["properties"]["meterValue"]
            del meter_value["minItems"], meter_value["items"]["properties"]["sampledValue"]["minItems"]
        case Version.V16, "StopTransactionRequest":  # the errata name Hertz, as MeterValues has it already
            sampled_value = schema["properties"]["transactionData"]["items"]["properties"]["sampledValue"]
            sampled_value["items"]["properties"]["unit"]["enum"].append("Hertz")
    return schema


def _limit_integers(schema: Schema) -> None:
    if schema.get("type") == "integer":
        schema.setdefault("minimum", -LARGEST_INTEGER)
        schema.setdefault("maximum", LARGEST_INTEGER)
    for part in schema.values():
        if isinstance(part, dict):
            _limit_integers(part)


class Validator:
    """Compares payloads with the schema of one message. What it lets pass, the message's types can hold."""

    def __init__(self, version: Version, name: str) -> None:
        self.name = name
        """Such as ``HeartbeatRequest``."""
        self.schema = schema(version, name)
        self._version = version
        self._validator = _compiled(self.schema)

    def check(self, payload: object) -> None:
        """Raises ``Violation`` with the code and place of the first one, without quoting values."""
        try:
            self._validator.validate(payload)
        except jsonschema_rs.ValidationError as error:
            place = ".".join(map(str, error.instance_path))
            raise Violation(self._code(error.kind.name), place, _explain(error.kind)) from None

    @cached_property
    def accepting_empty_lists(self) -> Validator:
        """This one, but that the lists in ``MAY_BE_EMPTY`` may be so."""
        lenient = copy(self)
        properties = dict(self.schema["properties"])
        for message, name in MAY_BE_EMPTY:
            if message == self.name:
                properties[name] = properties[name] | {"minItems": 0}
        lenient.schema = self.schema | {"properties": properties}
        lenient._validator = _compiled(lenient.schema)
        return lenient

    def _code(self, keyword: str) -> ErrorCode:
        if keyword == "required" and self._version is Version.V16:
            return ErrorCode.PROTOCOL_ERROR
        return _CODES.get(keyword, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)


def _compiled(schema: Schema) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema, validate_formats=True, mask="the value")


_CODES = {
    "additionalProperties": ErrorCode.FORMAT_VIOLATION,
    "required": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "minItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
}


def _explain(kind: Kind) -> str:
    """What is wrong, without the value itself, which may be secret or a megabyte long."""
    match kind:
        case Kind.Required(name):
            return f"{name} is missing"
        case Kind.AdditionalProperties([name, *_]):
            return f"{name[:50]} is not part of the message"
        case Kind.Type(types):
            return f"must be {' or '.join(types)}"
        case Kind.Enum(options):
            return f"must be one of {', '.join(map(str, options))}"
        case Kind.Format(format):
            return f"is not a {format}"
        case Kind.MaxLength(limit) | Kind.MaxItems(limit):
            return f"must not be longer than {limit}"
        case Kind.MinLength(limit) | Kind.MinItems(limit):
            return f"must not be shorter than {limit}"
        case Kind.Maximum(limit):
            return f"must not be greater than {limit}"
        case Kind.Minimum(limit):
            return f"must not be less than {limit}"
        case Kind.MultipleOf(step):
            return f"must be a multiple of {step}"
        case _:
            return f"does not satisfy {kind.name}"
