"""The tables of the README are what the code says."""

from __future__ import annotations

from pathlib import Path

from libs.csms.settings import Settings, variables
from services.processes import message_table

README = (Path(__file__).parents[2] / "README.md").read_text()


def settings_table() -> str:
    rows = ["| variable | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        names = " or ".join(f"`{variable}`" for variable in variables(name))
        rows.append(f"| {names} | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def test_the_readme_lists_every_setting() -> None:
    assert settings_table() in README


def test_the_readme_lists_every_message() -> None:
    assert message_table() in README
