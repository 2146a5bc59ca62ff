from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from libs.ocpp_messages import frame
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.version import Version
from services.simulator.options import Simulation, Versions
from services.simulator.simulation import simulate
from tests.unit.loop import LoopTime
from tests.unit.simulator.csms import SILENCE, Csms, Json, csms

ID = "SIM00000"


@asynccontextmanager
async def station(version: Versions, sessions: int = 0, quirks: str = "") -> AsyncIterator[Csms]:
    """One that stays until the test is over, and charges for an hour when it charges."""
    async with csms() as system:
        simulation = Simulation(
            url=system.url,
            version=version,
            stations=1,
            sessions=sessions,
            connectors=2,
            duration=3600,
            meter_interval=0.01,
            lifetime=3600,
            retry_interval=0.01,
            power=50_000_000,
            quirks=quirks,
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(simulate(simulation, lambda progress: None))
            await system.until(lambda: len(system.payloads("StatusNotification")) >= 2)
            yield system
            running.cancel()


async def ask(system: Csms, action: str, payload: Json) -> dict[str, Any]:
    """The station's answer, which must fit its schema."""
    answer = await system.command(ID, action, payload)
    assert isinstance(answer, frame.Result), answer
    version = Version(system.connections[ID].subprotocol or "")
    ACTIONS[version][action].response_validator.check(answer.payload)
    return dict(answer.payload)


async def refusal(system: Csms, action: str, payload: Json) -> str:
    answer = await system.command(ID, action, payload)
    assert isinstance(answer, frame.Error), answer
    return answer.code


def events(system: Csms, type_: str) -> list[Json]:
    return [event for event in system.payloads("TransactionEvent") if event["eventType"] == type_]


def started(system: Csms) -> list[Json]:
    return events(system, "Started")


async def test_a_remote_start_and_stop_in_1_6() -> None:
    async with station("1.6") as system:
        start = await ask(system, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2})
        await system.until(lambda: len(system.payloads("MeterValues")) > 1)
        stop = await ask(system, "RemoteStopTransaction", {"transactionId": 1})
        again = await ask(system, "RemoteStopTransaction", {"transactionId": 99})
        await system.until(lambda: bool(system.payloads("StopTransaction")))

    assert (start["status"], stop["status"], again["status"]) == ("Accepted", "Accepted", "Rejected")
    assert system.payloads("StartTransaction")[0]["connectorId"] == 2
    assert system.payloads("StopTransaction")[0]["reason"] == "Remote"
    assert "Authorize" not in system.actions()


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_requested_start_and_stop_in_2_x(version: Versions) -> None:
    async with station(version) as system:
        token = {"idToken": "TAG", "type": "Central"}
        start = await ask(system, "RequestStartTransaction", {"idToken": token, "remoteStartId": 42})
        await system.until(lambda: bool(started(system)))
        event = started(system)[0]
        id = event["transactionInfo"]["transactionId"]
        status = await ask(system, "GetTransactionStatus", {"transactionId": id})
        stop = await ask(system, "RequestStopTransaction", {"transactionId": id})
        await system.until(lambda: bool(events(system, "Ended")))

    assert (start["status"], stop["status"]) == ("Accepted", "Accepted")
    assert event["triggerReason"] == "RemoteStart"
    assert event["transactionInfo"]["remoteStartId"] == 42
    assert status["ongoingIndicator"] is True
    assert events(system, "Ended")[0]["transactionInfo"]["stoppedReason"] == "Remote"


@pytest.mark.parametrize(
    ("version", "type_", "stop"), [("1.6", "Hard", "HardReset"), ("2.0.1", "Immediate", "ImmediateReset")]
)
async def test_a_reset_stops_the_transaction_and_boots_again(
    version: Versions, type_: str, stop: str
) -> None:
    async with station(version, sessions=1) as system:
        await system.until(lambda: "StartTransaction" in system.actions() or bool(started(system)))
        answer = await ask(system, "Reset", {"type": type_})
        await system.until(
            lambda: (
                bool(system.payloads("StopTransaction") or events(system, "Ended"))
                and len(system.payloads("BootNotification")) == 2
            )
        )

    assert answer["status"] == "Accepted"
    assert len(system.opened) == 2
    if version == "1.6":
        assert system.payloads("StopTransaction")[0]["reason"] == stop
    else:
        assert events(system, "Ended")[0]["transactionInfo"]["stoppedReason"] == stop
        assert system.payloads("BootNotification")[1]["reason"] == "RemoteReset"


async def test_a_reset_on_idle_waits_for_the_car_to_leave() -> None:
    async with station("2.0.1", sessions=1) as system:
        await system.until(lambda: bool(started(system)))
        answer = await ask(system, "Reset", {"type": "OnIdle"})
        id = started(system)[0]["transactionInfo"]["transactionId"]
        await ask(system, "RequestStopTransaction", {"transactionId": id})
        await system.until(lambda: len(system.payloads("BootNotification")) == 2)

    assert answer["status"] == "Scheduled"
    assert len(events(system, "Ended")) == 1


async def test_reset_and_resume_goes_on_with_the_same_transaction() -> None:
    async with station("2.1", sessions=1) as system:
        await system.until(lambda: bool(started(system)))
        await ask(system, "Reset", {"type": "ImmediateAndResume"})
        await system.until(lambda: len(system.payloads("BootNotification")) == 2)
        before = len(system.payloads("TransactionEvent"))
        await system.until(lambda: len(system.payloads("TransactionEvent")) > before + 2)

    assert len(started(system)) == 1
    assert len({e["transactionInfo"]["transactionId"] for e in system.payloads("TransactionEvent")}) == 1


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_triggered_messages_are_sent(version: Versions) -> None:
    async with station(version) as system:
        for message in ("Heartbeat", "BootNotification"):
            before = len(system.payloads(message))
            answer = await ask(system, "TriggerMessage", {"requestedMessage": message})
            assert answer["status"] == "Accepted"
            await system.until(lambda: len(system.payloads(message)) > before)  # noqa: B023
        unknown = await ask(system, "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})

    assert unknown["status"] == "NotImplemented"


async def test_heartbeats_come_at_the_interval_that_the_csms_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    time = LoopTime(monkeypatch)
    async with station("1.6") as system:
        before = len(system.payloads("Heartbeat"))
        await ask(system, "ChangeConfiguration", {"key": "HeartbeatInterval", "value": "1"})
        for number in (1, 2):
            time.advance(1)
            await system.until(lambda number=number: len(system.payloads("Heartbeat")) == number)

    assert before == 0


async def test_a_connector_out_of_service_says_so_and_starts_nothing() -> None:
    async with station("1.6") as system:
        change = await ask(system, "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        await system.until(lambda: system.payloads("StatusNotification")[-1]["status"] == "Unavailable")
        start = await ask(system, "RemoteStartTransaction", {"idTag": "TAG", "connectorId": 1})
        await ask(system, "ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        await system.until(lambda: system.payloads("StatusNotification")[-1]["status"] == "Available")

    assert (change["status"], start["status"]) == ("Accepted", "Rejected")


async def test_the_configuration_of_a_1_6_station() -> None:
    async with station("1.6") as system:
        wanted = {"key": ["NumberOfConnectors", "Nonsense"]}
        got = await ask(system, "GetConfiguration", wanted)
        everything = await ask(system, "GetConfiguration", {})
        statuses = [
            (await ask(system, "ChangeConfiguration", {"key": key, "value": value}))["status"]
            for key, value in [
                ("HeartbeatInterval", "17"),
                ("HeartbeatInterval", "often"),
                ("NumberOfConnectors", "9"),
                ("Nonsense", "1"),
            ]
        ]
        changed = await ask(system, "GetConfiguration", {"key": ["HeartbeatInterval"]})

    assert got["configurationKey"] == [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}]
    assert got["unknownKey"] == ["Nonsense"]
    assert len(everything["configurationKey"]) > 5
    assert statuses == ["Accepted", "Rejected", "Rejected", "NotSupported"]
    assert changed["configurationKey"][0]["value"] == "17"


def variable(component: str, name: str, **more: str) -> Json:
    return {"component": {"name": component}, "variable": {"name": name}, **more}


async def test_the_variables_of_a_2_x_station() -> None:
    async with station("2.0.1") as system:
        got = await ask(
            system,
            "GetVariables",
            {
                "getVariableData": [
                    variable("OCPPCommCtrlr", "HeartbeatInterval"),
                    variable("OCPPCommCtrlr", "Nonsense"),
                    variable("Nonsense", "Nonsense"),
                    variable("SecurityCtrlr", "BasicAuthPassword"),
                ]
            },
        )
        written = await ask(
            system,
            "SetVariables",
            {
                "setVariableData": [
                    variable("OCPPCommCtrlr", "HeartbeatInterval", attributeValue="17"),
                    variable("SecurityCtrlr", "SecurityProfile", attributeValue="3"),
                ]
            },
        )

    statuses = [result["attributeStatus"] for result in got["getVariableResult"]]
    assert statuses == ["Accepted", "UnknownVariable", "UnknownComponent", "Rejected"]
    assert [r["attributeStatus"] for r in written["setVariableResult"]] == ["Accepted", "Rejected"]


async def test_a_new_password_is_used_for_the_next_connection() -> None:
    async with station("2.0.1") as system:
        password = variable("SecurityCtrlr", "BasicAuthPassword", attributeValue="0123456789abcdef")
        await ask(system, "SetVariables", {"setVariableData": [password]})
        await system.until(lambda: len(system.opened) == 2)

    assert system.headers[0] == ""
    assert b64decode(system.headers[1].removeprefix("Basic ")) == b"SIM00000:0123456789abcdef"


async def test_a_base_report_comes_in_parts() -> None:
    async with station("2.1") as system:
        payload = {"requestId": 5, "reportBase": "FullInventory"}
        await ask(system, "GetBaseReport", payload)
        await system.until(lambda: any(not part["tbc"] for part in system.payloads("NotifyReport")))

    parts = system.payloads("NotifyReport")
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert len(parts) > 1
    assert {part["requestId"] for part in parts} == {5}


@pytest.mark.parametrize(("version", "connector"), [("1.6", {}), ("2.1", {"evseId": 1})])
async def test_small_commands_are_accepted(version: Versions, connector: Json) -> None:
    async with station(version) as system:
        cleared = await ask(system, "ClearCache", {})
        unlocked = await ask(system, "UnlockConnector", {"connectorId": 1, **connector})
        data = await ask(system, "DataTransfer", {"vendorId": "somebody"})

    assert cleared["status"] == "Accepted"
    assert unlocked["status"] == "Unlocked"
    assert data["status"] == "UnknownVendorId"


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_commands_that_a_station_cannot_obey_are_refused(version: Versions) -> None:
    async with station(version) as system:
        codes = [
            await refusal(system, "Levitate", {}),
            await refusal(system, "CertificateSigned", {"certificateChain": "x"}),
            await refusal(system, "Reset", {"type": "Softly"}),
        ]

    assert codes == ["NotImplemented", "NotSupported", "PropertyConstraintViolation"]


@pytest.mark.parametrize(("version", "request_id"), [("1.6", {}), ("2.0.1", {"requestId": 7})])
@pytest.mark.parametrize(
    ("host", "statuses"),
    [
        ("firmware.example", ["Downloading", "Downloaded", "Installing", "Installed"]),
        ("firmware.invalid", ["Downloading", "DownloadFailed"]),
    ],
)
async def test_a_firmware_update_ends_well_unless_its_host_has_no_name(
    version: Versions, request_id: Json, host: str, statuses: list[str]
) -> None:
    offer: Json = {"location": f"https://{host}/1.bin", "retrieveDate": "2026-11-20T18:12:00Z"}
    if version != "1.6":
        offer["retrieveDateTime"] = offer.pop("retrieveDate")
        offer = {"firmware": offer, **request_id}

    async with station(version) as system:
        await ask(system, "UpdateFirmware", offer)
        await system.until(lambda: len(system.payloads("FirmwareStatusNotification")) == len(statuses))

    assert system.payloads("FirmwareStatusNotification") == [
        {"status": status, **request_id} for status in statuses
    ]


@pytest.mark.parametrize(
    ("version", "sent", "known"),
    [("1.6", "listVersion", "listVersion"), ("2.1", "versionNumber", "versionNumber")],
)
async def test_a_station_has_the_version_of_the_list_that_it_was_sent(
    version: Versions, sent: str, known: str
) -> None:
    async with station(version) as system:
        before = await ask(system, "GetLocalListVersion", {})
        answer = await ask(system, "SendLocalList", {sent: 5, "updateType": "Full"})
        after = await ask(system, "GetLocalListVersion", {})

    assert (before[known], answer["status"], after[known]) == (0, "Accepted", 5)


async def test_messages_that_wait_are_told_of_their_own_transaction_only() -> None:
    async with station("2.1") as system:
        system.misbehave = lambda station, action, payload: SILENCE if action == "TransactionEvent" else None
        start = {"idToken": {"idToken": "TAG", "type": "Central"}, "remoteStartId": 42}
        await ask(system, "RequestStartTransaction", start)
        await system.until(lambda: bool(started(system)))
        id = started(system)[0]["transactionInfo"]["transactionId"]
        its = await ask(system, "GetTransactionStatus", {"transactionId": id})
        another = await ask(system, "GetTransactionStatus", {"transactionId": "of-last-week"})
        all_ = await ask(system, "GetTransactionStatus", {})

    assert its == {"messagesInQueue": True, "ongoingIndicator": True}
    assert another == {"messagesInQueue": False, "ongoingIndicator": False}
    assert all_ == {"messagesInQueue": True}
