"""A station that loses its access loses its connection, and keeps the one that it makes after that."""

from __future__ import annotations

import gc
import json

import pytest

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from services.websocket_gateway.connection import Fence
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, FakeCsms, fake_csms, result, silence
from .listening_gateway import UPGRADE, admission, closed, listening_gateway

REVOKED = 1008, "the charging station has been deleted"
LONG_AGO, FAR_AHEAD = "1970-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"


async def revoke(bus: EmbeddedBus, number: int, station_id: str = "CS1", sent_at: str = LONG_AGO) -> None:
    """For the connections up to the one with this number."""
    message = Message(
        data=json.dumps({"reason": REVOKED[1], "connectionNumber": number}).encode(),
        message_id="d1",
        station_id=station_id,
        action="StationAccessRevoked",
        kind=Kind.EVENT,
        sent_at=sent_at,
        origin=Direction.FROM_STATION,
    )
    await bus.publish("StationAccessRevoked", message)


async def heard(csms: FakeCsms, number: int, sent_at: str = LONG_AGO) -> None:
    """As ``revoke``. Returns when gateway 0 has heard of it."""
    marker = csms.station("marker")
    await revoke(csms.bus, number, sent_at=sent_at)
    await revoke(csms.bus, 10**6, "marker")
    await marker.ends()


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_it_loses_its_connection_on_whatever_gateway(routing: type[ByAction | Inbox]) -> None:
    async with fake_csms(routing, routing) as csms:
        connected, gone = await csms.tap("StationConnected"), await csms.tap("StationDisconnected")
        one, other = csms.station("CS1", gateway=1, number=5), csms.station("CS2", gateway=1, number=5)
        ids = [(await connected.next()).connection_id for _ in range(2)]

        await revoke(csms.bus, 5)

        left = await gone.next()
        assert one.closed == REVOKED
        assert left.connection_id in ids and left.station_id == "CS1"
        assert json.loads(left.data) == {"code": 1008, "reason": REVOKED[1]}
        assert other.closed is None


@pytest.mark.parametrize("sent_at", [LONG_AGO, FAR_AHEAD])
@pytest.mark.parametrize(("number", "stays"), [(4, False), (5, False), (6, True)])
async def test_the_number_of_a_connection_tells_whether_it_ends_whatever_the_clocks_say(
    number: int, stays: bool, sent_at: str
) -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        connected = await csms.tap("StationConnected")
        station = csms.station(number=number)
        await connected.next()

        await heard(csms, 5, sent_at)

        assert station.closed == (None if stays else REVOKED)
        if stays:
            station.sends(2, "1", "Heartbeat", {})
            assert await station.receives() == [3, "1", CURRENT_TIME]


@pytest.mark.parametrize(("number", "stays"), [(4, False), (5, False), (6, True)])
async def test_one_that_was_admitted_just_before_and_begins_just_after_ends_at_once(
    number: int, stays: bool
) -> None:
    async with fake_csms() as csms:
        fence = csms.gateways[0].fences.of("CS1")
        await heard(csms, 5)
        await heard(csms, 3)

        connected = await csms.tap("StationConnected")
        station = csms.station(number=number, fence=fence)

        await connected.next()
        assert station.closed == (None if stays else REVOKED)


async def test_what_was_revoked_during_its_admission_closes_a_socket() -> None:
    bus: list[EmbeddedBus] = []

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        granted = admission()
        if station_id == "CS1":
            await revoke(bus[0], granted.connection_number)
        return granted

    async with listening_gateway(admit) as gateway:
        bus.append(gateway.bus)
        gone = await gateway.service("StationDisconnected", silence)
        async with gateway.connect() as station:
            assert await closed(station) == REVOKED
            assert json.loads((await gone.next()).data) == {"code": 1008, "reason": REVOKED[1]}


async def test_a_socket_is_closed_with_the_reason_and_the_next_one_stays() -> None:
    async with listening_gateway() as gateway:
        beats = await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect() as station:
            await station.send('[2, "1", "Heartbeat", {}]')
            beat = await beats.next()
            number = int(beat.connection_id.partition("-")[0], 16)

            await revoke(gateway.bus, number)

            assert await closed(station) == REVOKED
        async with gateway.connect() as station:
            await revoke(gateway.bus, number, sent_at=FAR_AHEAD)
            await station.send('[2, "1", "Heartbeat", {}]')
            assert json.loads(await station.recv()) == [3, "1", CURRENT_TIME]


async def test_a_gateway_remembers_revocations_only_for_stations_that_are_in_a_handshake() -> None:
    async with fake_csms() as csms:
        fences = csms.gateways[0].fences
        kept = fences.of("CS1")
        connected = await csms.tap("StationConnected")
        csms.station("CS2", number=1)
        await connected.next()

        for number in range(100):
            await revoke(csms.bus, number, f"CS{number}")
        await heard(csms, 1)

        assert isinstance(kept, Fence) and fences.of("CS1") is kept
        assert set(fences._by_station) == {"CS1"}


async def test_a_socket_keeps_no_fence_after_its_handshake(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR")  # pytest would keep the refusal, and so all that was known where it was raised

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        assert set(fences) == {station_id}
        if station_id == "CS2":
            raise NotAdmitted(401, "wrong credentials")
        return admission()

    gc.freeze()  # what earlier tests have left need not be looked at
    async with listening_gateway(admit) as gateway:
        fences = gateway.server._gateway.fences._by_station
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect("CS1") as station:
            await station.send('[2, "1", "Heartbeat", {}]')
            await station.recv()
            gc.collect()
            assert not set(fences)

            assert (await gateway.get("/ocpp/CS2", UPGRADE))[0] == 401
            gc.collect()
            assert not set(fences)
