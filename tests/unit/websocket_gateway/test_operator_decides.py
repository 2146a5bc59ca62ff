"""The operator decides whether a station may operate, and its open connection learns of it."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest

from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from services.websocket_gateway.registration import Registration
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, WAIT_TIMEOUT, Station, fake_csms, result, until

EVENT: dict[str, Any] = {
    "eventType": "Ended",
    "timestamp": "2026-11-20T12:00:00Z",
    "triggerReason": "EVDeparted",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "T1"},
}


async def decide(bus: EmbeddedBus, status: str, number: int, station_id: str = "CS1") -> None:
    message = Message(
        data=json.dumps({"status": status, "number": number}).encode(),
        message_id="d1",
        station_id=station_id,
        action="RegistrationStatusChanged",
        kind=Kind.EVENT,
        sent_at="2026-11-20T12:00:00.000Z",
        origin=Direction.FROM_STATION,
    )
    await bus.publish("RegistrationStatusChanged", message)


async def is_answered_by(station: Station, kind: int) -> None:
    """Wait until a Heartbeat gets a CALLRESULT (3) or a CALLERROR (4)."""
    async with asyncio.timeout(WAIT_TIMEOUT):
        for number in itertools.count():
            station.sends(2, f"h{number}", "Heartbeat", {})
            if (await station.receives())[0] == kind:
                return


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_an_open_connection_is_pending_and_accepted_without_a_boot(
    routing: type[ByAction | Inbox],
) -> None:
    async with fake_csms(routing, routing) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await csms.service("TransactionEventRequest", result({}))
        station, other = csms.station("CS1", gateway=1), csms.station("CS2", gateway=1)

        await decide(csms.bus, "Pending", 1)
        await is_answered_by(station, 4)
        station.sends(2, "e1", "TransactionEvent", EVENT)
        assert await station.receives() == [3, "e1", {}]
        await is_answered_by(other, 3)

        await decide(csms.bus, "Accepted", 2)
        await is_answered_by(station, 3)
        await decide(csms.bus, "Pending", 1)
        await decide(csms.bus, "Pending", 9, "CS2")
        await is_answered_by(other, 4)
        await is_answered_by(station, 3)
        assert station.closed is None


async def test_a_station_that_was_never_accepted_may_not_send_transactions() -> None:
    async with fake_csms() as csms:
        station = csms.station(status="Pending")
        station.sends(2, "e1", "TransactionEvent", EVENT)

        assert (await station.receives())[:3] == [4, "e1", "SecurityError"]


@pytest.mark.parametrize(("number", "kind"), [(4, 3), (5, 3), (6, 4)])
async def test_a_decision_during_the_handshake_counts_for_its_connection_unless_admission_knew_it(
    number: int, kind: int
) -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        fence = csms.gateways[0].fences.of("CS1")
        await decide(csms.bus, "Pending", number)
        await until(lambda: fence.decision is not None)

        station = csms.station(fence=fence, registration=Registration("Accepted", decision_number=5))

        station.sends(2, "1", "Heartbeat", {})
        assert (await station.receives())[0] == kind
