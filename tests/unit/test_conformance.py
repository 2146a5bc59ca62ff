"""Every certification case has a test or a reason why not, and the page in docs/ says which."""

from __future__ import annotations

import re

from tests.conformance.report import TABLE, absent, cases, kinds, table, with_test


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


def test_a_case_that_only_sends_commands_is_marked_as_a_pass_through() -> None:
    kind = kinds()

    assert kind["TC_061_CSMS"] == "pass-through"  # ClearCache, and its answer
    assert kind["TC_O_100_CSMS"] == "pass-through"  # the same, by a helper of another version's folder
    assert kind["TC_N_05_CSMS"] == "pass-through"  # reads the list of commands, too
    assert kind["TC_013_CSMS"] == "behaviour"  # Reset, after which the station boots
    assert kind["TC_N_34_CSMS"] == "behaviour"  # GetLog, and the jobs that follow from it
    assert kind["TC_001_CSMS"] == "behaviour"  # no command at all
