"""Writes ``permissions.txt``: which service publishes to which topics, and consumes which subscriptions.

Nobody writes it by hand: what a service consumes follows from its handlers, and what it publishes from the
requests that it answers and the events that it constructs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from libs.csms.messaging.pubsub.subscriptions import UNDELIVERABLE
from libs.ocpp_messages import catalogue
from libs.ocpp_messages.event import DEAD_LETTER, EVENTS
from services.device.commands.token_check import TOPIC
from services.processes import ROUTERS

FILE = Path(__file__).with_name("permissions.txt")
SERVICES = Path(__file__).parents[1] / "services"

GATEWAY = "gateway"
DEVICE = "device"
CONSOLE = "console"


def permissions() -> list[str]:
    """Lines of service, ``publisher`` or ``subscriber``, and the topic or the subscription, in order."""
    lines = {f"{service} publisher {topic}" for service, topic in _published()}
    lines |= {f"{service} subscriber {name}" for service, name in _consumed()}
    return sorted(lines)


def _published() -> Iterator[tuple[str, str]]:
    """Topics that are there for ever. The inboxes of gateways come and go, and have no permissions."""
    for topic in (*catalogue.STATION_REQUEST_TOPICS, *catalogue.COMMAND_RESPONSE_TOPICS):
        yield GATEWAY, topic
    for topic in (*catalogue.COMMAND_REQUEST_TOPICS, TOPIC):
        yield DEVICE, topic
    for router in ROUTERS:
        for subscription in router.subscriptions:
            yield DEVICE, subscription.topic  # where it puts dead letters back
        requests = {one.topic for one in router.subscriptions} & {*catalogue.STATION_REQUEST_TOPICS}
        for topic in requests:
            answers = f"{topic.removesuffix('Request')}Response"
            if answers in catalogue.STATION_RESPONSE_TOPICS:
                yield router.service, answers
    for service, folder in (
        (GATEWAY, "websocket_gateway"),
        (CONSOLE, "console"),
        *((router.service, router.service) for router in ROUTERS),
    ):
        yield service, DEAD_LETTER.name
        for event in _events_of(SERVICES / folder):
            yield service, event


def _consumed() -> Iterator[tuple[str, str]]:
    """Subscriptions that are there for ever. Those that a process makes for itself it may consume anyway."""
    for router in ROUTERS:
        for subscription in router.subscriptions:
            yield router.service, subscription.name
    yield DEVICE, UNDELIVERABLE.name


def _events_of(folder: Path) -> set[str]:
    """The events that the code in this folder constructs."""
    names = {event.name for event in EVENTS}
    return {
        node.func.id
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }


def text() -> str:
    return "\n".join(permissions()) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
