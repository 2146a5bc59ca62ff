"""The log of a station: what is stored, and frames as rows of the page while one looks."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import create_server
from typing import Any

import httpx

from libs.csms.access.scopes import Role
from libs.csms.clock import rfc3339, utc_now
from libs.csms.messaging.bus import Subscription
from libs.csms.web.server import serve
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import STATION_FRAME, STATION_WATCHED, FrameProblem, StationFrame
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.app import router

from .commanded import answering, connect
from .conftest import Console, Shown

HEARTBEAT = StationFrame(
    direction="in",
    kind="call",
    text='[2,"7","Heartbeat",{}]',
    number=1,
    message_id="7",
    action="Heartbeat",
)
ANSWER = StationFrame(
    direction="out",
    kind="result",
    text='[3,"7",{"currentTime":"2030-01-01T00:00:00Z"}]',
    number=2,
    message_id="7",
    action="Heartbeat",
    duration_ms=12.3,
)


def message_of(data: bytes, action: str, **fields: Any) -> Message:
    return Message(
        data=data,
        message_id=uuid.uuid4().hex,
        action=action,
        sent_at=rfc3339(utc_now()),
        **{"station_id": "CS1", "kind": Kind.EVENT, "origin": Direction.FROM_STATION} | fields,
    )


async def uploads(console: Console, id: str = "CS1") -> None:
    """A message that the device service stores."""
    payload = {"status": "Uploading", "requestId": 5}
    call = message_of(
        json.dumps(payload).encode(),
        "LogStatusNotification",
        station_id=id,
        kind=Kind.CALL,
        ocpp_version=Version.V201,
        gateway_id="g1",
        connection_id="1",
        reply_to="LogStatusNotificationResponse",
    )
    await router.handle(call, console.bus, console.devices, console.devices.clock)


class Stream:
    """The rows of the page as they come."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def next(self) -> tuple[str, Shown]:
        """The HTML of the next event, and what it shows."""
        found: list[str] = []
        async with asyncio.timeout(20):
            async for line in self._lines:
                if line.startswith("data:"):
                    found.append(line.removeprefix("data:"))
                elif not line and found:
                    break
        return "\n".join(found), Shown("\n".join(found))


@asynccontextmanager
async def watched(console: Console, path: str, **headers: str) -> AsyncIterator[Stream]:
    """Over a socket, for what does not end. The block begins when the gateways were told."""
    listener, accepting = create_server(("127.0.0.1", 0)), asyncio.Event()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    told = asyncio.Event()

    async def tell(message: Message) -> None:
        told.set()

    subscription = Subscription("test.watched", STATION_WATCHED.name)
    await console.bus.create_subscription(subscription)
    tasks = [
        asyncio.create_task(serve(console.app, console.settings, listener, accepting.set)),
        asyncio.create_task(console.bus.consume(subscription, tell)),
    ]
    try:
        await accepting.wait()
        async with (
            httpx.AsyncClient(base_url=url, headers=headers) as client,
            client.stream("GET", path) as response,
        ):
            assert response.status_code == 200
            async with asyncio.timeout(20):
                await told.wait()
            yield Stream(response.aiter_lines())
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def frames(console: Console, *frames: StationFrame, id: str = "CS1") -> None:
    for frame in frames:
        await console.bus.publish(
            STATION_FRAME.name,
            message_of(encode(frame), STATION_FRAME.name, station_id=id, connection_id="c1"),
        )


async def live(console: Console) -> None:
    """Until the feed hears the bus."""
    async with asyncio.timeout(20):
        while not console.app.state.feed.is_live:
            await asyncio.sleep(0.01)


async def test_messages_and_commands_that_are_stored_are_shown_newest_first(console: Console) -> None:
    await connect(console, "CS1", Version.V201)
    await uploads(console)
    async with answering(console, ClearCache={"status": "Accepted"}):
        await console.browser.post("/stations/CS1/commands?send=ClearCache", data={"payload": "{}"})

    shown = await console.page("/stations/CS1/log")

    assert [row["data-action"] for row in shown.all("tr") if "data-exchange" in row] == [
        "ClearCache",
        "LogStatusNotification",
    ]
    assert '"Uploading"' in shown.text
    assert '"Accepted"' in shown.text


async def test_the_log_is_filtered_by_its_address_and_downloaded_as_json_lines(console: Console) -> None:
    await connect(console, "CS1", Version.V201)
    await uploads(console)
    async with answering(console, ClearCache={"status": "Accepted"}):
        await console.browser.post("/stations/CS1/commands?send=ClearCache", data={"payload": "{}"})

    downloaded = await console.browser.get("/stations/CS1/log?format=jsonl")
    to_station = await console.page("/stations/CS1/log?direction=out")
    of_text = await console.page("/stations/CS1/log?q=uploading")

    lines = [json.loads(line) for line in downloaded.text.splitlines()]
    assert [(line["action"], line["direction"]) for line in lines] == [
        ("ClearCache", "out"),
        ("LogStatusNotification", "in"),
    ]
    assert lines[1]["messages"] == [{"status": "Uploading", "requestId": 5}]
    assert [row["data-action"] for row in to_station.all("tr") if "data-exchange" in row] == ["ClearCache"]
    assert [row["data-action"] for row in of_text.all("tr") if "data-exchange" in row] == [
        "LogStatusNotification"
    ]


async def test_a_call_appears_and_then_its_answer_in_the_same_row(console: Console) -> None:
    await connect(console, "CS1", Version.V201)
    async with watched(console, "/stations/CS1/log/stream") as stream:
        await live(console)
        await frames(console, HEARTBEAT, id="CS2")
        await frames(console, HEARTBEAT)
        begun, call = await stream.next()
        await frames(console, ANSWER)
        ended, answered = await stream.next()

    [row] = call.all("tr")
    assert 'hx-target="#exchanges" hx-swap="afterbegin"' in begun
    assert "from the station Heartbeat" in call.text
    assert "no answer yet" in call.text
    assert f'hx-target="#{row["id"]}" hx-swap="outerHTML"' in ended
    assert "answered" in answered.text
    assert "12 ms" in answered.text
    assert len(answered.all("pre")) == 2


async def test_a_refused_frame_says_which_rule_it_breaks_and_where(console: Console) -> None:
    await connect(console, "CS1", Version.V201)
    problem = FrameProblem(rule="TypeConstraintViolation", place="evse.id", description="must be an integer")
    broken = StationFrame(
        direction="in",
        kind="call",
        text='[2,"8","TransactionEvent",{"evse":{"id":"<script>"}}]',
        number=1,
        message_id="8",
        action="TransactionEvent",
        refused=True,
        problems=[problem],
    )
    async with watched(console, "/stations/CS1/log/stream?action=TransactionEvent") as stream:
        await live(console)
        await frames(console, HEARTBEAT, broken)
        html, shown = await stream.next()

    assert "refused" in shown.text
    assert "TypeConstraintViolation evse.id must be an integer" in shown.text
    assert "<script>" not in html


async def test_only_who_may_see_messages_sees_the_log_of_his_stations(console: Console) -> None:
    await connect(console, "CS1", Version.V201, group="north")
    await console.sign_in("vera", Role.VIEWER)
    assert (await console.browser.get("/stations/CS1/log")).status_code == 403
    assert (await console.browser.get("/stations/CS1/log/stream")).status_code == 403
    assert not (await console.page("/stations/CS1")).all("a", href="/stations/CS1/log")

    await console.sign_in("sam", Role.OPERATOR, groups=["south"])
    assert (await console.browser.get("/stations/CS1/log")).status_code == 404
    assert (await console.browser.get("/stations/CS1/log/stream")).status_code == 404


async def test_an_answer_whose_call_was_not_seen_has_a_row_of_its_own(console: Console) -> None:
    await connect(console, "CS1", Version.V201)
    async with watched(console, "/stations/CS1/log/stream") as stream:
        await live(console)
        await frames(console, ANSWER)
        html, shown = await stream.next()

    assert "afterbegin" in html
    assert "from the station Heartbeat" in shown.text


async def test_a_technician_sees_the_ends_of_tokens_only(console: Console) -> None:
    await console.sign_in("tina", Role.TECHNICIAN)
    await connect(console, "CS1", Version.V201)
    authorize = StationFrame(
        direction="in",
        kind="call",
        text='[2,"9","Authorize",{"idToken":{"idToken":"04A1B2C3D4E5F6","type":"ISO14443"}}]',
        number=1,
        message_id="9",
        action="Authorize",
    )
    cookies = "; ".join(f"{name}={value}" for name, value in console.browser.cookies.items())
    async with watched(console, "/stations/CS1/log/stream", Cookie=cookies) as stream:
        await live(console)
        await frames(console, authorize)
        html, _ = await stream.next()

    assert "04A1B2C3D4E5F6" not in html
    assert "E5F6" in html


async def test_who_comes_again_gets_what_he_has_missed(console: Console) -> None:
    await connect(console, "CS1", Version.V201)
    async with watched(console, "/stations/CS1/log/stream") as stream:
        await live(console)
        before = console.app.state.feed.position
        await frames(console, HEARTBEAT)
        await stream.next()
    async with watched(console, "/stations/CS1/log/stream", **{"Last-Event-ID": before}) as stream:
        _, shown = await stream.next()

    assert "Heartbeat" in shown.words
