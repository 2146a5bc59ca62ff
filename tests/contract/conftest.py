from __future__ import annotations

from uuid import uuid4

import pytest


@pytest.fixture
def project() -> str:
    return f"test-{uuid4().hex[:12]}"
