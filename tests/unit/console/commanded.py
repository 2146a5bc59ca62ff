"""A station that is connected and answers commands, as the device service sees it over the bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from libs.csms.clock import rfc3339, utc_now
from libs.csms.messaging.bus import Subscription
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.app import router
from services.device.commands.delivery import receive_ends
from services.device.commands.scheduler import keep_scheduling
from services.device.connectivity.model import Connection
from services.device.registry.model import Station

from .conftest import Console

Answers = Mapping[str, Any]
"""What the station answers, by action; a ``CallError`` is one."""


async def connect(console: Console, id: str, version: Version, **station: Any) -> None:
    at = utc_now()
    known = Station(id=id, last_boot=at, accepted_at=at, **station)
    await console.devices.registry.stations.update(id, lambda _: known)
    connection = Connection(
        station_id=id,
        connection_id="1",
        gateway_id="g1",
        ocpp_version=version,
        connected=True,
        connected_at=at,
    )
    await console.devices.connectivity.connections.update(id, lambda _: connection)
    console.app.state.fleet.forget()


class Commanded:
    """Of all stations at once. ``payloads`` are those that reached them, in their order."""

    def __init__(self, console: Console, answers: Answers) -> None:
        self.console = console
        self.answers = answers
        self.payloads: list[Any] = []

    async def take(self, command: Message) -> None:
        self.payloads.append(json.loads(command.data))
        now = rfc3339(utc_now())
        found = self.answers[command.action]
        if callable(found):
            found = found(command.station_id)
        if isinstance(found, CallError):
            answer = msgspec.structs.replace(command.error(found, now), command_sent_at=now)
        else:
            answer = msgspec.structs.replace(
                command,
                kind=Kind.RESULT,
                data=json.dumps(found).encode(),
                reply_to="",
                command_sent_at=now,
                sent_at=now,
            )
        devices = self.console.devices
        await router.handle(answer, self.console.bus, devices, devices.clock)


@asynccontextmanager
async def answering(console: Console, **answers: Any) -> AsyncIterator[Commanded]:
    """While the block lasts, stations answer so; and the device service looks after its commands."""
    station = Commanded(console, answers)
    loops = [receive_ends(console.devices.commands), keep_scheduling(console.devices.commands)]
    for action in answers:
        subscription = Subscription(f"test.{action}", f"{action}Request")
        await console.bus.create_subscription(subscription)
        loops.append(console.bus.consume(subscription, station.take))
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield station
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


REFUSED = CallError(ErrorCode.NOT_SUPPORTED, "no such thing here", {})
