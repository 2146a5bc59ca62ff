"""Commands by REST: sent, answered, refused, waited for, asked for twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.message import Kind
from libs.ocpp_messages.version import Version
from services.device.commands.delivery import receive_ends
from services.device.commands.forms import COMMANDS, form
from services.device.commands.scheduler import keep_scheduling
from services.device.registry.model import Station
from services.device.service import Device

from .operator import Operator
from .replicas import replica_of
from .station import NOW, StoppedClock, after

V16, V201, V21 = Version.V16, Version.V201, Version.V21
RESET = {"type": "Immediate"}
ACCEPTED = {"status": "Accepted"}


def example(version: Version, action: str) -> Any:
    """The one that /docs offers."""
    examples = form(action)["requestBody"]["content"]["application/json"]["examples"]
    return examples[version.value]["value"]


@pytest.mark.parametrize("version", list(Version))
async def test_every_command_of_every_version_can_be_sent(operator: Operator, version: Version) -> None:
    operator.device.commands.checks.clear()
    await operator.connected(version)
    actions = [action.name for action in ACTIONS[version].values() if action.to_station]
    assert len(actions) >= 26

    for action in actions:
        payload = example(version, action)
        accepted = await operator.post(action, payload)

        assert accepted.status_code == 202, accepted.text
        topic, command = operator.sent.get_nowait()
        assert topic == f"{action}Request"
        assert json.loads(command.data) == payload
        assert (command.kind, command.origin) == (Kind.CALL, Direction.TO_STATION)
        assert (command.action, command.ocpp_version, command.station_id) == (action, version, "CS1")
        assert (command.gateway_id, command.connection_id) == ("g1", "1")
        assert command.reply_to == f"{action}Response"
        assert accepted.headers["Location"] == f"/commands/{command.message_id}"
        assert len(command.message_id) <= 36


def test_the_docs_describe_a_payload_by_valid_json_schema_that_the_examples_satisfy() -> None:
    for action in COMMANDS:
        body = form(action)["requestBody"]["content"]["application/json"]

        assert '"$ref"' not in json.dumps(body)
        validator = Draft202012Validator(body["schema"])
        assert all(validator.is_valid(example["value"]) for example in body["examples"].values())


async def test_the_answer_of_the_station_is_the_answer_of_the_api(operator: Operator) -> None:
    await operator.connected()

    posting = asyncio.create_task(operator.post("Reset", RESET, wait=30))
    command = await operator.next()
    await operator.answer(command, ACCEPTED)
    answered = await posting

    assert answered.status_code == 200
    assert answered.json() == {
        "id": command.message_id,
        "stationId": "CS1",
        "action": "Reset",
        "ocppVersion": "ocpp2.0.1",
        "payload": RESET,
        "status": "answered",
        "response": ACCEPTED,
        "createdAt": "2026-11-20T12:00:00.000Z",
        "requestedBy": {"id": "local", "kind": "local"},
        "expiresAt": "2026-11-20T12:00:30.000Z",
        "sentAt": "2026-11-20T12:00:00.000Z",
        "answeredAt": "2026-11-20T12:00:00.000Z",
    }
    assert await operator.command(command.message_id) == answered.json()


async def test_an_answer_that_another_replica_recorded_reaches_the_one_that_waits(
    operator: Operator, device: Device, clock: StoppedClock
) -> None:
    await operator.connected()
    replica = Operator(replica_of(device), clock)

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        receiving = tasks.create_task(receive_ends(device.commands))
        posting = tasks.create_task(operator.post("Reset", RESET, wait=30))
        await replica.answer(await operator.next(), ACCEPTED)
        answered = await posting
        receiving.cancel()

    assert answered.json()["status"] == "answered"


async def test_a_callerror_is_the_stations_answer_too(operator: Operator) -> None:
    await operator.connected()

    posting = asyncio.create_task(operator.post("Reset", RESET, wait=30))
    await operator.refuse(await operator.next(), ErrorCode.NOT_SUPPORTED, "no such reset", why="none")
    answered = await posting

    assert (answered.status_code, answered.json()["status"]) == (200, "error")
    assert answered.json()["error"] == {
        "code": "NotSupported",
        "description": "no such reset",
        "details": {"why": "none"},
    }


@pytest.mark.parametrize(
    ("reason", "status", "logged"),
    [("timeout", 504, "timeout"), ("notConnected", 409, "error"), ("overloaded", 429, "error")],
)
async def test_errors_that_the_gateway_reports_instead_of_the_station(
    operator: Operator, reason: str, status: int, logged: str
) -> None:
    await operator.connected()

    posting = asyncio.create_task(operator.post("Reset", RESET, wait=30))
    command = await operator.next()
    await operator.refuse(command, ErrorCode.GENERIC_ERROR, "no answer", gateway=reason)
    problem = await posting

    assert problem.status_code == status
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json()["commandId"] == command.message_id
    assert (await operator.command(command.message_id))["status"] == logged


async def test_without_an_answer_in_time_the_command_stays_open(operator: Operator) -> None:
    await operator.connected()

    problem = await operator.post("Reset", RESET, wait=0.01)
    command = await operator.next()

    assert problem.status_code == 504
    assert problem.json()["commandId"] == command.message_id
    await operator.answer(command, ACCEPTED)
    assert (await operator.command(command.message_id))["status"] == "answered"


@pytest.mark.parametrize(
    ("id", "action", "payload", "status"),
    [
        ("nobody", "Reset", RESET, 404),
        ("CS1", "RemoteStartTransaction", {"idTag": "T"}, 404),
        ("CS1", "Heartbeat", {}, 404),
        ("CS1", "Nonsense", {}, 404),
        ("CS1", "%2E%2E%2Fx", {}, 404),
        ("away", "Reset", RESET, 409),
        ("never", "Reset", RESET, 409),
        ("never", "Heartbeat", {}, 404),
        ("rejected", "Reset", RESET, 409),
        ("new", "RequestStartTransaction", example(V201, "RequestStartTransaction"), 409),
        ("new", "Reset", RESET, 202),
        ("CS1", "Reset", {"type": "Perhaps"}, 422),
        ("CS1", "Reset", [], 422),
        ("CS1", "Reset", b"{", 422),
        ("CS1", "Reset", b'{"type": "\xff"}', 422),
        ("CS1", "Reset", b" " * 300_000, 413),
        ("CS1", "ClearCache", b"", 202),
        ("CS1", "DataTransfer", b'{"vendorId": "V", "data": ' + b"[" * 900 + b"]" * 900 + b"}", 422),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    operator: Operator, device: Device, id: str, action: str, payload: Any, status: int
) -> None:
    await device.registry.stations.update("never", lambda _: Station(id="never"))
    for name in ("CS1", "away", "rejected", "new"):
        await operator.connected(id=name)
    await operator.away("away")
    rejected = Station(id="rejected", registration_status="Rejected")
    await device.registry.stations.update("rejected", lambda _: rejected)
    await device.registry.stations.update("new", lambda _: Station(id="new"))

    answer = await operator.post(action, payload, id=id)

    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert operator.sent.empty()


async def test_a_payload_against_its_schema_is_refused_with_place_and_reason(operator: Operator) -> None:
    await operator.connected(V16)

    answer = await operator.post("ChangeAvailability", {"connectorId": "1", "type": "Operative"})

    assert answer.json()["detail"] == "connectorId: must be integer"
    assert answer.json()["code"] == "TypeConstraintViolation"


async def test_a_command_goes_to_the_inbox_of_a_connection_that_has_one(operator: Operator) -> None:
    await operator.connected(inbox="gateway-g1")

    await operator.post("Reset", RESET)

    assert operator.sent.get_nowait()[0] == "gateway-g1"


async def test_a_gateway_that_has_ended_with_its_inbox_is_no_connection(operator: Operator) -> None:
    await operator.connected(inbox="gateway-g1")
    operator.topics_gone.add("gateway-g1")

    answer = await operator.post("Reset", RESET, wait=30)

    assert answer.status_code == 409
    assert (await operator.command(answer.json()["commandId"]))["status"] == "error"


async def test_a_final_status_does_not_change(operator: Operator) -> None:
    await operator.connected()
    await operator.post("Reset", RESET)
    command = await operator.next()

    await operator.refuse(command, ErrorCode.GENERIC_ERROR, "", gateway="timeout")
    await operator.answer(command, ACCEPTED)

    known = await operator.command(command.message_id)
    assert known["status"] == "timeout"
    assert "response" not in known


async def test_an_answer_to_no_command_of_ours_is_dropped(operator: Operator, device: Device) -> None:
    await operator.connected()
    await operator.post("Reset", RESET)
    command = await operator.next()
    await device.commands.commands.delete(command.message_id)

    await operator.answer(command, ACCEPTED)

    assert await device.commands.commands.get(command.message_id) is None


async def test_no_answer_at_all_is_a_timeout_after_a_while(operator: Operator) -> None:
    await operator.connected()
    await operator.post("Reset", RESET)
    command = await operator.next()
    id = command.message_id
    operator.clock.at = after(10)
    await operator.says_sent(command, answer_timeout=100)

    await operator.look_after(139)
    assert (await operator.command(id))["status"] == "sent"

    await operator.look_after(141)
    assert (await operator.command(id))["status"] == "timeout"
    assert operator.sent.empty()


async def test_it_is_unknown_what_became_of_a_command_that_no_gateway_speaks_of(operator: Operator) -> None:
    """The process that published it may have died before the bus had it, or the gateway after that."""
    await operator.connected()
    await operator.post("Reset", RESET)
    id = (await operator.next()).message_id

    await operator.look_after(149)
    assert (await operator.command(id))["status"] == "queued"

    await operator.look_after(151)
    ended = await operator.command(id)
    assert ended["status"] == "unknown"
    assert "sentAt" not in ended
    assert operator.sent.empty()


@pytest.mark.parametrize("back", [True, False])
@pytest.mark.parametrize("sent", [True, False])
async def test_a_command_whose_connection_has_ended_is_unknown_soon(
    operator: Operator, back: bool, sent: bool
) -> None:
    await operator.connected()
    await operator.post("Reset", RESET)
    command = await operator.next()
    id = command.message_id
    if sent:
        await operator.says_sent(command)
    if back:
        await operator.connected(connection_id="2")
    else:
        await operator.away()

    await operator.look_after(9)
    assert (await operator.command(id))["status"] == ("sent" if sent else "queued")

    await operator.look_after(11)
    assert (await operator.command(id))["status"] == "unknown"
    assert operator.sent.empty()


async def test_the_same_key_gives_the_same_command(operator: Operator) -> None:
    await operator.connected()
    await operator.connected(id="CS2")

    answers = await asyncio.gather(*(operator.post("Reset", RESET, key="k1") for _ in range(5)))
    [id] = {answer.json()["id"] for answer in answers}
    command = await operator.next()
    assert (command.message_id, operator.sent.empty()) == (id, True)

    await operator.answer(command, ACCEPTED)
    await operator.away()
    again = await operator.post("Reset", RESET, key="k1", wait=30)
    assert (again.status_code, again.json()["response"]) == (200, ACCEPTED)
    other = await operator.post("Reset", RESET, id="CS2", key="k1")
    assert other.json()["id"] != id


@pytest.mark.parametrize(("action", "payload"), [("Reset", {"type": "OnIdle"}), ("ClearCache", {})])
async def test_the_same_key_for_another_command_is_refused(
    operator: Operator, action: str, payload: Any
) -> None:
    await operator.connected()
    await operator.post("Reset", RESET, key="k1")

    answer = await operator.post(action, payload, key="k1")

    assert answer.status_code == 422
    assert operator.sent.qsize() == 1


async def test_the_commands_of_a_station_newest_first_and_in_pages(
    operator: Operator, clock: StoppedClock
) -> None:
    await operator.connected()
    ids = []
    for minute, action in enumerate(["Reset", "ClearCache", "Reset"]):
        clock.at = NOW.replace(minute=minute)
        ids.append((await operator.post(action, RESET if action == "Reset" else {})).json()["id"])
    first, second = await operator.next(), await operator.next()
    await operator.answer(second, ACCEPTED)
    for command in (first, await operator.next()):
        await operator.says_sent(command)

    async def listed(**parameters: Any) -> list[str]:
        page = (await operator.http.get("/chargingstations/CS1/commands", params=parameters)).json()
        return [command["id"] for command in page["items"]]

    assert await listed() == ids[::-1]
    assert await listed(action="Reset") == [ids[2], ids[0]]
    assert await listed(status="answered") == [ids[1]]
    assert await listed(status="sent", action="Reset") == [ids[2], ids[0]]
    page = (await operator.http.get("/chargingstations/CS1/commands", params={"pageSize": 2})).json()
    assert await listed(pageSize=2, pageToken=page["nextPageToken"]) == [ids[0]]
    assert (await operator.http.get("/chargingstations/nobody/commands")).status_code == 404
    assert (await operator.http.get("/commands/none")).status_code == 404


async def test_nulls_in_payloads_and_answers_are_kept(operator: Operator) -> None:
    await operator.connected()
    data = {"vendorId": "V", "data": {"a": None, "b": [[1], [None]]}}

    sent = await operator.post("DataTransfer", data)
    await operator.answer(await operator.next(), {"status": "Accepted", "data": {"c": None}})

    known = await operator.command(sent.json()["id"])
    assert known["payload"] == data
    assert known["response"]["data"] == {"c": None}


async def test_a_process_that_starts_publishes_recent_results_again(
    operator: Operator, clock: StoppedClock
) -> None:
    """The process before it may have failed between the store and the bus, or before all received it."""
    await operator.connected()
    for second in (0, 200, 300):
        clock.at = after(second)
        await operator.post("Reset", RESET)
        await operator.answer(await operator.next(), ACCEPTED)
    await operator.post("Reset", RESET)
    ended = operator.events
    operator.bus.published.clear()
    clock.at = after(304)

    async with asyncio.timeout(3), asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(keep_scheduling(operator.device.commands))
        while len(operator.events) < 2:
            await asyncio.sleep(0.01)
        keeping.cancel()

    assert sorted(operator.events, key=lambda event: event.sent_at) == ended[1:]
