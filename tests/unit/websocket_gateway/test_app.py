"""The gateway as a service."""

from __future__ import annotations

from socket import create_server
from typing import Literal

import pytest

from libs.csms.clock import utc_now
from libs.csms.lifespan import running
from libs.csms.settings import Settings
from services.websocket_gateway.app import gateway_service

from .fake_csms import TOPICS, BrokenBus
from .listening_gateway import everybody


@pytest.mark.parametrize(("routing", "least"), [("action", 100), ("inbox", 2)])
async def test_the_service_runs_until_cancelled(routing: Literal["action", "inbox"], least: int) -> None:
    bus = BrokenBus()
    for topic in TOPICS:
        await bus.create_topic(topic)
    service = gateway_service(Settings(gateway_routing=routing), bus, everybody, utc_now)

    with create_server(("127.0.0.1", 0)) as listener:
        async with running(service, listener):
            assert len(bus._queues) >= least

    assert service.name == "gateway"
    assert not service.subscriptions
    assert not bus._queues
