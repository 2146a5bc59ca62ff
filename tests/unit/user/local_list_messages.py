"""The SendLocalList messages that are expected, and a station that has had some."""

from __future__ import annotations

from typing import Any

from .world import World

ACCEPTED = {"status": "Accepted"}


def add(text: str, **info: Any) -> dict[str, Any]:
    return {"idToken": text, "type": "ISO14443", "idTokenInfo": ACCEPTED | info}


def gone(text: str) -> dict[str, Any]:
    return {"idToken": text, "type": "ISO14443"}


def full(version: int, *entries: Any) -> dict[str, Any]:
    return {"versionNumber": version, "updateType": "Full", "localAuthorizationList": list(entries)}


def differential(version: int, *entries: Any) -> dict[str, Any]:
    return full(version, *entries) | {"updateType": "Differential"}


async def given(csms: World, *texts: str) -> None:
    """The station has these tokens, and nothing is left to be done."""
    await csms.token(*texts)
    await csms.put(*texts)
    await csms.work()
    assert (await csms.state())["status"] == "synchronized"
    csms.station.received.clear()
