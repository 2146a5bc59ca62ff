"""The languages of pages. Words of OCPP stay as they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request

FOLDER = Path(__file__).parent / "languages"

ENGLISH = "en"

COOKIE = "csms-language"
"""What a person has chosen; without it, what his browser asks for."""


@cache
def translations() -> Mapping[str, NullTranslations]:
    """By language: English, and each of which there is a ``.po`` file."""
    found: dict[str, NullTranslations] = {ENGLISH: NullTranslations()}
    for path in sorted(FOLDER.glob("*.po")):
        with path.open("rb") as file:
            catalog = read_po(file, locale=path.stem)
        compiled = io.BytesIO()
        write_mo(compiled, catalog)
        compiled.seek(0)
        found[path.stem] = GNUTranslations(compiled)
    return found


def language_of(request: Request) -> str:
    known = list(translations())
    chosen = request.cookies.get(COOKIE, "")
    if chosen in known:
        return chosen
    header = request.headers.get("Accept-Language", "")
    wanted = [part.partition(";")[0].strip() for part in header.split(",")[:10]]
    return negotiate_locale([one for one in wanted if one], known, sep="-") or ENGLISH
