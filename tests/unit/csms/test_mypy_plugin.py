"""``Document.changed`` is checked by mypy: the names of its arguments, and their types."""

from __future__ import annotations

from pathlib import Path

from mypy import api

PROGRAM = """
from libs.csms.storage.store import Document


class Place(Document):
    id: str


class Charger(Place):
    boots: int = 0


charger = Charger(id="CS1")
charger.changed(id="CS2", boots=1)
charger.changed(bots=1)
charger.changed(boots="1")
charger.changed(id=None)
reveal_type(charger.changed(boots=2))
"""


def test_a_wrong_name_and_a_wrong_type_are_refused(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    report, errors, _ = api.run([str(program)])

    assert errors == ""
    assert 'program.py:15: error: Unexpected keyword argument "bots"' in report
    assert 'program.py:16: error: Argument "boots" to "changed"' in report
    assert 'program.py:17: error: Argument "id" to "changed"' in report
    assert 'program.py:18: note: Revealed type is "program.Charger"' in report
    assert "Found 3 errors" in report
