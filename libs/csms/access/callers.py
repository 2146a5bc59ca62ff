"""Whoever sends a request, and what he may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request

from ..errors import Forbidden
from .scopes import Scope

CALLER = "csms.caller"
"""Where the caller stands in the ASGI scope of his request. Nothing on the wire can write there."""


class MissingScope(Forbidden):
    """The caller is known, and may not do this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"the scope {scope} is missing", missingScope=scope)


class OtherGroups(Forbidden):
    """The caller may see the stations of some groups only, and this path cannot tell them apart."""

    def __init__(self) -> None:
        super().__init__("this path is not for callers who are bound to groups of stations")


@dataclass(frozen=True)
class Caller:
    id: str
    """Of the key; the name of the service; of a person, such as ``anna`` or ``iap:alice@example.com``."""
    kind: Literal["local", "token", "key", "person", "service", "nobody"]
    """``local``: on loopback, where nobody needs a key. ``token``: by ``CSMS_API_TOKEN``. ``service``:
    another service of this CSMS. ``person``: has signed in. ``nobody``: is about to sign in."""
    scopes: frozenset[Scope]
    groups: frozenset[str] | None = None
    """The groups whose stations he may see; None for all stations."""

    def check(self, scope: Scope) -> None:
        """Raises ``MissingScope``."""
        if scope not in self.scopes:
            raise MissingScope(scope)

    def sees_group(self, group: str | None) -> bool:
        return self.groups is None or group in self.groups

    @property
    def sees_tokens(self) -> bool:
        """Whether he is shown the whole texts of tokens. Services say them to stations."""
        return Scope.TOKENS_READ in self.scopes or self.kind == "service"


LOCAL = Caller("local", "local", frozenset(Scope))
TOKEN = Caller("api-token", "token", frozenset(Scope))
NOBODY = Caller("nobody", "nobody", frozenset())

SERVICES: dict[str, Caller] = {
    name: Caller(name, "service", frozenset(scopes))
    for name, scopes in {
        "gateway": [Scope.ADMISSION],
        "transaction": [Scope.AUTHORIZATION],
        "user": [Scope.STATIONS_READ, Scope.COMMANDS_MAINTAIN],
        "console": [Scope.STATIONS_READ, Scope.TRANSACTIONS_READ, Scope.TOKENS_MASKED],
    }.items()
}
"""The services that ask others, and what each may."""


def caller_of(request: Request) -> Caller:
    found: Caller = request.scope[CALLER]
    return found


TheCaller = Annotated[Caller, Depends(caller_of)]
"""For handlers whose answer depends on who asks."""
