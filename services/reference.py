"""The tables in docs/ that follow from the code: ``make docs`` writes them, a test compares them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from libs.csms.messaging.gateway_topics import action_topics_of
from libs.csms.settings import Settings, variables
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.event import EVENTS, Event
from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.message import Message

from .processes import ROUTERS

DOCS = Path(__file__).parents[1] / "docs"
VERSIONS = [version.removeprefix("ocpp") for version in ACTIONS]


def message_table() -> str:
    """Every message that stations may send, the versions that have it, and the service that answers it."""
    rows = []
    for name in _names(lambda action: action.from_station):
        marks, services = [], set()
        for version, actions in ACTIONS.items():
            answering = [router.service for router in ROUTERS if router.handles(name, version)]
            services |= set(answering)
            marks.append("" if name not in actions else "yes" if answering else "not yet")
        rows.append([name, *marks, ", ".join(sorted(services))])
    return _table(["message", *VERSIONS, "service"], rows)


def command_table() -> str:
    """Every message that the CSMS may send, and the versions that have it."""
    names = _names(lambda action: action.to_station)
    rows = [[name, *("yes" if name in actions else "" for actions in ACTIONS.values())] for name in names]
    return _table(["command", *VERSIONS], rows)


def attribute_table() -> str:
    """The attributes of a message on the bus."""
    return _field_table(Message, leave_out={"data"})


def event_tables() -> str:
    """Every event: when it is published, which services consume it, and its fields."""
    return "\n".join(map(_event, EVENTS))


def setting_table() -> str:
    """Every setting: its environment variable, its default and its description."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        names = " or ".join(f"`{variable}`" for variable in variables(name))
        rows.append([names, default, field.description or ""])
    return _table(["variable", "default", "description"], rows)


def rule_table() -> str:
    """Every rule by which a message that breaks its schema is read all the same."""
    described = _descriptions(Rule)
    return _table(["rule", "what is read, and how"], [[f"`{rule}`", described[rule.name]] for rule in Rule])


TABLES: dict[str, Callable[[], str]] = {
    "messages": message_table,
    "commands": command_table,
    "attributes": attribute_table,
    "events": event_tables,
    "settings": setting_table,
    "rules": rule_table,
}

_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def filled(page: str) -> str:
    """The page with its tables as they are now, each between two comments: its name, and its end."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{TABLES[place[2]]()}\n{place[3]}", page)


def tables_of(page: str) -> list[str]:
    """The names of the tables that the page has."""
    return [place[2] for place in _PLACE.finditer(page)]


def _names(is_wanted: Callable[[Action[Any, Any]], bool]) -> list[str]:
    return sorted({name for actions in ACTIONS.values() for name in actions if is_wanted(actions[name])})


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = [_row(titles), "|" + "---|" * len(list(titles))]
    return "\n".join([*head, *map(_row, rows)]) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _event(event: Event[Any]) -> str:
    parts = [f"### {event.name}\n", f"{_markdown(inspect.getdoc(event.type) or '')}\n"]
    parts.append(f"Consumed by: {', '.join(_consumers(event.name)) or 'nobody inside the CSMS'}.\n")
    if msgspec.structs.fields(event.type):
        parts.append(_field_table(event.type))
    return "\n".join(parts)


def _consumers(topic: str) -> list[str]:
    services = [router.service for router in ROUTERS if topic in {one.topic for one in router.subscriptions}]
    gateways = any(topic == one.topic for one in action_topics_of("").subscriptions)
    return [*services, "every gateway"] if gateways else services


def _field_table(type_: type[msgspec.Struct], leave_out: Iterable[str] = ()) -> str:
    described = _descriptions(type_)
    rows = []
    for field in msgspec.structs.fields(type_):
        if field.name not in leave_out:
            presence = "always" if field.required else "optional"
            rows.append(
                [f"`{field.encode_name}`", _json_type(field.type), presence, described.get(field.name, "")]
            )
    return _table(["field", "type", "present", "description"], rows)


def _descriptions(type_: type) -> dict[str, str]:
    """The docstring below each field of a class, or value of an enumeration, by its name."""
    [class_] = ast.parse(inspect.getsource(type_)).body
    assert isinstance(class_, ast.ClassDef)
    found = {}
    for field, text in zip(class_.body, class_.body[1:], strict=False):
        match field, text:
            case (
                (ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])),
                ast.Expr(value=ast.Constant(value=str(doc))),
            ):
                found[name] = _markdown(inspect.cleandoc(doc)).replace("\n", " ")
    return found


def _markdown(docstring: str) -> str:
    return docstring.replace("``", "`").replace("|", "\\|")


_JSON_TYPES = {str: "text", int: "integer", Decimal: "number", bool: "boolean", Any: "any JSON"}


def _json_type(type_: Any) -> str:
    if get_origin(type_) in (Union, UnionType):
        return ", ".join(_json_type(one) for one in get_args(type_) if one is not NoneType)
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        return "text"
    return _JSON_TYPES.get(type_, "object" if get_origin(type_) is dict else str(type_))


if __name__ == "__main__":
    for path in DOCS.glob("*.md"):
        path.write_text(filled(path.read_text()))
