from __future__ import annotations

from itertools import permutations
from typing import Any

import httpx
import pytest

from libs.csms.storage.store import Query
from libs.ocpp_messages.version import Version
from services.device.registry.model import Station
from services.device.service import Device

from .station import Csms, after

ALL = Query()

pytestmark = pytest.mark.usefixtures("registered")


def variable(name: str, value: str, component: str = "EVSE", evse: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "component": {"name": component, "evse": {"id": evse}},
        "variable": {"name": name},
        "variableAttribute": [{"type": "Actual", "value": value, "mutability": "ReadOnly"}],
        **more,
    }


def report(seq_no: int, *variables: dict[str, Any], tbc: bool = False, request_id: int = 7) -> dict[str, Any]:
    payload = {"requestId": request_id, "generatedAt": "2026-11-20T11:00:00Z", "seqNo": seq_no, "tbc": tbc}
    return payload | ({"reportData": list(variables)} if variables else {})


async def listed(client: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    response = await client.get(f"/chargingstations/CS1/{path}", params=params)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_a_report_becomes_the_device_model(
    csms: Csms, client: httpx.AsyncClient, version: Version
) -> None:
    characteristics = {"dataType": "decimal", "supportsMonitoring": True, "unit": "W", "maxLimit": 22000.5}
    power = variable("Power", "11000", variableCharacteristics=characteristics)

    assert await csms.call("NotifyReport", report(0, power), version=version) == {}

    at = "2026-11-20T12:00:00.000Z"
    assert await listed(client, "variables") == [
        {
            "stationId": "CS1",
            "component": {"name": "EVSE", "evse": {"id": 1}},
            "variable": {"name": "Power"},
            "attributes": [
                {"type": "Actual", "value": "11000", "mutability": "ReadOnly", "reportedAt": at},
            ],
            "characteristics": {**characteristics, "reportedAt": at},
        }
    ]


async def test_variables_are_found_by_component_evse_and_name(csms: Csms, client: httpx.AsyncClient) -> None:
    variables = [variable("Power", "1"), variable("Power", "2", evse=2), variable("Color", "red", "Display")]
    await csms.call("NotifyReport", report(0, *variables))

    assert len(await listed(client, "variables")) == 3
    assert len(await listed(client, "variables", component="EVSE")) == 2
    [second] = await listed(client, "variables", component="EVSE", variable="Power", evseId=2)
    assert second["attributes"][0]["value"] == "2"


async def test_the_newest_value_wins_in_any_order_of_reports(csms: Csms, device: Device) -> None:
    await csms.call("NotifyReport", report(0, variable("Power", "new")), at=after(10))
    await csms.call("NotifyReport", report(0, variable("POWER", "old"), request_id=6))

    [kept] = (await device.device_model.variables.find(ALL)).items
    assert kept.attributes[0].value == "new"


async def test_a_report_of_one_attribute_leaves_the_others(csms: Csms, device: Device) -> None:
    target = {"type": "Target", "value": "5"}
    await csms.call("NotifyReport", report(0, variable("Power", "4") | {"variableAttribute": [target]}))
    await csms.call("NotifyReport", report(0, variable("Power", "3"), request_id=8), at=after(1))

    [kept] = (await device.device_model.variables.find(ALL)).items
    assert [(one.type, one.value) for one in kept.attributes] == [("Actual", "3"), ("Target", "5")]


async def test_secrets_that_a_station_reports_are_not_kept(csms: Csms, client: httpx.AsyncClient) -> None:
    write_only = {"type": "Actual", "value": "hush-1", "mutability": "WriteOnly"}
    variables = [
        variable("Pin", "") | {"variableAttribute": [write_only]},
        variable("BasicAuthPassword", "hush-2", "SecurityCtrlr"),
    ]
    await csms.call("NotifyReport", report(0, *variables))

    kept = str(await listed(client, "variables")) + str(await listed(client, "messages"))
    assert "hush" not in kept
    assert "***" in kept


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_report_is_complete_when_all_its_parts_are_there_in_any_order(
    csms: Csms, client: httpx.AsyncClient, order: tuple[int, ...]
) -> None:
    parts = [report(n, variable(f"V{n}", "x"), tbc=n < 2) for n in range(3)]
    statuses = []
    for number in order:
        await csms.call("NotifyReport", parts[number])
        [shown] = await listed(client, "reports")
        statuses.append(shown["status"])

    assert statuses == ["receiving", "receiving", "complete"]
    assert len(await listed(client, "variables")) == 3


async def test_a_report_that_stops_coming_is_incomplete_and_says_what_is_missing(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    await csms.call("NotifyReport", report(0, tbc=True))
    await csms.call("NotifyReport", report(3))
    csms.clock.at = after(600)

    [shown] = await listed(client, "reports")
    assert (shown["status"], shown["missingSeqNos"]) == ("incomplete", [1, 2])


async def test_a_number_used_again_later_begins_another_report(csms: Csms, client: httpx.AsyncClient) -> None:
    await csms.call("NotifyReport", report(0))
    await csms.call(
        "NotifyReport", report(0, tbc=True) | {"generatedAt": "2026-11-21T11:00:00Z"}, at=after(86_400)
    )
    csms.clock.at = after(86_400)

    [shown] = await listed(client, "reports")
    assert shown["status"] == "receiving"


async def test_monitors_are_listed_as_reported_last(csms: Csms, client: httpx.AsyncClient) -> None:
    def monitoring_report(value: float) -> dict[str, Any]:
        monitor = {"id": 4, "transaction": False, "value": value, "type": "UpperThreshold", "severity": 5}
        one = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}, "variableMonitoring": [monitor]}
        return {"requestId": 1, "seqNo": 0, "generatedAt": "2026-11-20T11:00:00Z", "monitor": [one]}

    await csms.call("NotifyMonitoringReport", monitoring_report(7.5), at=after(1))
    assert await csms.call("NotifyMonitoringReport", monitoring_report(7)) == {}

    [monitor] = await listed(client, "monitors")
    assert (monitor["id"], monitor["value"], monitor["component"]) == (4, 7.5, {"name": "EVSE"})


async def test_the_device_model_of_a_deleted_station_is_deleted(
    csms: Csms, client: httpx.AsyncClient, registered: Station
) -> None:
    await csms.call("NotifyReport", report(0, variable("Power", "1")))
    await client.delete("/chargingstations/CS1")
    await client.post("/chargingstations", json={"id": "CS1"})

    assert await listed(client, "variables") == []


@pytest.mark.parametrize(
    "path", ["variables", "monitors", "events", "eventstreams", "jobs", "messages", "reports"]
)
async def test_an_unknown_station_has_no_lists(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/chargingstations/other/{path}")).status_code == 404
