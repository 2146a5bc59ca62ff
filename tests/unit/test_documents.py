"""What the README and docs/ say is what the code says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typer

from libs.csms.settings import FOR_TESTS, Settings, variables
from services.cli import app
from services.reference import TABLES, attribute_table, event_tables, filled, tables_of

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]

page = pytest.mark.parametrize("path", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])


def code_of(text: str) -> str:
    """What stands in fenced blocks and between backticks."""
    found = re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL)
    return "\n".join(block or words for block, words in found)


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@page
def test_the_tables_are_those_of_the_code(path: Path) -> None:
    text = path.read_text()

    assert filled(text) == text, "run `make docs`"


def test_every_table_is_on_one_page() -> None:
    assert sorted(name for path in PAGES for name in tables_of(path.read_text())) == sorted(TABLES)


def test_every_field_of_an_event_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", event_tables() + attribute_table(), re.MULTILINE)

    assert [name for name, description in rows if not description] == []
    assert len(rows) > 30


def anchors_of(text: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@page
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if not re.match(r"https?:", link):
            file, _, anchor = link.partition("#")
            target = (path.parent / file).resolve() if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors_of(target.read_text()), link


@page
def test_every_command_exists(path: Path) -> None:
    command = typer.main.get_command(app)
    groups = {name: one.commands for name, one in command.commands.items() if hasattr(one, "commands")}
    known = {name: one.params for name, one in command.commands.items()}
    known |= {f"{group} {name}": one.params for group, of in groups.items() for name, one in of.items()}
    code = code_of(path.read_text()).replace("\\\n", " ")
    for name, options in re.findall(r"\bcsms (?!-)(\w+)([^|\n&]*)", code):
        assert name in known, f"csms {name}"
        if name in groups:
            part, _, options = options.strip().partition(" ")
            name = f"{name} {part}"
            assert name in known, f"csms {name}"
        flags = {flag for parameter in known[name] for flag in parameter.opts}
        assert set(re.findall(r"(?<!\S)--[\w-]+", options)) <= flags, f"csms {name}{options}"


@page
def test_every_target_of_make_exists(path: Path) -> None:
    targets = set(re.findall(r"^([\w.-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]\w*)", code_of(path.read_text()))) <= targets


@page
def test_every_variable_is_a_setting(path: Path) -> None:
    if path.name == "CHANGELOG.md":
        return
    known = {variable for field in Settings.model_fields for variable in variables(field)} | FOR_TESTS

    assert set(re.findall(r"\bCSMS_[A-Z0-9_]+\b", path.read_text())) <= known


def test_every_stop_of_a_flow_is_a_function_in_its_file() -> None:
    stops = re.findall(
        r"^\d+\. `([\w/.]+\.py)` `([\w.]+)`", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE
    )

    assert len(stops) >= 10
    for file, name in stops:
        assert (ROOT / file).exists(), file
        assert name in defined_in(ROOT / file), f"{file}: {name}"


def defined_in(path: Path) -> set[str]:
    """Functions by their names, and methods by those of their classes too."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{one.name}"
                for one in node.body
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return names


def test_the_example_of_a_handler_is_the_handler() -> None:
    [example] = re.findall(
        r"```python\n(@router.*?)```", (ROOT / "docs/architecture.md").read_text(), re.DOTALL
    )
    [handler] = (ROOT / "services/device").rglob("handlers/heartbeat.py")

    assert handler.read_text().endswith(example)


def test_a_flow_has_at_most_ten_stops() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    for flow in re.findall(r"^## One \w+\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE):
        assert 0 < len(re.findall(r"^\d+\. ", flow, re.MULTILINE)) <= 10


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    for path in (ROOT / "docs/adr").glob("[0-9]*.md"):
        text = path.read_text()
        title = text.splitlines()[0].removeprefix("# ")
        assert f"[{title}]({path.name})" in index
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
            "Alternatives rejected",
        ]
