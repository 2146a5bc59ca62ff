"""Every certification case has a test or a reason why not, and the page in docs/ says which."""

from __future__ import annotations

import re

from tests.conformance.report import TABLE, absent, cases, table, with_test


def test_every_case_has_a_test_or_a_reason_and_not_both() -> None:
    listed, present, without = {one.id for one in cases()}, set(with_test()), set(absent())

    assert len(listed) == 407
    assert present | without == listed
    assert not present & without


def test_the_page_is_the_one_that_the_report_writes() -> None:
    page = TABLE.read_text()
    verdicts = dict(re.findall(r"^\| (TC_\w+) \|.*\| (pass|fail) \|$", page, re.MULTILINE))

    assert page == table(verdicts)
    assert set(verdicts) == set(with_test())
