"""Commands that change the secret (A01, B09) or the security profile (A05) of a station, and their effects.

Only a hash of the secret is stored, before the command is sent. A secret in a network profile counts beside
the others until the station uses it. Profile 1 counts from the answer on, a profile that needs a new
connection from the first connection that has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import orjson

from libs.ocpp_messages.action import Action

from ..security.model import MIN_SECRET_LENGTH, Secret, StationSecurity
from ..security.service import Security
from .model import Command

SETTING_ACTIONS = {"ChangeConfiguration", "SetVariables", "SetNetworkProfile"}

READABLE = {"Accepted", "RebootRequired", "Rejected", "NotSupported", "Failed"}
"""Statuses that count in a response that breaks its schema elsewhere."""


@dataclass(frozen=True)
class Setting:
    """A configuration key of OCPP 1.6, and its variable of SecurityCtrlr in 2.x."""

    key: str
    variable: str

    def requested_value(self, command: Command, payload: Any) -> str | None:
        """The value that the payload sets this to; None if it does not."""
        return self.value_in(command.action, payload)

    def value_in(self, action: str, payload: Any) -> str | None:
        """The same for the payload of an action."""
        match action, payload:
            case "ChangeConfiguration", {"key": str(key), "value": str(value)} if _same(key, self.key):
                return value
            case "SetVariables", {"setVariableData": list(data)}:
                found = [each["attributeValue"] for each in data if self._is_in(each)]
                return found[-1] if found else None
        return None

    def answered_status(self, command: Command) -> str:
        """The status in the response; empty if it has none for this setting."""
        match command.action, orjson.loads(command.response or "{}"):
            case "ChangeConfiguration", {"status": str(status)}:
                return status
            case "SetVariables", {"setVariableResult": list(results)}:
                return next((_status_of(each) for each in results[::-1] if self._is_in(each)), "")
        return ""

    def _is_in(self, entry: Any) -> bool:
        match entry:
            case {"component": {"name": str(component)}, "variable": {"name": str(variable)}}:
                named = _same(component, "SecurityCtrlr") and _same(variable, self.variable)
                return named and entry.get("attributeType", "Actual") == "Actual"
        return False


SECRET = Setting("AuthorizationKey", "BasicAuthPassword")
PROFILE = Setting("SecurityProfile", "SecurityProfile")


class NewSecret(NamedTuple):
    """A secret that a command gives its station."""

    text: str
    slot: str | None = None
    """The configuration slot of the network profile that it is for; None if it is for every connection."""

    @classmethod
    def in_payload(cls, station_id: str, action: str, payload: Any) -> NewSecret | None:
        """None also where a profile names another identity: its secret is for the operator to set there. Of
        several profiles the last one with a secret counts.
        """
        if (text := SECRET.value_in(action, payload)) is not None:
            return cls(text)
        for slot, profile in reversed(_network_profiles(action, payload).items()):
            password = profile.get("basicauthpassword")
            if password is not None and _same(profile.get("identity", station_id), station_id):
                return cls(password, slot)
        return None

    def answered_status(self, command: Command) -> str:
        """The status in the response; empty if it has none for this secret."""
        if self.slot is None:
            return SECRET.answered_status(command)
        match command.action, orjson.loads(command.response or "{}"):
            case "SetNetworkProfile", {"status": str(status)}:
                return status
            case "SetVariables", {"setVariableResult": list(results)}:
                return next((_status_of(each) for each in results[::-1] if self._is_in(each)), "")
        return ""

    def _is_in(self, entry: Any) -> bool:
        match entry:
            case {"component": {"name": str(component)} as of, "variable": {"name": str(variable)}}:
                named = _same(component, "NetworkConfiguration") and _same(variable, "BasicAuthPassword")
                return named and of.get("instance", "") == self.slot
        return False


def _network_profiles(action: str, payload: Any) -> dict[str, dict[str, Any]]:
    """What the payload sets in each network profile (2.1), by slot. Names are in small letters."""
    match action, payload:
        case "SetNetworkProfile", {"configurationSlot": slot, "connectionData": dict(profile)}:
            return {str(slot): {name.lower(): value for name, value in profile.items()}}
        case "SetVariables", {"setVariableData": list(data)}:
            profiles: dict[str, dict[str, Any]] = {}
            for each in data:
                if _same(each["component"]["name"], "NetworkConfiguration"):
                    profile = profiles.setdefault(each["component"].get("instance", ""), {})
                    profile[each["variable"]["name"].lower()] = each["attributeValue"]
            return profiles
    return {}


async def refuse_weak_secret(
    security: Security, station_id: str, command_id: str, action: Action[Any, Any], payload: Any
) -> None:
    """Raises ``WeakSecretsRefused``: with such a secret the station would lock itself out."""
    new = NewSecret.in_payload(station_id, action.name, payload)
    if new is not None and len(new.text) < MIN_SECRET_LENGTH:
        security.refuse_weak_secrets()


async def propose_secret(security: Security, command: Command, payload: Any) -> None:
    """Called before the command is sent: the station may connect with it before its answer arrives."""
    new = NewSecret.in_payload(command.station_id, command.action, payload)
    if new is None:
        return
    secret = Secret.of(new.text, command.created_at, security.pepper).changed(command_id=command.id)
    await security.stations.update(
        command.station_id, lambda known: (known or StationSecurity()).proposed(secret)
    )


async def apply_result(security: Security, command: Command) -> None:
    """Called when the command ends, before CommandEnded is published. Idempotent."""
    if not command.is_final or command.action not in SETTING_ACTIONS:
        return
    payload = orjson.loads(command.payload)
    new = NewSecret.in_payload(command.station_id, command.action, payload)
    if new is not None:
        await security.change(command.station_id, partial(_with_outcome, command, new))
    if (change := _profile_change(command, payload)) is not None:
        await security.change(command.station_id, change)


def _with_outcome(command: Command, new: NewSecret, security: StationSecurity) -> StationSecurity:
    match _outcome(command, new):
        case "Accepted" | "RebootRequired" | "" if new.slot is not None:
            return security.put_in_profile(command.id)
        case "Accepted":
            return security.accepted(command.id)
        case "RebootRequired":
            return security.postponed(command.id)
        case "":
            return security.doubted(command.id)
    return security.refused(command.id)


def _outcome(command: Command, new: NewSecret) -> str:
    """The station's status; empty if it is unknown whether the station has taken the secret."""
    match command.status:
        case "answered":
            status = new.answered_status(command)
            return status if command.warning is None or status in READABLE else ""
        case "error" | "expired":
            return "Rejected"
    return ""


def _profile_change(command: Command, payload: Any) -> Callable[[StationSecurity], StationSecurity] | None:
    """A profile with TLS counts from the first connection that has it: a station that fails to connect
    with it may return to its old profile. The profile of any network slot may be used by a later connection.
    """
    match command.action, payload, orjson.loads(command.response or "{}"):
        case "SetNetworkProfile", {"connectionData": {"securityProfile": int(found)}}, {"status": "Accepted"}:
            return lambda security: security.offered(found)
    match PROFILE.requested_value(command, payload), PROFILE.answered_status(command):
        case "1", "Accepted":
            return lambda security: security.secured(1)
        case ("1" | "2" | "3") as value, "Accepted" | "RebootRequired":
            return lambda security: security.offered(int(value))
    return None


def _status_of(result: Any) -> str:
    status = result.get("attributeStatus")
    return status if isinstance(status, str) else ""


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
