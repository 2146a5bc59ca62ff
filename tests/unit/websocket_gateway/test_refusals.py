"""Refused handshakes become events: few, whatever a client does, and without secrets."""

from __future__ import annotations

import base64

import pytest

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.ocpp_messages.event import CONNECTION_REFUSED, ConnectionRefused, RefusalReason
from services.websocket_gateway.refusals import (
    MAX_PATH_LENGTH,
    MAX_REMEMBERED,
    MAX_SUBPROTOCOL_LENGTH,
    MAX_SUBPROTOCOLS,
    REPEAT_INTERVAL,
    RefusalThrottle,
)

from .listening_gateway import UPGRADE, admission, listening_gateway

UNKNOWN, WRONG = RefusalReason.UNKNOWN_STATION, RefusalReason.WRONG_SECRET
AT = "2026-11-20T12:00:00.000Z"
LATER = "2026-11-20T12:00:09.000Z"


def refusal(reason: RefusalReason = UNKNOWN, path: str = "") -> ConnectionRefused:
    return ConnectionRefused(reason=reason, detail="because", path=path)


def test_the_first_refusal_is_published_at_once_and_later_ones_are_counted() -> None:
    throttle = RefusalThrottle()
    throttle.add("CS1", refusal(), AT, now=0)
    assert throttle.take(now=0) == ("CS1", refusal(), AT)
    for _ in range(500):
        throttle.add("CS1", refusal(), LATER, now=1)

    assert throttle.take(now=REPEAT_INTERVAL - 1) is None
    assert throttle.seconds_to_wait(now=REPEAT_INTERVAL - 1) == 1
    published = throttle.take(now=REPEAT_INTERVAL)
    assert published is not None and (published[1].count, published[2]) == (500, LATER)
    assert throttle.take(now=10 * REPEAT_INTERVAL) is None
    assert throttle.seconds_to_wait(now=10 * REPEAT_INTERVAL) is None


def test_stations_reasons_and_paths_are_told_apart() -> None:
    throttle = RefusalThrottle()
    for _ in range(2):
        throttle.add("CS1", refusal(), AT, now=0)
        throttle.add("CS1", refusal(WRONG), AT, now=0)
        throttle.add("CS2", refusal(), AT, now=0)
        throttle.add("", refusal(RefusalReason.WRONG_PATH, "/a"), AT, now=0)
        throttle.add("", refusal(RefusalReason.WRONG_PATH, "/b"), AT, now=0)

    found = [throttle.take(now=0) for _ in range(6)]

    assert found.pop() is None
    assert [(one[0], one[1].path, one[1].count) for one in found if one] == [
        ("CS1", "", 2),
        ("CS1", "", 2),
        ("CS2", "", 2),
        ("", "/a", 2),
        ("", "/b", 2),
    ]


def test_a_flood_of_identities_is_forgotten_and_a_station_is_remembered_once_it_has_passed() -> None:
    throttle = RefusalThrottle()
    for number in range(3 * MAX_REMEMBERED):
        throttle.add(f"X{number}", refusal(), AT, now=0)
    published = 0
    while throttle.take(now=1):
        published += 1
    assert published == MAX_REMEMBERED

    throttle.add("CS1", refusal(), AT, now=2)
    assert throttle.take(now=2) is None
    throttle.add("CS1", refusal(), AT, now=2 + REPEAT_INTERVAL)
    assert throttle.take(now=2 + REPEAT_INTERVAL) == ("CS1", refusal(), AT)


REFUSALS = [
    ("/ocpp/CS1", {}, NotAdmitted(404, "unknown station", UNKNOWN), "CS1", "unknownStation"),
    ("/ocpp/CS1", {}, NotAdmitted(401, "wrong", WRONG), "CS1", "wrongSecret"),
    ("/ocpp/CS1", {}, NotAdmitted(401, "TLS", RefusalReason.PROFILE_TOO_LOW), "CS1", "profileTooLow"),
    (
        "/ocpp/CS1",
        {},
        NotAdmitted(503, "w", RefusalReason.TOO_MANY_CONNECTIONS, 7),
        "CS1",
        "tooManyConnections",
    ),
    ("/ocpp/CS1", {"Sec-WebSocket-Protocol": "ocpp1.5"}, None, "CS1", "noSubprotocol"),
    ("/ocpp/CS1", {"Sec-WebSocket-Protocol": "ocpp"}, None, "CS1", "noSubprotocol"),
    ("/ocpp/a%00b", {}, None, "", "badIdentity"),
    ("/CS1", {}, None, "", "wrongPath"),
]


@pytest.mark.parametrize(("path", "headers", "refusal", "station", "reason"), REFUSALS)
async def test_every_refusal_at_the_door_is_an_event(
    path: str, headers: dict[str, str], refusal: NotAdmitted | None, station: str, reason: str
) -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        if refusal is not None:
            raise refusal
        return admission()

    secret = base64.b64encode(b"CS1:the secret").decode()
    async with listening_gateway(admit) as gateway:
        tap = await gateway.service("ConnectionRefused", lambda _: None)
        sent = {**UPGRADE, "Authorization": f"Basic {secret}", **headers}
        answer = await gateway.get(f"{path}?token=secret-in-query", sent)
        event = await tap.next()

    told = CONNECTION_REFUSED.decode(event.data)
    assert (event.station_id, told.reason, told.path) == (station, reason, "" if station else path)
    assert f"{told.detail}\n" == answer[2]
    assert told.remote_address.startswith("127.0.0.1:")
    assert told.subprotocols == [headers.get("Sec-WebSocket-Protocol", "ocpp2.0.1")]
    assert not any(text in event.data.decode() for text in ("secret-in-query", secret, "the secret"))
    if reason == "tooManyConnections":
        assert (answer[0], answer[1]["retry-after"]) == (503, "7")


async def test_what_is_no_handshake_or_no_matter_of_the_station_is_no_event() -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        if station_id == "CS1":
            raise NotAdmitted(503, "the device service does not answer")
        raise NotAdmitted(404, "unknown station", UNKNOWN)

    async with listening_gateway(admit) as gateway:
        tap = await gateway.service("ConnectionRefused", lambda _: None)
        for path in ("/wp-admin", "/ocpp/CS1", "/ocpp/%00"):
            await gateway.get(path)
        assert (await gateway.get("/ocpp/CS1", UPGRADE))[0] == 503
        await gateway.get("/ocpp/last", UPGRADE)

        assert (await tap.next()).station_id == "last"


async def test_what_a_client_sends_is_cut_short() -> None:
    offers = ", ".join(f"{number}{'x' * 200}" for number in range(20))
    async with listening_gateway() as gateway:
        tap = await gateway.service("ConnectionRefused", lambda _: None)
        await gateway.get("/" + "p" * 4000, {**UPGRADE, "Sec-WebSocket-Protocol": offers})
        told = CONNECTION_REFUSED.decode((await tap.next()).data)

    assert len(told.path) == MAX_PATH_LENGTH
    assert [len(name) for name in told.subprotocols] == [MAX_SUBPROTOCOL_LENGTH] * MAX_SUBPROTOCOLS


async def test_a_bus_that_takes_no_event_keeps_nobody_from_connecting() -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        if station_id == "CS1":
            return admission()
        raise NotAdmitted(404, "unknown station", UNKNOWN)

    async with listening_gateway(admit) as gateway:
        gateway.bus.stuck.add("ConnectionRefused")
        for number in range(3):
            assert (await gateway.get(f"/ocpp/X{number}", UPGRADE))[0] == 404
        async with gateway.connect() as station:
            assert station.subprotocol == "ocpp2.0.1"
