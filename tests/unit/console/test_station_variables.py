"""The variables of a station: a tree that is searched, compared, and changed in one batch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from libs.csms.access.scopes import Role
from services.device.commands.model import Command
from services.device.device_model.model import ReportedVariable

from .conftest import Console, Shown

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


async def have_variable(console: Console, station_id: str, name: str, value: str, **more: Any) -> None:
    component, _, variable = name.partition(".")
    attribute = {"value": value, "mutability": more.pop("mutability", "ReadWrite"), "reportedAt": AT}
    about = {"dataType": more.pop("dataType", "string"), "supportsMonitoring": False, "reportedAt": AT}
    reported = ReportedVariable.model_validate(
        {
            "stationId": station_id,
            "component": {"name": component},
            "variable": {"name": variable},
            "attributes": [attribute],
            "characteristics": about | more,
        }
    )
    await console.devices.device_model.variables.update(reported.key, lambda _: reported)


async def have_command(console: Console, **fields: Any) -> None:
    command = Command(station_id="CS1", ocpp_version="ocpp2.0.1", status="answered", created_at=AT, **fields)
    await console.devices.commands.commands.update(command.id, lambda _: command)


async def test_variables_are_a_tree_by_component(console: Console) -> None:
    await console.register("CS1")
    await have_variable(console, "CS1", "TxCtrlr.EVConnectionTimeOut", "60", dataType="integer", unit="s")
    await have_variable(console, "CS1", "AuthCtrlr.Enabled", "true", dataType="boolean")
    await have_variable(console, "CS1", "AuthCtrlr.Fixed", "yes", mutability="ReadOnly")

    shown = await console.page("/stations/CS1/variables")

    assert "3 variables" in shown.text
    assert "AuthCtrlr Enabled" in shown.text
    assert "integer s" in shown.text
    assert shown.all("select", **{"aria-label": "AuthCtrlr.Enabled"})
    assert shown.all("input", value="60", **{"aria-label": "TxCtrlr.EVConnectionTimeOut"})
    assert not shown.all("input", **{"aria-label": "AuthCtrlr.Fixed"})


async def test_variables_are_searched_by_name_and_value_and_by_component(console: Console) -> None:
    await console.register("CS1")
    await have_variable(console, "CS1", "TxCtrlr.EVConnectionTimeOut", "60")
    await have_variable(console, "CS1", "AuthCtrlr.Enabled", "true")

    assert "1 variable " in (await console.page("/stations/CS1/variables?q=timeout")).text
    assert "1 variable " in (await console.page("/stations/CS1/variables?q=TRUE")).text
    shown = await console.page("/stations/CS1/variables?component=AuthCtrlr")
    assert "EVConnectionTimeOut" not in shown.text


async def test_many_variables_come_page_by_page(console: Console) -> None:
    await console.register("CS1")
    for number in range(120):
        await have_variable(console, "CS1", f"Meter.V{number:03}", str(number))

    first = await console.page("/stations/CS1/variables?component=Meter")
    following = first.all("a", rel="next")[0]["href"] or ""
    second = await console.page(following)

    assert "V099" in first.words and "V100" not in first.words
    assert "V100" in second.words and "V119" in second.words
    assert "component=Meter" in following


async def test_a_secret_is_never_in_the_page(console: Console) -> None:
    await console.register("CS1")
    await have_variable(console, "CS1", "SecurityCtrlr.BasicAuthPassword", "hunter22", mutability="WriteOnly")

    response = await console.browser.get("/stations/CS1/variables")

    assert "hunter22" not in response.text
    assert Shown(response.text).all("input", type="password", name="value", value="")


async def test_what_was_not_changed_is_not_sent(console: Console) -> None:
    await console.register("CS1")
    await have_variable(console, "CS1", "TxCtrlr.EVConnectionTimeOut", "60")

    refused = await console.browser.post(
        "/stations/CS1/variables", data={"name": "TxCtrlr.EVConnectionTimeOut", "was": "60", "value": "60"}
    )

    assert refused.status_code == 422
    assert "nothing was changed" in Shown(refused.text).text


async def test_after_a_refusal_what_was_typed_is_kept(console: Console) -> None:
    await console.register("CS1")
    await have_variable(console, "CS1", "TxCtrlr.EVConnectionTimeOut", "60")

    refused = await console.browser.post(
        "/stations/CS1/variables", data={"name": "TxCtrlr.EVConnectionTimeOut", "was": "60", "value": "90"}
    )

    assert refused.status_code == 409
    shown = Shown(refused.text)
    assert shown.all("div", role="alert")
    assert shown.all("input", name="value", value="90")
    assert shown.all("input", name="was", value="60")


async def test_each_change_has_its_result(console: Console) -> None:
    await console.register("CS1")

    def named(variable: str, **more: str) -> str:
        fields = ", ".join(f'"{name}": "{text}"' for name, text in more.items())
        return f'{{"component": {{"name": "TxCtrlr"}}, "variable": {{"name": "{variable}"}}, {fields}}}'

    names = ("Good", "Bad", "Later")
    sent = ", ".join(named(name, attributeValue="1") for name in names)
    statuses = zip(names, ("Accepted", "Rejected", "RebootRequired"), strict=True)
    answers = ", ".join(named(name, attributeStatus=status) for name, status in statuses)
    await have_command(
        console,
        id="c1",
        action="SetVariables",
        payload=f'{{"setVariableData": [{sent}]}}',
        response=f'{{"setVariableResult": [{answers}]}}',
    )
    key = {"payload": '{"key": "HeartbeatInterval", "value": "5"}', "response": '{"status": "NotSupported"}'}
    await have_command(console, id="c2", action="ChangeConfiguration", **key)

    shown = await console.page("/stations/CS1/variables?command=c1&command=c2")

    assert "TxCtrlr.Good 1 The station accepted." in shown.text
    assert "TxCtrlr.Bad 1 The station refused: Rejected" in shown.text
    assert "TxCtrlr.Later 1 The station accepted. It has to be restarted. Restart" in shown.text
    assert "HeartbeatInterval 5 The station cannot do this: NotSupported" in shown.text


async def test_two_stations_are_compared(console: Console) -> None:
    for id in ("CS1", "CS2"):
        await console.register(id)
        await have_variable(console, id, "TxCtrlr.Same", "1")
    await have_variable(console, "CS1", "TxCtrlr.EVConnectionTimeOut", "60")
    await have_variable(console, "CS2", "TxCtrlr.EVConnectionTimeOut", "90")
    await have_variable(console, "CS2", "TxCtrlr.Own", "x")

    shown = await console.page("/stations/CS1/variables?with=CS2")

    assert "1 variable is alike" in shown.text
    assert "TxCtrlr.EVConnectionTimeOut 60 90" in shown.text
    assert "TxCtrlr.Own does not have it x" in shown.text
    assert "TxCtrlr.Same" not in shown.text


async def test_a_station_that_one_may_not_see_is_not_compared(console: Console) -> None:
    await console.register("NORTH-1", group="north")
    await console.register("SOUTH-1", group="south")
    await have_variable(console, "SOUTH-1", "TxCtrlr.Own", "secret value")
    await console.sign_in("nora", Role.TECHNICIAN, groups=["north"])

    refused = await console.browser.get("/stations/NORTH-1/variables?with=SOUTH-1")

    assert refused.status_code == 404
    assert "secret value" not in refused.text


async def test_a_viewer_reads_and_changes_nothing(console: Console) -> None:
    await console.register("CS1")
    await have_variable(console, "CS1", "TxCtrlr.EVConnectionTimeOut", "60")
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/stations/CS1/variables")

    assert "EVConnectionTimeOut 60" in shown.text
    assert not shown.all("input", name="value")
