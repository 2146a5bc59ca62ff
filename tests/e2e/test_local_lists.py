"""The list of tokens that a station should know by itself gets there, whatever happens to either (D01)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .station import Json, Station, booted_station, station
from .system import System

ACCEPTED = {"status": "Accepted"}
VERSIONS = ["1.6", "2.0.1"]


class LocalList:
    """A station's list, by the rules of its version. ``next_answers`` are what it answers instead."""

    def __init__(self, station: Station, version: str) -> None:
        self.is_16 = version == "1.6"
        self.version = 0
        self.statuses: dict[str, str] = {}
        self.received: list[tuple[int, str]] = []
        self.next_answers: list[str] = []
        number = "listVersion" if self.is_16 else "versionNumber"
        station.answers["SendLocalList"] = self.send_local_list
        station.answers["GetLocalListVersion"] = lambda _: {number: self.version}

    def send_local_list(self, asked: Json) -> Json:
        version = asked["listVersion" if self.is_16 else "versionNumber"]
        kind = asked["updateType"]
        self.received.append((version, kind))
        if self.next_answers:
            return {"status": self.next_answers.pop(0)}
        if kind == "Differential" and version <= self.version:
            return {"status": "VersionMismatch"}
        self.version = version
        if kind == "Full":
            self.statuses.clear()
        for entry in asked.get("localAuthorizationList", []):
            self._take(entry)
        return ACCEPTED

    def _take(self, entry: Json) -> None:
        text = entry["idTag"] if self.is_16 else entry["idToken"]["idToken"]
        info = entry.get("idTagInfo" if self.is_16 else "idTokenInfo")
        if info is None:
            del self.statuses[text]
        else:
            self.statuses[text] = info["status"]


async def ask(system: System, method: str, url: str, body: Any = None) -> Any:
    answer = await system.http.request(method, url, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def synchronized(system: System, cs: str) -> Any:
    async with asyncio.timeout(60):
        while (state := await system.get(address(system, cs)))["status"] != "synchronized":
            await asyncio.sleep(0.1)
        return state


async def until_has(known: LocalList, statuses: dict[str, str]) -> None:
    async with asyncio.timeout(60):
        while known.statuses != statuses:
            await asyncio.sleep(0.1)


def address(system: System, cs: str) -> str:
    return f"{system.user}/chargingstations/{cs}/locallist"


async def tokens(system: System, name: str) -> list[str]:
    texts = [f"{letter}{name}" for letter in "ABC"]
    for text in texts:
        await system.token(text)
    return texts


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_list_follows_its_tokens(system: System, cs: str, name: str, version: str) -> None:
    a, b, c = await tokens(system, name)
    waiting = await ask(system, "PUT", address(system, cs), {"idTokens": [a, b]})
    assert waiting["status"] == "pending"

    async with booted_station(system.gateways[0], cs, version) as connected:
        known = LocalList(connected, version)
        state = await synchronized(system, cs)
        assert (state["version"], state["idTokens"]) == (1, [a, b])
        assert known.statuses == {a: "Accepted", b: "Accepted"}

        await ask(system, "PATCH", address(system, cs), {"add": [c], "remove": [b]})
        await synchronized(system, cs)
        assert known.statuses == {a: "Accepted", c: "Accepted"}

        await ask(system, "PATCH", f"{system.user}/idtokens/{a}", {"status": "Blocked"})
        await until_has(known, {a: "Blocked", c: "Accepted"})
        await system.http.delete(f"{system.user}/idtokens/{c}")
        await until_has(known, {a: "Blocked"})

        await synchronized(system, cs)
        assert known.received == [
            (1, "Full"),
            (2, "Differential"),
            (3, "Differential"),
            (4, "Differential"),
        ]
        await ask(system, "DELETE", address(system, cs))
        await until_has(known, {})
        assert known.received[-1] == (5, "Full")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_station_that_has_another_list_gets_the_whole_one(
    system: System, cs: str, name: str, version: str
) -> None:
    a, b, _ = await tokens(system, name)
    async with booted_station(system.gateways[-1], cs, version) as connected:
        known = LocalList(connected, version)
        await ask(system, "PUT", address(system, cs), {"idTokens": [a]})
        await synchronized(system, cs)

        known.version = 70
        await ask(system, "PATCH", address(system, cs), {"add": [b]})
        await synchronized(system, cs)
        assert known.received == [(1, "Full"), (2, "Differential"), (71, "Full")]

        number = "listVersion" if version == "1.6" else "versionNumber"
        theirs = {number: 80, "updateType": "Full"}
        await ask(system, "POST", f"{system.device}/chargingstations/{cs}/commands/SendLocalList", theirs)
        await until_has(known, {a: "Accepted", b: "Accepted"})
        assert known.received[3:] == [(80, "Full"), (81, "Full")]

        known.next_answers = ["Failed", "Failed"]
        await ask(system, "PATCH", address(system, cs), {"remove": [b]})
        async with asyncio.timeout(60):
            while (state := await system.get(address(system, cs)))["status"] != "failed":
                await asyncio.sleep(0.1)
        assert state["reason"] == "the station answered Failed"


async def test_a_customer_who_is_cleared_is_taken_off_the_list(system: System, cs: str, name: str) -> None:
    a, b, _ = await tokens(system, name)
    async with booted_station(system.gateways[0], cs) as connected:
        known = LocalList(connected, "2.0.1")
        connected.answers["CustomerInformation"] = ACCEPTED
        await ask(system, "PUT", address(system, cs), {"idTokens": [a, b]})
        await synchronized(system, cs)

        token = {"idToken": b, "type": "ISO14443"}
        clear = {"requestId": 1, "report": False, "clear": True, "idToken": token}
        path = f"{system.device}/chargingstations/{cs}/commands/CustomerInformation"
        await ask(system, "POST", path, clear)

        await until_has(known, {a: "Accepted"})
        assert known.received == [(1, "Full"), (2, "Differential")]


async def test_a_station_without_local_lists(system: System, cs: str, name: str) -> None:
    a, _, _ = await tokens(system, name)
    async with booted_station(system.gateways[0], cs) as connected:
        command = asyncio.create_task(connected.expect("SendLocalList"))
        await ask(system, "PUT", address(system, cs), {"idTokens": [a]})
        await (await command).refuse("NotSupported")
        async with asyncio.timeout(60):
            while (await system.get(address(system, cs)))["status"] != "unsupported":
                await asyncio.sleep(0.1)


async def test_a_station_of_1_6_gets_parts_of_the_length_in_its_configuration(
    system: System, cs: str, name: str
) -> None:
    texts = await tokens(system, name)
    lengths = {"SendLocalListMaxLength": "2", "LocalAuthListMaxLength": "3"}
    keys = [{"key": key, "readonly": True, "value": value} for key, value in lengths.items()]
    async with station(system.gateways[0], cs, "1.6") as connected:
        known = LocalList(connected, "1.6")
        connected.answers["GetConfiguration"] = {"configurationKey": keys}
        await connected.boot()
        async with asyncio.timeout(60):
            url = f"{system.device}/chargingstations/{cs}/variables?component=LocalAuthListCtrlr"
            while len((await system.get(url))["items"]) < len(keys):
                await asyncio.sleep(0.2)

        await ask(system, "PUT", address(system, cs), {"idTokens": texts})
        await synchronized(system, cs)
        assert known.received == [(1, "Full"), (2, "Differential")]
        assert list(known.statuses) == texts

        await system.token(f"D{name}")
        await ask(system, "PATCH", address(system, cs), {"add": [f"D{name}"]})
        async with asyncio.timeout(60):
            while (state := await system.get(address(system, cs)))["status"] != "failed":
                await asyncio.sleep(0.1)
        assert state["reason"] == "the list has 4 tokens, and the station holds 3"
