"""A gateway tells now and then which of its stations have sent something, and nothing for each message."""

from __future__ import annotations

import pytest

from libs.ocpp_messages.event import STATIONS_SEEN
from services.websocket_gateway import presence
from services.websocket_gateway.context import GatewayLimits

from .fake_csms import CURRENT_TIME, Tap, fake_csms, result

LIMITS = GatewayLimits(seen_interval=0.05)


async def next_seen(tap: Tap) -> set[str]:
    """The stations of the next event."""
    message = await tap.next()
    assert (message.station_id, message.gateway_id) == ("", "gw0")
    seconds_ago = STATIONS_SEEN.decode(message.data).seconds_ago
    assert all(seconds >= 0 for seconds in seconds_ago.values())
    return set(seconds_ago)


async def test_stations_that_sent_something_are_named_and_silent_ones_are_not() -> None:
    async with fake_csms(limits=LIMITS) as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        tap = await csms.tap("StationsSeen")
        speaks, _silent = csms.station("CS1"), csms.station("CS2")
        for number in range(2):
            speaks.sends(2, f"h{number}", "Heartbeat", {})
            await speaks.receives()
            assert await next_seen(tap) == {"CS1"}


async def test_an_answer_to_a_command_counts_too() -> None:
    async with fake_csms(limits=LIMITS) as csms:
        connected, tap = await csms.tap("StationConnected"), await csms.tap("StationsSeen")
        station = csms.station("CS1")
        await csms.command(await connected.next(), "ClearCache", {})
        [_, id, *_] = await station.receives()
        station.sends(3, id, {"status": "Accepted"})

        assert await next_seen(tap) == {"CS1"}


async def test_many_stations_are_named_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MAX_STATIONS_PER_EVENT", 2)
    async with fake_csms(limits=GatewayLimits(seen_interval=0.1)) as csms:
        tap = await csms.tap("StationsSeen")
        for number in range(5):
            csms.station(f"CS{number}").sends_text("no frame at all")

        found: set[str] = set()
        while len(found) < 5:
            part = await next_seen(tap)
            assert 0 < len(part) <= 2
            found |= part
    assert found == {f"CS{number}" for number in range(5)}
