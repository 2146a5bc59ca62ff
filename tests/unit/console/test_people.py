"""People and keys on pages: who adds, changes and ends them."""

from __future__ import annotations

import re

from libs.csms.access.scopes import Role

from .conftest import PASSWORD, Console, Shown

ANNA = {"id": "anna", "name": "Anna", "password": PASSWORD, "role": "operator", "groups": "north, south"}


async def csrf_of(console: Console) -> str:
    return (await console.page("/people")).all("input", name="csrf")[0]["value"] or ""


async def sign_in_as_root(console: Console) -> str:
    """The CSRF token of an administrator's session."""
    await console.sign_in("ada", Role.ADMIN)
    return await csrf_of(console)


async def test_a_person_is_added_by_form(console: Console) -> None:
    csrf = await sign_in_as_root(console)

    answer = await console.browser.post("/people", data=ANNA | {"csrf": csrf})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/people/anna")
    assert "anna Anna operator north, south active" in (await console.page("/people")).text
    operators = await console.page("/people?role=operator")
    assert operators.all("a", href="/people/anna")
    assert not operators.all("a", href="/people/ada")
    assert not (await console.page("/people?q=ada")).all("a", href="/people/anna")


async def test_a_refused_person_is_said_at_the_form_which_keeps_all_but_the_password(
    console: Console,
) -> None:
    csrf = await sign_in_as_root(console)

    refused = await console.browser.post("/people", data=ANNA | {"csrf": csrf, "password": "short"})

    shown = Shown(refused.text)
    assert refused.status_code == 422
    assert shown.all("div", role="alert")
    assert shown.all("input", name="name")[0]["value"] == "Anna"
    assert "value" not in shown.all("input", name="password")[0]


async def test_a_person_is_changed_disabled_and_removed(console: Console) -> None:
    csrf = await sign_in_as_root(console)
    await console.browser.post("/people", data=ANNA | {"csrf": csrf})

    changed = {"name": "Anna B", "role": "viewer", "groups": "", "csrf": csrf}
    await console.browser.post("/people/anna", data=changed)
    shown = await console.page("/people/anna")
    assert "Anna B anna" in shown.text
    anna = await console.users.accounts.existing("anna")
    assert (anna.role, anna.groups) == (Role.VIEWER, None)

    await console.browser.post("/people/anna", data={"act": "disable", "csrf": csrf})
    assert "anna" in (await console.page("/people?active=false")).text
    await console.browser.post("/people/anna", data={"act": "enable", "csrf": csrf})
    assert (await console.users.accounts.existing("anna")).disabled_at is None

    await console.browser.post("/people/anna", data={"act": "remove", "csrf": csrf})
    assert (await console.browser.get("/people/anna")).status_code == 404


async def test_the_new_password_is_the_one_that_counts(console: Console) -> None:
    csrf = await sign_in_as_root(console)
    await console.browser.post("/people", data=ANNA | {"csrf": csrf})

    new = {"act": "password", "password": "quite another one", "csrf": csrf}
    assert (await console.browser.post("/people/anna", data=new)).status_code == 303

    signed = await console.browser.post("/signin", data={"user": "anna", "password": "quite another one"})
    assert signed.status_code == 303


async def test_the_last_administrator_is_not_disabled(console: Console) -> None:
    csrf = await sign_in_as_root(console)
    await console.browser.post("/people/root", data={"act": "remove", "csrf": csrf})

    refused = await console.browser.post("/people/ada", data={"act": "disable", "csrf": csrf})

    assert refused.status_code == 409
    assert Shown(refused.text).all("div", role="alert")


async def test_the_secret_of_a_key_is_shown_once(console: Console) -> None:
    csrf = await sign_in_as_root(console)

    form = {"name": "billing", "role": "viewer", "scopes": "tokens:read", "days": "30", "csrf": csrf}
    made = await console.browser.post("/keys", data=form)

    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    secrets = set(re.findall(r"csms_[\w-]+", made.text))
    assert len(secrets) == 1
    assert not re.findall(r"csms_[\w-]+", (await console.browser.get("/keys")).text)
    api = console.app.state.apis.device
    answer = await api.get("/chargingstations", headers={"Authorization": f"Bearer {secrets.pop()}"})
    assert answer.status_code == 200


async def test_a_key_is_rotated_and_revoked(console: Console) -> None:
    csrf = await sign_in_as_root(console)
    await console.browser.post("/keys", data={"name": "billing", "role": "viewer", "csrf": csrf})
    forms = (await console.page("/keys")).all("form", class_="inline")
    path = next(form["action"] or "" for form in forms if "/keys/" in (form["action"] or ""))

    rotated = await console.browser.post(path, data={"act": "rotate", "csrf": csrf})
    assert "csms_" in rotated.text
    assert (await console.browser.post(path, data={"act": "revoke", "csrf": csrf})).status_code == 303

    assert "billing viewer all stations revoked" in (await console.page("/keys")).text


async def test_a_refused_key_is_said_at_its_form(console: Console) -> None:
    csrf = await sign_in_as_root(console)

    refused = await console.browser.post("/keys", data={"name": "x", "days": "many", "csrf": csrf})

    assert refused.status_code == 422
    assert Shown(refused.text).all("input", name="days")[0]["value"] == "many"


async def test_an_operator_is_told_what_he_lacks(console: Console) -> None:
    await console.sign_in("otto", Role.OPERATOR)

    for path in ("/people", "/keys", "/people/root"):
        assert (await console.browser.get(path)).status_code == 403
