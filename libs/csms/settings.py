"""Settings, from the environment and a ``.env`` file. The only module that reads them."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from .access.scopes import Role

Port = Annotated[int, Field(ge=0, le=65535)]


def _paths(text: str) -> str:
    if not re.fullmatch(r"/([^\s,?#%/]+/)*(,/([^\s,?#%/]+/)*)*", text):
        raise ValueError("paths begin and end with /, and are separated by commas")
    return text


def _origin(text: str) -> str:
    """As browsers send it. ``null`` cannot be allowed: every sandboxed page can have it."""
    if not re.fullmatch(r"https?://[^\s/*@?#]+", text):
        raise ValueError("an origin is like https://simulator.example.com:8080")
    return text


Origin = Annotated[str, AfterValidator(_origin)]


def _pairs(text: object) -> object:
    if not isinstance(text, str):
        return text
    pairs = [pair.rpartition("=") for pair in text.split(",") if pair.strip()]
    found = {name.strip(): value.strip() for name, _, value in pairs}
    if len(found) != len(pairs) or "" in found:
        raise ValueError("pairs are like name=value, with commas between them, and no name comes twice")
    return found


def _email(text: str) -> str:
    """In lower case. ``*@example.com`` is everybody there."""
    if not re.fullmatch(r"(\*|[a-z0-9._%+'-]+)@[a-z0-9.-]+", text.lower()):
        raise ValueError("an e-mail address is like alice@example.com, or *@example.com for all of them")
    return text.lower()


Email = Annotated[str, AfterValidator(_email)]
Pairs = (NoDecode, BeforeValidator(_pairs))
ServiceAccounts = dict[Literal["gateway", "transaction", "user", "console"], Email]


class BadSetting(Exception):
    """A variable has an impossible value or is not known. The text is one line for the person who set it."""


class Settings(BaseSettings):
    """Each field is the variable of its name with ``CSMS_`` before it, unless it says otherwise."""

    model_config = SettingsConfigDict(env_prefix="CSMS_", env_file=".env", extra="ignore", frozen=True)

    backend: Literal["embedded", "google"] = Field(
        "embedded", description="What `csms up` runs on: `embedded` (SQLite, in-process bus) or `google`."
    )
    data_dir: Path = Field(Path("csms-data"), description="Where the embedded store keeps its file.")
    host: str = Field(
        "127.0.0.1",
        description="Address of the HTTP APIs. On one that is not of loopback, every request needs a key.",
    )
    gateway_host: str = Field("127.0.0.1", description="Address of the gateway; 0.0.0.0 for real stations.")
    port: Port | None = Field(
        None, validation_alias="PORT", description="Port of the one service that runs, as Cloud Run sets it."
    )
    gateway_port: Port = Field(3000, description="Port of the gateway.")
    gateway_paths: Annotated[str, AfterValidator(_paths)] = Field(
        "/ocpp/",
        description="Paths before the station's id, separated by commas; each begins and ends with `/`.",
    )
    device_port: Port = Field(5000, description="Port of the device service.")
    transaction_port: Port = Field(5001, description="Port of the transaction service.")
    user_port: Port = Field(5002, description="Port of the user service.")
    console_port: Port = Field(8080, description="Port of the console.")
    device_url: str = Field(
        "http://127.0.0.1:5000",
        description="Where gateways of other processes ask for admission, the user service for commands, and "
        "a console for stations.",
    )
    user_url: str = Field(
        "http://127.0.0.1:5002",
        description="Where a transaction service in its own process asks about tokens, and a console what "
        "the user service knows.",
    )
    transaction_url: str = Field(
        "http://127.0.0.1:5001", description="Where a console in its own process asks for transactions."
    )
    api_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="A bearer token that may do everything, for emergencies and for the first start; "
        "keys (`csms key create`) have a name, scopes and an end.",
    )
    api_token_file: Path | None = Field(
        None,
        description="File with the bearer token, where `CSMS_API_TOKEN` is not set. If there is no such "
        "file, it is made with a new token.",
    )
    pepper: SecretStr | None = Field(
        None,
        description="Pepper, the key with which secrets of stations and KeyCodes are hashed, and those of "
        "second factors encrypted: at least 32 random bytes in hexadecimal or base64. Without it they must "
        "all be set anew.",
    )
    pepper_file: Path | None = Field(
        None,
        description="File with the pepper, where `CSMS_PEPPER` is not set; it is made if there is none. On "
        "the embedded store the default is `pepper` in the data folder.",
    )
    audit_key: SecretStr | None = Field(
        None,
        description="Key that signs the audit trail (Ed25519): a PEM, or 32 random bytes in hexadecimal or "
        "base64. All services have the same.",
    )
    audit_key_file: Path | None = Field(
        None,
        description="File with the key of the audit trail, where `CSMS_AUDIT_KEY` is not set; it is made if "
        "there is none. On the embedded store the default is `audit-key` in the data folder.",
    )
    service_keys: Path | None = Field(
        None,
        description="Folder of the keys with which services in processes of their own ask each other: "
        "`gateway/key`, `transaction/key`, `user/key` and `console/key`. What is missing is made. Without it "
        "they use the API token.",
    )
    service_accounts: Annotated[ServiceAccounts, *Pairs] = Field(
        {},
        description="Service accounts of Google Cloud as which the services run, such as "
        "`gateway=csms-gateway@p.iam.gserviceaccount.com`, with commas between them. They then ask each "
        "other with ID tokens of Google in place of keys.",
    )
    service_audience: str | None = Field(
        None,
        pattern=r"^https://[^\s?#]+$",
        description="URL by which other services ask this one: their ID tokens must be for it.",
    )
    oidc_issuer: str | None = Field(
        None,
        pattern=r"^https://[^\s?#]+$",
        description="Issuer of the identity tokens of people and programs (OpenID Connect), as its tokens "
        "name it. Its keys are found by its `/.well-known/openid-configuration`.",
    )
    oidc_audience: str | None = Field(
        None, min_length=1, description="What `aud` of these tokens must have; needed with an issuer."
    )
    oidc_role_claim: str = Field(
        "roles", min_length=1, description="Their claim that has the role, or a list of roles."
    )
    oidc_roles: Annotated[dict[str, Role], *Pairs] = Field(
        {},
        description="Roles by the values of that claim, such as `csms-admins=admin,support=viewer`. Without "
        "it, the values are the names of the roles; with it, only these values count.",
    )
    oidc_groups_claim: str | None = Field(
        None,
        min_length=1,
        description="Their claim that has the groups whose stations the caller may see; `*` in it for all "
        "stations. Without this setting, all callers see all stations.",
    )
    iap_audience: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="What `aud` must have in the tokens of Google's Identity-Aware Proxy in front, such as "
        "`/projects/NUMBER/global/backendServices/ID`; with commas between several.",
    )
    iap_roles: Annotated[dict[Email, Role], *Pairs] = Field(
        {},
        description="Roles of people who come through that proxy, by their e-mail addresses, such as "
        "`alice@example.com=admin,*@example.com=viewer`. Whoever is not among them may do nothing.",
    )
    public_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Host names under which the HTTP APIs are reached beside those of loopback, with commas "
        "between them; `*.example.com` is a pattern.",
    )
    allowed_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        (),
        description="Origins of web pages that may connect as a station, such as a simulator in a browser, "
        "with commas between them. Stations send no `Origin`.",
    )
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (),
        description="Networks of the proxies in front, with commas between them. Only from these, "
        "`X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
    )
    unknown_station: Literal["401", "404"] | None = Field(
        None,
        description="The status for a station that is not registered: 401 is as for a wrong secret, so that "
        "nobody learns which stations exist. 404 is the default where CSMS_GATEWAY_HOST is loopback and "
        "there is no trusted proxy.",
    )
    max_body_bytes: int = Field(
        1024 * 1024, ge=1024, description="Longest body that the HTTP APIs take; a longer one is a 413."
    )
    requests_per_second: int = Field(
        1000,
        ge=1,
        description="Requests that an address, and a caller, may send to each HTTP API; ten times as many at "
        "once. More are a 429. Loopback has no such limit.",
    )
    failed_logins_per_minute: int = Field(
        60,
        ge=1,
        description="Wrong tokens, passwords and secrets of stations: from one address after as many at "
        "once, for one account after ten. More are a 429 and not looked at.",
    )
    connections_per_address: int = Field(
        1000,
        ge=1,
        description="Connections that the gateway, and each HTTP API, holds open for one address (a site "
        "behind NAT). At the gateway it may begin as many at once, and a tenth of that a second. Where "
        "services listen on loopback, and for trusted proxies, there is no such limit.",
    )
    frames_per_second: float = Field(
        50,
        gt=0,
        description="Frames that are read from one station; ten times as many at once. The rest waits, and "
        "none is lost.",
    )
    stored_messages_per_day: int = Field(
        10_000,
        ge=1,
        description="Messages of one station that a service keeps of one day in UTC. More are answered and "
        "counted, and not kept, but for those of transactions and security.",
    )
    stored_bytes_per_day: int = Field(20_000_000, ge=1_000_000, description="The same in bytes of payloads.")
    min_free_disk: float = Field(
        5,
        ge=0,
        le=100,
        description="Per cent of the embedded store's disk. With less of it free, messages are not kept, "
        "but for those of transactions and security.",
    )
    gateway_routing: Literal["action", "inbox"] = Field(
        "action", description="How answers find their gateway: by topic and filter, or one topic per gateway."
    )
    call_timeout: float = Field(
        30, gt=0, description="Seconds until a call without answer is an InternalError."
    )
    command_timeout: float = Field(30, gt=0, description="Seconds until a station's silence ends a command.")
    ping_interval: float = Field(30, gt=0, description="Seconds between WebSocket pings to a station.")
    ping_timeout: float = Field(20, gt=0, description="Seconds until a station without pong is disconnected.")
    max_frame_bytes: int = Field(1024 * 1024, ge=1024, description="Longest frame that a station may send.")
    min_security_profile: int = Field(
        0, ge=0, le=3, description="From 1 on, a station needs a secret to be admitted; from 2 on, TLS too."
    )
    weak_secrets: Literal["accepted", "refused"] = Field(
        "accepted",
        description="Secrets of stations of 8 to 15 characters: `refused` admits no station with one.",
    )
    heartbeat_interval: int = Field(
        300,
        ge=1,
        validation_alias="HEARTBEAT_INTERVAL",
        description="Seconds between Heartbeats, sent to stations when they boot.",
    )
    min_absence: float = Field(
        600,
        ge=0,
        description="Seconds that a station must have been away until it is asked for its connectors.",
    )
    missing_events_delay: float = Field(
        60,
        ge=0,
        description="Seconds without a message of a transaction until its station is asked for missing ones.",
    )
    abandoned_after: float = Field(
        600,
        ge=1,
        description="Seconds that a connector is Available under an active transaction until that is marked.",
    )
    auth_cache_lifetime: int | None = Field(
        None, ge=1, description="Seconds that a station may keep an authorization in its cache."
    )
    authorizer_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Where an outside authorizer is asked about tokens of the types whose policy is `ask`.",
    )
    authorizer_token: SecretStr | None = Field(
        None, min_length=1, description="Bearer token for the outside authorizer."
    )
    authorizer_timeout: float = Field(
        3, gt=0, le=4, description="Seconds until the fallback counts instead of the outside authorizer."
    )
    ev_charging_needs: Literal["compute", "processing", "reject", "noChargingProfile"] = Field(
        "compute",
        description="What is done about what vehicles need (ISO 15118), at stations without a policy of their"
        " own: `compute` a charging profile from the limits of vehicle and EVSE; `processing` where somebody"
        " else brings one, by the API; `reject`; `noChargingProfile`.",
    )
    project: str = Field(
        "csms-local",
        validation_alias=AliasChoices("GCP_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),
        description="Google Cloud project.",
    )
    pubsub_emulator_host: str = Field(
        "",
        validation_alias="PUBSUB_EMULATOR_HOST",
        description="The Pub/Sub emulator. It forgets its topics, so every service makes them at its start.",
    )
    firestore_emulator_host: str = Field(
        "",
        validation_alias="FIRESTORE_EMULATOR_HOST",
        description="The Firestore emulator. Nothing on it is secret, so services need no pepper there.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="LOG_LEVEL", description="DEBUG shows every OCPP-J frame, cut short."
    )

    @field_validator("public_hosts", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def separated(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        return tuple(name.strip().lower() for name in text.split(",") if name.strip())

    @field_validator("iap_audience", mode="before")
    @classmethod
    def separated_audiences(cls, text: object) -> object:
        if not isinstance(text, str):
            return text
        return tuple(name.strip() for name in text.split(",") if name.strip())

    @field_validator("firestore_emulator_host")
    @classmethod
    def as_google_reads_it(cls, _: str) -> str:
        """Google's library does not read ``.env``, and without the variable uses the real Firestore."""
        return os.environ.get("FIRESTORE_EMULATOR_HOST", "")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings


FOR_TESTS = {"CSMS_REQUIRE_BROWSER", "CSMS_REQUIRE_EMULATORS"}


def load(**flags: Any) -> Settings:
    """The settings, with command-line flags before variables before ``.env``. Raises ``BadSetting``."""
    known = FOR_TESTS.union(*map(variables, Settings.model_fields))
    for name in {**dotenv_values(".env"), **os.environ}:
        if name.upper().startswith("CSMS_") and name.upper() not in known:
            raise BadSetting(f"{name} is not a setting of the CSMS")
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)
        if settings.api_token is None and settings.api_token_file is not None:
            return Settings(**given, api_token=SecretStr(secret_in(settings.api_token_file)))
        return settings
    except OSError as error:
        raise BadSetting(f"CSMS_API_TOKEN_FILE: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0])
        name = variables(field)[0] if field in Settings.model_fields else field
        raise BadSetting(f"{name}: {first['msg']}") from None


def secret_in(file: Path) -> str:
    """What is in the file, which is made with a new secret if there is none: whole or not at all, as several
    processes may start at once. Raises ``OSError``.
    """
    if not file.exists():
        with NamedTemporaryFile("w", dir=file.parent) as new:  # 0600
            new.write(secrets.token_urlsafe(32))
            new.flush()
            with suppress(FileExistsError):
                os.link(new.name, file)
    return file.read_text().strip()


def variables(field: str) -> list[str]:
    """The environment variables of a field, the one that counts more first."""
    match Settings.model_fields[field].validation_alias:
        case AliasChoices() as alias:
            return [str(choice) for choice in alias.choices]
        case str(alias):
            return [alias]
        case _:
            return [f"CSMS_{field}".upper()]
