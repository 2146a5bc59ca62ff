"""The stream of events of a running CSMS, as an integrator reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from .station import booted_station
from .system import System


async def events_of(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    """Type and data of each; comments are left out."""
    type = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            type = value
        elif name == "data":
            yield type, json.loads(value)


async def test_a_connection_and_the_frames_of_a_station_come_as_they_happen(embedded_csms: System) -> None:
    """Whoever names an event of another process is told when he misses nothing more."""
    await embedded_csms.register("STREAM-1")
    url = f"{embedded_csms.console}/events/stream?stationId=STREAM-1&lastEventId=elsewhere-1"
    async with asyncio.timeout(30), embedded_csms.http.stream("GET", url) as response:
        events = events_of(response)
        assert (await anext(events))[0] == "reload"
        async with booted_station(embedded_csms.gateways[0], "STREAM-1") as connected:
            await connected.call("Heartbeat", {})
            seen = []
            while not seen or seen[-1][1]["data"].get("action") != "Heartbeat":
                seen.append(await anext(events))
            answer = await anext(events)

    types = [type for type, _ in seen]
    assert "StationConnected" in types and "BootNotificationRequest" in types
    assert {event["stationId"] for _, event in seen} == {"STREAM-1"}
    call = seen[-1][1]["data"]
    assert (call["direction"], call["kind"]) == ("in", "call") and json.loads(call["text"])[2] == "Heartbeat"
    assert answer[1]["data"]["messageId"] == call["messageId"] and answer[1]["data"]["durationMs"] >= 0
