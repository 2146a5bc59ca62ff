"""Who may connect as which station: admission, secrets and security profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from libs.csms.clients.admission import Admission, NotAdmitted, RegistrationStatus
from libs.csms.errors import NotFound
from libs.csms.messaging.router import Router
from libs.csms.storage.queries import update_existing, update_from
from libs.csms.storage.store import Collection, Store

from ..connectivity.service import Connectivity
from ..messages.service import Messages
from ..registry.service import Registry
from ..station_profiles.service import StationProfiles
from .authentication import authenticated
from .certificates import Sign, no_authority
from .model import Secret, StationSecurity, new_secret

router: Router[Security] = Router("device")

REPLACED = "the secret of the charging station has been replaced"
"""Reason in the WebSocket close frame."""


class NoSecret(NotFound):
    """The secret of a station is to be deleted, but it has none."""

    def __init__(self) -> None:
        super().__init__("the charging station has no secret")


@dataclass(frozen=True)
class Security:
    stations: Collection[StationSecurity]
    """By station id."""
    registry: Registry
    connectivity: Connectivity
    messages: Messages
    station_profiles: StationProfiles
    min_profile: int
    """The lowest security profile that a station may connect with."""
    sign: Sign = no_authority

    @classmethod
    def of(
        cls,
        store: Store,
        registry: Registry,
        connectivity: Connectivity,
        messages: Messages,
        station_profiles: StationProfiles,
        min_profile: int,
    ) -> Self:
        stations = store.collection("credentials", StationSecurity)
        return cls(stations, registry, connectivity, messages, station_profiles, min_profile)

    async def of_station(self, station_id: str) -> StationSecurity:
        return await self.stations.get(station_id) or StationSecurity()

    async def admit(self, station_id: str, authorization: str, tls: bool) -> Admission:
        """Whether a station with this Authorization header may connect. Raises ``NotAdmitted``.

        It decides again after the connection has its number. A revocation stores its reason first, and then
        reads the newest number. So it either covers this connection, or the second decision saw its reason.
        """
        decision = await self._decide(station_id, authorization, tls)
        while True:
            number = await self.connectivity.number_connection(station_id)
            decision_again = await self._decide(station_id, authorization, tls)
            if decision_again == decision:
                return decision.changed(connection_number=number)
            decision = decision_again

    async def _decide(self, station_id: str, authorization: str, tls: bool) -> Admission:
        """Reads the station and its security once each. Writes only if the security has changed.

        The connection has no number of its own yet.
        """
        station = await self.registry.get(station_id)
        if station is None:
            raise NotAdmitted(404, "unknown station")
        presented = partial(
            authenticated,
            station_id=station_id,
            authorization=authorization,
            tls=tls,
            min_profile=self.min_profile,
        )
        security = await self.of_station(station_id)
        if presented(security) is not security:
            await update_existing(self.stations, station_id, presented)
        status = "Accepted" if station.may_operate else _not_yet(station.registration_status)
        profile = await self.station_profiles.profile_of(station)
        return Admission(
            registration_status=status,
            connection_number=1,
            refused_rules=profile.refused_rules if profile else [],
            answer_timeout=profile.answer_timeout if profile else None,
        )

    async def set_secret(self, station_id: str, given: str | None) -> str:
        """Replace the secret by a generated or given one, and end connections with the one before."""
        await self.registry.existing(station_id)
        secret = new_secret() if given is None else given
        new, none = Secret.of(secret, self.registry.clock()), StationSecurity()

        def replaced(security: StationSecurity | None) -> StationSecurity:
            known = security or none
            return known if known.is_only(secret) else known.replaced(new)

        before, after = await update_from(self.stations, station_id, replaced)
        if after is not (before or none):
            await self.registry.revoke_access(station_id, REPLACED)
        return secret

    async def delete_secrets(self, station_id: str) -> None:
        """Raises ``NoSecret``."""

        def deleted(security: StationSecurity) -> StationSecurity:
            if not security.secrets:
                raise NoSecret
            return security.changed(secrets=())

        if await update_existing(self.stations, station_id, deleted) is None:
            raise NoSecret

    async def change(self, station_id: str, change: Callable[[StationSecurity], StationSecurity]) -> None:
        """Apply a change. Nothing is stored if it changes nothing, or if the station has been deleted."""
        if await self.registry.get(station_id) is None:
            return
        none = StationSecurity()
        if await self.stations.get(station_id) is None and change(none) is none:
            return
        await self.stations.update(station_id, lambda known: change(known or none))

    async def forget(self, station_id: str) -> None:
        await self.stations.delete(station_id)


def _not_yet(status: RegistrationStatus) -> RegistrationStatus:
    """Pending for a station that the operator accepts, but that has not booted yet."""
    return "Pending" if status == "Accepted" else status
