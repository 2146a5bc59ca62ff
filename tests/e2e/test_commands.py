"""The CSMS asks a station: by REST, over the bus, through whichever gateway holds it, and back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from .station import Station, booted_station, station
from .system import System

ACCEPTED = {"status": "Accepted"}
RESET = {"1.6": {"type": "Soft"}, "2.0.1": {"type": "Immediate"}, "2.1": {"type": "Immediate"}}
HEARTBEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
ASKED: dict[str, tuple[str, Any, Any]] = {
    "1.6": (
        "GetConfiguration",
        {"key": ["HeartbeatInterval"]},
        {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]},
    ),
    "2.0.1": (
        "GetVariables",
        {"getVariableData": [HEARTBEAT]},
        {"getVariableResult": [HEARTBEAT | {"attributeStatus": "Accepted", "attributeValue": "300"}]},
    ),
    "2.1": ("GetTariffs", {"evseId": 0}, {"status": "NoTariff"}),
}


async def post(
    system: System, id: str, action: str, payload: Any, key: str | None = None, **options: Any
) -> httpx.Response:
    """``options`` are query parameters."""
    headers = {"Idempotency-Key": key} if key else {}
    url = f"{system.device}/chargingstations/{id}/commands/{action}"
    return await system.http.post(url, json=payload, params=options, headers=headers, timeout=130)


async def receives_command(connected: Station, action: str, payload: Any) -> str:
    """The id of the next frame, which is that CALL."""
    message_type, id, *content = await connected.receive()
    assert [message_type, *content] == [2, action, payload]
    return str(id)


async def known(system: System, id: str) -> Any:
    return await system.get(f"{system.device}/commands/{id}")


async def until_status(system: System, id: str, status: str) -> Any:
    async with asyncio.timeout(60):
        while (command := await known(system, id))["status"] != status:
            await asyncio.sleep(0.2)
        return command


@pytest.mark.parametrize("gateway", [0, -1], ids=["action", "inbox"])
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_command_and_its_answer(system: System, cs: str, version: str, gateway: int) -> None:
    """On the embedded pair there is one gateway and one way."""
    async with booted_station(system.gateways[gateway], cs, version) as connected:
        for action, payload, response in [("Reset", RESET[version], ACCEPTED), ASKED[version]]:
            posting = asyncio.create_task(post(system, cs, action, payload))
            id = await receives_command(connected, action, payload)
            await connected.send([3, id, response])

            answered = await posting
            assert answered.status_code == 200, answered.text
            assert answered.json()["status"] == "answered"
            assert answered.json()["response"] == response
            assert await known(system, id) == answered.json()


async def test_a_callerror_is_shown_in_the_stations_words(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        posting = asyncio.create_task(post(system, cs, "ClearCache", {}))
        id = await receives_command(connected, "ClearCache", {})
        await connected.send([4, id, "NotSupported", "no cache here", {"memory": 0}])

        answered = await posting
        assert (answered.status_code, answered.json()["status"]) == (200, "error")
        error = {"code": "NotSupported", "description": "no cache here", "details": {"memory": 0}}
        assert answered.json()["error"] == error


async def test_what_cannot_be_sent(system: System, cs: str, name: str) -> None:
    assert (await post(system, cs, "ClearCache", {})).status_code == 409
    assert (await post(system, f"nobody-{name}", "ClearCache", {})).status_code == 404
    async with booted_station(system.gateways[0], cs):
        assert (await post(system, cs, "RemoteStopTransaction", {"transactionId": 1})).status_code == 404
        assert (await post(system, cs, "Heartbeat", {})).status_code == 404
        refused = await post(system, cs, "Reset", {"type": "Hard"})
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith("type: must be one of")


async def test_a_slow_station_answers_after_the_client_has_gone(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        problem = await post(system, cs, "ClearCache", {}, wait=0.5)
        assert problem.status_code == 504, problem.text
        assert problem.headers["Content-Type"] == "application/problem+json"

        id = await receives_command(connected, "ClearCache", {})
        assert problem.json()["commandId"] == id
        await connected.send([3, id, ACCEPTED])
        assert (await until_status(system, id, "answered"))["response"] == ACCEPTED


async def test_one_command_at_a_time_and_neither_direction_waits_for_the_other(
    system: System, cs: str
) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        for _ in range(3):
            assert (await post(system, cs, "ClearCache", {}, wait=0)).status_code == 202

        for _ in range(3):
            id = await receives_command(connected, "ClearCache", {})
            assert "currentTime" in await connected.call("Heartbeat", {})
            await connected.send([3, id, ACCEPTED])
            await until_status(system, id, "answered")


async def test_the_same_key_is_sent_once(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        posting = [asyncio.create_task(post(system, cs, "ClearCache", {}, key="k")) for _ in range(4)]
        id = await receives_command(connected, "ClearCache", {})
        await connected.send([3, id, ACCEPTED])

        answers = await asyncio.gather(*posting)
        assert [(answer.status_code, answer.json()["id"]) for answer in answers] == [(200, id)] * 4
        assert "currentTime" in await connected.call("Heartbeat", {})


@pytest.mark.parametrize("gateway", [0, -1], ids=["action", "inbox"])
async def test_nothing_goes_out_after_its_caller_was_told_that_there_is_no_answer(
    system: System, cs: str, tag: str, gateway: int
) -> None:
    """A station that ignores one command makes the next ones wait in the gateway."""
    async with booted_station(system.gateways[gateway], cs, "1.6") as connected:
        await post(system, cs, "ClearCache", {}, wait=0)
        ignored = await receives_command(connected, "ClearCache", {})

        moving = [
            post(system, cs, "RemoteStartTransaction", {"idTag": tag, "connectorId": 1}, wait=2),
            post(system, cs, "UnlockConnector", {"connectorId": 1}, wait=2),
        ]
        for problem in await asyncio.gather(*moving):
            body = problem.json()
            assert (problem.status_code, body["commandStatus"]) == (504, "expired"), problem.text
            assert "it was never sent" in body["detail"] and "sentAt" not in body
            command = await known(system, body["commandId"])
            assert command["status"] == "expired" and "sentAt" not in command

        open_one = await until_status(system, ignored, "sent")
        await connected.send([3, ignored, ACCEPTED])
        answered = await until_status(system, ignored, "answered")
        assert answered["sentAt"] == open_one["sentAt"]
        await post(system, cs, "GetLocalListVersion", {}, wait=0)
        await receives_command(connected, "GetLocalListVersion", {})


@pytest.mark.parametrize("gateway", [0, -1], ids=["action", "inbox"])
async def test_what_waits_in_a_gateway_is_taken_back_and_what_is_sent_is_not(
    system: System, cs: str, gateway: int
) -> None:
    async with booted_station(system.gateways[gateway], cs) as connected:
        first = (await post(system, cs, "ClearCache", {}, wait=0)).json()["id"]
        await receives_command(connected, "ClearCache", {})
        second = (await post(system, cs, "Reset", RESET["2.0.1"], wait=0)).json()["id"]

        cancelled = await system.http.delete(f"{system.device}/commands/{second}")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "expired"), cancelled.text
        too_late = await system.http.delete(f"{system.device}/commands/{first}")
        assert (too_late.status_code, too_late.json()["commandStatus"]) == (409, "sent"), too_late.text
        assert "may have been carried out" in too_late.json()["detail"] and too_late.json()["sentAt"]

        await connected.send([3, first, ACCEPTED])
        await post(system, cs, "GetLocalListVersion", {}, wait=0)
        await receives_command(connected, "GetLocalListVersion", {})


async def test_what_became_of_a_command_is_unknown_if_its_station_leaves_before_it_answers(
    system: System, cs: str
) -> None:
    async with booted_station(system.gateways[0], cs) as connected:
        posting = asyncio.create_task(post(system, cs, "Reset", RESET["2.0.1"]))
        id = await receives_command(connected, "Reset", RESET["2.0.1"])

    problem = await posting
    assert (problem.status_code, problem.json()["commandStatus"]) == (504, "unknown"), problem.text
    assert "may have been carried out" in problem.json()["detail"]
    command = await known(system, id)
    assert command["status"] == "unknown" and problem.json()["sentAt"] == command["sentAt"]


async def test_an_answer_against_its_schema_is_kept_as_it_came(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs, "1.6") as connected:
        posting = asyncio.create_task(post(system, cs, "ClearCache", {}))
        id = await receives_command(connected, "ClearCache", {})
        await connected.send([3, id, {"status": "Accepted", "cleared": 3}])

        answered = await posting
        assert (answered.status_code, answered.json()["status"]) == (200, "answered"), answered.text
        assert answered.json()["response"] == {"status": "Accepted", "cleared": 3}
        assert "cleared" in answered.json()["warning"]


async def test_two_gateways_cross_no_command(google: System, name: str) -> None:
    ids = [f"one-{name}", f"two-{name}"]
    await google.register(*ids)

    async def asked_and_answers(id: str, gateway: str, vendor: str) -> None:
        async with booted_station(gateway, id) as connected:
            for number in range(5):
                payload = {"vendorId": vendor, "messageId": str(number)}
                posting = asyncio.create_task(post(google, id, "DataTransfer", payload))
                message_id = await receives_command(connected, "DataTransfer", payload)
                await connected.send([3, message_id, {"status": "Accepted", "data": [vendor, number]}])
                assert (await posting).json()["response"]["data"] == [vendor, number]

    async with asyncio.TaskGroup() as tasks:
        for id, gateway in zip(ids, (google.gateways[1], google.gateways[2]), strict=True):
            tasks.create_task(asked_and_answers(id, gateway, id))


async def test_a_command_that_is_open_when_its_gateway_dies_ends_and_is_not_sent_again(
    system: System, cs: str
) -> None:
    process = system.process_of("gateway0")
    try:
        async with booted_station(system.gateways[0], cs) as connected:
            await post(system, cs, "Reset", RESET["2.0.1"], wait=0)
            id = await receives_command(connected, "Reset", RESET["2.0.1"])
            process.kill()
            with pytest.raises(ConnectionClosed):
                await connected.receive()
    finally:
        await process.start()

    async with station(system.gateways[-1], cs) as connected:
        assert "currentTime" in await connected.call("Heartbeat", {})
        await connected.send([3, id, ACCEPTED])
        ended = await until_status(system, id, "unknown")
        assert "response" not in ended
        assert "currentTime" in await connected.call("Heartbeat", {})


async def test_the_device_service_dies_while_a_command_is_open(google: System, name: str) -> None:
    """The answer waits on the bus until the service is back, or is too late; the command ends anyhow."""
    id = f"CS-{name}"
    await google.register(id)
    process = google.processes["device"]
    async with booted_station(google.gateways[0], id) as connected:
        await post(google, id, "ClearCache", {}, wait=0)
        message_id = await receives_command(connected, "ClearCache", {})
        process.kill()
        await connected.send([3, message_id, ACCEPTED])
        await process.start()

        async with asyncio.timeout(200):
            while (command := await known(google, message_id))["status"] in ("queued", "sent"):
                await asyncio.sleep(0.2)
        assert command["status"] in ("answered", "unknown")
        assert "currentTime" in await connected.call("Heartbeat", {})


async def test_commands_wait_for_a_station_and_survive_a_restart(system: System, cs: str) -> None:
    async with booted_station(system.gateways[0], cs):
        pass
    async with asyncio.timeout(20):
        while (await system.status(cs))["connected"]:
            await asyncio.sleep(0.1)
    later: dict[str, Any] = {"deliver": "when-online", "ttl": 600}
    queued = [await post(system, cs, action, {}, **later) for action in ("ClearCache", "GetLocalListVersion")]
    assert [answer.status_code for answer in queued] == [202, 202]
    process = system.process_of("device")
    process.kill()
    await process.start()

    async with booted_station(system.gateways[-1], cs) as connected:
        id = await receives_command(connected, "ClearCache", {})
        await connected.send([3, id, ACCEPTED])
        id = await receives_command(connected, "GetLocalListVersion", {})
        await connected.send([3, id, {"versionNumber": 7}])
        ended = await until_status(system, id, "answered")
        assert ended["response"] == {"versionNumber": 7}
    assert [answer.json()["id"] for answer in queued][1] == id


async def test_a_command_to_many_has_a_result_for_each(system: System, cs: str, name: str) -> None:
    await system.register(f"other-{name}", f"away-{name}")
    ids = [cs, f"other-{name}", f"away-{name}"]
    async with (
        booted_station(system.gateways[0], ids[0], "1.6") as first,
        booted_station(system.gateways[-1], ids[1], "2.1") as second,
    ):
        asked = await system.http.post(
            f"{system.device}/commands/ClearCache", json={"selection": {"ids": ids}}
        )
        assert asked.status_code == 202, asked.text
        for connected in (first, second):
            id = await receives_command(connected, "ClearCache", {})
            await connected.send([3, id, ACCEPTED])

        url = f"{system.device}{asked.headers['Location']}"
        async with asyncio.timeout(30):
            while (batch := await system.get(url))["status"] != "done":
                await asyncio.sleep(0.1)
        assert (batch["counts"]["answered"], batch["counts"]["error"], batch["total"]) == (2, 1, 3)
        results = {
            item["stationId"]: item["status"] for item in (await system.get(f"{url}/commands"))["items"]
        }
        assert results == dict(zip(ids, ["answered", "answered", "error"], strict=True))


async def test_a_command_to_a_group_is_cancelled_where_it_still_waits(
    system: System, cs: str, name: str
) -> None:
    ids = [cs, f"away-{name}", f"later-{name}"]
    await system.register(*ids[1:])
    for id in ids:
        url = f"{system.device}/chargingstations/{id}"
        assert (await system.http.patch(url, json={"group": f"G-{name}"})).status_code == 200
    page = await system.get(f"{system.device}/chargingstations?group=G-{name}")
    assert [item["id"] for item in page["items"]] == sorted(ids)
    for id in ids[1:]:
        async with booted_station(system.gateways[0], id):
            pass
    async with booted_station(system.gateways[-1], cs) as connected:
        asked = await system.http.post(
            f"{system.device}/commands/ClearCache",
            json={"selection": {"group": f"G-{name}"}},
            params={"deliver": "when-online"},
        )
        assert asked.status_code == 202, asked.text
        id = await receives_command(connected, "ClearCache", {})
        await connected.send([3, id, ACCEPTED])
        await until_status(system, id, "answered")
        url = f"{system.device}{asked.headers['Location']}"
        async with asyncio.timeout(30):
            while (await system.get(url))["counts"]["queued"] != 2:
                await asyncio.sleep(0.1)

        one = (await system.get(f"{url}/commands?status=queued"))["items"][0]["id"]
        cancelled = await system.http.delete(f"{system.device}/commands/{one}")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "expired")
        batch = (await system.http.delete(url)).json()
        assert (batch["status"], batch["counts"]["answered"], batch["counts"]["expired"]) == ("done", 1, 2)
        for gone in (f"{system.device}/commands/{one}", f"{system.device}/commands/{id}", url):
            assert (await system.http.delete(gone)).status_code == 409
