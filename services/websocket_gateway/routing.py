"""Where answers and commands find their gateway: on the topics of the actions, or in an inbox of its own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Protocol

from libs.csms.messaging.bus import Subscription
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import COMMAND_REQUEST_TOPICS, STATION_RESPONSE_TOPICS
from libs.ocpp_messages.event import STATION_ACCESS_REVOKED, STATION_CONNECTED


def new_gateway_id() -> str:
    return uuid.uuid4().hex[:12]


class Routing(Protocol):
    """``topics`` and ``subscriptions`` belong to this process: it makes them and deletes them."""

    gateway_id: str
    inbox: str
    """The topic for commands, empty where they go to ``<Action>Request``."""

    @property
    def topics(self) -> Sequence[str]: ...

    @property
    def subscriptions(self) -> Sequence[Subscription]: ...

    def reply_to(self, action: Action[Any, Any]) -> str:
        """The topic for the answer to a station's CALL."""
        ...


class ByAction:
    """Answers on ``<Action>Response``, commands on ``<Action>Request``; each gateway gets its own."""

    inbox = ""
    topics: Sequence[str] = ()

    def __init__(self, gateway_id: str) -> None:
        self.gateway_id = gateway_id

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        topics = sorted({*STATION_RESPONSE_TOPICS, *COMMAND_REQUEST_TOPICS})
        return [_of_gateway(self.gateway_id, topic) for topic in topics] + _news(self.gateway_id)

    def reply_to(self, action: Action[Any, Any]) -> str:
        return action.response_topic


class Inbox:
    """Answers and commands on one topic of this gateway, each delivered once: for large fleets."""

    def __init__(self, gateway_id: str) -> None:
        self.gateway_id = gateway_id
        self.inbox = f"gateway-{gateway_id}"

    @property
    def topics(self) -> Sequence[str]:
        return [self.inbox]

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        inbox = Subscription(self.inbox, self.inbox, gateway_id=self.gateway_id, temporary=True)
        return [inbox, *_news(self.gateway_id)]

    def reply_to(self, action: Action[Any, Any]) -> str:
        return self.inbox


def _of_gateway(gateway_id: str, topic: str) -> Subscription:
    return Subscription(f"gateway-{gateway_id}.{topic}", topic, gateway_id=gateway_id, temporary=True)


def _news(gateway_id: str) -> list[Subscription]:
    """For all gateways: a newer connection elsewhere ends the older one here, and so does a dismissal."""
    topics = STATION_CONNECTED.name, STATION_ACCESS_REVOKED.name
    return [Subscription(f"gateway-{gateway_id}.{topic}", topic, temporary=True) for topic in topics]
