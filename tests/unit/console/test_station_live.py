"""What of the page of a station changes while one looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse

from services.console.pages.station_live import stream
from services.console.person import Refusal, person_of

from .conftest import Console
from .test_feed import message, until
from .test_station import have_connector


async def stream_of(console: Console, path: str) -> AsyncIterator[str]:
    """As the browser gets it. Raises ``Refusal``."""
    path, _, query = path.partition("?")
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "app": console.app,
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost")],
            "scheme": "http",
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 5),
        }
    )
    response = await stream(request, await person_of(request), path.rpartition("/")[2])
    return cast("AsyncIterator[str]", cast(StreamingResponse, response).body_iterator)


async def following(events: AsyncIterator[str]) -> str:
    async with asyncio.timeout(10):
        return await anext(events)


async def test_a_connector_changes_on_the_page_and_forms_stay(console: Console) -> None:
    await console.register("CS1")
    await have_connector(console, "CS1", 1, "Available")
    await have_connector(console, "CS1", 2, "Available")
    events = await stream_of(console, "/stream/stations/CS1?key=k&shown=1-2")
    assert 'hx-target="#state-2"' in await following(events)

    changed = asyncio.create_task(following(events))
    feed = console.app.state.feed
    await until(lambda: bool(feed.is_live))
    await have_connector(console, "CS1", 2, "Faulted", error_code="GroundFailure")
    await console.bus.publish("StationConnected", message(station="CS1"))
    html = await changed

    assert "GroundFailure" in html
    assert 'hx-target="#state-1"' not in html
    assert "start-session" not in html


async def test_a_new_evse_brings_all_cards(console: Console) -> None:
    await console.register("CS1")
    await have_connector(console, "CS1", 1, "Available")

    events = await stream_of(console, "/stream/stations/CS1?key=k&shown=")

    html = await following(events)
    assert 'hx-target="#evses"' in html
    assert "start-session" in html


async def test_there_is_no_stream_of_a_station_that_one_may_not_see(console: Console) -> None:
    with pytest.raises(Refusal) as refused:
        await stream_of(console, "/stream/stations/CS9")

    assert refused.value.status == 404
