"""A request as a command line: what a page does, for a shell. It has the name of a key, and never a key."""

from __future__ import annotations

from shlex import quote
from urllib.parse import urlencode, urlsplit

from fastapi import Request

from libs.csms.settings import Settings
from libs.csms.web.server import is_loopback

from .person import Parameter, Person

KEY = '-H "Authorization: Bearer $CSMS_KEY"'


def device_curl(
    request: Request, person: Person, path: str, body: str, key: str = "", **parameters: Parameter
) -> str:
    """A POST to the device service."""
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    address = f"{_address(request)}{path}" + (f"?{urlencode(given)}" if given else "")
    parts = ["curl", "-X", "POST", quote(address), "-H", quote("Content-Type: application/json")]
    if person.me.get("kind") != "local":
        parts.append(KEY)
    if key:
        parts += ["-H", quote(f"Idempotency-Key: {key}")]
    return " ".join([*parts, "--data", quote(body)])


def _address(request: Request) -> str:
    """Of the device service, as far as the console knows it: on loopback it has the name of the console."""
    settings: Settings = request.app.state.settings
    url = urlsplit(settings.device_url)
    if not is_loopback(url.hostname or ""):
        return settings.device_url.rstrip("/")
    host = request.url.hostname or "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.device_port}"
