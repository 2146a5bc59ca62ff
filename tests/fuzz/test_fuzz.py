"""A short fuzz run on each call of the tests, with the same seed: ``make fuzz`` is the long one."""

from __future__ import annotations

from pathlib import Path
from random import Random

from libs.ocpp_messages.version import Version

from .mutation import Mutator, examples
from .run import fuzz, logged_failures
from .tokens import fuzz_tokens

FRAMES = 5_000
REQUESTS = 600
TOKENS = 5_000
TIME_LIMIT = 60.0
"""Seconds."""


async def test_damaged_frames_and_requests_break_nothing_and_disturb_nobody(tmp_path: Path) -> None:
    outcome = await fuzz(tmp_path, FRAMES, REQUESTS, "short", TIME_LIMIT)

    assert outcome.failures == []
    assert outcome.counts["sessions"] >= 3
    assert outcome.counts["answered"] > 0
    assert outcome.counts["FormationViolation"] + outcome.counts["FormatViolation"] > 0
    assert outcome.counts["HTTP 422"] > 0


async def test_nobody_is_let_in_by_a_damaged_or_forged_key_or_token(tmp_path: Path) -> None:
    outcome = await fuzz_tokens(tmp_path, TOKENS, "short", TIME_LIMIT)

    assert outcome.failures == []
    assert outcome.counts["right: let in"] > 0
    assert outcome.wrong == TOKENS
    assert {name.partition(":")[0] for name in outcome.counts} >= {
        "damaged text",
        "alg none",
        "claims changed",
    }


def test_a_seed_makes_the_same_frames_again() -> None:
    def frames(seed: str) -> list[str]:
        corpus = examples(Version.V21, Random(seed))
        mutator = Mutator(Random(seed))
        return [mutator.frame(Version.V21, corpus) for _ in range(200)]

    assert frames("a") == frames("a")
    assert frames("a") != frames("b")


def test_what_is_logged_as_an_error_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(
        'The CSMS is up\n{"severity": "WARNING", "message": "m"}\n{"severity": "ERROR", "message": "e"}\n'
    )

    assert logged_failures(tmp_path / "log") == ["e\n"]
