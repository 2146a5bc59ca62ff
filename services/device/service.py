"""The device service, put together from its packages: each is given those that stand before it here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self

import orjson

from libs.csms.clock import Clock
from libs.csms.messaging.bus import Bus
from libs.csms.pepper import Pepper
from libs.csms.settings import Settings
from libs.csms.station_messages.quota import DailyLimits
from libs.csms.storage.queries import every
from libs.csms.storage.store import Json, Query, Store

from .commands.delivery import expire_all
from .commands.model import Requester
from .commands.request import CommandRequest, request
from .commands.security_settings import refuse_weak_secret
from .commands.service import Commands
from .commands.token_check import TokenCheck
from .connectivity.service import Connectivity
from .deviations.service import Deviations
from .device_model.service import DeviceModel
from .jobs.service import Jobs
from .messages.service import Messages
from .onboarding.service import Onboardings
from .operations.service import Operations
from .registry.service import Cleanup, Registry
from .security.service import Security
from .smart_charging.offered import SentCommand
from .smart_charging.service import SmartCharging
from .station_profiles.service import StationProfiles


@dataclass(frozen=True)
class Device:
    connectivity: Connectivity
    registry: Registry
    messages: Messages
    deviations: Deviations
    station_profiles: StationProfiles
    security: Security
    device_model: DeviceModel
    jobs: Jobs
    commands: Commands
    token_check: TokenCheck
    operations: Operations
    onboardings: Onboardings
    smart_charging: SmartCharging
    bus: Bus
    clock: Clock

    @classmethod
    def of(cls, store: Store, bus: Bus, clock: Clock, settings: Settings) -> Self:
        connectivity = Connectivity.of(store, clock, timedelta(seconds=settings.abandoned_after))
        registry = Registry.of(store, connectivity, bus, clock)
        messages = Messages.of(store, connectivity, clock, DailyLimits.of(settings))
        deviations = Deviations.of(store, registry)
        station_profiles = StationProfiles.of(store, clock)
        security = Security.of(
            store,
            registry,
            connectivity,
            messages,
            station_profiles,
            Pepper.of(settings),
            min_profile=settings.min_security_profile,
            weak_secrets=settings.weak_secrets,
        )
        device_model = DeviceModel.of(store, messages)
        commands = Commands.of(store, registry, connectivity, security, device_model)
        absence = timedelta(seconds=settings.min_absence)
        onboardings = Onboardings.of(store, commands, station_profiles, absence, settings.heartbeat_interval)
        smart_charging = SmartCharging.of(
            store,
            messages.log,
            clock,
            append_message=messages.append,
            variables=partial(_variables, device_model),
            send_command=partial(_send_command, commands),
            sent_command=partial(_sent_command, commands),
            ev_policy=settings.ev_charging_needs,
        )
        token_check = TokenCheck(bus, clock, commands.process_id)
        jobs = Jobs.of(store, messages)
        commands.checks.extend(
            [partial(refuse_weak_secret, security), token_check.check, smart_charging.check, jobs.asked]
        )
        device = cls(
            connectivity=connectivity,
            registry=registry,
            messages=messages,
            deviations=deviations,
            station_profiles=station_profiles,
            security=security,
            device_model=device_model,
            jobs=jobs,
            commands=commands,
            token_check=token_check,
            operations=Operations(commands, messages),
            onboardings=onboardings,
            smart_charging=smart_charging,
            bus=bus,
            clock=clock,
        )
        registry.cleanups.extend(device._cleanups())
        return device

    def _cleanups(self) -> list[Cleanup]:
        """What belongs to a deleted station goes in this order, its secret last."""

        async def expire_commands(station_id: str) -> None:
            await expire_all(self.commands, station_id)

        return [
            expire_commands,
            self.onboardings.forget,
            self.device_model.forget,
            self.deviations.forget,
            self.messages.log.quota.forget,
            self.connectivity.forget,
            self.security.forget,
        ]


async def _variables(device_model: DeviceModel, station_id: str, component: str) -> list[Json]:
    query = Query({"stationId": station_id, "component.name": component})
    found = every(device_model.variables, query)
    return [one.model_dump(mode="json", by_alias=True) async for one in found]


async def _send_command(
    commands: Commands, station_id: str, action: str, payload: Json, key: str, ttl: int
) -> None:
    requested_by = Requester.system("smart charging")
    body = orjson.dumps(payload)
    await request(commands, CommandRequest(station_id, action, body, key, ttl, requested_by=requested_by))


async def _sent_command(commands: Commands, id: str) -> SentCommand | None:
    command = await commands.commands.get(id)
    if command is None:
        return None
    response = None if command.response is None else orjson.loads(command.response)
    return SentCommand(
        payload=orjson.loads(command.payload),
        is_open=not command.is_final,
        status=response.get("status", "") if isinstance(response, dict) else "",
        answered_at=command.answered_at,
    )
