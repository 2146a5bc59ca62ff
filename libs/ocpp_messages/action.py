"""An OCPP action: the messages of one name in one version, their direction, topics, types and schemas."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Generic, TypeVar

import msgspec

from .errors import Unparseable
from .schemas import Validator
from .version import Version

Req = TypeVar("Req")
Res = TypeVar("Res")


class Direction(StrEnum):
    """Who sends the request."""

    FROM_STATION = "station"
    TO_STATION = "csms"
    BOTH = "both"


@dataclass(frozen=True, eq=False)
class Action(Generic[Req, Res]):
    """``response`` is ``NoneType`` for a message that is sent with SEND and never answered."""

    version: Version
    direction: Direction
    request: type[Req]
    response: type[Res]

    @cached_property
    def name(self) -> str:
        return self.request.__name__.removesuffix("Request")

    @cached_property
    def request_topic(self) -> str:
        return f"{self.name}Request"

    @cached_property
    def response_topic(self) -> str:
        return f"{self.name}Response"

    @cached_property
    def answered(self) -> bool:
        return self.response is not type(None)

    @cached_property
    def from_station(self) -> bool:
        return self.direction is not Direction.TO_STATION

    @cached_property
    def to_station(self) -> bool:
        return self.direction is not Direction.FROM_STATION

    @cached_property
    def request_validator(self) -> Validator:
        return Validator(self.version, f"{self.name}Request")

    @cached_property
    def response_validator(self) -> Validator:
        return Validator(self.version, f"{self.name}Response")

    def decode_request(self, data: bytes) -> Req:
        """The typed request. Data that has been validated fits; raises ``Unparseable`` for what does not."""
        try:
            return self._request_decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Unparseable(f"{self.version} {self.name}: {error}") from error

    @cached_property
    def _request_decoder(self) -> msgspec.json.Decoder[Req]:
        return msgspec.json.Decoder(self.request, strict=False)


encode = msgspec.json.Encoder(decimal_format="number").encode
"""The JSON of a request or response: names as on the wire, what is ``None`` left out, decimals as numbers."""
