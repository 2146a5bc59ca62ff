"""What browsers load beside pages: style, script and icons, our own and those that npm has installed."""

from __future__ import annotations

import gzip
import hashlib
import logging
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
PACKAGES = FOLDER / "node_modules"

FILES = {
    "console.css": FOLDER / "static/console.css",
    "console.js": FOLDER / "static/console.js",
    "charts.js": FOLDER / "static/charts.js",
    "map.js": FOLDER / "static/map.js",
    "uplot.js": PACKAGES / "uplot/dist/uPlot.iife.min.js",
    "uplot.css": PACKAGES / "uplot/dist/uPlot.min.css",
    "leaflet.js": PACKAGES / "leaflet/dist/leaflet.js",
    "leaflet.css": PACKAGES / "leaflet/dist/leaflet.css",
    "topojson.js": PACKAGES / "topojson-client/dist/topojson-client.min.js",
    "countries.json": PACKAGES / "world-atlas/countries-110m.json",
}
"""By the names in pages. Nothing else is served."""

HTMX = PACKAGES / "htmx.org/dist"

JOINED = {"htmx.js": [HTMX / "htmx.min.js", HTMX / "ext/hx-sse.min.js"]}
"""One file out of several: htmx begins as soon as it has run, and knows no extension that comes later."""

SPRITE = "icons.svg"

FOREVER = "public, max-age=31536000, immutable"
"""The address of a file has its hash in it, so that a new one has a new address."""


def _icons() -> dict[str, str]:
    """What is inside the drawings of the icons that templates name, and the navigation, by their names."""
    folder = PACKAGES / "bootstrap-icons/icons"
    sources = [*(FOLDER / "templates").rglob("*.html"), FOLDER / "rendering.py"]
    named = {name for path in sources for name in re.findall(r'"([a-z0-9-]+)"', path.read_text())}
    found = sorted(name for name in named if (folder / f"{name}.svg").is_file())
    drawings = {name: (folder / f"{name}.svg").read_text() for name in found}
    return {
        name: text[text.index(">") + 1 : text.rindex("</svg>")].strip() for name, text in drawings.items()
    }


@dataclass(frozen=True)
class File:
    content: bytes
    type: str

    @classmethod
    def read(cls, *paths: Path) -> Self:
        """Of several of the same type, one after the other."""
        type, _ = mimetypes.guess_type(paths[0].name)
        content = b"\n".join(path.read_bytes() for path in paths)
        return cls(content, type or "application/octet-stream")

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]

    @cached_property
    def zipped(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)


class BrowserCode:
    """Files that npm has not installed are left out of pages, which then work as plain links and forms."""

    def __init__(self) -> None:
        known = {name: [path] for name, path in FILES.items()} | JOINED
        self.files = {
            name: File.read(*paths) for name, paths in known.items() if all(path.is_file() for path in paths)
        }
        self._icons = _icons()
        self.files[SPRITE] = self._sprite()
        if not PACKAGES.is_dir():
            log.warning("pages are without script: `make` installs it (npm ci in services/console)")

    def url(self, name: str) -> str:
        """Its address; empty where there is no such file."""
        file = self.files.get(name)
        return f"/assets/{file.hash}/{name}" if file is not None else ""

    def icon(self, name: str) -> str:
        """An icon that says nothing to screen readers; empty where there is none of that name."""
        if name not in self._icons:
            return ""
        return f'<svg aria-hidden="true"><use href="{self.url(SPRITE)}#{name}"/></svg>'

    def _sprite(self) -> File:
        """The drawings of all icons in one file, which a browser loads once."""
        symbols = "".join(
            f'<symbol id="{name}" viewBox="0 0 16 16">{drawn}</symbol>' for name, drawn in self._icons.items()
        )
        content = f'<svg xmlns="http://www.w3.org/2000/svg">{symbols}</svg>'
        return File(content.encode(), "image/svg+xml")

    def api(self) -> APIRouter:
        router = APIRouter()

        @router.get("/assets/{hash}/{name}")
        async def asset(hash: str, name: str, request: Request) -> Response:
            file = self.files.get(name)
            if file is None or file.hash != hash:
                raise HTTPException(404, "there is no such file")
            headers = {"Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
            if "gzip" in request.headers.get("Accept-Encoding", ""):
                return Response(
                    file.zipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=file.type
                )
            return Response(file.content, headers=headers, media_type=file.type)

        return router
