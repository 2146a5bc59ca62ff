"""A server that does next to nothing: the rest of a call's cost is the load generator's."""

from __future__ import annotations

import asyncio
import sys
from base64 import b64encode
from hashlib import sha1
from typing import cast

import uvloop

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Echo(asyncio.Protocol):
    """Takes the frames of ``benchmarks.station`` only: whole ones, masked with zeros."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.WriteTransport, transport)  # uvloop does not inherit from it
        self._transport = stream
        self._open = False

    def data_received(self, data: bytes) -> None:
        if not self._open:
            self._open = True
            self._transport.write(_handshake(data))
            return
        begin = data.index(b'"') + 1
        answer = b'[3,"' + data[begin : data.index(b'"', begin)] + b'",{"transactionId":1}]'
        self._transport.write(bytes((129, len(answer))) + answer)


def _handshake(request: bytes) -> bytes:
    headers = dict(line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if line)
    accept = b64encode(sha1(headers[b"Sec-WebSocket-Key"] + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n"
        % (accept, headers[b"Sec-WebSocket-Protocol"])
    )


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
