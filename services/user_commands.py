"""``csms user``: people who sign in, from a shell."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from libs.csms.access.scopes import Role, Scope

from .key_commands import KeyFlag, ask

app = typer.Typer(no_args_is_help=True, help="People who sign in: add, list, disable and remove them.")

Id = Annotated[str, typer.Argument(help="User name or e-mail address.")]


@app.command()
def add(
    id: Id,
    name: Annotated[str, typer.Option(help="The name of the person; without it, the user name.")] = "",
    role: Annotated[Role | None, typer.Option(help="The role whose scopes the person has.")] = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="A scope of the person's own; as often as needed.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(help="A group whose stations the person may see; without one: all stations."),
    ] = None,
    key: KeyFlag = "",
) -> None:
    """Add a person. The password is asked for, or is the first line of the standard input."""
    body = {
        "id": id,
        "name": name or id,
        "role": role,
        "scopes": scope or [],
        "groups": group or None,
        "password": _password(),
    }
    ask(key, lambda http: http.post("/users", json=body))


@app.command("list")
def list_people(key: KeyFlag = "") -> None:
    """The people, one in a line."""
    for one in ask(key, lambda http: http.get("/users", params={"pageSize": 1000}))["items"]:
        fields = [
            one["id"],
            one["name"],
            one.get("role") or " ".join(one["scopes"]),
            ",".join(one.get("groups", [])) or "all groups",
            "second factor" if one["secondFactor"] else "password only",
            f"disabled {one['disabledAt']}" if "disabledAt" in one else f"{one['sessions']} sessions",
        ]
        typer.echo("\t".join(fields))


@app.command()
def disable(id: Id, key: KeyFlag = "") -> None:
    """End the sessions of a person, who cannot sign in any more."""
    _patch(id, key, disabled=True)


@app.command()
def enable(id: Id, key: KeyFlag = "") -> None:
    """Let a person sign in again."""
    _patch(id, key, disabled=False)


@app.command()
def password(id: Id, key: KeyFlag = "") -> None:
    """Give a person a new password, which ends the sessions. It is asked for, or read as by `add`."""
    _patch(id, key, password=_password())


@app.command()
def remove(id: Id, key: KeyFlag = "") -> None:
    """Remove a person, and end the sessions."""
    ask(key, lambda http: http.delete(_path(id)))


@app.command("reset-totp")
def reset_second_factor(id: Id, key: KeyFlag = "") -> None:
    """Take the second factor from a person who has lost it: the password alone is enough then."""
    ask(key, lambda http: http.delete(f"{_path(id)}/totp"))


def _patch(id: str, key: str, **fields: Any) -> None:
    ask(key, lambda http: http.patch(_path(id), json=fields))


def _path(id: str) -> str:
    return f"/users/{quote(id, safe='')}"


def _password() -> str:
    """Never an argument: other users of the machine can read those."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")
