"""What every page has in common: who sees it, what the address holds, and what is never in it."""

from __future__ import annotations

import pytest

from libs.csms.access.scopes import Role

from .conftest import PASSWORD, Console, Shown


async def csrf_of(console: Console, path: str = "/") -> str:
    return (await console.page(path)).all("input", name="csrf")[0]["value"] or ""


async def test_on_loopback_without_anybody_the_console_is_open(console: Console) -> None:
    shown = await console.page("/")

    assert "0 stations" in shown.text
    assert {link["href"] for link in shown.all("a")} >= {"/stations", "/transactions", "/audit"}


async def test_a_page_leads_to_the_sign_in_and_from_there_back(console: Console) -> None:
    await console.add("anna", Role.VIEWER)

    refused = await console.browser.get("/stations?q=x")
    assert refused.status_code == 303
    assert refused.headers["Location"] == "/signin?next=%2Fstations%3Fq%3Dx"
    entered = await console.browser.post(
        "/signin", data={"user": "anna", "password": PASSWORD, "next": "/stations?q=x"}
    )
    assert (entered.status_code, entered.headers["Location"]) == (303, "/stations?q=x")
    assert "HttpOnly" in entered.headers["Set-Cookie"]
    assert "SameSite=Strict" in entered.headers["Set-Cookie"]
    assert "anna" in (await console.page("/")).text


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
async def test_the_sign_in_leads_nowhere_else(console: Console, next: str) -> None:
    await console.add("anna", Role.VIEWER)

    entered = await console.browser.post("/signin", data={"user": "anna", "password": PASSWORD, "next": next})

    assert entered.headers["Location"] == "/"


async def test_a_wrong_password_is_said_on_the_page(console: Console) -> None:
    await console.add("anna", Role.VIEWER)

    refused = await console.browser.post("/signin", data={"user": "anna", "password": "wrong"})

    assert refused.status_code == 401
    assert Shown(refused.text).all("div", role="alert")
    assert "Set-Cookie" not in refused.headers


async def test_who_has_signed_out_is_asked_again(console: Console) -> None:
    await console.sign_in("anna", Role.VIEWER)

    csrf = await csrf_of(console)
    assert (await console.browser.post("/signout", data={"csrf": csrf})).status_code == 303

    assert (await console.browser.get("/")).headers["Location"] == "/signin"


async def test_a_form_without_the_token_of_the_session_changes_nothing(console: Console) -> None:
    await console.sign_in("anna", Role.ADMIN)

    refused = await console.browser.post("/stations", data={"id": "CS1", "csrf": "guessed"})

    assert refused.status_code == 403
    assert await console.devices.registry.get("CS1") is None


async def test_a_viewer_registers_no_station(console: Console) -> None:
    await console.sign_in("vera", Role.VIEWER)

    assert not (await console.page("/stations")).all("form", method="post", action="/stations")
    csrf = await csrf_of(console)
    refused = await console.browser.post("/stations", data={"id": "CS1", "csrf": csrf})
    assert refused.status_code == 403
    assert "stations:write" in refused.text


async def test_who_is_bound_to_a_group_sees_its_stations_only(console: Console) -> None:
    await console.register("NORTH-1", group="north")
    await console.register("SOUTH-1", group="south")
    await console.sign_in("nora", Role.OPERATOR, groups=["north"])

    shown = await console.page("/stations")

    assert "NORTH-1" in shown.text
    assert "SOUTH-1" not in shown.text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
)
async def test_a_page_of_another_origin_changes_nothing(console: Console, headers: dict[str, str]) -> None:
    refused = await console.browser.post("/stations", data={"id": "CS1"}, headers=headers)

    assert refused.status_code in (403, 421)
    assert await console.devices.registry.get("CS1") is None


async def test_what_a_station_says_of_itself_stays_text(console: Console) -> None:
    await console.register("CS1", group="<script>alert(1)</script>")

    shown = await console.page("/stations")

    assert "<script>alert(1)</script>" in shown.text
    assert all("src" in script for script in shown.all("script"))


async def test_pages_allow_no_script_but_ours(console: Console) -> None:
    response = await console.browser.get("/")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"


async def test_the_list_of_stations_is_searched_filtered_sorted_and_paged_by_its_address(
    console: Console,
) -> None:
    for number in range(60):
        await console.register(f"CS{number:03}", group="even" if number % 2 == 0 else "odd")

    def ids(shown: Shown) -> list[str]:
        rows = [row["id"] or "" for row in shown.all("tr") if row.get("id")]
        return [row.removeprefix("station-") for row in rows]

    first = await console.page("/stations")
    assert ids(first) == [f"CS{number:03}" for number in range(50)]
    following = first.all("a", rel="next")[0]["href"] or ""
    assert ids(await console.page(following)) == [f"CS{number:03}" for number in range(50, 60)]
    assert ids(await console.page("/stations?q=s01&group=even&sort=-id")) == [
        "CS018",
        "CS016",
        "CS014",
        "CS012",
        "CS010",
    ]


async def test_a_list_is_downloaded_as_csv_that_no_spreadsheet_takes_for_formulas(console: Console) -> None:
    await console.register("CS1", group="=cmd()")

    lines = (await console.browser.get("/stations?format=csv&columns=id,group")).text.splitlines()

    assert lines == ["id,group", "CS1,'=cmd()"]


async def test_a_form_that_is_too_long_is_refused(console: Console) -> None:
    refused = await console.browser.post("/stations", data={"id": "x" * 2_000_000})

    assert refused.status_code == 413


async def test_pages_are_in_the_language_that_was_chosen(console: Console) -> None:
    await console.browser.post("/language", data={"language": "de", "next": "/stations"})

    assert (await console.page("/")).all("html", lang="de")
