"""Every action of every version, and the topics that carry them."""

from __future__ import annotations

from typing import Any

from . import v16, v21, v201
from .action import Action
from .version import Version

ACTIONS: dict[Version, dict[str, Action[Any, Any]]] = {
    Version.V16: v16.ACTIONS,
    Version.V201: v201.ACTIONS,
    Version.V21: v21.ACTIONS,
}

_all = [action for actions in ACTIONS.values() for action in actions.values()]

STATION_REQUEST_TOPICS = sorted({action.request_topic for action in _all if action.from_station})
"""Topics of what stations ask; answers to it go to ``STATION_RESPONSE_TOPICS``."""

STATION_RESPONSE_TOPICS = sorted({a.response_topic for a in _all if a.from_station and a.answered})

COMMAND_REQUEST_TOPICS = sorted({action.request_topic for action in _all if action.to_station})
"""Topics of what the CSMS asks of stations; what they answer goes to ``COMMAND_RESPONSE_TOPICS``."""

COMMAND_RESPONSE_TOPICS = sorted({action.response_topic for action in _all if action.to_station})
