"""An operation: a body that is the same for all versions of OCPP, and its message in each version."""

from __future__ import annotations

import importlib
import pkgutil
from abc import abstractmethod
from collections.abc import Sequence
from types import ModuleType
from typing import Any, ClassVar, Literal, NamedTuple

import msgspec

from libs.csms.access.scopes import Scope
from libs.csms.errors import Invalid
from libs.csms.storage.store import Json
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.version import Version

from .service import Target

Status = Literal["pending", "accepted", "scheduled", "partial", "rejected", "unsupported", "error"]

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

PLACES = {
    "chargingProfile.chargingProfileId": "chargingProfile.id",
    "csChargingProfiles": "chargingProfile",
    "csChargingProfiles.chargingProfileId": "chargingProfile.id",
    "expiryDate": "expiryDateTime",
    "firmware": "",
    "groupIdToken.idToken": "groupIdToken",
    "idTag": "idToken",
    "idToken.idToken": "idToken",
    "idToken.type": "type",
    "listVersion": "versionNumber",
    "log": "",
    "log.remoteLocation": "location",
    "parentIdTag": "groupIdToken",
}
"""The field of an operation's body by the field of the payload, where their names differ."""


class Operation(Body):
    """``number`` is positive and differs from those of other operations: messages that need an id take it.

    ``v16`` and ``v2`` raise ``DomainError`` for what their version cannot express.
    """

    operation: ClassVar[str]
    scope: ClassVar[Scope]
    """What its caller needs: that of its OCPP actions."""

    async def parts(self, target: Target) -> Sequence[Part]:
        """What it is carried out as, for a station that takes less in one message. By default itself."""
        return [Part(self)]

    def place(self, place: str, first: int) -> str:
        """A place in the payload as a place in the body of the whole operation. ``first`` is that of the
        part.
        """
        field = place
        found: list[str] = []
        while field not in PLACES and "." in field:
            field, _, rest = field.rpartition(".")
            found.insert(0, rest)
        return ".".join(name for name in (PLACES.get(field, field), *found) if name)

    def __init_subclass__(cls, *, name: str, scope: Scope, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.operation = name
        cls.scope = scope
        OPERATIONS[name] = cls

    @abstractmethod
    def v16(self, number: int) -> msgspec.Struct: ...

    @abstractmethod
    def v2(self, number: int) -> msgspec.Struct: ...

    def request(self, version: Version, number: int) -> msgspec.Struct:
        return self.v16(number) if version is Version.V16 else self.v2(number)

    def station_statuses(self, response: Json) -> list[str]:
        """The status in the station's response, or several. A response without one is an acceptance."""
        return [str(response.get("status", "Accepted"))]

    def result(self, response: Json, number: int) -> Json | None:
        """What the operation returns besides its status; the same for all versions."""
        return None

    def unanswered(self, status: Status) -> Json | None:
        """What it returns where there is no response: ``status`` is pending, unsupported or error."""
        return None


class Part(NamedTuple):
    """One of the messages that an operation is carried out as."""

    operation: Operation
    first: int = 0
    """The place of its first item in the list of the whole operation."""


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
