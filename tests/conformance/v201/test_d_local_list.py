"""Block D of OCPP 2.0.1: the local list, which the CSMS keeps and brings to the station."""

from __future__ import annotations

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .local_list import changed, known, statuses_in


@pytest.fixture
async def other(csms: System, name: str) -> str:
    """A second token that may charge."""
    await csms.token(f"OTHER-{name}")
    return f"OTHER-{name}"


@pytest.fixture(autouse=True)
def without_list(station: Station) -> None:
    """What the station says of its version until it gets a list."""
    station.answers["GetLocalListVersion"] = {"versionNumber": 0}


@case("TC_D_01_CSMS")
async def test_a_whole_list_is_brought_to_the_station(operator: Operator, tag: str, other: str) -> None:
    sent = await changed(operator, "PUT", {"idTokens": [tag, other]})
    assert (sent["updateType"], sent["versionNumber"] > 0) == ("Full", True)
    assert statuses_in(sent) == {tag: "Accepted", other: "Accepted"}
    assert {one["idToken"]["type"] for one in sent["localAuthorizationList"]} == {"ISO14443"}
    assert sorted((await known(operator))["idTokens"]) == sorted([tag, other])


@case("TC_D_02_CSMS")
async def test_a_token_is_added_by_a_differential_update(operator: Operator, tag: str, other: str) -> None:
    first = await changed(operator, "PUT", {"idTokens": [tag]})
    sent = await changed(operator, "PATCH", {"add": [other]})
    assert (sent["updateType"], sent["versionNumber"] > first["versionNumber"]) == ("Differential", True)
    assert statuses_in(sent) == {other: "Accepted"}
    assert sorted((await known(operator))["idTokens"]) == sorted([tag, other])


@case("TC_D_03_CSMS")
async def test_a_token_is_removed_by_an_entry_without_idtokeninfo(
    operator: Operator, tag: str, other: str
) -> None:
    first = await changed(operator, "PUT", {"idTokens": [tag, other]})
    sent = await changed(operator, "PATCH", {"remove": [other]})
    assert (sent["updateType"], sent["versionNumber"] > first["versionNumber"]) == ("Differential", True)
    removed = {"idToken": {"idToken": other, "type": "ISO14443"}}
    assert sent["localAuthorizationList"] == [removed]
    assert (await known(operator))["idTokens"] == [tag]


@case("TC_D_04_CSMS")
async def test_an_empty_list_clears_that_of_the_station(operator: Operator, tag: str) -> None:
    first = await changed(operator, "PUT", {"idTokens": [tag]})
    sent = await changed(operator, "PUT", {"idTokens": []})
    assert (sent["updateType"], sent["versionNumber"] > first["versionNumber"]) == ("Full", True)
    assert "localAuthorizationList" not in sent
    assert (await known(operator))["idTokens"] == []


@case("TC_D_08_CSMS")
async def test_the_version_that_the_station_tells_is_that_of_the_list(operator: Operator, tag: str) -> None:
    version = (await changed(operator, "PUT", {"idTokens": [tag]}))["versionNumber"]
    outcome = await operator.tell("GetLocalListVersion", {}, {"versionNumber": version})
    assert outcome["response"]["versionNumber"] == (await known(operator))["version"]


@case("TC_D_09_CSMS")
async def test_a_station_without_list_has_version_zero(operator: Operator) -> None:
    await operator.tell("GetLocalListVersion", {}, {"versionNumber": 0})
    [command] = await operator.listed("commands?action=GetLocalListVersion")
    assert (command["status"], command["response"]) == ("answered", {"versionNumber": 0})
