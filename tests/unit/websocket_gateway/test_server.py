"""The life of the port and its sockets: take-over, shutdown, and what hostile peers try."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from libs.csms.clients.admission import Admission
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import CURRENT_TIME, WAIT_TIMEOUT, result, silence, until
from .listening_gateway import UPGRADE, ListeningGateway, admission, closed, listening_gateway

HEARTBEAT = '[2,"1","Heartbeat",{}]'


async def alive(station: ClientConnection) -> bool:
    await station.send(HEARTBEAT)
    async with asyncio.timeout(WAIT_TIMEOUT):
        return json.loads(await station.recv()) == [3, "1", CURRENT_TIME]


async def test_the_newer_socket_stays_and_the_older_is_closed() -> None:
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        gone = await gateway.service("StationDisconnected", silence)
        async with gateway.connect() as old, gateway.connect() as new:
            assert await closed(old) == (1008, "replaced by a newer connection of the station")
            event = await gone.next()

            assert json.loads(event.data)["code"] == 1008
            assert await alive(new)


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_at_shutdown_calls_are_answered_sockets_closed_and_subscriptions_deleted(
    routing: type[ByAction | Inbox],
) -> None:
    async with listening_gateway(routing=routing) as gateway:
        calls = await gateway.service("HeartbeatRequest", silence)
        async with gateway.connect("CS1") as busy, gateway.connect("CS2") as idle:
            await busy.send(HEARTBEAT)
            call = await calls.next()

            stopping = asyncio.create_task(gateway.stop())
            await until(lambda: gateway.process.cancelling() > 0)
            assert (await gateway.get("/readyz"))[0] == 503
            assert (await gateway.get("/ocpp/CS3", UPGRADE))[0] == 503
            await gateway.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)
            await stopping

            assert json.loads(await busy.recv()) == [3, "1", CURRENT_TIME]
            assert await closed(busy) == await closed(idle) == (1012, "the CSMS is restarting")
        assert gateway.bus.published.count("StationDisconnected") == 2
        assert set(gateway.bus._queues) == {"test.HeartbeatRequest"}
        assert "gateway-gw0" not in gateway.bus._topics


async def test_who_is_admitted_while_the_gateway_stops_is_refused() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        if station_id == "late":
            asked.set()
            await answer.wait()
        return admission()

    async with listening_gateway(admit) as gateway:
        calls = await gateway.service("HeartbeatRequest", silence)
        async with gateway.connect("busy") as busy:
            await busy.send(HEARTBEAT)
            call = await calls.next()
            late = asyncio.create_task(gateway.get("/ocpp/late", UPGRADE))
            await asked.wait()

            stopping = asyncio.create_task(gateway.stop())
            await until(lambda: gateway.process.cancelling() > 0)
            answer.set()

            status, headers, text = await late
            assert (status, text) == (503, "the CSMS is starting or stopping\n")
            assert headers["retry-after"]
            await gateway.bus.publish(call.reply_to, result(CURRENT_TIME)(call) or call)
            await stopping


async def test_a_call_that_nobody_answers_delays_the_shutdown_only_so_long() -> None:
    async with listening_gateway(limits=GatewayLimits(drain_timeout=0.1, publish_timeout=0.2)) as gateway:
        calls = await gateway.service("HeartbeatRequest", silence)
        async with gateway.connect() as station:
            await station.send(HEARTBEAT)
            await calls.next()

            await gateway.stop()

            assert await closed(station) == (1012, "the CSMS is restarting")


async def test_the_shutdown_waits_for_no_peer_that_does_not_play_along() -> None:
    limits = GatewayLimits(close_timeout=0.2, drain_timeout=0.1, publish_timeout=0.2, write_buffer_bytes=1024)
    async with listening_gateway(limits=limits) as gateway:
        await gateway.service("DataTransferRequest", result({"status": "Accepted", "data": "x" * 100_000}))
        deaf = await _deaf(gateway)
        slow = socket.create_connection(("127.0.0.1", gateway.number))
        slow.send(b"GET /ocpp/CS9 HTTP/1.1\r\n")
        assert (await gateway.get("/healthz"))[0] == 200  # so that the one before has been accepted

        await gateway.stop()

        slow.close()
        deaf.close()
        assert gateway.process.done()


async def _deaf(gateway: ListeningGateway, calls: int = 200) -> socket.socket:
    """A station that asks for much and reads nothing."""
    raw = socket.create_connection(("127.0.0.1", gateway.number))
    lines = ["GET /ocpp/deaf HTTP/1.1", "Host: x", *(f"{key}: {value}" for key, value in UPGRADE.items())]
    raw.send("\r\n".join(lines).encode() + b"\r\n\r\n")
    await asyncio.get_running_loop().run_in_executor(None, raw.recv, 4096)
    raw.setblocking(False)
    for id in range(calls):
        text = f'[2,"{id}","DataTransfer",{{"vendorId":"v"}}]'.encode()
        raw.send(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
    return raw


async def test_a_station_that_reads_nothing_is_cut_off_and_disturbs_nobody() -> None:
    limits = GatewayLimits(stall_timeout=0.2, write_buffer_bytes=1024)
    async with listening_gateway(limits=limits) as gateway:
        await gateway.service("DataTransferRequest", result({"status": "Accepted", "data": "x" * 100_000}))
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        gone = await gateway.service("StationDisconnected", silence)
        async with gateway.connect() as station:
            deaf = await _deaf(gateway)

            assert await alive(station)
            event = await gone.next()

            assert (event.station_id, json.loads(event.data)["code"]) == ("deaf", 1006)
            deaf.close()


async def test_pings_without_end_from_a_peer_that_does_not_read_are_read_no_more() -> None:
    limits = GatewayLimits(stall_timeout=0.3, write_buffer_bytes=1024)
    async with listening_gateway(limits=limits) as gateway:
        gone = await gateway.service("StationDisconnected", silence)
        deaf = await _deaf(gateway, calls=0)
        ping = bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + b"p" * 125
        async with asyncio.timeout(10):
            while gone.empty:
                try:
                    deaf.send(ping * 500)
                except (BlockingIOError, ConnectionError):
                    pass
                await asyncio.sleep(0.001)

        assert json.loads((await gone.next()).data)["code"] == 1006
        deaf.close()


async def test_many_pings_are_answered() -> None:
    async with listening_gateway() as gateway, gateway.connect() as station:
        pongs = [await station.ping() for _ in range(2000)]

        async with asyncio.timeout(WAIT_TIMEOUT):
            await pongs[-1]


async def test_a_peer_without_pong_is_disconnected() -> None:
    async with listening_gateway(
        limits=GatewayLimits(ping_interval=0.05, ping_timeout=0.05, close_timeout=0.1)
    ) as gateway:
        gone = await gateway.service("StationDisconnected", silence)

        deaf = await _deaf(gateway, calls=0)

        assert json.loads((await gone.next()).data) == {"code": 1011, "reason": "keepalive ping timeout"}
        deaf.close()


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b'[2,"1","Heartbeat",{}]', 1003), ("x" * (1024 * 1024 + 1), 1009), ("x" * 1024 * 1024, None)],
)
async def test_frames_that_are_none_of_ocpp(frame: str | bytes, code: int | None) -> None:
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect("CS1") as station, gateway.connect("CS2") as other:
            await station.send(frame)

            if code is None:
                assert str(await station.recv()).startswith('[4,"-1","RpcFrameworkError"')
            else:
                assert (await closed(station))[0] == code
            assert await alive(other)


async def test_text_that_is_no_utf8_ends_only_its_own_connection() -> None:
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect("CS1") as station, gateway.connect("CS2") as other:
            await station.send(b"\xff\xfe", text=True)

            assert (await closed(station))[0] == 1007
            assert await alive(other)


async def test_a_flood_of_calls_is_answered_in_order() -> None:
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect() as station:
            for id in range(500):
                await station.send(f'[2,"{id}","Heartbeat",{{}}]')

            async with asyncio.timeout(WAIT_TIMEOUT):
                assert [json.loads(await station.recv())[1] for _ in range(500)] == [
                    str(n) for n in range(500)
                ]


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",
        b"GET\r\n\r\n",
        b"POST /ocpp/CS1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"GET /ocpp/\xff HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
    ],
)
async def test_what_is_no_http_request_is_hung_up_on(
    request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening_gateway() as gateway:
        try:
            answer = await gateway.raw(request_)
        except ConnectionError:
            answer = b""

        assert not answer or answer.startswith(b"HTTP/1.1 4")
        assert (await gateway.get("/healthz"))[0] == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_handshake_that_takes_too_long_is_hung_up_on() -> None:
    async with listening_gateway(limits=GatewayLimits(open_timeout=0.1)) as gateway:
        assert await gateway.raw(b"GET /ocpp/CS1 HTTP/1.1\r\n") == b""


async def test_a_connection_that_breaks_without_a_word_is_told_to_the_bus() -> None:
    async with listening_gateway() as gateway:
        gone = await gateway.service("StationDisconnected", silence)
        station = await gateway.connect()

        station.transport.abort()

        assert json.loads((await gone.next()).data) == {"code": 1006}


async def test_a_connection_is_logged_once_at_its_start_and_once_at_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        gone = await gateway.service("StationDisconnected", silence)
        async with gateway.connect() as station:
            await alive(station)
        await gone.next()

    logged = [record.getMessage() for record in caplog.records if record.name.startswith("services.")]
    assert len(logged) == 2
    assert logged[0].startswith("station CS1: connected with ocpp2.0.1 from 127.0.0.1:")
    assert logged[1].startswith("station CS1: disconnected: 1000")


async def test_a_bus_that_takes_no_connections_sends_stations_away() -> None:
    async with listening_gateway() as gateway:
        gateway.bus.broken.add("StationConnected")

        async with gateway.connect() as station:
            with pytest.raises(ConnectionClosed):
                await station.recv()

        assert station.close_code == 1013
