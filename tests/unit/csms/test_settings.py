from __future__ import annotations

import stat
from pathlib import Path

import pytest

from libs.csms.settings import BadSetting, load


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No ``.env``, and none of the variables that this machine may have set."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "GCP_PROJECT_ID", "GOOGLE_CLOUD_PROJECT", "HEARTBEAT_INTERVAL", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)


def test_a_flag_counts_more_than_a_variable_and_that_more_than_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("CSMS_GATEWAY_PORT=1\nCSMS_DEVICE_PORT=2\nCSMS_USER_PORT=3\n")
    monkeypatch.setenv("CSMS_DEVICE_PORT", "4")
    monkeypatch.setenv("CSMS_USER_PORT", "5")

    settings = load(user_port=6, gateway_port=None)

    assert (settings.gateway_port, settings.device_port, settings.user_port) == (1, 4, 6)


@pytest.mark.parametrize("name", ["CSMS_GATEWAY_PROT", "CSMS_PORT", "csms_nonsense"])
def test_a_name_that_is_no_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")

    with pytest.raises(BadSetting, match=f"^{name} is not a setting"):
        load()


def test_a_name_in_the_file_that_is_no_setting_stops_the_start_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CSMS_TYPO=1\nOTHER=1\n")

    with pytest.raises(BadSetting, match="^CSMS_TYPO"):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("LOG_LEVEL", "loud"),
        ("CSMS_PING_INTERVAL", "often"),
        ("CSMS_GATEWAY_ROUTING", "guess"),
        ("HEARTBEAT_INTERVAL", "0"),
    ],
)
def test_an_impossible_value_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(BadSetting) as error:
        load()

    assert str(error.value).startswith(f"{name}: ")
    assert "\n" not in str(error.value)


def test_a_token_that_is_too_short_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSMS_API_TOKEN", "tiny-secret")

    with pytest.raises(BadSetting) as error:
        load()

    assert "tiny-secret" not in str(error.value)


def test_a_token_file_is_made_once_for_its_owner_and_read_by_all(tmp_path: Path) -> None:
    file = tmp_path / "api-token"

    made, read = load(api_token_file=file).api_token, load(api_token_file=file).api_token

    assert made == read
    assert made is not None
    assert len(made.get_secret_value()) >= 32
    assert made.get_secret_value() == file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["api-token"]


def test_a_token_that_is_set_counts_more_than_one_in_a_file(tmp_path: Path) -> None:
    token = load(api_token_file=tmp_path / "api-token", api_token="0123456789abcdef").api_token

    assert token is not None
    assert token.get_secret_value() == "0123456789abcdef"
    assert not list(tmp_path.iterdir())


def test_a_token_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="^CSMS_API_TOKEN_FILE: "):
        load(api_token_file=tmp_path / "nowhere" / "api-token")


def test_public_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSMS_PUBLIC_HOSTS", "csms.Example.com, *.example.org,")

    assert load().public_hosts == ("csms.example.com", "*.example.org")


def test_trusted_proxies_are_networks_or_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSMS_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,fd00::/8")

    assert [str(one) for one in load().trusted_proxies] == ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]


@pytest.mark.parametrize("text", ["proxy.example.com", "10.0.0.1/8", "*", "10.0.0.0/33"])
def test_what_is_no_network_is_no_trusted_proxy(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CSMS_TRUSTED_PROXIES", f"10.0.0.0/8,{text}")

    with pytest.raises(BadSetting, match="^CSMS_TRUSTED_PROXIES: "):
        load()


@pytest.mark.parametrize("name", ["GCP_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"])
def test_the_project_has_two_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "my-project")

    assert load().project == "my-project"


@pytest.mark.parametrize("paths", ["/", "/ocpp/", "/ocpp/,/", "/steve/websocket/CentralSystemService/"])
def test_paths_of_the_gateway(paths: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSMS_GATEWAY_PATHS", paths)

    assert load().gateway_paths == paths


@pytest.mark.parametrize(
    "paths", ["", "ocpp", "/ocpp", "ocpp/", "/ocpp/, /", "//", "/ocpp//x/", "/o?x/", "/%2F/"]
)
def test_impossible_paths_of_the_gateway(paths: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSMS_GATEWAY_PATHS", paths)

    with pytest.raises(BadSetting, match="^CSMS_GATEWAY_PATHS: .*begin and end with /"):
        load()
