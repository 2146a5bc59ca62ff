"""What the CSMS asks a new station by itself: its settings, or at least its limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.csms.storage.store import Query
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version
from services.device.registry.model import Station
from services.device.service import Device

from .onboarding import answer, asked, boots, connects, deliver_events, leaves
from .operator import Operator
from .station import Csms, StoppedClock, after

V16, V201, V21 = Version.V16, Version.V201, Version.V21
TWO = pytest.mark.parametrize("version", [V16, V201])
EVERYTHING = Query({"stationId": "CS1"})


@pytest.mark.parametrize("version", [V201, V21])
async def test_a_new_station_is_asked_for_its_device_model_and_again_with_new_firmware(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    await boots(station, version)
    assert await asked(operator, 2) == []

    [command] = await asked(operator, 4)
    assert command.action == "GetBaseReport"
    payload = json.loads(command.data)
    assert payload == {"requestId": payload["requestId"], "reportBase": "FullInventory"}
    await answer(operator, command, {"status": "Accepted"})

    await boots(station, version, connection="2")
    assert await asked(operator, 20) == []
    await boots(station, version, firmware="2.0", connection="2")
    [again] = await asked(operator, 40)
    assert again.action == "GetBaseReport"
    assert json.loads(again.data)["requestId"] != payload["requestId"]


async def test_the_configuration_keys_of_1_6_are_variables(operator: Operator, station: Csms) -> None:
    await boots(station, V16)
    [command] = await asked(operator, 4)
    assert (command.action, json.loads(command.data)) == ("GetConfiguration", {})
    keys = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "LocalAuthListMaxLength", "readonly": True, "value": "500"},
        {"key": "AuthorizationKey", "readonly": False},
        {"key": "Odd.One[", "readonly": True, "value": "x"},
    ]

    await answer(operator, command, {"configurationKey": keys})

    page = await operator.device.device_model.variables.find(EVERYTHING)
    known = {one.configuration_key: one for one in page.items}
    heartbeat, entries = known["HeartbeatInterval"], known["LocalAuthListMaxLength"]
    assert (heartbeat.component.name, heartbeat.variable.name) == ("OCPPCommCtrlr", "HeartbeatInterval")
    assert (heartbeat.attributes[0].value, heartbeat.attributes[0].mutability) == ("300", "ReadWrite")
    assert entries.characteristics is not None and entries.characteristics.max_limit == 500
    assert known["AuthorizationKey"].attributes[0].mutability == "WriteOnly"
    odd = known["Odd.One["]
    assert (odd.component.name, odd.variable.name) == ("Configuration", "Odd.One[")
    assert odd.attributes[0].value == "x"


async def test_a_new_station_whose_boot_arrives_before_its_connection_is_asked_too(
    operator: Operator, station: Csms
) -> None:
    payload = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
    await station.call("BootNotification", payload)
    await connects(station, V201, "1")

    [command] = await asked(operator, 4)
    assert command.action == "GetBaseReport"


async def test_an_inventory_answer_from_before_a_boot_does_not_count_for_the_new_firmware(
    operator: Operator, station: Csms
) -> None:
    await boots(station, V201)
    [command] = await asked(operator, 4)
    await operator.answer(command, {"status": "Accepted"})
    operator.clock.at = after(5)
    await boots(station, V201, firmware="2.0")
    await deliver_events(operator)

    [again] = await asked(operator, 9)
    assert again.action == "GetBaseReport"


@pytest.mark.parametrize("refusal", [{"status": "NotSupported"}, {"status": "Rejected"}, None])
async def test_a_station_of_2_x_that_makes_no_report_is_asked_for_its_limits(
    operator: Operator, station: Csms, refusal: dict[str, Any] | None
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    for _ in range(2):
        if refusal is None:
            await operator.refuse(inventory, ErrorCode.NOT_IMPLEMENTED, "no reports")
            await deliver_events(operator)
        else:
            await answer(operator, inventory, refusal)

    variables: list[tuple[str, str, str]] = []
    for seconds in range(5, 12):
        for command in await asked(operator, seconds):
            data = json.loads(command.data)["getVariableData"]
            assert command.action == "GetVariables" and len(data) <= 4
            variables += [
                (one["component"]["name"], one["variable"]["name"], one["variable"].get("instance", ""))
                for one in data
            ]
            limits = {"ItemsPerMessage": "7", "BytesPerMessage": "7000"}
            values = [
                one | {"attributeStatus": "Accepted", "attributeValue": limits[one["variable"]["name"]]}
                for one in data
            ]
            await answer(operator, command, {"getVariableResult": values})

    assert len(variables) == len(set(variables)) == 12
    assert variables[0] == ("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables")
    assert ("LocalAuthListCtrlr", "BytesPerMessage", "") in variables
    place = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    too_many = await operator.post("GetVariables", {"getVariableData": [place] * 8})
    assert (too_many.status_code, "takes 7 items" in too_many.json()["detail"]) == (422, True)


async def test_a_station_of_2_x_that_refuses_the_first_question_for_its_limits_is_asked_no_other(
    operator: Operator, station: Csms
) -> None:
    await boots(station, V201)
    for seconds, action in ((4, "GetBaseReport"), (5, "GetVariables")):
        [command] = await asked(operator, seconds)
        assert command.action == action
        await operator.refuse(command, ErrorCode.NOT_IMPLEMENTED, "neither")
        await deliver_events(operator)

    assert await asked(operator, 60) == []


async def test_a_station_of_1_6_that_lists_no_keys_is_asked_for_its_limits(
    operator: Operator, station: Csms
) -> None:
    await boots(station, V16)
    [everything] = await asked(operator, 4)
    await operator.refuse(everything, ErrorCode.INTERNAL_ERROR, "too much")
    await deliver_events(operator)

    [limits] = await asked(operator, 5)
    keys = ["GetConfigurationMaxKeys", "SendLocalListMaxLength", "LocalAuthListMaxLength"]
    assert (limits.action, json.loads(limits.data)) == ("GetConfiguration", {"key": keys})
    await operator.refuse(limits, ErrorCode.INTERNAL_ERROR, "too much too")
    await deliver_events(operator)
    assert await asked(operator, 60) == []


@pytest.mark.parametrize("code", [ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED])
async def test_a_station_of_1_6_that_has_no_get_configuration_is_not_asked_by_it_again(
    operator: Operator, station: Csms, code: ErrorCode
) -> None:
    await boots(station, V16)
    [everything] = await asked(operator, 4)
    await operator.refuse(everything, code, "")
    await deliver_events(operator)

    assert await asked(operator, 60) == []


@TWO
async def test_a_station_that_did_not_answer_is_asked_again_after_its_next_boot(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    await boots(station, version)
    [lost] = await asked(operator, 4)
    await leaves(station, "1")
    await operator.look_after(200)
    assert (await operator.command(lost.message_id))["status"] == "unknown"
    await deliver_events(operator)

    await boots(station, version, connection="2")

    [again] = await asked(operator, 210)
    assert again.action == lost.action and again.message_id != lost.message_id


@TWO
@pytest.mark.parametrize("reason", ["notConnected", "overloaded"])
async def test_a_station_that_a_command_did_not_reach_is_asked_again_after_its_next_boot(
    operator: Operator, station: Csms, version: Version, reason: str
) -> None:
    await boots(station, version)
    [lost] = await asked(operator, 4)
    await operator.refuse(lost, ErrorCode.INTERNAL_ERROR, "the station left", gateway=reason)
    await deliver_events(operator)

    await boots(station, version, connection="2")

    [again] = await asked(operator, 10)
    assert again.action == lost.action and again.message_id != lost.message_id


async def test_a_station_that_is_not_accepted_is_asked_nothing(
    operator: Operator, station: Csms, device: Device
) -> None:
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1", registration_status="Pending"))
    await connects(station, V201, "1")

    assert await asked(operator, 60) == []


async def test_variables_that_commands_read_or_set_are_stored(operator: Operator, station: Csms) -> None:
    await operator.connected(V201)
    place = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    other = {"component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"}}
    await operator.post("GetVariables", {"getVariableData": [place, other]})
    results = [
        place | {"attributeStatus": "Accepted", "attributeValue": "300"},
        other | {"attributeStatus": "UnknownVariable"},
    ]
    await answer(operator, await operator.next(), {"getVariableResult": results})
    [known] = (await operator.device.device_model.variables.find(EVERYTHING)).items
    assert known.attributes[0].value == "300"

    operator.clock.at = after(5)
    set_ = [place | {"attributeValue": "60"}, other | {"attributeValue": "9"}]
    await operator.post("SetVariables", {"setVariableData": set_})
    results = [place | {"attributeStatus": "Accepted"}, other | {"attributeStatus": "Rejected"}]
    await answer(operator, await operator.next(), {"setVariableResult": results})
    [known] = (await operator.device.device_model.variables.find(EVERYTHING)).items
    assert known.attributes[0].value == "60"
