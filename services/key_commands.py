"""``csms key``: keys of programs, from a shell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import httpx
import typer
from rich.console import Console

from libs.csms.access.scopes import Role, Scope
from libs.csms.settings import BadSetting, load

from .processes import access_client

app = typer.Typer(no_args_is_help=True, help="Keys of programs: make, list, rotate and revoke them.")

KeyFlag = Annotated[
    str, typer.Option(help="Of whoever does this, where `csms up` runs on this store; or CSMS_API_TOKEN.")
]
Id = Annotated[str, typer.Argument(help="The middle part of the key.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[Role | None, typer.Option(help="The role whose scopes it has.")] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="A scope of its own; as often as needed.")] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="A group whose stations it may see; without one: all stations.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="After so many days it ends.")] = 90,
    key: KeyFlag = "",
) -> None:
    """Make a key, and print it. It is shown only now."""
    body = {"name": name, "role": role, "scopes": scope or [], "groups": group or None, "days": days}
    _print_issued(ask(key, lambda http: http.post("/keys", json=body)))


@app.command("list")
def list_keys(key: KeyFlag = "") -> None:
    """The keys without their secrets, one in a line."""
    for one in ask(key, lambda http: http.get("/keys", params={"pageSize": 1000}))["items"]:
        fields = [
            one["id"],
            one["name"],
            one.get("role") or " ".join(one["scopes"]),
            ",".join(one.get("groups", [])) or "all groups",
            f"revoked {one['revokedAt']}" if "revokedAt" in one else f"until {one['expiresAt']}",
            f"used {one['lastUsedAt']}" if "lastUsedAt" in one else "never used",
        ]
        typer.echo("\t".join(fields))


@app.command()
def rotate(
    id: Id,
    days: Annotated[int, typer.Option(min=1, help="After so many days the new secret ends.")] = 90,
    overlap_hours: Annotated[int, typer.Option(min=0, help="So long the one before counts too.")] = 168,
    key: KeyFlag = "",
) -> None:
    """Give a key a new secret, and print it. It is shown only now."""
    body = {"days": days, "overlapHours": overlap_hours}
    _print_issued(ask(key, lambda http: http.post(f"/keys/{quote(id, safe='')}/rotate", json=body)))


@app.command()
def revoke(id: Id, key: KeyFlag = "") -> None:
    """End a key for good. It counts nowhere after five seconds."""
    ask(key, lambda http: http.delete(f"/keys/{quote(id, safe='')}"))


def ask(key: str, request: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]) -> Any:
    """The JSON of the answer. Ends the process with one line where it is a problem."""

    async def asked() -> httpx.Response:
        async with access_client(load(), key) as http:
            return await request(http)

    try:
        response = asyncio.run(asked())
    except (BadSetting, httpx.HTTPError) as error:
        _stop(str(error))
    if response.is_error:
        _stop(response.json()["detail"])
    return response.json() if response.content else None


def _print_issued(issued: dict[str, Any]) -> None:
    """The key alone on the standard output, so that scripts can take it."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"key {issued['id']}, until {issued['expiresAt']}; shown only now:", markup=False
    )
    typer.echo(issued["key"])


def _stop(text: str) -> NoReturn:
    typer.echo(f"csms: {text}", err=True)
    raise SystemExit(2)
