"""What the CSMS asks by itself: a new station for settings, one that was away long for its connectors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from libs.csms.storage.store import Query
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.event import StationConnected, StationDisconnected
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.device.app import router
from services.device.registry.model import Station
from services.device.service import Device

from .operator import Operator
from .station import Csms, StoppedClock, after

V16, V201, V21 = Version.V16, Version.V201, Version.V21
TWO = pytest.mark.parametrize("version", [V16, V201])
EVERYTHING = Query({"stationId": "CS1"})


@pytest.fixture
def station(operator: Operator, clock: StoppedClock, registered: Station) -> Csms:
    return Csms(operator.device, clock)


async def boots(station: Csms, version: Version, firmware: str = "1.0", connection: str = "1") -> None:
    """Connects, and boots."""
    await connects(station, version, connection)
    at = station.clock()
    if version is V16:
        payload: dict[str, Any] = {
            "chargePointVendor": "V",
            "chargePointModel": "M",
            "firmwareVersion": firmware,
        }
    else:
        charging_station = {"vendorName": "V", "model": "M", "firmwareVersion": firmware}
        payload = {"reason": "PowerUp", "chargingStation": charging_station}
    answer = await station.call("BootNotification", payload, version=version, connection_id=connection, at=at)
    assert answer["status"] == "Accepted"


async def connects(station: Csms, version: Version, connection: str) -> None:
    await station.event(StationConnected(), connection_id=connection, at=station.clock())
    await station.device.connectivity.connections.update(
        "CS1",
        lambda known: known.model_copy(update={"ocpp_version": version}),  # type: ignore[union-attr]
    )


async def leaves(station: Csms, connection: str) -> None:
    await station.event(StationDisconnected(code=1000), connection_id=connection, at=station.clock())


async def asked(operator: Operator, seconds: float) -> list[Message]:
    """What the station is asked by so many seconds after the beginning, by two replicas."""
    await operator.look_after(seconds)
    await operator.look_after(seconds)
    return [operator.sent.get_nowait()[1] for _ in range(operator.sent.qsize())]


async def deliver_events(operator: Operator) -> None:
    """Deliver the events of the device service to the device service."""
    events = operator.events
    operator.bus.published.clear()
    for event in events:
        await router.handle(event, operator.bus, operator.device, operator.clock)


async def answer(operator: Operator, command: Message, response: dict[str, Any]) -> None:
    await operator.answer(command, response)
    await deliver_events(operator)


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


@TWO
async def test_a_station_that_is_back_is_asked_for_connectors_that_it_does_not_report(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    for number in (1, 2):
        await reports(station, version, number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(610)
    await connects(station, version, "2")
    clock.at = after(611)
    await reports(station, version, 1, connection="2")

    [trigger] = await asked(operator, 614)

    place = {} if version is V16 else {"evse": {"id": 2, "connectorId": 1}}
    assert trigger.action == "TriggerMessage"
    assert json.loads(trigger.data) == {"requestedMessage": "StatusNotification"} | place
    assert await asked(operator, 660) == []


@pytest.mark.parametrize("version", list(Version))
async def test_connector_0_is_asked_for_too(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    for number in (0, 1):
        await reports(station, version, number, connector=number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(610)
    await connects(station, version, "2")
    clock.at = after(611)
    await reports(station, version, 1, connection="2", connector=1)

    [trigger] = await asked(operator, 614)

    place = {} if version is V16 else {"evse": {"id": 0, "connectorId": 0}}
    assert json.loads(trigger.data) == {"requestedMessage": "StatusNotification"} | place


@TWO
async def test_a_station_that_was_away_for_less_is_asked_nothing(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    """A plain reconnect, such as Cloud Run's every hour, costs no question and no write of a connector."""
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    await reports(station, version, 1)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(609)
    await connects(station, version, "2")

    assert await asked(operator, 700) == []


async def test_many_connectors_are_asked_for_one_after_another(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {"status": "Accepted"})
    for number in range(1, 41):
        await reports(station, V201, number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(620)
    await connects(station, V201, "2")

    places = set()
    for second in range(40):
        [trigger] = await asked(operator, 625 + second)
        places.add(json.loads(trigger.data)["evse"]["id"])
        await answer(operator, trigger, {"status": "Accepted"})

    assert places == set(range(1, 41))
    assert await asked(operator, 690) == []


async def test_requests_for_an_older_connection_are_not_sent_again(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {"status": "Accepted"})
    for number in (1, 2):
        await reports(station, V201, number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(620)
    await connects(station, V201, "2")
    [lost] = await asked(operator, 625)
    await leaves(station, "2")
    await operator.refuse(lost, ErrorCode.INTERNAL_ERROR, "the station left", gateway="notConnected")
    clock.at = after(1230)
    await connects(station, V201, "3")

    places = []
    for seconds in range(1240, 1260):
        for trigger in await asked(operator, seconds):
            places.append(json.loads(trigger.data)["evse"]["id"])
            await answer(operator, trigger, {"status": "Accepted"})

    assert sorted(places) == [1, 2]


async def test_a_station_that_reports_its_connectors_itself_is_not_asked(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {"status": "Accepted"})
    await reports(station, V201, 1)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(620)
    await connects(station, V201, "2")
    clock.at = after(621)
    await reports(station, V201, 1, connection="2")

    assert await asked(operator, 660) == []


async def reports(
    station: Csms, version: Version, number: int, connection: str = "1", connector: int = 1
) -> None:
    at = station.clock()
    if version is V16:
        payload: dict[str, Any] = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
    else:
        payload = {
            "timestamp": "2026-11-20T12:00:00Z",
            "connectorStatus": "Available",
            "evseId": number,
            "connectorId": connector,
        }
    await station.call("StatusNotification", payload, version=version, connection_id=connection, at=at)


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
