"""The composition root of the gateway."""

from __future__ import annotations

from dataclasses import replace

from libs.csms.clients.admission import Admit
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.proxies import TrustedProxies
from libs.csms.settings import Settings
from libs.csms.web.server import is_loopback

from .context import GatewayContext, GatewayLimits
from .routing import ByAction, Inbox, Routing, new_gateway_id
from .server import GatewayServer

_ROUTINGS: dict[str, type[ByAction | Inbox]] = {"action": ByAction, "inbox": Inbox}


def gateway_service(settings: Settings, bus: Bus, admit: Admit, clock: Clock) -> Service:
    routing: Routing = _ROUTINGS[settings.gateway_routing](new_gateway_id())
    context = GatewayContext(
        bus,
        routing,
        clock,
        _limits(settings),
        path_prefixes=tuple(settings.gateway_paths.split(",")),
        proxies=TrustedProxies(settings.trusted_proxies),
        allowed_origins=settings.allowed_origins,
        tells_unknown_stations=_tells_unknown_stations(settings),
    )
    return Service("gateway", subscriptions=(), loops=(), serve=GatewayServer(admit, context).run)


def _tells_unknown_stations(settings: Settings) -> bool:
    """By default only to who works on this machine: a trusted proxy brings clients from elsewhere."""
    if settings.unknown_station is None:
        return is_loopback(settings.gateway_host) and not settings.trusted_proxies
    return settings.unknown_station == "404"


def _limits(settings: Settings) -> GatewayLimits:
    """On loopback, thousands of simulated stations come from one address at the same moment."""
    limits = GatewayLimits()
    return replace(
        limits,
        max_unfinished_requests=(
            None if is_loopback(settings.gateway_host) else limits.max_unfinished_requests
        ),
        call_timeout=settings.call_timeout,
        command_timeout=settings.command_timeout,
        connections_per_address=settings.connections_per_address,
        failed_logins_per_minute=settings.failed_logins_per_minute,
        frames_per_second=settings.frames_per_second,
        ping_interval=settings.ping_interval,
        ping_timeout=settings.ping_timeout,
        max_frame_bytes=settings.max_frame_bytes,
    )
