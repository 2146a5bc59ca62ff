"""Who did what, on a page."""

from __future__ import annotations

from libs.csms.access.scopes import Role

from .conftest import Console


async def test_acts_are_listed_and_filtered_and_downloaded(console: Console) -> None:
    await console.register("CS1", group="north")
    await console.browser.post("/tokens", data={"idToken": "CARD-0001"})

    shown = await console.page("/audit")

    assert "POST /chargingstations CS1" in shown.text
    assert "group: north" in shown.text
    assert "POST /idtokens" in shown.text
    assert "CARD-0001" not in shown.text
    only = (await console.page("/audit?action=POST+/chargingstations&outcome=succeeded")).text
    assert "POST /chargingstations" in only
    assert "/idtokens" not in only
    lines = (await console.browser.get("/audit?format=csv&target=CS1")).text.splitlines()
    assert len(lines) == 2
    assert "succeeded" in lines[1]


async def test_who_may_not_read_the_trail_is_told_what_he_lacks(console: Console) -> None:
    await console.sign_in("otto", Role.OPERATOR)

    refused = await console.browser.get("/audit")

    assert refused.status_code == 403
    assert "audit:read" in refused.text
