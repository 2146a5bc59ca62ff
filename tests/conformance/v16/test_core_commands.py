"""The core cases of OCPP 1.6 that begin at the operator."""

from __future__ import annotations

from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from .charging import ACCEPTED, Charging, rebooted

REJECTED = {"status": "Rejected"}


@case("TC_010_CSMS")
async def test_a_remote_start_where_the_cable_is_plugged_in(session: Charging) -> None:
    await session.status("Preparing")
    asked = await session.operator.remote(
        "start-session", {"idToken": session.tag, "evseId": 1}, "RemoteStartTransaction"
    )
    assert asked.command.payload == {"idTag": session.tag, "connectorId": 1}
    await asked.command.answer(ACCEPTED)
    assert await session.authorize() == ACCEPTED
    assert await session.start() == ACCEPTED
    await session.status("Charging")
    await began(session, await asked.outcome())


@case("TC_011_1_CSMS")
async def test_a_remote_start_before_the_cable_is_plugged_in(session: Charging) -> None:
    asked = await session.operator.remote(
        "start-session", {"idToken": session.tag, "evseId": 1}, "RemoteStartTransaction"
    )
    assert asked.command.payload == {"idTag": session.tag, "connectorId": 1}
    await asked.command.answer(ACCEPTED)
    assert await session.authorize() == ACCEPTED
    await session.status("Preparing")
    assert await session.start() == ACCEPTED
    await session.status("Charging")
    await began(session, await asked.outcome())


async def began(session: Charging, outcome: Any) -> None:
    """The operator is told which transaction the remote start made."""
    assert (outcome["status"], outcome["stationStatus"]) == ("accepted", "Accepted")
    assert outcome["action"] == "RemoteStartTransaction"
    transaction = await session.transaction()
    shown = outcome["result"]["transaction"]
    assert (shown["id"], str(shown["transactionId"])) == (transaction["id"], transaction["transactionId"])


@case("TC_011_2_CSMS")
async def test_a_remote_start_without_a_cable_times_out_and_leaves_no_transaction(session: Charging) -> None:
    start = {"idTag": session.tag, "connectorId": 1}
    await session.operator.tell("RemoteStartTransaction", start, ACCEPTED)
    assert await session.authorize() == ACCEPTED
    await session.status("Preparing", "Available")
    assert await session.transactions() == []


@case("TC_012_CSMS")
async def test_a_remote_stop_ends_the_transaction(session: Charging) -> None:
    await session.charging()
    stop = {"transactionId": session.transaction_id}
    await session.operator.tell("RemoteStopTransaction", stop, ACCEPTED)
    assert await session.stop("Remote", 900) == {}
    await session.status("Finishing", "Available")


@pytest.mark.parametrize("kind", ["Hard", "Soft"])
@case("TC_013_CSMS", "TC_014_CSMS")
async def test_a_reset_station_boots_and_is_accepted_again(operator: Operator, kind: str) -> None:
    before = await operator.system.get(f"{operator.system.device}/chargingstations/{operator.station.id}")
    await operator.tell("Reset", {"type": kind}, ACCEPTED)
    async with rebooted(operator, firmware="2.0") as again:
        after = await again.system.get(f"{again.system.device}/chargingstations/{again.station.id}")
        assert after["lastBoot"] > before["lastBoot"]
        assert after["firmwareVersion"] == "2.0"
        assert (await again.system.status(again.station.id))["connected"] is True


@pytest.mark.parametrize(
    ("connector", "status"),
    [(1, "Unlocked"), (1, "NotSupported"), (1, "UnlockFailed"), (9, "NotSupported")],
    ids=["cable of the driver", "fixed cable", "failure", "unknown connector"],
)
@case("TC_017_1_CSMS", "TC_017_2_CSMS", "TC_030_CSMS", "TC_031_CSMS")
async def test_the_operator_learns_what_became_of_unlocking(
    session: Charging, connector: int, status: str
) -> None:
    await session.status("Available")
    await session.operator.tell("UnlockConnector", {"connectorId": connector}, {"status": status})
    assert (await session.shown())["status"] == "Available"
    assert await session.transactions() == []


@case("TC_018_1_CSMS")
async def test_unlocking_the_connector_ends_the_transaction(session: Charging) -> None:
    await session.charging()
    await session.operator.tell("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"})
    assert await session.stop("UnlockCommand", 600) == {}
    await session.status("Finishing", "Available")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, ["HeartbeatInterval", "NumberOfConnectors", "SupportedFeatureProfiles"]),
        ({"key": ["SupportedFeatureProfiles"]}, ["SupportedFeatureProfiles"]),
    ],
    ids=["all", "one"],
)
@case("TC_019_1_CSMS", "TC_019_2_CSMS")
async def test_the_operator_reads_configuration_keys(
    operator: Operator, asked: dict[str, Any], names: list[str]
) -> None:
    values = {"HeartbeatInterval": "300", "NumberOfConnectors": "2", "SupportedFeatureProfiles": "Core"}
    keys = [{"key": one, "readonly": one != "HeartbeatInterval", "value": values[one]} for one in names]
    operator.station.answers["GetConfiguration"] = {"configurationKey": keys}
    known = await operator.tell("GetConfiguration", asked, {"configurationKey": keys})
    [logged] = [one for one in await operator.listed("commands") if one["id"] == known["id"]]
    assert (logged["payload"], logged["response"]) == (asked, {"configurationKey": keys})


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "60", "Accepted"),
        ("AMadeUpKey", "1", "NotSupported"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
    ],
    ids=["accepted", "not supported", "invalid value"],
)
@case("TC_021_CSMS", "TC_040_1_CSMS", "TC_040_2_CSMS")
async def test_the_operator_learns_whether_a_configuration_key_was_changed(
    operator: Operator, key: str, value: str, status: str
) -> None:
    await operator.tell("ChangeConfiguration", {"key": key, "value": value}, {"status": status})


@case("TC_026_CSMS")
async def test_a_remote_start_that_the_station_rejects_is_rejected(session: Charging) -> None:
    asked = await session.operator.remote(
        "start-session", {"idToken": session.tag, "evseId": 1}, "RemoteStartTransaction"
    )
    await asked.command.answer(REJECTED)
    outcome = await asked.outcome()
    assert (outcome["status"], outcome["stationStatus"]) == ("rejected", "Rejected")
    assert await session.transactions() == []


@case("TC_028_CSMS")
async def test_a_remote_stop_that_the_station_rejects_stops_nothing(session: Charging) -> None:
    await session.charging()
    stop = {"transactionId": session.transaction_id}
    await session.operator.tell("RemoteStopTransaction", stop, REJECTED)
    assert (await session.transaction())["active"] is True
    await session.meter(400)


@case("TC_061_CSMS")
async def test_the_operator_has_the_authorization_cache_cleared(operator: Operator) -> None:
    await operator.tell("ClearCache", {}, ACCEPTED)
