"""``/sessions`` and what is below ``/me``: people sign in and out, and change their own password and second
factor.
"""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field, SecretStr

from libs.csms.access.callers import CALLER
from libs.csms.access.people import Person, Session
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter, needs
from libs.csms.access.scopes import Scope
from libs.csms.access.sessions import TheSession, clear_cookie, set_cookie
from libs.csms.clock import Time
from libs.csms.errors import Forbidden
from libs.csms.storage.store import Document
from libs.csms.web.app import Body
from libs.csms.web.server import is_loopback

from .sign_in import Entered, SignIns

OWN = needs() | TELLS_GROUPS_APART
"""For every caller, about himself."""

MAX_PASSWORD_CHARACTERS = 1024
MAX_CODE_CHARACTERS = 40

CURRENT = "current"
"""Stands for the id of the session of the request."""


def _of_characters(secret: SecretStr) -> SecretStr:
    """JSON can name halves of characters, of which there are no bytes."""
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("is no text") from None
    return secret


Password = Annotated[
    SecretStr, Field(min_length=1, max_length=MAX_PASSWORD_CHARACTERS), AfterValidator(_of_characters)
]
Code = Annotated[
    SecretStr, Field(min_length=1, max_length=MAX_CODE_CHARACTERS), AfterValidator(_of_characters)
]


class NeedsTls(Forbidden):
    """A password would be sent, or a session shown, where others can read it."""

    def __init__(self) -> None:
        super().__init__(
            "people sign in over TLS only, but for loopback; where a proxy ends TLS, CSMS_TRUSTED_PROXIES "
            "must name it"
        )


class SignInBody(Body):
    """What is secret in these bodies has a name that says so: whatever hides secrets goes by names."""

    user: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="User name or e-mail address, in any case."
    )
    password: Password = Field(description="The password.")
    one_time_password: Code | None = Field(
        default=None,
        description="Six digits of the app, or a recovery code; for who has a second factor.",
    )


class PasswordBody(Body):
    password: Password = Field(description="The password, shown again.")


class NewPasswordBody(Body):
    old_password: Password = Field(description="The password that counts until now.")
    new_password: Password = Field(description="At least 12 characters, of any kind.")


class CodeBody(Body):
    one_time_password: Code = Field(description="The six digits that the app shows now.")


class BegunSession(Document):
    """A session; the response has its cookie."""

    id: str = Field(description="Of the session.")
    user: str = Field(description="Who has signed in.")
    name: str = Field(description="The name of the person.")
    csrf_token: str = Field(
        description="For the header `X-CSRF-Token` of every request with the cookie that is no GET."
    )
    expires_at: Time = Field(description="When it ends; after 30 minutes without a request it ends earlier.")

    @classmethod
    def of(cls, entered: Entered) -> Self:
        person, (session, _, csrf_token) = entered
        return cls(
            id=session.id,
            user=person.id,
            name=person.name,
            csrf_token=csrf_token,
            expires_at=session.expires_at,
        )


class SessionView(Document):
    id: str = Field(description="By which it can be ended.")
    created_at: Time = Field(description="When you signed in.")
    last_used_at: Time = Field(description="When it was last used, to one minute.")
    expires_at: Time = Field(description="When it ends at the latest.")
    address: str = Field(description="IP address from which you signed in.")
    current: bool = Field(description="Whether it is the session of this request.")

    @classmethod
    def of(cls, session: Session, current: str) -> Self:
        known = session.model_dump(include=set(SessionView.model_fields))
        return cls(**known, expires_at=session.expires_at, current=session.id == current)


class SessionsView(Document):
    items: list[SessionView] = Field(description="The newest first.")


class SecondFactorView(Document):
    active: bool = Field(description="Whether a code is needed to sign in.")
    recovery_codes: int = Field(description="How many recovery codes are left.")

    @classmethod
    def of(cls, person: Person) -> Self:
        factor = person.second_factor
        return cls(active=factor is not None, recovery_codes=len(factor.recovery_codes) if factor else 0)


class EnrolledAppView(Document):
    """Shown only in this answer. It counts from its first code on."""

    secret: str = Field(description="For who types it into the app, in base32.")
    uri: str = Field(description="For who scans it as a QR code: `otpauth://`.")


class RecoveryCodesView(Document):
    """Shown only in this answer."""

    recovery_codes: list[str] = Field(description="Each is a code once, for when the app is lost.")


def sessions_api(sign_ins: SignIns) -> APIRouter:
    router = APIRouter()
    router.include_router(_sessions(sign_ins))
    router.include_router(_own_credentials(sign_ins))
    return router


def _sessions(sign_ins: SignIns) -> APIRouter:
    router = ScopedRouter(Scope.USERS_WRITE, prefix="/sessions", tags=["People and programs"])

    @router.post("", status_code=201, openapi_extra=OWN)
    async def sign_in(body: SignInBody, request: Request, response: Response) -> BegunSession:
        """Sign in. For everybody; wrong passwords slow down, whether or not there is such a person."""
        scheme = request.url.scheme
        if scheme != "https" and not is_loopback(request.url.hostname or ""):
            raise NeedsTls
        code = body.one_time_password.get_secret_value() if body.one_time_password else None
        entered = await sign_ins.sign_in(body.user, body.password.get_secret_value(), code, _address(request))
        request.scope[CALLER] = entered.person.caller
        response.headers["Set-Cookie"] = set_cookie(entered.session.cookie, scheme)
        response.headers["Location"] = f"/sessions/{entered.session.session.id}"
        return BegunSession.of(entered)

    @router.get("", openapi_extra=OWN)
    async def list_sessions(session: TheSession) -> SessionsView:
        """Your own sessions."""
        own = await sign_ins.sessions_of(session)
        return SessionsView(items=[SessionView.of(one, session.session_id) for one in own])

    @router.delete("/{id}", status_code=204, openapi_extra=OWN)
    async def end_session(id: str, session: TheSession, request: Request, response: Response) -> None:
        """One of yours; `current` is that of this request. It counts nowhere after five seconds."""
        if id == CURRENT:
            id = session.session_id
        await sign_ins.end_session(session, id)
        if id == session.session_id:
            response.headers["Set-Cookie"] = clear_cookie(request.url.scheme)

    return router


def _own_credentials(sign_ins: SignIns) -> APIRouter:
    router = ScopedRouter(Scope.USERS_WRITE, prefix="/me", tags=["People and programs"])

    @router.put("/password", status_code=204, openapi_extra=OWN)
    async def change_password(body: NewPasswordBody, session: TheSession, request: Request) -> None:
        """Your own. Ends your other sessions."""
        old, new = body.old_password.get_secret_value(), body.new_password.get_secret_value()
        await sign_ins.change_password(session, old, new, _address(request))

    @router.get("/totp", openapi_extra=OWN)
    async def get_second_factor(session: TheSession) -> SecondFactorView:
        """Whether you have a second factor."""
        return SecondFactorView.of(await sign_ins.person_of(session))

    @router.post("/totp", status_code=201, openapi_extra=OWN)
    async def enrol(body: PasswordBody, session: TheSession, request: Request) -> EnrolledAppView:
        """A secret for an app that makes codes (TOTP). It counts once its first code is confirmed."""
        app = await sign_ins.enrol(session, body.password.get_secret_value(), _address(request))
        return EnrolledAppView(secret=app.secret, uri=app.uri)

    @router.post("/totp/confirm", openapi_extra=OWN)
    async def confirm(body: CodeBody, session: TheSession) -> RecoveryCodesView:
        """From now on you sign in with a code. Ends your other sessions."""
        codes = await sign_ins.confirm(session, body.one_time_password.get_secret_value())
        return RecoveryCodesView(recovery_codes=codes)

    @router.post("/totp/remove", status_code=204, openapi_extra=OWN)
    async def remove_second_factor(body: PasswordBody, session: TheSession, request: Request) -> None:
        """From now on the password alone is enough."""
        await sign_ins.remove_second_factor(session, body.password.get_secret_value(), _address(request))

    return router


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
