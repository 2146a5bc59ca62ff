from __future__ import annotations

import re
from pathlib import Path

import pytest

from libs.csms.settings import Settings, variables

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", ["Dockerfile", "docker-compose.yml", "deploy/deploy.sh"])
def test_containers_are_given_settings_that_there_are(file: str) -> None:
    given = set(re.findall(r"\bCSMS_[A-Z_]+\b", (ROOT / file).read_text()))
    assert given
    assert given <= {variable for field in Settings.model_fields for variable in variables(field)}
