"""Which services make a process, and on which bus and store they run."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter

from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.keys import Keys
from libs.csms.access.scopes import Role, Scope
from libs.csms.access.service_keys import bearer
from libs.csms.access.sessions import Sessions
from libs.csms.audit.key import AuditKey
from libs.csms.audit.trail import Trail
from libs.csms.clients.admission import HttpAdmission
from libs.csms.clients.authorization import HttpAuthorization
from libs.csms.clients.groups import HttpStationGroups
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import Clock, utc_now
from libs.csms.lifespan import Service, run
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.middleware import HANDLER_TIMEOUT, time_limit
from libs.csms.messaging.provision import provision
from libs.csms.messaging.router import Router
from libs.csms.pepper import Pepper
from libs.csms.settings import BadSetting, Settings, variables
from libs.csms.storage.sqlite.file import StoreInUse, Synchronous
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Store
from libs.csms.web.app import create_app
from libs.csms.web.server import bind, inside, is_loopback, proxied
from services.user.audit.api import audit_api
from services.user.people.accounts import Accounts
from services.user.people.api import people_api
from services.user.people.users_api import users_api
from services.user.tokens.authorizer import Authorizer, client_of

from .console.app import console_service
from .console.fleet import Fleet
from .console.live.feed import Feed
from .console.person import Apis, console_itself
from .device import app as device
from .device.service import Device
from .transaction import app as transaction
from .transaction.service import router as transaction_router
from .user import app as user
from .user.service import User
from .user.service import router as user_router
from .websocket_gateway.app import gateway_service

log = logging.getLogger(__name__)


class ServiceName(StrEnum):
    GATEWAY = "gateway"
    DEVICE = "device"
    TRANSACTION = "transaction"
    USER = "user"
    CONSOLE = "console"


ROUTERS: list[Router[Any]] = [device.router, transaction_router, user_router]
Pair = tuple[Bus, Store]


class StoreIsOpen(BadSetting):
    """Another process has the embedded store, which is for one."""


@asynccontextmanager
async def _embedded(settings: Settings, synchronous: Synchronous = "FULL") -> AsyncIterator[Pair]:
    _keep_private(settings.data_dir)
    try:
        store = SqliteStore(settings.data_dir / "csms.db", settings.min_free_disk, synchronous)
    except StoreInUse as error:
        raise StoreIsOpen(f"CSMS_DATA_DIR={settings.data_dir}: another CSMS runs on it") from error
    try:
        yield EmbeddedBus(), store
    finally:
        await store.close()


def _keep_private(folder: Path) -> None:
    """Nobody else on the machine reads the folder or what is in it, also if an earlier start has made it."""
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for file in folder.glob("csms.db*"):
        file.chmod(0o600)


@asynccontextmanager
async def _google(settings: Settings) -> AsyncIterator[Pair]:
    from libs.csms.messaging.pubsub.bus import PubSubBus
    from libs.csms.storage.firestore import FirestoreStore

    bus, store = PubSubBus(settings.project), FirestoreStore(settings.project)
    try:
        yield bus, store
    finally:
        await bus.close()
        await store.close()


_BACKENDS: dict[str, Callable[[Settings], AbstractAsyncContextManager[Pair]]] = {
    "embedded": _embedded,
    "google": _google,
}


@asynccontextmanager
async def _authorizer(settings: Settings) -> AsyncIterator[Authorizer | None]:
    """The outside authorizer, if there is one."""
    if settings.authorizer_url is None:
        yield None
        return
    async with client_of(settings) as client:
        yield Authorizer(client, settings.authorizer_url, settings.authorizer_timeout)


@asynccontextmanager
async def _listening(
    settings: Settings, ports: Mapping[ServiceName, str]
) -> AsyncIterator[dict[str, socket.socket]]:
    """The sockets of services, by their names. ``ports`` are the fields of the settings that hold the ports.

    They are opened before anything else, so that a port in use is reported first.
    """
    with ExitStack() as stack:
        listeners = {}
        for name, field in ports.items():
            host = settings.gateway_host if name is ServiceName.GATEWAY else settings.host
            listener = bind(host, getattr(settings, field), variables(field)[0])
            listeners[str(name)] = stack.enter_context(listener)
        yield listeners


_EVERY_PORT = {name: f"{name}_port" for name in ServiceName}


async def check_ports(settings: Settings) -> None:
    """Raises ``BadSetting`` where ``run_all`` would, because a port is in use."""
    async with _listening(settings, _EVERY_PORT):
        return


async def run_all(
    settings: Settings, started: Callable[[], None], show_key: Callable[[str], None] = print
) -> None:
    """Every service in this process. They ask each other directly, where separate ones use HTTP.

    ``show_key`` is given the first key, where others than this machine need one and there is none.
    """
    if settings.backend == "google":
        Pepper.of(settings)  # so that it is missed before anything is opened
        AuditKey.of(settings)
    async with (
        _listening(settings, _EVERY_PORT) as listeners,
        _BACKENDS[settings.backend](settings) as (bus, store),
        _authorizer(settings) as authorizer,
    ):
        tokens = User.of(store, utc_now, settings, authorizer, process="csms")
        _warn_of_api_token(settings)
        keys, sessions = tokens.keys, tokens.accounts.sessions
        if (first_key := await _first_key(keys, sessions, settings)) is not None:
            show_key(first_key)
        stations = Device.of(store, bus, utc_now, settings)
        device_api = device.app_of(stations, settings, keys, sessions, tokens.trail)
        asked = DeviceClient(inside(device_api, SERVICES["user"]))
        user_api = user.app_of(tokens, asked, settings)
        transactions = transaction.of_store(settings, bus, store, tokens.authorize, utc_now)
        transaction_api = transaction.app_of(
            transactions, settings, keys, sessions, stations.registry, tokens.trail
        )
        by_console = (
            console_itself(inside(device_api, SERVICES["console"])),
            console_itself(inside(transaction_api, SERVICES["console"])),
        )
        services = [
            device.service_of(stations, device_api, settings),
            user.service_of(tokens, user_api, asked, settings, bus),
            transaction.service_of(transactions, transaction_api, settings, bus),
            gateway_service(settings, bus, stations.security.admit, utc_now),
            console_service(
                settings,
                Apis(proxied(device_api), proxied(transaction_api), proxied(user_api)),
                Fleet(*by_console),
                Feed(bus),
                stations.registry,
            ),
        ]
        await provision(bus, [s for service in services for s in service.subscriptions])
        async with tokens.trail.running():
            await run([(service, listeners[service.name]) for service in services], started)


@dataclass(frozen=True)
class Silent:
    """A CSMS without ports: the handlers of its services, and what else knows the stations and tokens."""

    bus: Bus
    number_connection: Callable[[str, str], Awaitable[int]]
    """Admits a station with this id and Authorization header. Raises ``NotAdmitted``."""
    device: httpx.AsyncClient
    """Clients of the REST APIs, which may do everything."""
    transaction: httpx.AsyncClient
    user: httpx.AsyncClient


@asynccontextmanager
async def silent(settings: Settings, clock: Clock, caller: str) -> AsyncIterator[Silent]:
    """On the embedded pair, at the time that ``clock`` says. Nothing is done but handling messages and
    requests: no loop of a service runs. No write waits for the disk. ``caller`` is who uses the REST APIs,
    for the audit trail.
    """
    async with _embedded(settings, "OFF") as (bus, store), asyncio.TaskGroup() as tasks:
        tokens = User.of(store, clock, settings, process="csms")
        stations = Device.of(store, bus, clock, settings)
        transactions = transaction.of_store(settings, bus, store, tokens.authorize, clock)
        device_api = device.app_of(stations, settings, tokens.keys, tokens.accounts.sessions, tokens.trail)
        asked = DeviceClient(inside(device_api, SERVICES["user"]))
        user_api = user.app_of(tokens, asked, settings)
        transaction_api = transaction.app_of(
            transactions, settings, tokens.keys, tokens.accounts.sessions, stations.registry, tokens.trail
        )
        everything = Caller(caller, "service", frozenset(Scope))
        clients = [inside(api, everything) for api in (device_api, transaction_api, user_api)]
        await _provision(bus)
        limits = [time_limit(HANDLER_TIMEOUT)]
        serving = [
            tasks.create_task(device.router.serve(bus, stations, clock, limits)),
            tasks.create_task(transaction_router.serve(bus, transactions, clock, limits)),
            tasks.create_task(user_router.serve(bus, tokens, clock, limits)),
        ]

        async def number_connection(station_id: str, authorization: str) -> int:
            return (await stations.security.admit(station_id, authorization, False)).connection_number

        async with tokens.trail.running():
            yield Silent(bus, number_connection, *clients)
        for task in serving:
            task.cancel()


def _warn_of_api_token(settings: Settings) -> None:
    if settings.api_token is not None:
        log.warning(
            "CSMS_API_TOKEN is set: whoever has it may do everything; use keys, and it for emergencies only"
        )


async def _first_key(keys: Keys, sessions: Sessions, settings: Settings) -> str | None:
    """The key of an administrator, made where nobody could do anything without it."""
    if not await _is_closed(keys, sessions, settings):
        return None
    return (await keys.create("made at the first start", "csms up", Role.ADMIN)).text


async def _is_closed(keys: Keys, sessions: Sessions, settings: Settings) -> bool:
    """Whether nobody may do anything: every request needs an identity, and there is none."""
    if is_loopback(settings.host) or settings.api_token or settings.oidc_issuer or settings.iap_audience:
        return False
    return not await keys.is_any() and not await sessions.is_anybody()


async def _warn_if_closed(keys: Keys, sessions: Sessions, settings: Settings) -> None:
    """Of a service in its own process. Each of its replicas would make another key, and logs are no place for
    one.
    """
    if await _is_closed(keys, sessions, settings):
        log.warning(
            "nobody may use the API: make a key with CSMS_BACKEND=google csms key create --role admin NAME"
        )


async def run_one(name: ServiceName, settings: Settings) -> None:
    """One service, on Pub/Sub and Firestore. ``PORT`` is its port where that is set."""
    settings = settings.model_copy(update={"backend": "google"})
    if name in (ServiceName.DEVICE, ServiceName.USER):
        Pepper.of(settings)  # so that it is missed before anything is opened
    if name in (ServiceName.DEVICE, ServiceName.TRANSACTION, ServiceName.USER):
        AuditKey.of(settings)
    _warn_of_api_token(settings)
    ports = {name: f"{name}_port" if settings.port is None else "port"}
    async with (
        _listening(settings, ports) as listeners,
        _google(settings) as (bus, store),
        AsyncExitStack() as stack,
    ):
        if settings.pubsub_emulator_host:
            await _provision(bus)  # it forgets everything when it restarts
        if name not in (ServiceName.GATEWAY, ServiceName.CONSOLE):  # which may not read the store
            await _warn_if_closed(Keys.of(store, utc_now), Sessions.of(store, utc_now), settings)

        async def client(url: str) -> httpx.AsyncClient:
            if settings.service_accounts:
                from libs.csms.access.google_id_tokens import IdTokenAuth

                asking = httpx.AsyncClient(base_url=url, auth=IdTokenAuth(url, utc_now))
            else:
                asking = httpx.AsyncClient(base_url=url, headers=bearer(name, settings))
            return await stack.enter_async_context(asking)

        async def proxy(url: str) -> httpx.AsyncClient:
            """Its requests say who has sent them; the service of this process shows only that it may ask."""
            asking = httpx.AsyncClient(base_url=url)
            if settings.service_accounts:
                from libs.csms.access.google_id_tokens import CLOUD_RUN, IdTokenAuth

                asking.auth = IdTokenAuth(url, utc_now, headers=[CLOUD_RUN])
            return await stack.enter_async_context(asking)

        service: Service
        match name:
            case ServiceName.DEVICE:
                trail = await stack.enter_async_context(_trail(name, store, settings))
                service = device.device_service(settings, bus, store, utc_now, trail)
            case ServiceName.USER:
                asked = DeviceClient(await client(settings.device_url))
                authorizer = await stack.enter_async_context(_authorizer(settings))
                tokens = User.of(store, utc_now, settings, authorizer)
                await stack.enter_async_context(tokens.trail.running())
                service = user.service_of(tokens, user.app_of(tokens, asked, settings), asked, settings, bus)
            case ServiceName.TRANSACTION:
                asking = await client(settings.user_url)
                authorize, groups = HttpAuthorization(asking).authorize, HttpStationGroups(asking)
                trail = await stack.enter_async_context(_trail(name, store, settings))
                service = transaction.transaction_service(
                    settings, bus, store, authorize, utc_now, stations=groups, trail=trail
                )
            case ServiceName.CONSOLE:
                urls = settings.device_url, settings.transaction_url, settings.user_url
                apis = Apis(*[await proxy(url) for url in urls])
                device_api, transaction_api = [console_itself(await client(url)) for url in urls[:2]]
                fleet = Fleet(device_api, transaction_api)
                stations = DeviceClient(device_api.client)
                service = console_service(settings, apis, fleet, Feed(bus), stations)
            case ServiceName.GATEWAY:
                admit = HttpAdmission(await client(settings.device_url)).admit
                service = gateway_service(settings, bus, admit, utc_now)
        await run([(service, listeners[name])], lambda: log.info("accepting connections"))


@asynccontextmanager
async def _trail(process: str, store: Store, settings: Settings) -> AsyncIterator[Trail]:
    trail = Trail.of(process, store, utc_now, settings)
    async with trail.running():
        yield trail


@asynccontextmanager
async def access_client(settings: Settings, key: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of ``/keys`` and ``/users``: on the store; or where a running CSMS has that, of its REST API,
    with this key or the API token.
    """
    async with AsyncExitStack() as stack:
        try:
            _, store = await stack.enter_async_context(_BACKENDS[settings.backend](settings))
        except StoreIsOpen:
            host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host
            token = settings.api_token.get_secret_value() if settings.api_token else ""
            client = httpx.AsyncClient(
                base_url=f"http://{host}:{settings.user_port}",
                headers={"Authorization": f"Bearer {key or token}"} if key or token else {},
            )
        else:
            trail = await stack.enter_async_context(_trail("shell", store, settings))
            paths = APIRouter()
            paths.include_router(people_api(Keys.of(store, utc_now)))
            paths.include_router(users_api(Accounts.of(store, utc_now)))
            paths.include_router(audit_api(trail))
            api = create_app("Shell", paths, settings, trail=trail)
            client = inside(api, Caller("csms", "service", frozenset(Scope)))
        yield await stack.enter_async_context(client)


async def provision_all(settings: Settings) -> None:
    """Create every topic of the catalogue on Pub/Sub, and create or update every service's subscriptions."""
    async with _google(settings) as (bus, _):
        await _provision(bus)


async def _provision(bus: Bus) -> None:
    await provision(bus, [s for router in ROUTERS for s in router.subscriptions])
