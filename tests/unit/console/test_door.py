"""Who was refused at the door, why, and how he is let in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from libs.csms.access.scopes import Role
from libs.ocpp_messages.event import RefusalReason
from services.console.pages.door import WHY
from services.device.connectivity.attempts import ConnectionAttempt

from .conftest import Console, Shown

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def knock(console: Console, id: str | None, reason: RefusalReason, count: int = 1) -> None:
    attempt = ConnectionAttempt(
        station_id=id,
        path=None if id else "/x",
        reason=reason,
        detail="because of <that>",
        remote_address="192.0.2.1:1",
        subprotocols=("ocpp1.6",),
        count=count,
        first_at=NOW,
        last_at=NOW,
    )
    await console.devices.connectivity.attempts.put(attempt.slot, attempt)


async def test_an_unknown_station_at_the_door_is_registered_with_one_click(console: Console) -> None:
    await knock(console, "CS 1", RefusalReason.UNKNOWN_STATION, count=7)

    shown = await console.page("/door")
    assert "CS 1 There is no station of that id Register it, if it is yours." in shown.text
    assert "192.0.2.1:1 7 2026-11-20 12:00:00" in shown.text
    form = {field["name"] or "": field["value"] or "" for field in shown.all("input", type="hidden")}
    answer = await console.browser.post("/door", data=form)

    assert answer.status_code == 303
    assert await console.devices.registry.get("CS 1") is not None
    assert "registered" in (await console.page("/door")).text


@pytest.mark.parametrize("reason", RefusalReason)
async def test_every_reason_is_said_in_words_with_what_to_do(console: Console, reason: RefusalReason) -> None:
    await knock(console, None, reason)

    text = (await console.page(f"/door?reason={reason}")).text

    assert WHY[reason].text in text
    assert WHY[reason].to_do in text
    assert "because of <that>" in text


async def test_what_cannot_be_registered_is_said_at_the_door(console: Console) -> None:
    refused = await console.browser.post("/door", data={"id": "no/station"})

    assert refused.status_code == 422
    shown = Shown(refused.text)
    assert shown.all("div", role="alert")
    assert "Connect your charger" in shown.text


async def test_the_url_for_a_charger_is_shown_with_what_it_still_needs(console: Console) -> None:
    shown = await console.page("/door")

    assert "ws://localhost:3000/ocpp/" in shown.text
    assert "set CSMS_GATEWAY_HOST=0.0.0.0" in shown.text


async def test_a_viewer_sees_the_door_and_registers_nobody(console: Console) -> None:
    await knock(console, "CS1", RefusalReason.UNKNOWN_STATION)
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/door")

    assert "CS1" in shown.text
    assert not shown.all("form", action="/door", method="post")
