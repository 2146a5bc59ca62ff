"""Who may connect as which station: admission, secrets and security profiles."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Self

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.errors import Conflict, Invalid, NotFound
from libs.csms.messaging.router import Router
from libs.csms.pepper import Pepper
from libs.csms.storage.queries import update_existing, update_from
from libs.csms.storage.store import Collection, Store
from libs.ocpp_messages.event import RefusalReason, SecurityProfileLowered

from ..connectivity.model import TooManyConnections
from ..connectivity.service import Connectivity
from ..messages.service import Messages
from ..registry.service import Registry
from ..station_profiles.service import StationProfiles
from .authentication import WeakSecrets, authenticated
from .certificates import Sign, no_authority
from .model import Secret, StationSecurity, new_secret

router: Router[Security] = Router("device")

log = logging.getLogger(__name__)

RAISED = "the charging station needs a higher security profile now"
REPLACED = "the secret of the charging station has been replaced"
"""Reasons in the WebSocket close frame."""


class NoSecret(NotFound):
    """The secret of a station is to be deleted, but it has none."""

    def __init__(self) -> None:
        super().__init__("the charging station has no secret")


class ProfileIsHigher(Conflict):
    """A station is to need a lower security profile, and the request does not say that this is meant."""

    def __init__(self, profile: int | None) -> None:
        super().__init__(
            f"body.securityProfile: the station needs {profile}; to lower it, send `lower: true` too"
        )


class WeakSecretsRefused(Invalid):
    """A secret of fewer than 16 characters is to be set, and CSMS_WEAK_SECRETS forbids them."""

    def __init__(self) -> None:
        super().__init__("CSMS_WEAK_SECRETS=refused allows no secret of fewer than 16 characters")


@dataclass(frozen=True)
class Security:
    stations: Collection[StationSecurity]
    """By station id."""
    registry: Registry
    connectivity: Connectivity
    messages: Messages
    station_profiles: StationProfiles
    pepper: Pepper
    """With which secrets are hashed."""
    min_profile: int
    """The lowest security profile that a station may connect with."""
    weak_secrets: WeakSecrets = "accepted"
    sign: Sign = no_authority

    @classmethod
    def of(
        cls,
        store: Store,
        registry: Registry,
        connectivity: Connectivity,
        messages: Messages,
        station_profiles: StationProfiles,
        pepper: Pepper,
        min_profile: int,
        weak_secrets: WeakSecrets,
    ) -> Self:
        stations = store.collection("credentials", StationSecurity)
        return cls(
            stations, registry, connectivity, messages, station_profiles, pepper, min_profile, weak_secrets
        )

    async def of_station(self, station_id: str) -> StationSecurity:
        return await self.stations.get(station_id) or StationSecurity()

    async def admit(self, station_id: str, authorization: str, tls: bool) -> Admission:
        """Whether a station with this Authorization header may connect. Raises ``NotAdmitted``.

        It decides again after the connection has its number. A revocation stores its reason first, and then
        reads the newest number. So it either covers this connection, or the second decision saw its reason.
        """
        decision = await self._decide(station_id, authorization, tls)
        while True:
            number = await self._number_connection(station_id)
            decision_again = await self._decide(station_id, authorization, tls)
            if decision_again == decision:
                return decision.changed(connection_number=number)
            decision = decision_again

    async def _number_connection(self, station_id: str) -> int:
        try:
            return await self.connectivity.number_connection(station_id)
        except TooManyConnections as error:
            reason = RefusalReason.TOO_MANY_CONNECTIONS
            raise NotAdmitted(503, error.detail, reason, error.retry_after) from error

    async def _decide(self, station_id: str, authorization: str, tls: bool) -> Admission:
        """Reads the station and its security once each. Writes only if the security has changed.

        The connection has no number of its own yet.
        """
        station = await self.registry.get(station_id)
        presented = partial(
            authenticated,
            station_id=station_id,
            authorization=authorization,
            tls=tls,
            min_profile=self.min_profile,
            weak_secrets=self.weak_secrets,
            pepper=self.pepper,
        )
        security = await self.of_station(station_id)
        if station is None:
            with suppress(NotAdmitted):
                presented(self._unknown_station)
            raise NotAdmitted(404, "unknown station", RefusalReason.UNKNOWN_STATION)
        if any(each.is_lost(self.pepper) for each in security.secrets):
            log.error("station %s: its secret was hashed with another pepper: set it anew", station_id)
        if presented(security) is not security:
            await update_existing(self.stations, station_id, presented)
        profile = await self.station_profiles.profile_of(station)
        return Admission(
            registration_status=station.status_on_connection,
            decision_number=station.decision_number,
            was_accepted=station.was_accepted,
            connection_number=1,
            default_version=station.default_version or (profile.default_version if profile else None),
            refused_rules=profile.refused_rules if profile else [],
            answer_timeout=profile.answer_timeout if profile else None,
        )

    @cached_property
    def _unknown_station(self) -> StationSecurity:
        """With a secret that nobody has. A station that is not registered is compared with it, so that its
        refusal takes as long as that of a wrong secret.
        """
        return StationSecurity(secrets=(Secret.of(new_secret(), self.registry.clock(), self.pepper),))

    def refuse_weak_secrets(self) -> None:
        """Raises ``WeakSecretsRefused`` if this CSMS takes none."""
        if self.weak_secrets == "refused":
            raise WeakSecretsRefused

    async def set_secret(self, station_id: str, given: str | None) -> str:
        """Replace the secret by a generated or given one, and end connections with the one before."""
        await self.registry.existing(station_id)
        secret = new_secret() if given is None else given
        new, none = Secret.of(secret, self.registry.clock(), self.pepper), StationSecurity()

        def replaced(security: StationSecurity | None) -> StationSecurity:
            known = security or none
            return known if known.is_only(secret, self.pepper) else known.replaced(new)

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

    async def raise_profile(self, station_id: str, profile: int) -> StationSecurity:
        """The station needs this security profile from now on. Raises ``ProfileIsHigher``."""

        def raised(security: StationSecurity) -> StationSecurity:
            if profile < (security.security_profile or 0):
                raise ProfileIsHigher(security.security_profile)
            return security.secured(profile)

        before, after = await self._change_existing(station_id, raised)
        if after is not before:
            await self.registry.revoke_access(station_id, RAISED)
        return after

    async def lower_profile(self, station_id: str, profile: int) -> StationSecurity:
        """The station needs this security profile only (A00: nobody but the operator may decide so)."""
        before, after = await self._change_existing(station_id, lambda known: known.lowered(profile))
        if after is not before:
            needed = before.security_profile or 0
            log.warning(
                "station %s: the operator lowered its security profile from %d to %d",
                station_id,
                needed,
                profile,
            )
            await self.registry.publish(station_id, SecurityProfileLowered(before=needed, profile=profile))
        return after

    async def _change_existing(
        self, station_id: str, change: Callable[[StationSecurity], StationSecurity]
    ) -> tuple[StationSecurity, StationSecurity]:
        """Before and after; the same object where nothing has changed. Raises ``UnknownStation``."""
        await self.registry.existing(station_id)
        none = StationSecurity()
        before, after = await update_from(self.stations, station_id, lambda known: change(known or none))
        return before or none, after

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
