"""WebSocket frames of a client that masks with a key of zeros: that is allowed and changes no byte."""

from __future__ import annotations

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((128 | opcode, 128 | size)) + b"\0\0\0\0" + payload
    return bytes((128 | opcode, 254)) + size.to_bytes(2, "big") + b"\0\0\0\0" + payload


def payload(data: bytes, position: int) -> tuple[int, bytes, int] | None:
    """The opcode and payload of the frame at ``position``, and its end; None when it is not all there."""
    if len(data) - position < 2:
        return None
    size, begin = data[position + 1], position + 2
    if size == 126:
        size, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
    elif size == 127:
        size, begin = int.from_bytes(data[begin : begin + 8], "big"), begin + 8
    if begin + size > len(data):
        return None
    return data[position] & 15, data[begin : begin + size], begin + size
