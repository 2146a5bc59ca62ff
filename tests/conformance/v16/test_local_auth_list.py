"""The local list cases of OCPP 1.6: the CSMS keeps the list of each station, and brings it there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.station import Command

from ..case import case
from ..operator import Operator
from .charging import ACCEPTED, eventually


@pytest.mark.parametrize("version", [-1, 0], ids=["not supported", "empty"])
@case("TC_042_1_CSMS", "TC_042_2_CSMS")
async def test_the_operator_reads_the_version_of_the_local_list(operator: Operator, version: int) -> None:
    await operator.tell("GetLocalListVersion", {}, {"listVersion": version})


def entry(tag: str) -> dict[str, Any]:
    return {"idTag": tag, "idTagInfo": ACCEPTED}


def by_tag(command: Command) -> list[Any]:
    return sorted(command.payload["localAuthorizationList"], key=lambda one: str(one["idTag"]))


async def sent(operator: Operator, method: str, body: dict[str, list[str]], stations: int) -> Command:
    """The SendLocalList of a change by the operator, at a station that has version ``stations``."""
    operator.station.answers["GetLocalListVersion"] = {"listVersion": stations}
    expected = asyncio.create_task(operator.station.expect("SendLocalList"))
    url = f"{operator.system.user}/chargingstations/{operator.station.id}/locallist"
    changed = await operator.system.http.request(method, url, json=body)
    assert changed.status_code in (200, 202), changed.text
    return await expected


async def listed(operator: Operator, status: str) -> Any:
    """The list as the CSMS keeps it, once it has that status."""
    url = f"{operator.system.user}/chargingstations/{operator.station.id}/locallist"
    return await eventually(lambda: operator.system.get(url), lambda kept: kept["status"] == status)


@pytest.mark.parametrize(
    ("answer", "status"),
    [("NotSupported", "unsupported"), ("Failed", "failed")],
    ids=["unsupported", "failed"],
)
@case("TC_043_1_CSMS", "TC_043_3_CSMS")
async def test_the_operator_learns_that_a_station_did_not_take_its_local_list(
    operator: Operator, tag: str, answer: str, status: str
) -> None:
    operator.station.answers["SendLocalList"] = {"status": answer}
    command = await sent(operator, "PUT", {"idTokens": [tag]}, stations=0)
    assert command.payload["localAuthorizationList"] == [entry(tag)]
    await command.answer({"status": answer})
    assert (await listed(operator, status))["idTokens"] == [tag]


@case("TC_043_4_CSMS")
async def test_a_full_local_list_is_brought_to_the_station(operator: Operator, tag: str, name: str) -> None:
    await operator.system.token(f"TWO-{name}")
    command = await sent(operator, "PUT", {"idTokens": [tag, f"TWO-{name}"]}, stations=0)
    version = command.payload["listVersion"]
    assert version > 0
    assert command.payload.keys() == {"listVersion", "updateType", "localAuthorizationList"}
    assert command.payload["updateType"] == "Full"
    assert by_tag(command) == [entry(tag), entry(f"TWO-{name}")]
    await command.answer(ACCEPTED)
    kept = await listed(operator, "synchronized")
    assert (sorted(kept["idTokens"]), kept["version"]) == ([tag, f"TWO-{name}"], version)


@case("TC_043_5_CSMS")
async def test_a_change_of_the_local_list_is_brought_to_the_station(
    operator: Operator, tag: str, name: str
) -> None:
    await operator.system.token(f"TWO-{name}")
    full = await sent(operator, "PUT", {"idTokens": [tag]}, stations=0)
    await full.answer(ACCEPTED)
    version = (await listed(operator, "synchronized"))["version"]

    change = {"add": [f"TWO-{name}"], "remove": [tag]}
    command = await sent(operator, "PATCH", change, stations=version)
    assert command.payload["updateType"] == "Differential"
    assert command.payload["listVersion"] > version
    assert by_tag(command) == [{"idTag": tag}, entry(f"TWO-{name}")]
    await command.answer(ACCEPTED)
    kept = await listed(operator, "synchronized")
    assert (kept["idTokens"], kept["version"]) == ([f"TWO-{name}"], command.payload["listVersion"])
