"""The local list of a station."""

from __future__ import annotations

from libs.csms.access.scopes import Role
from services.user.tokens.bodies import NewIdToken

from .conftest import Console, Shown


async def have_tokens(console: Console, *texts: str) -> None:
    for text in texts:
        await console.users.tokens.create(NewIdToken(id_token=text))


async def listed(console: Console) -> list[str]:
    known = await console.users.local_lists.shown("CS1")
    return [one.id_token for one in known.desired.values()]


async def test_the_first_token_begins_a_list_and_tokens_come_and_go(console: Console) -> None:
    await console.register("CS1")
    await have_tokens(console, "TAG1", "TAG2")
    assert "keeps no local list" in (await console.page("/stations/CS1/locallist")).text

    for token in ("TAG1", "TAG2"):
        answer = await console.browser.post("/stations/CS1/locallist", data={"add": token})
        assert answer.status_code == 303, Shown(answer.text).text
    shown = await console.page("/stations/CS1/locallist")
    assert "pending" in shown.text and "Tokens 2" in shown.text
    await console.browser.post("/stations/CS1/locallist", data={"remove": "TAG1"})

    assert await listed(console) == ["TAG2"]


async def test_a_token_that_nobody_knows_is_refused_with_what_was_typed(console: Console) -> None:
    await console.register("CS1")

    refused = await console.browser.post("/stations/CS1/locallist", data={"add": "NOBODY"})

    assert refused.status_code == 422
    assert Shown(refused.text).all("input", name="add", value="NOBODY")
    assert Shown(refused.text).all("div", role="alert")


async def test_the_whole_list_is_replaced_and_deleted_after_a_confirmation(console: Console) -> None:
    await console.register("CS1")
    await have_tokens(console, "TAG1", "TAG2", "TAG3")
    await console.browser.post("/stations/CS1/locallist", data={"add": "TAG1"})

    typed = {"idTokens": "TAG2\r\n\r\n TAG3 \r\n"}
    refused = await console.browser.post("/stations/CS1/locallist/replace", data=typed)
    assert refused.status_code == 422
    assert await listed(console) == ["TAG1"]
    await console.browser.post("/stations/CS1/locallist/replace", data={**typed, "confirmed": "on"})
    assert await listed(console) == ["TAG2", "TAG3"]
    answer = await console.browser.post("/stations/CS1/locallist/delete", data={"confirmed": "on"})

    assert answer.status_code == 303
    assert await listed(console) == []


async def test_who_may_not_read_tokens_sees_the_ends_of_their_texts(console: Console) -> None:
    await console.register("CS1")
    await have_tokens(console, "04A1B2C3D4")
    await console.browser.post("/stations/CS1/locallist", data={"add": "04A1B2C3D4"})
    await console.sign_in("vera", Role.VIEWER)

    shown = await console.page("/stations/CS1/locallist")

    assert "04A1B2C3D4" not in shown.text
    assert "C3D4" in shown.text
    assert not shown.all("input", name="add")
