"""What a browser makes of the HTML of a form: the names and texts that it submits, and what a person sees."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser

import jinja2

from services.console.forms.form import Filled
from services.console.languages import ENGLISH, translations
from services.console.rendering import TEMPLATES

PAGE = '{% import "forms/form.html" as forms %}{{ forms.problems(filled) }}{{ forms.fields(filled) }}'

Attributes = dict[str, str | None]


def html_of(filled: Filled, language: str = ENGLISH) -> str:
    return _page(language).render(filled=filled)


@cache
def _page(language: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations()[language], newstyle=True)  # type: ignore[attr-defined]
    return environment.from_string(PAGE)


def page_of(filled: Filled) -> Page:
    page = Page()
    page.feed(html_of(filled))
    page.close()
    return page


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []
        """What pressing Enter submits."""
        self.elements: list[tuple[str, Attributes]] = []
        self.buttons: list[tuple[str, str]] = []
        """Names and values."""
        self.texts: dict[str, str] = {}
        """What paragraphs with an id say, by id."""
        self.labelled: set[str] = set()
        self.ids: set[str] = set()
        self._paragraph = ""
        self._options: list[tuple[str, bool]] = []
        self._select = ""
        self._area: str | None = None
        self._area_text = ""

    def elements_with(self, attribute: str) -> list[str]:
        """The names of the controls that have the attribute."""
        return [element.get("name") or "" for _, element in self.elements if attribute in element]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, attributes))
        if (id := attributes.get("id")) is not None:
            assert id not in self.ids, f"two elements have the id {id}"
            self.ids.add(id)
            self._paragraph = id if tag == "p" else ""
        name, value = attributes.get("name") or "", attributes.get("value") or ""
        match tag, attributes.get("type"):
            case "input", "checkbox":
                self.pairs += [(name, value)] if "checked" in attributes else []
            case "input", "text":
                self.pairs.append((name, value.replace("\r", "").replace("\n", "")))
            case "input", _:
                self.pairs.append((name, value))
            case "select", _:
                self._select, self._options = name, []
            case "option", _:
                self._options.append((value, "selected" in attributes))
            case "textarea", _:
                self._area, self._area_text = name, ""
            case "button", _:
                self.buttons.append((name, value))
            case "label", _:
                self.labelled.add(attributes.get("for") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._paragraph = ""
        if tag == "select":
            chosen = [value for value, selected in self._options if selected]
            self.pairs.append((self._select, chosen[-1] if chosen else self._options[0][0]))
        if tag == "textarea" and self._area is not None:
            text = self._area_text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\n")
            self.pairs.append((self._area, text.replace("\n", "\r\n").replace("\0", "\ufffd")))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area_text += data
        if self._paragraph:
            self.texts[self._paragraph] = self.texts.get(self._paragraph, "") + data
