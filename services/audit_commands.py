"""``csms audit``: verify and export the audit trail, from a shell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import httpx
import typer

from libs.csms.audit.key import AuditKey, PublicKey, by_id
from libs.csms.audit.sources import ApiSource, FileSource, export, logged_heads
from libs.csms.audit.verify import Source, Summary, Unreadable
from libs.csms.audit.verify import verify as verified
from libs.csms.settings import BadSetting, load

from .key_commands import KeyFlag
from .processes import access_client

app = typer.Typer(no_args_is_help=True, help="The audit trail: verify and export it.")

Result = TypeVar("Result")


@app.command()
def verify(
    file: Annotated[
        Path | None, typer.Option(help="A trail that was exported, instead of the store.")
    ] = None,
    public_key: Annotated[
        list[str] | None,
        typer.Option(
            help="Trust this key: base64 as in /audit/key, or a file with a PEM; as often as needed."
        ),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="The log of the services: what was deleted at the end is missed.")
    ] = None,
    key: KeyFlag = "",
) -> None:
    """Check every hash and signature. Ends with 1 and the id of the first record that is wrong."""
    try:
        summary = _run(_summary(file, public_key or [], log, key))
    except Unreadable as error:
        typer.echo(error)
        raise SystemExit(1) from None
    for broken in summary.broken:
        typer.echo(f"{broken.place}: {broken.what}")
    whole = "broken" if summary.broken else "whole"
    typer.echo(f"{summary.records} records in {summary.segments} segments: the trail is {whole}", err=True)
    if summary.broken:
        raise SystemExit(1)


@app.command("export")
def export_trail(
    file: Annotated[Path, typer.Argument(help="Is made, with one JSON object in each line.")],
    key: KeyFlag = "",
) -> None:
    """Write the whole trail to a file, which `csms audit verify --file` verifies anywhere."""
    count = _run(_exported(file, key))
    typer.echo(f"{count} records", err=True)


async def _summary(file: Path | None, public_keys: list[str], log: Path | None, key: str) -> Summary:
    async with _source(file, key) as source:
        trusted = [_public(text) for text in public_keys] or [AuditKey.of(load()).public]
        return await verified(source, by_id(trusted), [] if log is None else logged_heads(log))


async def _exported(file: Path, key: str) -> int:
    async with access_client(load(), key) as http:
        with file.open("xb") as lines:
            return await export(ApiSource(http), lines.write)


@asynccontextmanager
async def _source(file: Path | None, key: str) -> AsyncIterator[Source]:
    if file is not None:
        yield FileSource(file)
        return
    async with access_client(load(), key) as http:
        yield ApiSource(http)


def _public(text: str) -> PublicKey:
    """Raises ``ValueError``."""
    try:
        return PublicKey.from_text(Path(text).read_text().strip() if Path(text).is_file() else text)
    except ValueError as error:
        raise ValueError(f"--public-key: is no public key of Ed25519: {error}") from None


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Ends the process with one line where it cannot be done."""
    try:
        return asyncio.run(work)
    except httpx.HTTPStatusError as error:
        _stop(str(error.response.json()["detail"]))
    except (BadSetting, httpx.HTTPError, OSError, ValueError) as error:
        _stop(str(error))


def _stop(text: str) -> NoReturn:
    typer.echo(f"csms: {text}", err=True)
    raise SystemExit(2)
