"""How answers and commands reach their gateway: on the topics of the actions, or in an inbox of its own."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from libs.csms.messaging.gateway_topics import GatewayTopics, action_topics_of, inbox_of, inbox_topics_of
from libs.ocpp_messages.action import Action


def new_gateway_id() -> str:
    return uuid.uuid4().hex[:12]


class Routing(Protocol):
    gateway_id: str
    inbox: str
    """The topic for commands, empty where they go to ``<Action>Request``."""
    topics: GatewayTopics
    """What this gateway creates on the bus, and deletes."""

    def reply_to(self, action: Action[Any, Any]) -> str:
        """The topic for the answer to a station's CALL."""
        ...


class ByAction:
    """Answers on ``<Action>Response``, commands on ``<Action>Request``, through filtered subscriptions."""

    inbox = ""

    def __init__(self, gateway_id: str) -> None:
        self.gateway_id = gateway_id
        self.topics = action_topics_of(gateway_id)

    def reply_to(self, action: Action[Any, Any]) -> str:
        return action.response_topic


class Inbox:
    """Answers and commands on one topic of this gateway, each delivered once: for large fleets."""

    def __init__(self, gateway_id: str) -> None:
        self.gateway_id = gateway_id
        self.inbox = inbox_of(gateway_id)
        self.topics = inbox_topics_of(gateway_id)

    def reply_to(self, action: Action[Any, Any]) -> str:
        return self.inbox
