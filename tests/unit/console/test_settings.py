"""The settings on a page, without what is secret in them."""

from __future__ import annotations

from pydantic import SecretStr

from libs.csms.access.scopes import Role
from libs.csms.settings import Settings, load
from services.console.pages.settings import in_force

from .conftest import Console


async def test_every_setting_is_shown_with_value_default_and_description(console: Console) -> None:
    shown = await console.page("/settings")

    assert len(shown.all("th", scope="row")) == len(Settings.model_fields)
    assert "CSMS_GATEWAY_PORT 3000 3000 Port of the gateway." in shown.text
    assert str(console.settings.data_dir) in shown.text


async def test_they_are_searched_by_name_and_description(console: Console) -> None:
    shown = await console.page("/settings?q=gateway+port")

    assert "CSMS_GATEWAY_PORT" in shown.text
    assert "CSMS_DEVICE_PORT" not in shown.text


def test_no_secret_is_shown_and_none_of_a_url() -> None:
    settings = load(
        api_token=SecretStr("secret-secret-secret"),
        authorizer_token=SecretStr("hush-hush"),
        authorizer_url="https://user:hush@example.com/x",
    )

    text = " ".join(f"{one.name} {one.value} {one.default}" for one in in_force(settings))

    assert "secret-secret" not in text
    assert "hush" not in text
    assert "CSMS_API_TOKEN ••••" in text
    assert "https://••••@example.com/x" in text


async def test_a_viewer_may_read_them(console: Console) -> None:
    await console.sign_in("vera", Role.VIEWER)

    assert "CSMS_GATEWAY_PORT" in (await console.page("/settings")).text
