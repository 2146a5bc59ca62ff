"""What an address gets at the gateway that connects too often or guesses, and a station that is too fast."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import logging
from base64 import b64encode
from contextlib import AsyncExitStack
from ipaddress import ip_network

import pytest
from websockets.server import ServerProtocol

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.proxies import TrustedProxies
from libs.ocpp_messages.event import RefusalReason
from services.websocket_gateway import address_limits
from services.websocket_gateway.address_limits import AddressLimits
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.negotiation import Refused
from services.websocket_gateway.station_socket import StationSocket
from tests.unit.websocket_gateway.fake_csms import CURRENT_TIME, WAIT_TIMEOUT, result, silence, until
from tests.unit.websocket_gateway.listening_gateway import (
    UPGRADE,
    ListeningGateway,
    admission,
    everybody,
    listening_gateway,
)

HERE, ELSEWHERE = "127.0.0.2", "127.0.0.3"
SITE = "192.0.2.1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Door:
    """The device service, which knows the secret of every station, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def admit(self, station_id: str, authorization: str, tls: bool) -> Admission:
        self.asked += 1
        if authorization != basic(station_id, "right"):
            raise NotAdmitted(401, "wrong or missing credentials", RefusalReason.WRONG_SECRET)
        return admission()


def basic(station_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{station_id}:{secret}".encode()).decode()


async def status(
    gateway: ListeningGateway, address: str, station_id: str, secret: str | None, forwarded_for: str = ""
) -> tuple[int, str]:
    """Of a handshake from that address, with its Retry-After."""
    headers = UPGRADE | ({} if secret is None else {"Authorization": basic(station_id, secret)})
    if forwarded_for:
        headers |= {"X-Forwarded-For": forwarded_for}
    lines = [f"GET /ocpp/{station_id} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.number, local_addr=(address, 0))
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    async with asyncio.timeout(WAIT_TIMEOUT):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    found = [line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("retry-after")]
    return int(head.split()[1]), "".join(found)


@pytest.fixture(autouse=True)
def slowed_down(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One for each time that somebody who guesses had to wait: in these tests, not really."""
    times: list[None] = []

    async def at_once() -> None:
        times.append(None)

    monkeypatch.setattr(address_limits, "slow_down", at_once)
    return times


async def test_a_refused_connection_leaves_nothing_to_the_collector(caplog: pytest.LogCaptureFixture) -> None:
    """Or else whoever guesses makes it search for garbage, which stops every station for as long."""
    caplog.set_level(logging.ERROR)  # pytest keeps what is logged, with the exceptions in it

    def remain() -> bool:
        return any(type(each) in (StationSocket, ServerProtocol) for each in gc.get_objects())

    async with listening_gateway(Door().admit) as gateway:
        gc.collect()
        gc.disable()
        try:
            assert (await status(gateway, HERE, "CS1", "wrong"))[0] == 401
            assert (await status(gateway, HERE, "CS1", None))[0] == 401
            await until(lambda: not remain())
        finally:
            gc.enable()


async def test_whoever_guesses_secrets_is_told_to_wait_and_the_device_service_is_not_asked(
    slowed_down: list[None],
) -> None:
    door = Door()
    async with listening_gateway(door.admit) as gateway:
        refused = await gateway.service("ConnectionRefused", silence)
        guesses = [await status(gateway, HERE, "CS1", f"guess {number}") for number in range(20)]

        assert [code for code, _ in guesses] == [401] * 10 + [429] * 10
        assert door.asked == 10
        assert len(slowed_down) == 10
        assert (await status(gateway, HERE, "CS1", "right"))[0] == 429
        assert int(guesses[-1][1]) >= 1
        assert await status(gateway, ELSEWHERE, "CS1", "right") == (101, "")
        reasons = {json.loads((await refused.next()).data)["reason"] for _ in range(2)}
        assert reasons == {"wrongSecret", "tooManyAttempts"}


async def test_one_station_that_has_a_wrong_secret_is_not_in_the_way_of_the_others_of_its_site() -> None:
    door = Door()
    async with listening_gateway(door.admit) as gateway:
        assert (await status(gateway, HERE, "CS2", "right"))[0] == 101
        for _ in range(20):
            await status(gateway, HERE, "CS1", "wrong")

        assert (await status(gateway, HERE, "CS2", "right"))[0] == 101


async def test_clients_of_a_trusted_proxy_have_limits_of_their_own() -> None:
    door = Door()
    async with listening_gateway(
        door.admit, proxies=TrustedProxies((ip_network("127.0.0.1/32"),))
    ) as gateway:

        async def guesses(peer: str, id: str) -> list[int]:
            each = [f"192.0.2.{number}" for number in range(15)]
            return [(await status(gateway, peer, id, "wrong", client))[0] for client in each]

        assert await guesses("127.0.0.1", "CS1") == [401] * 15
        assert await guesses(HERE, "CS2") == [401] * 10 + [429] * 5


async def test_whoever_tries_unknown_stations_learns_nothing_by_the_limit_either() -> None:
    async def nobody(station_id: str, authorization: str, tls: bool) -> Admission:
        raise NotAdmitted(404, "unknown station", RefusalReason.UNKNOWN_STATION)

    limits = GatewayLimits(failed_logins_per_minute=1)
    async with listening_gateway(nobody, limits=limits, tells_unknown_stations=False) as gateway:
        statuses = [(await status(gateway, HERE, f"CS{number}", "guess"))[0] for number in range(15)]

        assert statuses == [401] * 10 + [429] * 5


async def test_a_station_that_shows_no_secret_guesses_none() -> None:
    door = Door()
    async with listening_gateway(door.admit) as gateway:
        statuses = [(await status(gateway, HERE, "CS1", None))[0] for _ in range(30)]

        assert statuses == [401] * 30


async def test_an_address_that_connects_too_often_is_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address_limits, "is_loopback", lambda address: False)
    async with listening_gateway(limits=GatewayLimits(connections_per_address=3)) as gateway:
        answers = [await status(gateway, HERE, f"CS{number}", None) for number in range(4)]

        assert [code for code, _ in answers] == [101, 101, 101, 429]
        assert int(answers[3][1]) >= 1
        assert (await gateway.get("/healthz"))[0] == 200
        assert (await status(gateway, ELSEWHERE, "CS9", None))[0] == 101


async def test_an_address_has_so_many_connections_and_a_new_one_for_each_that_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(address_limits, "is_loopback", lambda address: False)
    monkeypatch.setattr(address_limits, "ATTEMPTS_PER_CONNECTION", 10**6)
    async with (
        listening_gateway(limits=GatewayLimits(connections_per_address=2)) as gateway,
        AsyncExitStack() as stack,
    ):
        gone = await gateway.service("StationDisconnected", silence)
        first, _ = [await stack.enter_async_context(gateway.connect(f"CS{number}")) for number in range(2)]
        open_ = gateway.server._addresses._open
        await until(lambda: open_.total() == 2)

        assert await status(gateway, "127.0.0.1", "CS3", None) == (429, "60")
        assert (await status(gateway, ELSEWHERE, "CS4", None))[0] == 101
        await first.close()
        await gone.next()
        await until(lambda: open_["127.0.0.1"] == 1)
        assert (await status(gateway, "127.0.0.1", "CS3", None))[0] == 101


def test_simulated_stations_on_this_machine_connect_as_they_like() -> None:
    limits = AddressLimits(GatewayLimits(connections_per_address=1))

    for address in itertools.islice(itertools.cycle(["127.0.0.1", "::1"]), 100):
        limits.check_attempt(address)


def test_a_site_behind_nat_comes_back_as_a_whole_and_then_by_and_by() -> None:
    clock = Clock()
    limits = AddressLimits(GatewayLimits(connections_per_address=1000), clock)

    def admitted(tries: int) -> int:
        count = 0
        for _ in range(tries):
            try:
                limits.check_attempt(SITE)
            except Refused as refused:
                assert (refused.status, refused.headers) == (429, {"Retry-After": "1"})
            else:
                count += 1
        return count

    assert admitted(1500) == 1000
    clock.now += 1
    assert admitted(1500) == 100


async def test_a_station_that_sends_too_fast_is_read_slowly_and_nothing_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rate, sent = 2, 23
    async with listening_gateway(everybody, GatewayLimits(frames_per_second=rate)) as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect() as station, asyncio.timeout(WAIT_TIMEOUT):
            clock = asyncio.get_running_loop().time
            begun = clock()

            async def send() -> None:
                for number in range(sent):
                    await station.send(f'[2,"{number}","Heartbeat",{{}}]')

            sending = asyncio.create_task(send())
            answers = [json.loads(await station.recv()) for _ in range(sent)]
            await sending

            assert answers == [[3, str(number), CURRENT_TIME] for number in range(sent)]
            assert clock() - begun >= (sent - 10 * rate) / rate * 0.9
    [line] = [one.getMessage() for one in caplog.records if "frames a second" in one.getMessage()]
    assert line == "station CS1: sends more than 2 frames a second"
