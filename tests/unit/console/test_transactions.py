"""The list of transactions, and what the page of one shows of its session."""

from __future__ import annotations

from typing import Any

from libs.csms.access.scopes import Role
from libs.ocpp_messages.version import Version
from services.console.rendering import segment
from services.transaction.model import document_id

from ..transaction.fakes import Station, minute
from .conftest import Console, Shown


def energy(minutes: float, wh: float, watt: float = 11_000) -> dict[str, Any]:
    samples = [
        {"value": wh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}},
        {"value": watt, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
    ]
    return {"meterValue": [{"timestamp": minute(minutes), "sampledValue": samples}]}


async def charge(console: Console, id: str = "CS1", ends: bool = True) -> str:
    """A session whose messages 3 to 8 never came; the id of the transaction."""
    await console.register(id)
    station = Station(console.transactions, Version.V201, id)
    token = {"idToken": {"idToken": "CARD-4711", "type": "ISO14443"}}
    await station.event("Started", 0, 0, evse={"id": 1, "connectorId": 1}, **token, **energy(0, 1000))
    for seq_no in (1, 2, 9, 10, 11, 12):
        await station.event("Updated", seq_no, seq_no, **energy(seq_no, 1000 + 10 * seq_no))
    if ends:
        about = {"stoppedReason": "EVDisconnected"}
        await station.event("Ended", 13, 13, transactionInfo=about, **energy(13, 1130))
    return document_id(id, "tx-1")


def _path(id: str) -> str:
    return f"/transactions/{segment(id)}"


async def test_the_list_is_filtered_by_its_address_and_leads_to_each_transaction(console: Console) -> None:
    ended, active = await charge(console, "CS1"), await charge(console, "CS2", ends=False)

    def links(shown: Shown) -> set[str]:
        return {link["href"] or "" for link in shown.all("a") if "/transactions/" in (link["href"] or "")}

    everything = await console.page("/transactions")
    assert len(links(everything)) == 2
    assert links(await console.page("/transactions?active=true")) == {_path(active)}
    assert links(await console.page("/transactions?stationId=CS1")) == {_path(ended)}
    assert links(await console.page("/transactions?idToken=card-4711&active=false")) == {_path(ended)}
    assert not links(await console.page("/transactions?from=2026-11-21T00:00:00Z"))
    assert len(links(await console.page("/transactions?from=2026-11-20T10:00&to=2026-11-20T10:01"))) == 2
    assert not links(await console.page("/transactions?to=2026-11-20T10:00"))
    lines = (await console.browser.get("/transactions?format=csv&stationId=CS1")).text.splitlines()
    assert len(lines) == 2
    assert "CARD-4711" in lines[1]


async def test_a_session_is_explained_with_its_evidence(console: Console) -> None:
    shown = await console.page(_path(await charge(console)))

    assert "130 Wh were charged" in shown.text
    assert "the register rose from 1000 to 1130 Wh" in shown.text
    assert "70 Wh missing from the curve" in shown.text
    assert "messages 3–8 never came" in shown.text
    assert "the vehicle was unplugged" in shown.text
    assert "What to do" in shown.text


async def test_the_curves_are_answered_for_the_chart_and_stand_beside_it_as_a_table(console: Console) -> None:
    path = _path(await charge(console))

    shown = await console.page(path)
    chart = shown.all("div", role="img")[0]
    answer = (await console.browser.get(chart["data-chart"] or "")).json()

    power, stored = answer["series"]
    assert (power["name"], power["unit"], stored["unit"]) == ("power", "kW", "kWh")
    assert [one for one in power["values"] if one is not None] == [11.0] * 8
    assert len(answer["gaps"]) == 1
    assert "Power (kW)" in shown.text
    assert len(shown.all("th", scope="row")) == 8


async def test_the_timeline_has_what_happened_in_its_order(console: Console) -> None:
    text = (await console.page(_path(await charge(console)))).text

    happened = ["Started", "Token CARD-4711 was answered", "Power flows", "Ended: EVDisconnected"]
    assert sorted(happened, key=text.index) == happened


async def test_an_operator_ends_a_transaction_by_form(console: Console) -> None:
    path = _path(await charge(console, ends=False))

    form = {"reason": "PowerLoss", "meterStopWh": "1200", "endedAt": "2026-11-20T10:30"}
    answer = await console.browser.post(f"{path}/end", data=form)

    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    shown = await console.page(path)
    assert "2026-11-20 10:30:00" in shown.text
    assert "PowerLoss" in shown.text
    assert not shown.all("form", action=f"{path}/end")


async def test_a_refused_end_says_why_at_its_form_and_keeps_what_was_typed(console: Console) -> None:
    path = _path(await charge(console, ends=False))

    refused = await console.browser.post(f"{path}/end", data={"reason": "Mine", "meterStopWh": "5"})

    shown = Shown(refused.text)
    assert refused.status_code == 422
    assert "meterStopWh is less than the register at the start" in shown.text
    assert shown.all("input", name="meterStopWh")[0]["value"] == "5"
    assert shown.all("input", name="reason")[0]["value"] == "Mine"


async def test_a_viewer_sees_the_end_of_the_token_and_ends_nothing(console: Console) -> None:
    path = _path(await charge(console, ends=False))
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page(path)
    assert "CARD-4711" not in shown.text
    assert "****4711" in shown.text
    assert not shown.all("form", action=f"{path}/end")
    csrf = (shown.all("input", name="csrf"))[0]["value"]
    assert (await console.browser.post(f"{path}/end", data={"csrf": csrf})).status_code == 403


async def test_a_transaction_of_another_group_is_not_there(console: Console) -> None:
    path = _path(await charge(console))
    await console.sign_in("nora", Role.OPERATOR, groups=["north"])

    assert (await console.browser.get(path)).status_code == 404
    assert (await console.browser.get(f"{path}/values.json")).status_code == 404


async def test_one_that_goes_on_is_read_again_while_somebody_looks(console: Console) -> None:
    path = _path(await charge(console, ends=False))

    shown = await console.page(path)

    assert shown.all("div", role="img")[0]["data-live"] == "10"
    facts = await console.browser.get(f"{path}/facts", headers={"HX-Request": "true"})
    assert "<html" not in facts.text
    assert "0.120 kWh" in Shown(facts.text).text


async def test_what_is_not_there_is_said(console: Console) -> None:
    refused = await console.browser.get("/transactions/nothing")

    assert refused.status_code == 404
    assert "there is no transaction nothing" in Shown(refused.text).text


async def test_a_session_is_explained_in_the_language_of_the_person(console: Console) -> None:
    path = _path(await charge(console))
    await console.browser.post("/language", data={"language": "de", "next": path})

    shown = await console.page(path)
    answer = (await console.browser.get(f"{path}/values.json")).json()

    assert "70 Wh fehlen in der Kurve" in shown.text
    assert "die Nachrichten 3–8 kamen nie an" in shown.text
    assert answer["series"][0]["title"] == "Leistung"
