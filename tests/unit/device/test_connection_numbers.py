"""Connections are numbered when they are admitted: no clock but the store's order says which is newer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.ocpp_messages.event import StationConnected, StationDisconnected
from services.device.connectivity.model import Connection
from services.device.registry.bodies import StationBody
from services.device.registry.model import Station
from services.device.security.service import Security
from services.device.service import Device

from .admission import SECRET, basic, holding, refusal
from .bus import RecordingBus
from .station import NOW, Csms, StoppedClock


async def number(device: Device, secret: str = "") -> int:
    return (await device.security.admit("CS1", basic("CS1", secret), False)).connection_number


def revoked_numbers(bus: RecordingBus) -> list[int]:
    events = [event for event in bus.events if event.action == "StationAccessRevoked"]
    return [json.loads(event.data).get("connectionNumber", 0) for event in events]


async def test_every_admission_has_a_greater_number_whatever_the_clock_does(
    device: Device, registered: Station, clock: StoppedClock
) -> None:
    numbers = []
    for hours in (0, 0, -1, 1, 0):
        clock.at = NOW + timedelta(hours=hours)
        numbers += [await number(device) for _ in range(3)]

    assert numbers == sorted(set(numbers))


async def test_admissions_at_the_same_time_get_different_numbers(device: Device, registered: Station) -> None:
    numbers = await asyncio.gather(*(number(device) for _ in range(20)))

    assert len(set(numbers)) == 20


async def test_connection_events_keep_the_number(device: Device, csms: Csms, registered: Station) -> None:
    first = await number(device)
    before = Connection(station_id="CS1", connection_id="1", connected=True, connected_at=NOW)
    newer = before.changed(connection_id="2")
    known = await device.connectivity.connection("CS1")

    ended = newer.changed(connected=False, disconnected_at=NOW)
    for changed in (known.opened(before), known.closed(ended), known.opened(newer).closed(ended)):
        assert changed.admission_number == first
    await csms.event(StationConnected(remote_address="x"), connection_id="2")
    await csms.event(StationDisconnected(code=1000), connection_id="2")

    assert await number(device) == first + 1


async def test_numbers_go_on_growing_after_the_document_was_deleted(
    device: Device, registered: Station, clock: StoppedClock
) -> None:
    before = await number(device)
    await device.connectivity.connections.delete("CS1")
    clock.at = NOW + timedelta(seconds=1)

    assert await number(device) > before


async def test_a_refused_station_leaves_no_document(device: Device) -> None:
    assert await refusal(device, "", "nobody") == 404
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
    await device.security.stations.update("CS1", lambda _: holding(SECRET, NOW))
    assert await refusal(device, "", "CS1") == 401

    for station in ("nobody", "CS1"):
        assert await device.connectivity.connections.get(station) is None


async def test_a_revocation_has_the_number_of_the_newest_connection(
    device: Device, csms: Csms, registered: Station
) -> None:
    await device.registry.revoke_access("CS1", "")
    newest = [await number(device) for _ in range(3)][-1]
    await device.registry.revoke_access("CS1", "")

    assert revoked_numbers(csms.bus) == [0, newest]


_actor: ContextVar[str] = ContextVar("actor")


class Turns:
    """Lets two actors use the store in a given order, one operation at a time."""

    def __init__(self, order: str) -> None:
        self._order = list(order)
        self._changed = asyncio.Condition()

    async def run(self, actor: str, work: Awaitable[Any]) -> Any:
        _actor.set(actor)
        try:
            return await work
        finally:
            async with self._changed:
                self._order = [each for each in self._order if each != actor]
                self._changed.notify_all()

    async def operation(self, work: Awaitable[Any]) -> Any:
        async with self._changed:
            await self._changed.wait_for(lambda: self._order[:1] in ([], [_actor.get()]))
            try:
                return await work
            finally:
                self._order = self._order[1:]
                self._changed.notify_all()


class InTurns:
    """A collection whose operations wait for their turn."""

    def __init__(self, collection: Any, turns: Turns) -> None:
        self._collection = collection
        self._turns = turns

    async def get(self, id: str) -> Any:
        return await self._turns.operation(self._collection.get(id))

    async def update(self, id: str, change: Any) -> Any:
        return await self._turns.operation(self._collection.update(id, change))

    async def delete(self, id: str) -> Any:
        return await self._turns.operation(self._collection.delete(id))


def orders(admission: int, revocation: int) -> Iterator[str]:
    """Every order of so many operations of an admission (A) and of a revocation (R)."""
    total = admission + revocation
    for positions in combinations(range(total), admission):
        yield "".join("A" if position in positions else "R" for position in range(total))


def taking_turns(device: Device, turns: Turns) -> Security:
    """As the device has it; but stations, secrets and connections are used in turns."""
    connectivity = replace(device.connectivity, connections=InTurns(device.connectivity.connections, turns))
    registry = replace(
        device.registry,
        stations=InTurns(device.registry.stations, turns),
        connectivity=connectivity,
        cleanups=[connectivity.forget],
    )
    return replace(device.security, registry=registry, connectivity=connectivity)


async def rejected(security: Security) -> None:
    body = StationBody(registration_status="Rejected")
    await security.registry.change("CS1", body, lambda known: known.changed(registration_status="Rejected"))


async def given_another_secret(security: Security) -> None:
    await security.set_secret("CS1", "another secret!!")


async def deleted(security: Security) -> None:
    await security.registry.delete("CS1")


@pytest.mark.parametrize(
    ("decision", "steps", "is_known"),
    [(rejected, 2, True), (rejected, 2, False), (given_another_secret, 3, True), (deleted, 6, True)],
)
async def test_in_whatever_order_they_happen_a_revocation_is_seen_by_the_admission_or_ends_its_connection(
    device: Device,
    csms: Csms,
    decision: Callable[[Security], Awaitable[None]],
    steps: int,
    is_known: bool,
) -> None:
    for order in orders(admission=5 if decision is given_another_secret else 3, revocation=steps):
        await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
        await device.security.stations.update("CS1", lambda _: holding(SECRET, NOW))
        await device.connectivity.connections.delete("CS1")
        if is_known:
            await number(device, SECRET)
        csms.published.clear()
        turns = Turns(order)
        security = taking_turns(device, turns)
        if decision is given_another_secret:
            security = replace(security, stations=InTurns(security.stations, turns))

        admitted, _ = await asyncio.gather(
            turns.run("A", admission_of(security)), turns.run("R", decision(security))
        )

        if admitted is not None and admitted.registration_status != "Rejected":
            assert admitted.connection_number <= revoked_numbers(csms.bus)[0], order


async def admission_of(security: Security) -> Admission | None:
    try:
        return await security.admit("CS1", basic("CS1", SECRET), False)
    except NotAdmitted:
        return None
