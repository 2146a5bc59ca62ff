"""The composition root of the gateway."""

from __future__ import annotations

from libs.csms.clients.admission import Admit
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.settings import Settings

from .context import GatewayContext, GatewayLimits
from .routing import ByAction, Inbox, Routing, new_gateway_id
from .server import GatewayServer

_ROUTINGS: dict[str, type[ByAction | Inbox]] = {"action": ByAction, "inbox": Inbox}


def gateway_service(settings: Settings, bus: Bus, admit: Admit, clock: Clock) -> Service:
    routing: Routing = _ROUTINGS[settings.gateway_routing](new_gateway_id())
    prefixes = tuple(settings.gateway_paths.split(","))
    context = GatewayContext(bus, routing, clock, _limits(settings), prefixes)
    return Service("gateway", subscriptions=(), loops=(), serve=GatewayServer(admit, context).run)


def _limits(settings: Settings) -> GatewayLimits:
    return GatewayLimits(
        call_timeout=settings.call_timeout,
        command_timeout=settings.command_timeout,
        connections_per_address=settings.connections_per_address,
        failed_logins_per_minute=settings.failed_logins_per_minute,
        frames_per_second=settings.frames_per_second,
        ping_interval=settings.ping_interval,
        ping_timeout=settings.ping_timeout,
        max_frame_bytes=settings.max_frame_bytes,
    )
