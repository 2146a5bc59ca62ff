"""Messages that nobody could handle, on a page: put back, or dismissed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from libs.csms.access.scopes import Role
from services.device.messages.dead_letters import DeadMessage

from .conftest import Console, Shown


async def die(console: Console, id: str, **fields: Any) -> None:
    known: dict[str, Any] = {
        "received_at": datetime(2026, 11, 20, 12, tzinfo=UTC),
        "topic": "StationConnected",
        "subscription": "StationConnected-device",
        "reason": "KeyError",
        "attempts": 5,
        "data": '{"remoteAddress":"<b>"}',
        "attributes": {
            "messageId": "1",
            "stationId": "CS1",
            "action": "StationConnected",
            "kind": "event",
            "ocppVersion": "ocpp1.6",
            "sentAt": "2026-11-20T12:00:00.000Z",
            "origin": "station",
        },
        "station_id": "CS1",
        "intact": True,
    }
    await console.devices.messages.dead_letters.put(id, DeadMessage(id=id, **(known | fields)))


async def test_a_dead_letter_is_shown_with_its_payload_as_text(console: Console) -> None:
    await die(console, "one")

    shown = await console.page("/deadletters")

    assert "StationConnected CS1 KeyError 5 no" in shown.text
    assert '{"remoteAddress":"<b>"}' in shown.text
    assert not shown.all("b")


async def test_one_is_dismissed(console: Console) -> None:
    await die(console, "one")

    answer = await console.browser.post("/deadletters", data={"id": "one", "act": "dismiss"})

    assert answer.status_code == 303
    assert "There is no dead letter" in (await console.page("/deadletters")).text


async def test_one_is_put_back_and_stays_until_it_is_dismissed(console: Console) -> None:
    await die(console, "one")
    offered = (await console.page("/deadletters")).all("button", value="retry")

    answer = await console.browser.post("/deadletters", data={"id": "one", "act": "retry"})

    assert offered
    assert answer.status_code == 303, answer.text
    assert "5 yes" in (await console.page("/deadletters?retried=true")).text


async def test_why_one_cannot_be_put_back_stands_beside_it(console: Console) -> None:
    await die(console, "one", intact=False)

    shown = await console.page("/deadletters")

    assert "Why not put back?" in shown.text
    assert not shown.all("button", value="retry")


async def test_one_that_is_gone_is_said_on_the_page(console: Console) -> None:
    refused = await console.browser.post("/deadletters", data={"id": "gone", "act": "dismiss"})

    assert refused.status_code == 404
    assert Shown(refused.text).all("div", role="alert")


async def test_who_only_reads_them_changes_none(console: Console) -> None:
    await die(console, "one")
    await console.sign_in("sepp", Role.SECURITY)

    shown = await console.page("/deadletters")

    assert "StationConnected" in shown.text
    assert not shown.all("form", action="/deadletters", method="post")
