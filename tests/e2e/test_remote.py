"""An operator who knows no version of OCPP, and a CSMS that asks by itself, through the whole system."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from .sessions import Session2, Session16
from .station import Command, Station, booted_station, station
from .system import System, embedded_system

VERSIONS = pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
FIRMWARE = {"vendorName": "ACME", "model": "M1", "firmwareVersion": "2"}


def operate(system: System, id: str, operation: str, body: Any) -> asyncio.Task[httpx.Response]:
    url = f"{system.device}/chargingstations/{id}/remote/{operation}"
    return asyncio.create_task(system.http.post(url, json=body, timeout=40))


def session(version: str, connected: Station, tag: str, started: Command) -> Session16 | Session2:
    """What the station does because it was asked to."""
    if version == "1.6":
        return Session16(connected, tag)
    charging = Session2(connected, "TX-1", tag)
    event = charging.event

    def remotely(type_: str, *reported: Any, **more: Any) -> Any:
        info = {"remoteStartId": started.payload["remoteStartId"]} if type_ == "Started" else {}
        return event(type_, *reported, **more, info=more.pop("info", {}) | info)

    charging.event = remotely  # type: ignore[method-assign]
    return charging


def connector_of(connected: Station, version: str) -> Session16 | Session2:
    return Session16(connected, "TAG") if version == "1.6" else Session2(connected, "T", "TAG")


@VERSIONS
async def test_start_session_answers_with_the_transaction_and_stop_session_ends_it(
    system: System, cs: str, tag: str, version: str
) -> None:
    start, stop = (
        ("RemoteStartTransaction", "RemoteStopTransaction")
        if version == "1.6"
        else ("RequestStartTransaction", "RequestStopTransaction")
    )
    async with booted_station(system.gateways[-1], cs, version) as connected:
        starting = operate(system, cs, "start-session", {"idToken": tag, "evseId": 1})
        command = await connected.expect(start)
        await command.answer({"status": "Accepted"})
        charging = session(version, connected, tag, command)
        assert await charging.start() == "Accepted"

        answer = await starting
        assert answer.status_code == 200, answer.text
        body = answer.json()
        [transaction] = await system.transactions(cs)
        assert body["status"] == "accepted"
        assert body["result"]["transaction"]["id"] == transaction["id"]
        assert body["result"]["transaction"]["transactionId"] == transaction["transactionId"]

        stopping = operate(system, cs, "stop-session", {"transactionId": transaction["transactionId"]})
        command = await connected.expect(stop)
        assert str(command.payload["transactionId"]) == transaction["transactionId"]
        await command.answer({"status": "Accepted"})
        assert (await stopping).json()["status"] == "accepted"


@VERSIONS
@pytest.mark.parametrize("gateway", [0, -1], ids=["action", "inbox"])
async def test_a_session_is_started_for_tokens_that_may_charge_alone(
    system: System, cs: str, tag: str, version: str, gateway: int
) -> None:
    blocked = f"{tag}b"
    await system.token(blocked, status="Blocked")
    async with booted_station(system.gateways[gateway], cs, version) as connected:
        for id_token in (blocked, f"{tag}x"):
            refused = await operate(system, cs, "start-session", {"idToken": id_token})
            assert refused.status_code == 422, refused.text
            assert refused.json()["detail"].startswith("body.idToken: ")
            assert refused.json()["idTokenStatus"] != "Accepted"
        listed = await system.get(f"{system.device}/chargingstations/{cs}/commands")
        assert not any("Start" in command["action"] for command in listed["items"])

        starting = operate(system, cs, "start-session", {"idToken": tag})
        start = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
        await (await connected.expect(start)).answer({"status": "Rejected"})
        assert (await starting).json()["status"] == "rejected"


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize("repeats_token", [True, False])
async def test_a_central_token_that_the_csms_sends_is_accepted_and_belongs_to_the_transaction(
    system: System, cs: str, tag: str, version: str, repeats_token: bool
) -> None:
    central = {"idToken": f"{tag}-central", "type": "Central"}
    async with booted_station(system.gateways[-1], cs, version) as connected:
        starting = operate(system, cs, "start-session", {"idToken": central, "evseId": 1})
        command = await connected.expect("RequestStartTransaction")
        assert command.payload["idToken"] == central
        await command.answer({"status": "Accepted"})
        charging = Session2(connected, "TX-1")
        info = {"remoteStartId": command.payload["remoteStartId"]}
        event = charging.event("Started", 0, 0, "Transaction.Begin", evse=charging.evse, info=info)
        named = {"idToken": central} if repeats_token else {}
        answer = await connected.call("TransactionEvent", event | named)
        assert answer == ({"idTokenInfo": {"status": "Accepted"}} if repeats_token else {})
        assert (await starting).json()["result"]["transaction"]["transactionId"] == "TX-1"

        async with asyncio.timeout(20):
            while "idToken" not in (known := (await system.transactions(cs))[0]):
                await asyncio.sleep(0.05)
        assert {"idToken": known["idToken"], "type": known["idTokenType"]} == central

        stopping = operate(system, cs, "stop-session", {"transactionId": known["id"]})
        command = await connected.expect("RequestStopTransaction")
        assert command.payload["transactionId"] == "TX-1"
        await command.answer({"status": "Accepted"})
        assert (await stopping).json()["status"] == "accepted"


@VERSIONS
async def test_an_update_of_firmware_is_a_job_at_once(system: System, cs: str, version: str) -> None:
    async def job() -> tuple[str, str]:
        [job] = (await system.get(f"{system.device}/chargingstations/{cs}/jobs"))["items"]
        return job["status"], job["outcome"]

    async def until(status: str, outcome: str) -> None:
        async with asyncio.timeout(20):
            while await job() != (status, outcome):
                await asyncio.sleep(0.05)

    async with booted_station(system.gateways[0], cs, version) as connected:
        updating = operate(system, cs, "update-firmware", {"location": "ftp://example.com/x"})
        command = await connected.expect("UpdateFirmware")
        assert await job() == ("Asked", "asked")
        await command.answer({} if version == "1.6" else {"status": "Accepted"})
        assert (await updating).json()["status"] == "accepted"
        await until("Accepted", "running")
        numbered = {} if version == "1.6" else {"requestId": command.payload["requestId"]}
        await connected.call("FirmwareStatusNotification", {"status": "Installed"} | numbered)
        await until("Installed", "succeeded")


async def test_a_new_station_tells_its_device_model_and_again_with_new_firmware(
    system: System, cs: str
) -> None:
    async with station(system.gateways[0], cs) as connected:
        assert (await connected.boot())["status"] == "Accepted"
        command = await connected.expect("GetBaseReport", reportBase="FullInventory")
        await command.answer({"status": "Accepted"})
        report = {
            "requestId": command.payload["requestId"],
            "generatedAt": "2026-03-01T10:00:00Z",
            "seqNo": 0,
            "reportData": [
                {
                    "component": {"name": "OCPPCommCtrlr"},
                    "variable": {"name": "HeartbeatInterval"},
                    "variableAttribute": [{"value": "300"}],
                }
            ],
        }
        assert await connected.call("NotifyReport", report) == {}
        [known] = (await system.get(f"{system.device}/chargingstations/{cs}/variables"))["items"]
        assert known["attributes"][0]["value"] == "300"

        boot = {"reason": "FirmwareUpdate", "chargingStation": FIRMWARE}
        assert (await connected.call("BootNotification", boot))["status"] == "Accepted"
        again = await connected.expect("GetBaseReport", reportBase="FullInventory")
        await again.answer({"status": "Accepted"})


async def test_a_station_of_1_6_tells_its_configuration_keys(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs, "1.6") as connected:
        command = await connected.expect("GetConfiguration")
        assert command.payload == {}
        key = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}
        await command.answer({"configurationKey": [key]})

        async with asyncio.timeout(20):
            url = f"{system.device}/chargingstations/{cs}/variables?component=OCPPCommCtrlr"
            while not (found := (await system.get(url))["items"]):
                await asyncio.sleep(0.05)
        assert found[0]["configurationKey"] == "HeartbeatInterval"
        assert found[0]["attributes"][0]["value"] == "300"


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_connector_keeps_its_status_over_a_reconnect(system: System, cs: str, version: str) -> None:
    async def shown() -> tuple[str, bool]:
        [connector] = (await system.status(cs))["connectors"]
        return connector["status"], connector["connected"]

    async with booted_station(system.gateways[0], cs, version) as connected:
        await connector_of(connected, version).status("Reserved")
        assert await shown() == ("Reserved", True)
    async with asyncio.timeout(20):
        while await shown() != ("Reserved", False):
            await asyncio.sleep(0.05)
    async with station(system.gateways[-1], cs, version):
        async with asyncio.timeout(20):
            while await shown() != ("Reserved", True):
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_a_station_that_was_long_away_is_asked_for_its_connectors(tmp_path: Path, version: str) -> None:
    async with embedded_system(tmp_path, CSMS_MIN_ABSENCE="0") as system:
        await system.register("CS001")
        async with booted_station(system.gateways[0], "CS001", version) as connected:
            await connector_of(connected, version).status("Available")
        async with station(system.gateways[-1], "CS001", version) as connected:
            await connected.expect("TriggerMessage", requestedMessage="StatusNotification")
