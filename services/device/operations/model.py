"""An operation: a body that is the same for all versions of OCPP, and its message in each version."""

from __future__ import annotations

import importlib
import pkgutil
from abc import abstractmethod
from types import ModuleType
from typing import Any, ClassVar, Literal

import msgspec

from libs.csms.errors import Invalid
from libs.csms.storage.store import Json
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.version import Version

Status = Literal["pending", "accepted", "scheduled", "rejected", "unsupported", "error"]

STATUSES: dict[str, Status] = {
    "Accepted": "accepted",
    "AcceptedCanceled": "accepted",
    "RebootRequired": "accepted",
    "Unlocked": "accepted",
    "Scheduled": "scheduled",
    "NotImplemented": "unsupported",
    "NotSupported": "unsupported",
    "UnknownMessageId": "unsupported",
    "UnknownVendorId": "unsupported",
    "UnknownComponent": "unsupported",
    "UnknownVariable": "unsupported",
    "NotSupportedAttributeType": "unsupported",
}
"""By the status in the response of a station; every other status is a rejection."""


class Operation(Body):
    """``number`` is positive and differs from those of other operations: messages that need an id take it.

    ``v16`` and ``v2`` raise ``DomainError`` for what their version cannot express.
    """

    operation: ClassVar[str]

    def __init_subclass__(cls, *, name: str, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.operation = name
        OPERATIONS[name] = cls

    @abstractmethod
    def v16(self, number: int) -> msgspec.Struct: ...

    @abstractmethod
    def v2(self, number: int) -> msgspec.Struct: ...

    def request(self, version: Version, number: int) -> msgspec.Struct:
        return self.v16(number) if version is Version.V16 else self.v2(number)

    def station_status(self, response: Json) -> str:
        """The status in the station's response. A response without one is an acceptance."""
        return str(response.get("status", "Accepted"))

    def result(self, response: Json, number: int) -> Json | None:
        """What the operation returns besides its status; the same for all versions."""
        return None


OPERATIONS: dict[str, type[Operation]] = {}


def load(operations: ModuleType) -> None:
    """Import every module of a package, so that its operations are known."""
    for module in pkgutil.iter_modules(operations.__path__, f"{operations.__name__}."):
        importlib.import_module(module.name)


def unknown_to(version: str, place: str, why: str) -> Invalid:
    return Invalid(f"body.{place}: OCPP {version} {why}")


def connector_v16(evse_id: int | None, connector_id: int | None) -> int | None:
    """OCPP 1.6 knows no EVSE: its connector n counts as EVSE n."""
    if evse_id is not None and connector_id not in (None, 1, evse_id):
        raise unknown_to("1.6", "connectorId", f"has no connector {connector_id} of EVSE {evse_id}")
    return connector_id if evse_id is None else evse_id


def evse_v2(evse_id: int | None, connector_id: int | None) -> ocpp2.EVSEType | None:
    if evse_id is None and connector_id is not None:
        raise unknown_to("2", "connectorId", "counts connectors by EVSE, so name the evseId too")
    return None if evse_id is None else ocpp2.EVSEType(evse_id, connector_id=connector_id)
