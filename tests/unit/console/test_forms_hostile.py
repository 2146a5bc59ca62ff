"""What no browser makes of a form: it is refused in words, and costs little."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.ocpp_messages.version import Version
from services.console.forms import exact_json
from services.console.forms.commands import command_form
from services.console.forms.texts import MAX_CHARACTERS, MAX_TEXTS, BadForm

from .browser import html_of, page_of

FORM = command_form(Version.V21, "SetChargingProfile")
SHOWN = page_of(FORM.blank()).pairs
KEYS = ["chargingProfile", "chargingSchedule", "chargingSchedulePeriod", "limit", "id", "customData"]
NAMES = st.one_of(
    st.sampled_from([name for name, _ in SHOWN]),
    st.lists(
        st.one_of(
            st.sampled_from([*KEYS, "0", "1", "00", "-1", "999999999", "json", ""]), st.text(max_size=5)
        ),
        max_size=7,
    ).map(lambda keys: ".".join(["payload", *keys])),
    st.sampled_from(["add", "remove", "payload", "", "other"]),
)
TEXTS = st.one_of(
    st.sampled_from(["{}", "[]", "on", "true", "1e999", "9" * 500, "٣", "[" * 3000, '{"a":', "\0", "\ud800"]),
    NAMES,
    st.text(max_size=20),
)


@given(
    kept=st.lists(st.sampled_from(SHOWN), unique=True),
    more=st.lists(st.tuples(NAMES, TEXTS), max_size=8),
    is_whole=st.booleans(),
)
def test_anything_is_a_form_or_refused(
    kept: list[tuple[str, str]], more: list[tuple[str, str]], is_whole: bool
) -> None:
    texts = {**dict(SHOWN if is_whole else kept), **dict(more)}

    with suppress(BadForm):
        filled = FORM.submitted(texts.items())
        html_of(filled)
        exact_json.read(filled.json.decode())


@given(st.one_of(st.text(), st.sampled_from(["[" * 10_000, "9" * 10_000, "1e999", '"\\ud800"', "NaN", ""])))
def test_any_text_is_json_or_refused(text: str) -> None:
    with suppress(exact_json.BadJson):
        exact_json.write(exact_json.read(text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("payload.nothing", "1"),
        ("payload.evseId.0", "1"),
        ("payload.evseId.json", "on"),
        ("payload.chargingProfile.chargingSchedule.999999999", "{}"),
        ("payload.chargingProfile.chargingSchedule.7", "{}"),
        ("payload.chargingProfile.chargingSchedule.-1", "{}"),
        ("payload.chargingProfile.chargingSchedule.00", "{}"),
        ("payload" + ".chargingProfile" * 2000, "{}"),
        ("payload.chargingProfile", "[]"),
        ("payload", ""),
        ("add", "payload.nothing"),
        ("add", "payload"),
        ("add", "other.chargingProfile"),
        ("add", "payload.chargingProfile.chargingSchedule.999999999"),
        ("add", "payload" + ".0" * 100_000),
        ("remove", "payload"),
        ("remove", "payload.chargingProfile.chargingSchedule.-1"),
    ],
)
def test_what_the_form_does_not_have_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(BadForm, match="^[^ ]{1,100}: (the form has no such field|is there already)"):
        FORM.submitted({**dict(SHOWN), name: text}.items())


def test_a_field_twice_is_refused() -> None:
    with pytest.raises(BadForm, match="a field was submitted twice"):
        FORM.submitted([*SHOWN, ("payload.evseId", "2")])


def test_two_buttons_at_once_are_refused() -> None:
    place = "payload.chargingProfile.chargingSchedule"

    assert FORM.submitted([*SHOWN, ("add", place)]).is_rebuilt
    with pytest.raises(BadForm, match="the form has no such field"):
        FORM.submitted([*SHOWN, ("add", place), ("remove", f"{place}.0")])


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(BadForm, match="^payload: the form has no such field"):
        FORM.submitted([])


def test_half_of_a_character_is_refused() -> None:
    with pytest.raises(BadForm, match="half of a character"):
        FORM.submitted([*SHOWN, ("other", "\ud800")])


def test_too_many_fields_are_refused() -> None:
    fields = [(f"payload.key.{number}", "A") for number in range(10_000)]
    with pytest.raises(BadForm, match=f"more than {MAX_TEXTS} fields"):
        command_form(Version.V16, "GetConfiguration").submitted(fields)


def test_too_many_characters_are_refused() -> None:
    with pytest.raises(BadForm, match=f"more than {MAX_CHARACTERS} characters"):
        FORM.submitted([("payload.x", "x" * MAX_CHARACTERS)])


def test_a_payload_that_is_too_large_for_a_form_is_left_to_json() -> None:
    with pytest.raises(BadForm, match="write it as JSON"):
        command_form(Version.V16, "GetConfiguration").of({"key": ["A"] * MAX_TEXTS})


def test_json_that_is_too_deep_is_refused() -> None:
    with pytest.raises(exact_json.BadJson, match="within one another"):
        exact_json.read("[" * 100 + "]" * 100)


def test_what_is_wrong_a_thousand_times_is_shown_a_hundred_times() -> None:
    filled = command_form(Version.V16, "GetConfiguration").of({"key": [5] * 1000})

    assert len(filled.problems) == 100
