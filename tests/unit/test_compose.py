from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from libs.csms.settings import Settings, variables

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", ["Dockerfile", "docker-compose.yml", "deploy/deploy.sh"])
def test_containers_are_given_settings_that_there_are(file: str) -> None:
    given = set(re.findall(r"\bCSMS_[A-Z_]+\b", (ROOT / file).read_text()))
    assert given
    assert given <= {variable for field in Settings.model_fields for variable in variables(field)}


SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def mounted(service: str) -> set[str]:
    return {volume.partition(":")[2] for volume in SERVICES[service].get("volumes", [])}


def test_a_service_mounts_the_keys_that_it_presents_or_accepts_and_no_others() -> None:
    assert {
        service: mounted(service) for service in ("provision", "gateway", "device", "transaction", "user")
    } == {
        "provision": set(),
        "gateway": {"/keys/gateway"},
        "device": {"/secrets", "/keys/gateway", "/keys/user"},
        "transaction": {"/secrets", "/keys/transaction"},
        "user": {"/secrets", "/keys/user", "/keys/transaction"},
    }


def test_the_gateway_has_neither_the_api_token_nor_the_pepper() -> None:
    given = SERVICES["gateway"]["environment"]

    assert given["CSMS_SERVICE_KEYS"] == "/keys"
    assert not given.keys() & {"CSMS_API_TOKEN_FILE", "CSMS_API_TOKEN", "CSMS_PEPPER_FILE", "CSMS_PEPPER"}
    for service in ("device", "transaction", "user"):
        assert given.items() < SERVICES[service]["environment"].items()


def test_the_folders_of_the_keys_belong_to_the_user_that_writes_them() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    [folders] = re.findall(r"install --directory --owner=csms --mode=700 ([^&\n]+)", text)
    assert set().union(*map(mounted, SERVICES)) <= set(folders.split())
