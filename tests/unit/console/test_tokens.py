"""Tokens on pages: who sees what of them, and who changes them."""

from __future__ import annotations

from libs.csms.access.scopes import Role

from .conftest import Console, Shown


async def add(console: Console, text: str, **fields: str) -> None:
    answer = await console.browser.post("/tokens", data={"idToken": text, **fields})
    assert answer.status_code == 303, answer.text


async def test_a_token_is_added_by_form_and_stands_in_the_list(console: Console) -> None:
    await add(console, "A/B 1?", type="eMAID", expiryDateTime="2030-01-02T03:04", maxActiveTransactions="2")

    shown = await console.page("/tokens")

    assert "A/B 1? eMAID Accepted 2030-01-02 03:04:00" in shown.text
    link = shown.all("a", href="/tokens/A%2FB%201%3F")
    assert link
    assert "A/B 1?" in (await console.page(link[0]["href"] or "")).text


async def test_a_refused_token_is_said_at_its_form_which_keeps_what_was_typed(console: Console) -> None:
    await add(console, "CARD-0001")

    refused = await console.browser.post(
        "/tokens", data={"idToken": "card-0001", "note": "of Anna", "status": "Blocked"}
    )

    shown = Shown(refused.text)
    assert refused.status_code == 409
    assert shown.all("div", role="alert")
    assert shown.all("input", name="idToken")[0]["value"] == "card-0001"
    assert shown.all("input", name="note")[0]["value"] == "of Anna"


async def test_what_is_no_number_is_refused_with_its_place(console: Console) -> None:
    refused = await console.browser.post("/tokens", data={"idToken": "X1", "maxActiveTransactions": "many"})

    assert refused.status_code == 422
    assert "body.maxActiveTransactions" in Shown(refused.text).text


async def test_a_token_is_blocked_with_one_click_and_keeps_all_else(console: Console) -> None:
    await add(console, "CARD-0001", note="of Anna", groupIdToken="FAMILY-01")

    await console.browser.post("/tokens/CARD-0001", data={"status": "Blocked"})

    token = await console.users.tokens.existing("CARD-0001")
    assert (token.status, token.note, token.group_id_token) == ("Blocked", "of Anna", "FAMILY-01")
    assert "Accept" in (await console.page("/tokens?status=Blocked")).text


async def test_what_is_emptied_in_the_form_is_gone(console: Console) -> None:
    await add(console, "CARD-0001", note="of Anna", maxActiveTransactions="3")

    form = {"type": "ISO14443", "status": "Accepted", "note": "", "maxActiveTransactions": ""}
    await console.browser.post("/tokens/CARD-0001", data=form)

    token = await console.users.tokens.existing("CARD-0001")
    assert (token.note, token.max_active_transactions) == (None, 0)


async def test_a_refused_change_is_said_at_its_form(console: Console) -> None:
    await add(console, "CARD-0001")

    refused = await console.browser.post("/tokens/CARD-0001", data={"maxActiveTransactions": "-1"})

    shown = Shown(refused.text)
    assert refused.status_code == 422
    assert shown.all("div", role="alert")
    assert shown.all("input", name="maxActiveTransactions")[0]["value"] == "-1"


async def test_a_token_is_deleted_by_form(console: Console) -> None:
    await add(console, "CARD-0001")

    await console.browser.post("/tokens/CARD-0001", data={"act": "delete"})

    assert "No token fits." in (await console.page("/tokens")).text


async def test_the_list_is_filtered_and_searched_for_one_token(console: Console) -> None:
    await add(console, "CARD-0001", status="Blocked")
    await add(console, "CARD-0002")

    assert "CARD-0002" not in (await console.page("/tokens?status=Blocked")).text
    assert "CARD-0001" not in (await console.page("/tokens?q=card-0002")).text
    assert "CARD-0001" in (await console.page("/tokens?q=card")).text
    assert "No token fits." in (await console.page("/tokens?q=CARD-0003")).text


async def test_a_viewer_sees_the_ends_of_tokens_and_changes_none(console: Console) -> None:
    await add(console, "CARD-0001")
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/tokens")

    assert "CARD-0001" not in shown.text
    assert "****0001" in shown.text
    assert not [
        form for form in shown.all("form") if "/tokens" in (form.get("action") or "") and form.get("method")
    ]
    csrf = shown.all("input", name="csrf")[0]["value"]
    refused = await console.browser.post("/tokens/CARD-0001", data={"status": "Blocked", "csrf": csrf})
    assert refused.status_code == 403
    assert (await console.users.tokens.existing("CARD-0001")).status == "Accepted"


async def test_a_search_that_a_viewer_may_not_make_is_refused_in_the_place_of_the_list(
    console: Console,
) -> None:
    await console.sign_in("vera", Role.VIEWER)

    refused = await console.browser.get("/tokens?q=CARD", headers={"HX-Request": "true"})

    shown = Shown(refused.text)
    assert refused.status_code == 403
    assert shown.all("div", id="found")
    assert "the scope tokens:read is missing" in shown.text
