"""``/users``: the people who sign in here, for those who administer them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Response
from pydantic import Field, SecretStr

from libs.csms.access.callers import TheCaller
from libs.csms.access.people import PERSON_ID, Person
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Role, Scope
from libs.csms.clock import Time
from libs.csms.storage.store import Document, Page
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .accounts import Accounts
from .api import MAX_GROUPS, Group
from .sessions_api import Password

Name = Annotated[str, Field(min_length=1, max_length=100), Plain]
Scopes = Annotated[list[Scope], Field(max_length=len(Scope))]
Groups = Annotated[list[Group], Field(min_length=1, max_length=MAX_GROUPS)]


class NewPersonBody(Body):
    id: Annotated[str, Field(pattern=PERSON_ID)] = Field(
        description="User name or e-mail address, in lower case."
    )
    name: Name = Field(description="The name of the person.")
    password: Password = Field(description="At least 12 characters, of any kind. The person can change it.")
    role: Role | None = Field(default=None, description="The role whose scopes the person has.")
    scopes: Scopes = Field(default=[], description="The person's scopes, besides those of his role.")
    groups: Groups | None = Field(
        default=None, description="The groups whose stations he may see. Without them: all stations."
    )


class PersonPatch(Body):
    """What is absent stays."""

    name: Name = Field(default="", description="The name of the person.")
    role: Role | None = Field(default=None, description="The role whose scopes the person has; null: none.")
    scopes: Scopes = Field(default=[], description="The person's scopes, besides those of his role.")
    groups: Groups | None = Field(
        default=None, description="The groups whose stations he may see; null: all stations."
    )
    disabled: bool = Field(default=False, description="Whether he cannot sign in. It ends his sessions.")
    password: Password = Field(
        default=SecretStr(""), description="A new one, which ends his sessions. Not of your own."
    )

    def merged_into(self, person: Person, at: datetime) -> Person:
        """RFC 7396, without the password."""
        fields = {name: getattr(self, name) for name in self.model_fields_set - {"disabled", "password"}}
        changed = Person.model_validate(person.model_dump() | fields)
        if "disabled" in self.model_fields_set:
            changed = changed.disabled(at) if self.disabled else changed.enabled()
        return person if changed == person else changed

    @property
    def new_password(self) -> str | None:
        return self.password.get_secret_value() if "password" in self.model_fields_set else None


class PersonView(Document):
    """A person without his secrets."""

    id: str = Field(description="User name or e-mail address.")
    name: str = Field(description="The name of the person.")
    role: Role | None = Field(default=None, description="The role whose scopes the person has.")
    scopes: list[Scope] = Field(description="All his scopes, with those of his role.")
    groups: list[str] | None = Field(
        default=None, description="The groups whose stations he may see; absent: all stations."
    )
    second_factor: bool = Field(description="Whether he signs in with a code too.")
    sessions: int = Field(description="How many sessions he has now.")
    created_at: Time = Field(description="When he was added.")
    created_by: str = Field(description="Id of the caller who added him.")
    password_changed_at: Time = Field(description="When his password was set.")
    disabled_at: Time | None = Field(default=None, description="Since when he cannot sign in.")

    @classmethod
    def of(cls, person: Person, at: datetime) -> Self:
        own: dict[str, Any] = {
            "scopes": sorted(person.caller.scopes),
            "second_factor": person.second_factor is not None,
            "sessions": len(person.current_sessions(at)),
        }
        return cls(**person.model_dump(include=set(cls.model_fields) - own.keys()), **own)


def users_api(accounts: Accounts) -> APIRouter:
    router = ScopedRouter(Scope.USERS_WRITE, prefix="/users", tags=["People and programs"])

    def shown(person: Person) -> PersonView:
        return PersonView.of(person, accounts.clock())

    @router.get("", response_model_exclude_none=True)
    async def list_people(page_size: PageSize = 100, page_token: PageToken = "") -> PageOf[PersonView]:
        """In the order of their ids."""
        page = await accounts.page(page_size, page_token)
        return page_of(Page([shown(person) for person in page.items], page.next_page_token))

    @router.post("", status_code=201, response_model_exclude_none=True)
    async def add_person(body: NewPersonBody, caller: TheCaller, response: Response) -> PersonView:
        """Nobody adds a person who may do what he himself may not.

        The first one must have the scope users:write. From then on, nothing is done without signing in.
        """
        person = await accounts.create(
            body.id,
            body.name,
            body.password.get_secret_value(),
            caller,
            body.role,
            body.scopes,
            body.groups,
        )
        response.headers["Location"] = f"/users/{person.id}"
        return shown(person)

    @router.get("/{id}", response_model_exclude_none=True)
    async def get_person(id: str) -> PersonView:
        return shown(await accounts.existing(id))

    @router.patch("/{id}", response_model_exclude_none=True)
    async def patch_person(id: str, body: PersonPatch, caller: TheCaller) -> PersonView:
        """A merge patch (RFC 7396). What it changes counts everywhere after five seconds."""
        now = accounts.clock()
        return shown(
            await accounts.change(id, lambda known: body.merged_into(known, now), caller, body.new_password)
        )

    @router.delete("/{id}", status_code=204)
    async def remove_person(id: str, caller: TheCaller) -> None:
        """Ends his sessions. Somebody must be left who may change people."""
        await accounts.remove(id, caller)

    @router.delete("/{id}/totp", status_code=204)
    async def reset_second_factor(id: str, caller: TheCaller) -> None:
        """For a person who has lost the app and the recovery codes."""
        await accounts.reset_second_factor(id, caller)

    return router
