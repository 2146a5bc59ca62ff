"""What gateways refused is shown, in a bounded number; and devices that share an identity are damped."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from libs.csms.clients.admission import HttpAdmission, NotAdmitted
from libs.ocpp_messages.event import (
    ConnectionRefused,
    RefusalReason,
    StationConnected,
    StationDisconnected,
)
from services.device.connectivity.attempts import MAX_ATTEMPTS
from services.device.registry.model import Station
from services.device.service import Device

from .station import Csms, StoppedClock, after

UNKNOWN, WRONG = RefusalReason.UNKNOWN_STATION, RefusalReason.WRONG_SECRET


async def refused(
    csms: Csms, station_id: str, at: float = 0, reason: RefusalReason = UNKNOWN, **fields: Any
) -> None:
    event = ConnectionRefused(
        reason=reason, detail="because", remote_address="192.0.2.1:1", subprotocols=["ocpp1.6"], **fields
    )
    await csms.event(event, station_id=station_id, at=after(at), connection_id="")


async def shown(client: httpx.AsyncClient, **parameters: Any) -> list[Any]:
    answer = await client.get("/connectionattempts", params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_an_unknown_station_is_shown_and_can_be_registered(
    csms: Csms, client: httpx.AsyncClient, device: Device
) -> None:
    await refused(csms, "CS1")
    [attempt] = await shown(client)

    assert attempt == {
        "stationId": "CS1",
        "reason": "unknownStation",
        "detail": "because",
        "remoteAddress": "192.0.2.1:1",
        "subprotocols": ["ocpp1.6"],
        "count": 1,
        "firstAt": "2026-11-20T12:00:00.000Z",
        "lastAt": "2026-11-20T12:00:00.000Z",
    }
    body = {"id": attempt["stationId"], "defaultVersion": attempt["subprotocols"][0]}
    assert (await client.post("/chargingstations", json=body)).status_code == 201
    assert (await device.security.admit("CS1", "", False)).registration_status == "Pending"


async def test_the_newest_are_first_and_can_be_filtered_and_paged(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    await refused(csms, "CS1", 1)
    await refused(csms, "CS2", 3)
    await refused(csms, "CS1", 2, WRONG)
    await refused(csms, "", 4, RefusalReason.WRONG_PATH, path="/wrong")

    def names(items: list[Any]) -> list[tuple[str, str]]:
        return [(one.get("stationId", one.get("path")), one["reason"]) for one in items]

    newest_first = [
        ("/wrong", "wrongPath"),
        ("CS2", "unknownStation"),
        ("CS1", "wrongSecret"),
        ("CS1", "unknownStation"),
    ]
    assert names(await shown(client)) == newest_first
    assert names(await shown(client, stationId="CS1")) == newest_first[2:]
    assert names(await shown(client, reason="unknownStation")) == [newest_first[1], newest_first[3]]
    assert names(await shown(client, stationId="CS1", reason="wrongSecret")) == [newest_first[2]]
    first = (await client.get("/connectionattempts", params={"pageSize": 3})).json()
    rest = await shown(client, pageSize=3, pageToken=first["nextPageToken"])
    assert names(first["items"]) + names(rest) == newest_first
    assert (await client.get("/connectionattempts?reason=other")).status_code == 422


async def test_what_comes_twice_or_late_changes_nothing(csms: Csms, client: httpx.AsyncClient) -> None:
    await refused(csms, "CS1", 0, count=1)
    await refused(csms, "CS1", 60, count=20)
    before = await shown(client)
    await refused(csms, "CS1", 60, count=20)
    await refused(csms, "CS1", 30, count=5)

    [attempt] = await shown(client)
    assert [attempt] == before
    assert (attempt["count"], attempt["firstAt"][11:19], attempt["lastAt"][11:19]) == (
        21,
        "12:00:00",
        "12:01:00",
    )


async def test_however_many_identities_are_tried_the_documents_are_bounded(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    for number in range(3 * MAX_ATTEMPTS):
        await refused(csms, f"X{number}", number / 1000)
    await refused(csms, "CS1", 100)

    found = await shown(client, pageSize=1000)
    assert len(found) <= MAX_ATTEMPTS
    assert found[0]["stationId"] == "CS1"
    assert (await shown(client, stationId="CS1"))[0]["count"] == 1


class Two:
    """Two devices with one identity: each connects as soon as it is thrown out."""

    def __init__(self, csms: Csms, clock: StoppedClock) -> None:
        self.csms = csms
        self.clock = clock
        self.open = ""

    async def connects(self, at: float) -> NotAdmitted | None:
        self.clock.at = after(at)
        try:
            admission = await self.csms.device.security.admit("CS1", "", False)
        except NotAdmitted as refusal:
            return refusal
        before, self.open = self.open, f"{admission.connection_number:013x}-0"
        await self.csms.event(StationConnected(), connection_id=self.open, at=self.clock.at)
        if before:
            await self.csms.event(StationDisconnected(code=1008), connection_id=before, at=self.clock.at)
        return None

    async def leaves(self, at: float) -> None:
        self.clock.at = after(at)
        await self.csms.event(StationDisconnected(code=1006), connection_id=self.open, at=self.clock.at)


async def test_of_two_devices_that_end_each_other_s_connections_the_third_connection_waits(
    csms: Csms, clock: StoppedClock, registered: Station
) -> None:
    two = Two(csms, clock)
    outcomes = [await two.connects(second) for second in range(40)]

    admitted = [second for second, refusal in enumerate(outcomes) if refusal is None]
    assert admitted == [0, 1, 11, 21, 31]
    third = outcomes[2]
    assert third is not None
    assert (third.status, third.reason, third.retry_after) == (503, "tooManyConnections", 9)


async def test_a_station_that_lost_its_network_again_waits_no_longer_than_that(
    csms: Csms, clock: StoppedClock, registered: Station
) -> None:
    """Its earlier connections are half open: nobody has noticed that they are dead."""
    station = Two(csms, clock)
    outcomes = [await station.connects(second) is None for second in (0, 3, 6, 7, 12)]
    assert outcomes == [True, True, False, False, False]
    assert await station.connects(13) is None


async def test_a_station_that_has_left_may_come_back_at_once(
    csms: Csms, clock: StoppedClock, registered: Station
) -> None:
    station = Two(csms, clock)
    for second in range(5):
        assert await station.connects(second) is None
        await station.leaves(second + 0.5)


async def test_a_connection_that_has_ended_no_other_may_be_ended_at_once(
    csms: Csms, clock: StoppedClock, registered: Station
) -> None:
    station = Two(csms, clock)
    await station.connects(0)
    await station.leaves(1)
    station.open = ""
    assert [await station.connects(second) is None for second in (2, 3, 4)] == [True, True, False]


async def test_a_clock_that_goes_back_locks_nobody_out(
    csms: Csms, clock: StoppedClock, registered: Station
) -> None:
    two = Two(csms, clock)
    for second in (7200, 7201, 0):
        assert await two.connects(second) is None


async def test_the_wait_reaches_a_gateway_in_another_process(
    csms: Csms, clock: StoppedClock, client: httpx.AsyncClient, registered: Station
) -> None:
    two = Two(csms, clock)
    for second in (0, 1):
        await two.connects(second)

    with pytest.raises(NotAdmitted) as refused:
        await HttpAdmission(client).admit("CS1", "", False)
    assert (refused.value.status, refused.value.reason, refused.value.retry_after) == (
        503,
        "tooManyConnections",
        10,
    )
