"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), as an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class EventStream(StreamingResponse):
    """Closes what it needs as soon as the client has left, wherever that was. The collector of garbage may
    come much later, and what waits for it holds a place among those who listen.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[str | bytes, None], needed: AsyncExitStack | None = None
    ) -> None:
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._needed = needed or AsyncExitStack()
        self._needed.push_async_callback(events.aclose)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._needed:
            await super().__call__(scope, receive, send)
