"""``python -m tests.fuzz``: damaged frames and requests against a CSMS that it starts itself, then forged
keys and tokens against what finds the caller of a request, then requests as every role.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from .roles import RoleOutcome, fuzz_roles
from .run import Outcome, fuzz
from .tokens import TokenOutcome, fuzz_tokens


def main(
    frames: Annotated[int, typer.Option(help="OCPP frames.")] = 1_000_000,
    requests: Annotated[int, typer.Option(help="HTTP requests.")] = 100_000,
    tokens: Annotated[int, typer.Option(help="Keys and tokens.")] = 1_000_000,
    role_requests: Annotated[int, typer.Option(help="HTTP requests for each path, as every role.")] = 50,
    seed: Annotated[str, typer.Option(help="That of an earlier run sends the same again.")] = "",
    seconds: Annotated[float, typer.Option(help="After so long it ends, whatever was sent.")] = 1_800,
    growth: Annotated[
        float, typer.Option(help="MB that it may grow by once it is warm; SQLite keeps up to 192 of pages.")
    ] = 250,
) -> None:
    seed = seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(fuzz(Path(folder), frames, requests, seed, seconds, _print_progress))
    if outcome.rss_end - outcome.rss_warm > growth:
        outcome.failures.append(f"grew by more than {growth:g} MB")
    _print(outcome)
    with tempfile.TemporaryDirectory() as folder:
        forged = asyncio.run(fuzz_tokens(Path(folder), tokens, seed, seconds, _print_tokens))
    _print_forged(forged)
    with tempfile.TemporaryDirectory() as folder:
        roles = asyncio.run(fuzz_roles(Path(folder), role_requests, seed))
    _print_roles(roles, seed)
    sys.exit(1 if outcome.failures or forged.failures or roles.failures else 0)


def _print_progress(outcome: Outcome) -> None:
    done = {name: outcome.counts[name] for name in ("frames", "requests", "sessions")}
    print(f"{done} at {outcome.rss_end:.0f} MB", flush=True)


def _print_tokens(number: int) -> None:
    print(f"{number} keys and tokens", flush=True)


def _print_forged(outcome: TokenOutcome) -> None:
    for name, count in sorted(outcome.counts.items()):
        print(f"{count:9} {name}")
    rate = outcome.wrong / outcome.seconds
    print(f"{outcome.seconds:.0f} s: {outcome.wrong} keys and tokens that are wrong, {rate:.0f}/s")
    for failure in outcome.failures[:20]:
        print(f"\nFAILED: {failure}")
    print(f"\nseed {outcome.seed}: {len(outcome.failures)} failures with keys and tokens", flush=True)


def _print_roles(outcome: RoleOutcome, seed: str) -> None:
    for name, count in sorted(outcome.counts.items()):
        print(f"{count:9} {name}")
    for failure in outcome.failures[:20]:
        print(f"\nFAILED: {failure}")
    print(f"\nseed {seed}: {len(outcome.failures)} failures of roles", flush=True)


def _print(outcome: Outcome) -> None:
    for name, count in outcome.counts.most_common():
        print(f"{count:9} {name:.100}")
    frames, requests = outcome.counts["frames"], outcome.counts["requests"]
    print(f"{outcome.seconds:.0f} s: {frames / outcome.seconds:.0f} frames/s, ", end="")
    print(f"{requests / outcome.seconds:.0f} requests/s, {outcome.stored:.0f} MB stored")
    print(f"memory {outcome.rss_warm:.0f} MB warm, {outcome.rss_end:.0f} MB at the end, ", end="")
    print(f"{outcome.rss_peak:.0f} MB at most")
    for failure in sorted(set(outcome.failures))[:20]:
        print(f"\nFAILED: {failure[:3000]}")
    print(f"\nseed {outcome.seed}: {len(outcome.failures)} failures", flush=True)


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command()(main)
    app()
