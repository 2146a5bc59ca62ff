"""What a station must show to connect, and what was refused at the door."""

from __future__ import annotations

import re
from base64 import b64encode

from libs.csms.access.scopes import Role
from libs.csms.clients.admission import Admission, NotAdmitted

from .conftest import Console, Shown


async def admitted(console: Console, secret: str) -> bool:
    """Whether the station may connect with this secret."""
    basic = b64encode(f"CS1:{secret}".encode()).decode()
    try:
        answer = await console.devices.security.admit("CS1", f"Basic {basic}", tls=False)
    except NotAdmitted:
        return False
    return isinstance(answer, Admission)


async def test_a_secret_that_was_made_is_shown_once(console: Console) -> None:
    await console.register("CS1")

    answer = await console.browser.post("/stations/CS1/security/secret", data={"confirmed": "on"})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r'<code id="secret">([^<]+)</code>', answer.text)
    assert found is not None
    assert await admitted(console, found[1])
    shown = await console.browser.get("/stations/CS1/security")
    assert found[1] not in shown.text
    assert "It has one" in Shown(shown.text).text


async def test_a_secret_that_was_typed_is_not_shown(console: Console) -> None:
    await console.register("CS1")

    answer = await console.browser.post(
        "/stations/CS1/security/secret", data={"confirmed": "on", "secret": "sixteen-or-more-characters"}
    )

    assert "sixteen-or-more-characters" not in answer.text
    assert await admitted(console, "sixteen-or-more-characters")


async def test_a_short_secret_is_refused_unless_it_is_said_to_be_weak(console: Console) -> None:
    await console.register("CS1")
    typed = {"confirmed": "on", "secret": "short123"}

    refused = await console.browser.post("/stations/CS1/security/secret", data=typed)
    assert refused.status_code == 422
    assert "secret" in Shown(refused.text).text
    await console.browser.post("/stations/CS1/security/secret", data={**typed, "weak": "on"})

    assert "it can be guessed" in (await console.page("/stations/CS1/security")).text


async def test_nothing_of_secrets_happens_without_the_confirmation(console: Console) -> None:
    await console.register("CS1")

    refused = await console.browser.post("/stations/CS1/security/secret", data={})

    assert refused.status_code == 422
    assert "It has none" in Shown(refused.text).text


async def test_a_secret_is_taken_away(console: Console) -> None:
    await console.register("CS1")
    await console.browser.post("/stations/CS1/security/secret", data={"confirmed": "on"})

    answer = await console.browser.post("/stations/CS1/security/secret/remove", data={"confirmed": "on"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/stations/CS1/security")
    assert "It has none" in (await console.page("/stations/CS1/security")).text


async def test_a_profile_is_lowered_only_by_who_says_so(console: Console) -> None:
    await console.register("CS1")
    await console.browser.post("/stations/CS1/security/secret", data={"confirmed": "on"})
    raised = await console.browser.post("/stations/CS1/security/profile", data={"securityProfile": "2"})
    assert raised.status_code == 303

    refused = await console.browser.post("/stations/CS1/security/profile", data={"securityProfile": "1"})
    assert refused.status_code == 409
    assert (
        await console.browser.post("/stations/CS1/security/profile", data={"securityProfile": ""})
    ).status_code == 422
    lowered = await console.browser.post(
        "/stations/CS1/security/profile", data={"securityProfile": "1", "lower": "on"}
    )

    assert lowered.status_code == 303
    assert "1: its secret" in (await console.page("/stations/CS1/security")).text


async def test_only_who_may_is_shown_the_forms(console: Console) -> None:
    await console.register("CS1")
    await console.sign_in("olga", Role.OPERATOR)

    shown = await console.page("/stations/CS1/security")
    assert not shown.all("input", name="confirmed")
    csrf = shown.all("input", name="csrf")[0]["value"]
    refused = await console.browser.post(
        "/stations/CS1/security/secret", data={"confirmed": "on", "csrf": csrf}
    )

    assert refused.status_code == 403
    assert "credentials:write" in refused.text
