"""The gateway as a service."""

from __future__ import annotations

from socket import create_server
from typing import Literal

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

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
    settings = Settings(gateway_routing=routing, gateway_paths="/ocpp/,/")
    service = gateway_service(settings, bus, everybody, utc_now)

    with create_server(("127.0.0.1", 0)) as listener:
        async with running(service, listener):
            assert len(bus._queues) >= least
            for path in ("/ocpp/CS1", "/CS1"):
                url = f"ws://127.0.0.1:{listener.getsockname()[1]}{path}"
                async with connect(url, subprotocols=[Subprotocol("ocpp1.6")]) as station:
                    assert station.subprotocol == "ocpp1.6"

    assert service.name == "gateway"
    assert not service.subscriptions
    assert not bus._queues
