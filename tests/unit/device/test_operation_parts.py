"""Operations that a station takes in several messages: split by its limits, and answered as one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from libs.csms.errors import Invalid
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version
from services.device.commands.limits import MessageLimits
from services.device.connectivity.model import Connector
from services.device.device_model.model import Attribute, Component, Evse, ReportedVariable, Variable

from .operations import remote
from .operator import Operator
from .station import NOW

V16, V201, V21 = Version.V16, Version.V201, Version.V21
V2 = pytest.mark.parametrize("version", [V201, V21])


async def reports(operator: Operator, name: str, instance: str | None, value: str) -> None:
    """The station has reported a variable of DeviceDataCtrlr."""
    known = ReportedVariable(
        station_id="CS1",
        component=Component(name="DeviceDataCtrlr"),
        variable=Variable(name=name, instance=instance),
        attributes=[Attribute(value=value, reported_at=NOW)],
    )
    await operator.device.device_model.variables.update(known.key, lambda _: known)


def variable(name: str, **more: Any) -> dict[str, Any]:
    return {"component": {"name": "C"}, "variable": {"name": name}, **more}


def settings(*names: str) -> dict[str, Any]:
    return {"settings": [{"name": name, "value": "1"} for name in names]}


async def posted(operator: Operator, operation: str, body: Any, wait: float = 5) -> asyncio.Task[Any]:
    async def post() -> Any:
        return await remote(operator, operation, body, wait=wait)

    return asyncio.create_task(post())


def asked(command: Any) -> Any:
    return json.loads(command.data)


@V2
async def test_names_are_asked_for_in_as_many_messages_as_the_station_needs(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    await reports(operator, "ItemsPerMessage", "GetVariables", "2")

    posting = await posted(operator, "get-configuration", {"names": ["C.A", "C.B", "C.D"]})
    first, second = await operator.next(), await operator.next()
    assert [len(asked(command)["getVariableData"]) for command in (first, second)] == [2, 1]
    found = [variable(name, attributeStatus="Accepted", attributeValue=name) for name in "ABD"]
    await operator.answer(second, {"getVariableResult": found[2:]})
    await operator.answer(first, {"getVariableResult": found[:2]})
    answered = await posting

    assert answered.status_code == 200
    body = answered.json()
    assert body["status"] == "accepted"
    assert body["commandIds"] == [first.message_id, second.message_id]
    assert [one["name"] for one in body["result"]["configuration"]] == ["C.A", "C.B", "C.D"]
    assert [one["value"] for one in body["result"]["configuration"]] == ["A", "B", "D"]


async def test_keys_of_1_6_are_asked_for_in_parts_too(operator: Operator) -> None:
    await operator.connected(V16)
    await reports(operator, "ItemsPerMessage", "GetVariables", "1")

    posting = await posted(operator, "get-configuration", {"names": ["A", "B"]})
    for key in ("A", "B"):
        command = await operator.next()
        assert asked(command) == {"key": [key]}
        await operator.answer(command, {"configurationKey": [{"key": key, "readonly": False, "value": "1"}]})

    configuration = (await posting).json()["result"]["configuration"]
    assert [one["key"] for one in configuration] == ["A", "B"]


@V2
async def test_settings_are_split_by_bytes(operator: Operator, version: Version) -> None:
    await operator.connected(version)
    await reports(operator, "BytesPerMessage", "SetVariables", "200")

    accepted = await remote(operator, "change-configuration", settings("C.A", "C.B", "C.D"))

    commands = [await operator.next() for _ in accepted.json()["commandIds"]]
    assert len(commands) == 2
    assert all(len(command.data) <= 200 for command in commands)
    assert sum(len(asked(command)["setVariableData"]) for command in commands) == 3
    assert accepted.json()["status"] == "pending"
    assert {one["status"] for one in accepted.json()["result"]["settings"]} == {"pending"}


async def test_several_settings_of_1_6_are_a_message_each(operator: Operator) -> None:
    await operator.connected(V16)

    posting = await posted(operator, "change-configuration", settings("HeartbeatInterval", "Odd", "ReadOnly"))
    for status in ("RebootRequired", "NotSupported", "Rejected"):
        await operator.answer(await operator.next(), {"status": status})
    answered = (await posting).json()

    assert answered["status"] == "partial"
    assert "stationStatus" not in answered
    assert answered["result"]["settings"] == [
        {
            "name": "OCPPCommCtrlr.HeartbeatInterval",
            "key": "HeartbeatInterval",
            "status": "accepted",
            "stationStatus": "RebootRequired",
        },
        {"name": "Configuration.Odd", "key": "Odd", "status": "unsupported", "stationStatus": "NotSupported"},
        {
            "name": "Configuration.ReadOnly",
            "key": "ReadOnly",
            "status": "rejected",
            "stationStatus": "Rejected",
        },
    ]


@V2
async def test_the_answer_says_which_settings_were_applied_when_one_message_fails(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    await reports(operator, "ItemsPerMessage", "SetVariables", "2")

    posting = await posted(operator, "change-configuration", settings("C.A", "C.B", "C.D", "C.E"))
    first, second = await operator.next(), await operator.next()
    # B05: a station may answer in another order.
    answers = [variable("b", attributeStatus="Rejected"), variable("A", attributeStatus="Accepted")]
    await operator.answer(first, {"setVariableResult": answers})
    await operator.refuse(second, ErrorCode.INTERNAL_ERROR, "no")
    answered = await posting

    assert answered.status_code == 200
    body = answered.json()
    assert body["status"] == "partial"
    assert body["error"]["description"] == "no"
    applied = {one["name"]: one["status"] for one in body["result"]["settings"]}
    assert applied == {"C.A": "accepted", "C.B": "rejected", "C.D": "error", "C.E": "error"}


async def test_a_message_without_an_answer_leaves_its_settings_pending(operator: Operator) -> None:
    await operator.connected(V16)

    posting = await posted(operator, "change-configuration", settings("A", "B"), wait=0.3)
    first, _ = await operator.next(), await operator.next()
    await operator.answer(first, {"status": "Accepted"})
    answered = (await posting).json()

    assert answered["status"] == "pending"
    assert [one["status"] for one in answered["result"]["settings"]] == ["accepted", "pending"]


async def test_without_any_answer_there_is_no_outcome(operator: Operator) -> None:
    await operator.connected(V16)

    answered = await remote(operator, "change-configuration", settings("A", "B"), wait=0.05)

    assert answered.status_code == 504
    assert answered.json()["commandId"] == (await operator.next()).message_id


@pytest.mark.parametrize(
    ("version", "operation", "body", "place"),
    [
        (V201, "change-configuration", settings("C.A", "C.B", "C.D", "x"), "body.settings.3.name: "),
        (V16, "change-configuration", settings("A", "B", "C", "x" * 51), "body.settings.3.name: "),
        (
            V201,
            "change-configuration",
            {"settings": [*settings("C.A", "C.B", "C.D")["settings"], {"name": "C.E", "value": "x" * 1001}]},
            "body.settings.3.value: ",
        ),
        (
            V16,
            "change-configuration",
            {"settings": [*settings("A", "B", "C")["settings"], {"name": "D", "value": "x" * 501}]},
            "body.settings.3.value: ",
        ),
        (V16, "change-configuration", {"name": "A", "value": "x" * 501}, "body.value: "),
        (V21, "change-configuration", {"name": "C." + "x" * 51, "value": "1"}, "body.name: "),
        (V201, "get-configuration", {"names": ["C.A", "C.B", "C." + "x" * 51]}, "body.names.2: "),
        (V16, "get-configuration", {"names": ["A", "B", "x" * 51]}, "body.names.2: "),
        (V201, "start-session", {"idToken": "x" * 37}, "body.idToken: "),
        (V201, "start-session", {"idToken": "x", "groupIdToken": "x" * 37}, "body.groupIdToken: "),
        (V201, "start-session", {"idToken": "x", "type": "Fob"}, "body.type: "),
        (V201, "start-session", {"idToken": "x", "connectorId": 1}, "body.connectorId: "),
        (V201, "update-firmware", {"location": ""}, "body.location: "),
        (V16, "get-diagnostics", {"location": "not a URL"}, "body.location: "),
    ],
)
async def test_errors_name_the_field_of_the_caller(
    operator: Operator, version: Version, operation: str, body: Any, place: str
) -> None:
    await operator.connected(version)
    await reports(operator, "ItemsPerMessage", "SetVariables", "2")
    await reports(operator, "ItemsPerMessage", "GetVariables", "2")

    refused = await remote(operator, operation, body)

    assert refused.status_code == 422
    assert refused.json()["detail"].startswith(place), refused.json()["detail"]
    assert operator.sent.empty()


async def test_a_setting_that_is_too_long_for_the_station_is_named(operator: Operator) -> None:
    await operator.connected(V201)
    await reports(operator, "BytesPerMessage", "SetVariables", "150")
    long = {"name": "C.B", "value": "x" * 100}

    refused = await remote(
        operator, "change-configuration", {"settings": [*settings("C.A")["settings"], long]}
    )

    assert refused.status_code == 422
    assert refused.json()["detail"].startswith("body.settings.1: ")
    assert operator.sent.empty()


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "A"}, {"value": "1"}, {"name": "A", "value": "1", **settings("B")}, {"settings": []}],
)
async def test_one_setting_or_several_are_needed(operator: Operator, body: Any) -> None:
    await operator.connected(V16)
    assert (await remote(operator, "change-configuration", body)).status_code == 422
    assert operator.sent.empty()


async def test_more_messages_than_a_gateway_holds_are_refused_before_the_first(operator: Operator) -> None:
    await operator.connected(V16)
    refused = await remote(
        operator, "change-configuration", settings(*(f"K{number}" for number in range(31)))
    )

    assert refused.status_code == 422
    assert "31" in refused.json()["detail"]
    assert operator.sent.empty()


async def test_the_same_key_sends_no_part_twice(operator: Operator) -> None:
    await operator.connected(V16)
    first, again = [
        await remote(operator, "change-configuration", settings("A", "B"), key="k") for _ in range(2)
    ]
    other = await remote(operator, "change-configuration", settings("A", "C"), key="k")

    assert first.json()["commandIds"] == again.json()["commandIds"]
    assert other.status_code == 422
    assert operator.sent.qsize() == 2


async def connector(operator: Operator, evse_id: int, connector_id: int) -> None:
    known = Connector(
        station_id="CS1", evse_id=evse_id, connector_id=connector_id, status="Available", reported_at=NOW
    )
    await operator.device.connectivity.report(known)


@V2
async def test_without_an_evse_every_connector_that_is_known_is_triggered(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    await connector(operator, 0, 0)
    await connector(operator, 2, 1)
    await connector(operator, 1, 1)
    model = ReportedVariable(
        station_id="CS1",
        component=Component(name="Connector", evse=Evse(id=2, connector_id=2)),
        variable=Variable(name="Available"),
        attributes=[],
    )
    await operator.device.device_model.variables.update(model.key, lambda _: model)

    posting = await posted(operator, "trigger-message", {"requestedMessage": "StatusNotification"})
    commands = [await operator.next() for _ in range(3)]
    for command, status in zip(commands, ("Accepted", "Rejected", "NotImplemented"), strict=True):
        await operator.answer(command, {"status": status})
    answered = (await posting).json()

    places = [(1, 1), (2, 1), (2, 2)]
    assert [asked(command)["evse"] for command in commands] == [
        {"id": evse, "connectorId": number} for evse, number in places
    ]
    assert answered["status"] == "partial"
    assert answered["result"]["triggered"] == [
        {"evseId": evse, "connectorId": number, "status": status}
        for (evse, number), status in zip(places, ("accepted", "rejected", "unsupported"), strict=True)
    ]


@pytest.mark.parametrize("requested", ["MeterValues", "TransactionEvent", "Heartbeat"])
async def test_other_messages_of_2_x_need_no_evse(operator: Operator, requested: str) -> None:
    await operator.connected(V201)
    await connector(operator, 1, 1)

    await remote(operator, "trigger-message", {"requestedMessage": requested})

    assert asked(await operator.next()) == {"requestedMessage": requested}
    assert operator.sent.empty()


@pytest.mark.parametrize(("version", "own"), [(V16, 17), (V201, "17"), (V21, "17")])
@pytest.mark.parametrize("given", ["CS1:17", "17", 17])
async def test_a_session_is_stopped_by_either_id(
    operator: Operator, version: Version, own: object, given: object
) -> None:
    await operator.connected(version)

    assert (await remote(operator, "stop-session", {"transactionId": given})).status_code == 202

    assert asked(await operator.next())["transactionId"] == own


async def test_a_quoted_id_is_read_as_the_station_wrote_it(operator: Operator) -> None:
    await operator.connected(V201)

    await remote(operator, "stop-session", {"transactionId": "CS1:tx%2F1%3A2"})

    assert asked(await operator.next())["transactionId"] == "tx/1:2"


def limits(max_items: int | None = None, max_bytes: int | None = None) -> MessageLimits:
    return MessageLimits("x", max_items, max_bytes)


@pytest.mark.parametrize(
    ("max_items", "max_bytes", "alone", "counts"),
    [
        (None, None, [20, 20, 20], [3]),
        (2, None, [20, 20, 20], [2, 1]),
        (1, None, [20, 20], [1, 1]),
        (0, None, [20, 20], [1, 1]),
        (None, 33, [20, 20, 20], [2, 1]),
        (None, 32, [20, 20, 20], [1, 1, 1]),
        (3, 33, [20, 20, 20], [2, 1]),
    ],
)
def test_items_go_into_as_few_messages_as_the_limits_allow(
    max_items: int | None, max_bytes: int | None, alone: list[int], counts: list[int]
) -> None:
    """``{"x":[]}`` are 8 bytes, so an item of these makes 12, and two with their comma 25."""
    assert limits(max_items, max_bytes).split(alone) == counts


def test_an_item_that_fits_no_message_is_named() -> None:
    with pytest.raises(Invalid, match=r"x\.1: "):
        limits(max_bytes=20).split([20, 21])
