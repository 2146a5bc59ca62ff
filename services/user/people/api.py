"""``/me`` and ``/keys``: who the caller is, and the keys of programs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from libs.csms.access.callers import Caller, TheCaller
from libs.csms.access.keys import LIFETIME, ROTATION_OVERLAP, Key, Keys, NewKey
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter, needs
from libs.csms.access.scopes import ROLES, Role, Scope, with_implied
from libs.csms.access.sessions import SESSION, SignedIn
from libs.csms.clock import Time
from libs.csms.errors import Conflict, Forbidden
from libs.csms.storage.store import Document, Page
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

MAX_DAYS = 10 * 365
MAX_GROUPS = 100

Days = Annotated[int, Field(strict=True, ge=1, le=MAX_DAYS)]
Group = Annotated[str, Field(min_length=1, max_length=255), Plain]


class NotYours(Forbidden):
    """A key would have more rights than the caller who makes it."""


class NoAdministrator(Conflict):
    """The first key ends what everybody on loopback may do, so it must be able to make others."""

    def __init__(self) -> None:
        super().__init__(
            "the first key must have the scope keys:write: once there is a key, nothing is done without one"
        )


class CallerView(Document):
    """Who sends this request, and what he may do."""

    id: str = Field(description="Of the key or the person; `local` on loopback where nobody needs a key.")
    kind: str = Field(
        description="`key`; `person`: by a session; `token`: by CSMS_API_TOKEN; `local`: on loopback, without"
        " a key; `service`: another part of the CSMS."
    )
    scopes: list[Scope] = Field(description="What he may do.")
    groups: list[str] | None = Field(
        default=None, description="The groups whose stations he may see; absent: all stations."
    )
    csrf_token: str | None = Field(
        default=None,
        description="Of the session, if the request shows its cookie: for the header `X-CSRF-Token` of every"
        " request that is no GET.",
    )

    @classmethod
    def of(cls, caller: Caller, signed_in: SignedIn | None) -> Self:
        return cls(
            id=caller.id,
            kind=caller.kind,
            scopes=sorted(caller.scopes),
            groups=None if caller.groups is None else sorted(caller.groups),
            csrf_token=None if signed_in is None else signed_in.csrf_token,
        )


class NewKeyBody(Body):
    name: Annotated[str, Field(min_length=1, max_length=100), Plain] = Field(
        description="What the key is for."
    )
    role: Role | None = Field(default=None, description="The role whose scopes it has.")
    scopes: Annotated[list[Scope], Field(max_length=len(Scope))] = Field(
        default=[], description="Its scopes, besides those of its role."
    )
    groups: Annotated[list[Group], Field(min_length=1, max_length=MAX_GROUPS)] | None = Field(
        default=None, description="The groups whose stations it may see. Without them: all stations."
    )
    days: Days = Field(default=LIFETIME.days, description="After so many days it ends.")

    @model_validator(mode="after")
    def _may_something(self) -> Self:
        if self.role is None and not self.scopes:
            raise ValueError("a key needs a role or scopes")
        return self


class RotationBody(Body):
    days: Days = Field(default=LIFETIME.days, description="After so many days the new secret ends.")
    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=30 * 24)] = Field(
        default=ROTATION_OVERLAP // timedelta(hours=1),
        description="For so many hours the secret before counts too.",
    )


class KeyView(Document):
    """A key without its secret."""

    id: str = Field(description="The middle part of the key.")
    name: str = Field(description="What the key is for.")
    role: Role | None = Field(default=None, description="The role whose scopes it has.")
    scopes: list[Scope] = Field(description="All its scopes, with those of its role.")
    groups: list[str] | None = Field(
        default=None, description="The groups whose stations it may see; absent: all stations."
    )
    created_at: Time = Field(description="When it was made.")
    created_by: str = Field(description="Id of the caller who made it.")
    expires_at: Time = Field(description="When it ends, unless it is rotated.")
    secrets: int = Field(description="How many secrets it has: two for a while after it was rotated.")
    last_used_at: Time | None = Field(default=None, description="When it was last used, to one hour.")
    revoked_at: Time | None = Field(default=None, description="When it was revoked.")

    @classmethod
    def of(cls, key: Key) -> Self:
        return cls(**_shown(key))


class IssuedKey(KeyView):
    """A key with its secret, which is shown only in this answer."""

    key: str = Field(description="For the header `Authorization: Bearer`. It is stored nowhere.")

    @classmethod
    def issued(cls, new: NewKey) -> Self:
        return cls(**_shown(new.key), key=new.text)


def _shown(key: Key) -> dict[str, Any]:
    known = key.model_dump(include=set(KeyView.model_fields) - {"scopes", "secrets"})
    scopes = sorted(key.caller.scopes)
    return known | {"scopes": scopes, "secrets": len(key.secrets), "expires_at": key.expires_at}


def people_api(keys: Keys) -> APIRouter:
    router = ScopedRouter(Scope.KEYS_WRITE, tags=["People and programs"])

    @router.get("/me", response_model_exclude_none=True, openapi_extra=needs() | TELLS_GROUPS_APART)
    async def get_me(caller: TheCaller, request: Request) -> CallerView:
        """Who sends this request. For every caller."""
        return CallerView.of(caller, request.scope.get(SESSION))

    @router.get("/keys", response_model_exclude_none=True)
    async def list_keys(page_size: PageSize = 100, page_token: PageToken = "") -> PageOf[KeyView]:
        """In the order of their ids, with those that are revoked or expired."""
        page = await keys.page(page_size, page_token)
        return page_of(Page([KeyView.of(key) for key in page.items], page.next_page_token))

    @router.post("/keys", status_code=201, response_model_exclude_none=True)
    async def create_key(body: NewKeyBody, caller: TheCaller, response: Response) -> IssuedKey:
        """The only answer that shows it. Nobody makes a key that may do what he himself may not.

        The first one must have the scope keys:write. From then on, nothing is done without a key.
        """
        scopes = with_implied(body.scopes) | (ROLES[body.role] if body.role is not None else set())
        _refuse_more(scopes, caller)
        if caller.kind == "local" and Scope.KEYS_WRITE not in scopes:
            raise NoAdministrator
        new = await keys.create(
            body.name, caller.id, body.role, body.scopes, body.groups, timedelta(days=body.days)
        )
        response.headers["Location"] = f"/keys/{new.key.id}"
        return IssuedKey.issued(new)

    @router.get("/keys/{id}", response_model_exclude_none=True)
    async def get_key(id: str) -> KeyView:
        return KeyView.of(await keys.existing(id))

    @router.post("/keys/{id}/rotate", response_model_exclude_none=True)
    async def rotate_key(id: str, caller: TheCaller, body: RotationBody | None = None) -> IssuedKey:
        """A new secret, shown only in this answer. The one before counts beside it for a while."""
        _refuse_more((await keys.existing(id)).caller.scopes, caller)
        asked = body or RotationBody()
        overlap, lifetime = timedelta(hours=asked.overlap_hours), timedelta(days=asked.days)
        return IssuedKey.issued(await keys.rotate(id, overlap, lifetime))

    @router.delete("/keys/{id}", response_model_exclude_none=True)
    async def revoke_key(id: str) -> KeyView:
        """For good. It counts nowhere after five seconds."""
        return KeyView.of(await keys.revoke(id))

    return router


def _refuse_more(scopes: Iterable[Scope], caller: Caller) -> None:
    """Raises ``NotYours``."""
    missing = sorted(set(scopes) - caller.scopes)
    if missing:
        raise NotYours(f"the key would have scopes that you have not: {', '.join(missing)}")
