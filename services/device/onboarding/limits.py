"""The limits of one message, asked for by name: of a station that does not report its settings as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode

from ..commands.limits import ITEMS
from ..commands.model import Requester
from ..commands.request import CommandRequest

VARIABLES_PER_REQUEST = 4
"""How many a station takes is one of the limits, so it is not known yet."""

KEYS_V16 = ["GetConfigurationMaxKeys", "SendLocalListMaxLength", "LocalAuthListMaxLength"]

TTL = 600
"""Seconds that a request may wait for its station."""


def limit_requests_v16(result: Result[ocpp16.GetConfigurationRequest, object]) -> Iterator[CommandRequest]:
    yield _request(result, "GetConfiguration", encode(ocpp16.GetConfigurationRequest(key=KEYS_V16)), 0)


def limit_requests_v2(result: Result[ocpp2.GetBaseReportRequest, object]) -> Iterator[CommandRequest]:
    """The first ones, of GetVariables itself: later requests are measured by them."""
    yield _request(result, "GetVariables", encode(ocpp2.GetVariablesRequest(_LIMITS_V2[0])), 0)


def further_limit_requests_v2(result: Result[ocpp2.GetVariablesRequest, object]) -> Iterator[CommandRequest]:
    """Those after the ones that the station has answered; none after other variables."""
    for number, variables in enumerate(_LIMITS_V2[1:]):
        if result.request.get_variable_data == _LIMITS_V2[number]:
            yield _request(result, "GetVariables", encode(ocpp2.GetVariablesRequest(variables)), number + 1)


def _limits_v2() -> list[list[ocpp2.GetVariableDataType]]:
    components = dict.fromkeys((component, instance) for component, instance, _ in ITEMS.values())
    variables = [
        ocpp2.GetVariableDataType(ocpp2.ComponentType(component), ocpp2.VariableType(name, instance=instance))
        for component, instance in sorted(components, key=lambda one: one[1] != "GetVariables")
        for name in ("ItemsPerMessage", "BytesPerMessage")
    ]
    firsts = range(0, len(variables), VARIABLES_PER_REQUEST)
    return [variables[first : first + VARIABLES_PER_REQUEST] for first in firsts]


_LIMITS_V2 = _limits_v2()
"""One list for each request."""


def _request(result: Result[Any, object], action: str, body: bytes, number: int) -> CommandRequest:
    """Of several deliveries of the same result, the same requests follow."""
    key = f"{result.command_id} limits {number}"
    requested_by = Requester.system("onboarding")
    return CommandRequest(
        result.station_id, action, body, key, ttl=TTL, in_turn=True, requested_by=requested_by
    )
