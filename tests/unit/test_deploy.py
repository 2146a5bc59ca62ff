from __future__ import annotations

from deploy.indexes import FILE, definitions


def test_the_indexes_that_are_deployed_are_those_that_the_services_ask_for() -> None:
    assert FILE.read_text() == definitions()
