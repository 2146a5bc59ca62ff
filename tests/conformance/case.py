"""The marker that says which test case of the Open Charge Alliance a test is."""

from __future__ import annotations

import pytest


def case(id: str, *more: str) -> pytest.MarkDecorator:
    """One test may be several cases that differ only in what the tester's station is configured to do."""
    return pytest.mark.case(id, *more)
