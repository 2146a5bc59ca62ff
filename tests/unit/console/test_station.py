"""The page of one station: the frame around its sections, and what one sees of it first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.csms.access.scopes import Role
from libs.ocpp_messages.version import Version
from services.device.commands.model import Command, CommandError
from services.device.connectivity.model import Connection, Connector
from services.device.deviations.model import StationDeviation
from services.transaction import handlers
from services.transaction.service import router as transaction_router

from ..calls import response_to
from .conftest import Console, Shown

transaction_router.load(handlers)


async def test_a_station_has_a_page_with_its_sections_and_its_neighbours(console: Console) -> None:
    for id in ("CS1", "CS2", "CS3"):
        await console.register(id)

    shown = await console.page("/stations/CS2")

    assert "CS2" in shown.text
    assert "has never connected" in shown.text
    assert shown.all("a", rel="prev", href="/stations/CS1")
    assert shown.all("a", rel="next", href="/stations/CS3")
    assert shown.all("a", href="/stations/CS2", **{"aria-current": "page"})
    assert shown.all("a", href="/stations/CS2/variables")


async def test_a_station_that_is_not_there_is_said_not_to_be(console: Console) -> None:
    assert (await console.browser.get("/stations/CS9")).status_code == 404


async def test_a_station_of_another_group_has_no_page(console: Console) -> None:
    await console.register("SOUTH-1", group="south")
    await console.sign_in("nora", Role.OPERATOR, groups=["north"])

    assert (await console.browser.get("/stations/SOUTH-1")).status_code == 404


AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


async def have_connector(console: Console, station_id: str, evse_id: int, status: str, **more: Any) -> None:
    connector = Connector(
        station_id=station_id, evse_id=evse_id, connector_id=1, status=status, reported_at=AT, **more
    )
    await console.devices.connectivity.connectors.update(connector.key, lambda _: connector)


async def have_been_here(console: Console, station_id: str, version: str = "ocpp2.0.1") -> None:
    """It has connected before, and is away now."""
    connection = Connection(
        station_id=station_id,
        connection_id="1",
        ocpp_version=version,
        connected_at=AT,
        disconnected_at=AT,
        remote_address="192.0.2.7",
    )
    await console.devices.connectivity.connections.update(station_id, lambda _: connection)


async def have_command(console: Console, station_id: str, **more: Any) -> None:
    fields: dict[str, Any] = {"action": "UnlockConnector", "status": "answered", "stage": "ended"}
    command = Command(
        id="c1",
        station_id=station_id,
        ocpp_version="ocpp2.0.1",
        payload="{}",
        created_at=AT,
        **(fields | more),
    )
    await console.devices.commands.commands.update(command.id, lambda _: command)


async def have_session(console: Console, station_id: str) -> None:
    """A TransactionEvent that has charged 1,500 Wh, as the station sent it."""

    def event(seq_no: int, type: str, wh: int, *values: dict[str, Any]) -> dict[str, Any]:
        register = {"value": wh, "measurand": "Energy.Active.Import.Register", "context": context[type]}
        at = f"2026-11-22T10:{seq_no:02}:00Z"
        return {
            "eventType": type,
            "timestamp": at,
            "triggerReason": "MeterValuePeriodic",
            "seqNo": seq_no,
            "transactionInfo": {"transactionId": "t1"},
            "evse": {"id": 1, "connectorId": 1},
            "meterValue": [{"timestamp": at, "sampledValue": [register, *values]}],
        }

    context = {"Started": "Transaction.Begin", "Updated": "Sample.Periodic"}
    power = {
        "value": 7.2,
        "measurand": "Power.Active.Import",
        "unitOfMeasure": {"unit": "W", "multiplier": 3},
    }
    battery = {"value": 55, "measurand": "SoC", "unitOfMeasure": {"unit": "Percent"}}
    for payload in (event(0, "Started", 1000), event(1, "Updated", 2500, power, battery)):
        await response_to(
            "TransactionEvent",
            payload,
            transaction_router,
            console.transactions,
            Version.V201,
            station_id,
            sent_at=AT,
            now=AT,
        )


async def test_each_evse_has_a_card_that_says_what_is_wrong(console: Console) -> None:
    await console.register("CS1")
    await have_connector(console, "CS1", 1, "Available")
    await have_connector(console, "CS1", 2, "Faulted", error_code="GroundFailure", info="relay 3")

    shown = await console.page("/stations/CS1")

    assert "EVSE 1 Connector 1: Available" in shown.text
    assert "EVSE 2 Connector 1: Faulted GroundFailure relay 3" in shown.text


async def test_what_a_station_is_told_while_it_is_away_is_refused_in_words(console: Console) -> None:
    await console.register("CS1")
    await have_been_here(console, "CS1")
    await have_connector(console, "CS1", 1, "Available")

    refused = await console.browser.post("/stations/CS1/remote/unlock-connector", data={"evseId": "1"})

    assert refused.status_code == 409
    shown = Shown(refused.text)
    assert shown.all("div", role="alert")
    assert "not connected" in shown.text
    assert "Address 192.0.2.7" in shown.text


async def test_after_a_refusal_the_form_keeps_what_was_typed(console: Console) -> None:
    await console.register("CS1")
    await have_been_here(console, "CS1")
    await have_connector(console, "CS1", 1, "Available")

    refused = await console.browser.post(
        "/stations/CS1/remote/start-session", data={"evseId": "1", "idToken": "TAG"}
    )

    assert refused.status_code == 409
    assert Shown(refused.text).all("input", name="idToken", value="TAG")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"response": '{"status": "Unlocked"}'}, "The station has unlocked the connector."),
        ({"response": '{"status": "UnlockFailed"}'}, "The station refused: UnlockFailed"),
        ({"response": '{"status": "NotSupported"}'}, "The station cannot do this: NotSupported"),
        ({"action": "Reset", "response": '{"status": "Scheduled"}'}, "The station will do it later"),
        ({"status": "timeout", "sent_at": AT}, "No answer came in time. It may have been carried out."),
        ({"status": "expired"}, "Never sent"),
        (
            {"status": "error", "error": CommandError(code="GenericError", description="no route")},
            "Not sent: no route",
        ),
        (
            {
                "status": "error",
                "sent_at": AT,
                "error": CommandError(code="InternalError", description="relay"),
            },
            "The station answered with an error: InternalError relay",
        ),
    ],
)
async def test_the_answer_of_the_station_is_told_in_words(
    console: Console, command: dict[str, Any], words: str
) -> None:
    await console.register("CS1")
    await have_command(console, "CS1", **command)

    assert words in (await console.page("/stations/CS1?command=c1")).text


async def test_the_command_of_another_station_is_not_shown(console: Console) -> None:
    await console.register("CS1")
    await have_command(console, "CS2", response='{"status": "Accepted"}')

    assert "The station accepted" not in (await console.page("/stations/CS1?command=c1")).text


async def test_a_viewer_is_shown_no_acts(console: Console) -> None:
    await console.register("CS1")
    await have_connector(console, "CS1", 1, "Available")
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/stations/CS1")

    own = [form for form in shown.all("form") if (form.get("action") or "").startswith("/stations/CS1")]
    assert own == []
    assert not shown.all("a", href="/stations/CS1/edit")


async def test_a_viewer_who_sends_an_act_all_the_same_is_told_what_he_lacks(console: Console) -> None:
    await console.register("CS1")
    await console.sign_in("vera", Role.VIEWER)
    csrf = (await console.page("/stations/CS1")).all("input", name="csrf")[0]["value"]

    refused = await console.browser.post("/stations/CS1/remote/reset", data={"csrf": csrf, "type": "OnIdle"})

    assert refused.status_code == 403
    assert "commands:maintain" in refused.text


async def test_a_restart_is_confirmed_on_a_page_of_its_own(console: Console) -> None:
    await console.register("CS1")

    shown = await console.page("/stations/CS1/reset")

    assert "Restart CS1?" in shown.text
    assert shown.all("form", action="/stations/CS1/remote/reset", method="post")
    assert not (await console.page("/stations/CS1")).all("form", action="/stations/CS1/remote/reset")


async def test_no_other_operation_is_sent(console: Console) -> None:
    await console.register("CS1")

    assert (await console.browser.post("/stations/CS1/remote/clear-cache", data={})).status_code == 404


async def test_a_session_shows_its_energy_and_its_newest_power(console: Console) -> None:
    await console.register("CS1")
    await have_session(console, "CS1")

    shown = await console.page("/stations/CS1")

    assert "Energy 1.500 kWh" in shown.text
    assert "Power 7.20 kW" in shown.text
    assert "Battery 55 %" in shown.text
    assert shown.all("input", name="transactionId", value="CS1:t1")


async def test_where_a_station_departs_from_ocpp_is_shown_exactly(console: Console) -> None:
    await console.register("CS1")
    deviation = StationDeviation(
        station_id="CS1",
        rule="timestamp",
        action="MeterValues",
        place="meterValue.*.timestamp",
        example="2026-11-22 10:00",
        repaired=True,
        count=7,
        first_seen=AT,
        last_seen=AT,
        vendor="",
        model="",
        firmware_version="",
        events=("e1",),
    )
    await console.devices.deviations.documents.update("d1", lambda _: deviation)

    shown = await console.page("/stations/CS1")

    assert "MeterValues meterValue.*.timestamp timestamp 2026-11-22 10:00 repaired 7" in shown.text
