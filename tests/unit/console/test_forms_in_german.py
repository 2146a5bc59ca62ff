"""Every word of a form is translated but those of OCPP."""

from __future__ import annotations

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from libs.ocpp_messages.version import Version
from services.console.forms.commands import command_form
from services.console.languages import FOLDER

from .browser import html_of

ROOT = FOLDER.parent


def test_every_text_has_a_german_one() -> None:
    with (FOLDER / "de.po").open("rb") as file:
        german = read_po(file)
    methods = [("forms/**.py", "python"), ("templates/forms/**.html", "jinja2")]
    texts = {str(text) for _, _, text, _, _ in extract_from_dir(ROOT, methods)}

    assert "is required" in texts and "Add %(name)s" in texts
    assert [text for text in texts if text not in german or not german[text].string] == []


def test_a_german_form_speaks_german() -> None:
    form = command_form(Version.V16, "Reset")
    html = html_of(form.submitted([("payload", "{}"), ("payload.type", "Later")]), "de")

    assert "muss eines von diesen sein: Hard, Soft" in html
