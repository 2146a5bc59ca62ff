"""The profiles of stations: those of the operator, and those that come with the CSMS."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from libs.csms.clock import Clock
from libs.csms.errors import Conflict, Invalid, NotFound, TooMany
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Page, Query, Store

from ..registry.model import Station
from .bodies import NewStationProfile, StationProfileBody
from .model import Profiles, StationProfile

MAX_PROFILES = 500
"""Profiles of the operator. All of them are held in memory."""

MAX_AGE = timedelta(seconds=60)
"""Profiles that were read longer ago are read again when one is needed: what another process has changed is
in force after this time.
"""


class UnknownProfile(NotFound):
    """There is no station profile of that id."""

    def __init__(self) -> None:
        super().__init__("there is no station profile of that id")


class NoProfile(NotFound):
    """No station profile matches the station."""

    def __init__(self) -> None:
        super().__init__("no station profile matches the station")


class ProfileExists(Conflict):
    """A station profile is created under an id that is in use."""

    def __init__(self) -> None:
        super().__init__("there is a station profile of that id already")


class BuiltInProfile(Conflict):
    """A station profile that comes with the CSMS is to be changed."""

    def __init__(self) -> None:
        super().__init__("the station profile is built in; one with the same patterns counts before it")


@cache
def built_in_profiles() -> dict[str, StationProfile]:
    """By id."""
    with Path(__file__).with_name("built_in.toml").open("rb") as file:
        entries = tomllib.load(file)["profiles"]
    profiles = [StationProfile.model_validate(entry | {"builtIn": True}) for entry in entries]
    return {profile.id: profile for profile in profiles}


class StationProfiles:
    """Finds the profile of a station without reading the store, but for once in ``MAX_AGE``."""

    def __init__(self, documents: Collection[StationProfile], clock: Clock) -> None:
        self.documents = documents
        """Those of the operator, by id."""
        self.clock = clock
        self._profiles = Profiles(())
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    @classmethod
    def of(cls, store: Store, clock: Clock) -> StationProfiles:
        return cls(store.collection("stationProfiles", StationProfile), clock)

    async def profile_of(self, station: Station) -> StationProfile | None:
        """The first in ``StationProfile.order`` that matches what the station has reported last."""
        if self._is_old():
            async with self._reading:
                if self._is_old():
                    await self._read()
        return self._profiles.match(
            station.vendor_name or "", station.model or "", station.firmware_version or ""
        )

    async def existing(self, id: str) -> StationProfile:
        """Raises ``UnknownProfile``."""
        profile = built_in_profiles().get(id) or await self.documents.get(id)
        if profile is None:
            raise UnknownProfile
        return profile

    async def find(self, page_size: int, page_token: str) -> Page[StationProfile]:
        """In the order of ids. The token of a page is the last id of the page before."""
        known = sorted(await self._all(), key=lambda profile: profile.id)
        rest = [profile for profile in known if profile.id > page_token]
        items = rest[:page_size]
        return Page(items, items[-1].id if len(rest) > page_size else "")

    async def create(self, body: NewStationProfile) -> StationProfile:
        """Raises ``ProfileExists`` and ``TooMany``."""
        if await self.documents.count({}) >= MAX_PROFILES:
            raise TooMany(f"there are {MAX_PROFILES} station profiles already")

        def created(profile: StationProfile | None) -> StationProfile:
            if profile is not None or body.id in built_in_profiles():
                raise ProfileExists
            return body.created()

        return await self._update(body.id, created)

    async def change(
        self, id: str, body: StationProfileBody, change: Callable[[StationProfile], StationProfile]
    ) -> StationProfile:
        """Raises ``UnknownProfile``, ``BuiltInProfile``, and ``Invalid`` if the body has another id."""
        if body.id is not None and body.id != id:
            raise Invalid("body.id: differs from the id in the path")

        def changed(profile: StationProfile | None) -> StationProfile:
            if profile is None:
                raise UnknownProfile
            return change(profile)

        _check_not_built_in(id)
        return await self._update(id, changed)

    async def delete(self, id: str) -> None:
        """Raises ``UnknownProfile`` and ``BuiltInProfile``."""
        _check_not_built_in(id)
        deleted = await self.documents.delete(id)
        self._read_at = None
        if deleted is None:
            raise UnknownProfile

    async def _update(
        self, id: str, change: Callable[[StationProfile | None], StationProfile]
    ) -> StationProfile:
        profile = await self.documents.update(id, change)
        self._read_at = None
        return profile

    async def _all(self) -> list[StationProfile]:
        stored = [one async for one in every(self.documents, Query(page_size=MAX_PROFILES))]
        return [*built_in_profiles().values(), *stored]

    async def _read(self) -> None:
        self._read_at = self.clock()
        try:
            self._profiles = Profiles(await self._all())
        except BaseException:
            self._read_at = None
            raise

    def _is_old(self) -> bool:
        return self._read_at is None or not timedelta() <= self.clock() - self._read_at < MAX_AGE


def _check_not_built_in(id: str) -> None:
    if id in built_in_profiles():
        raise BuiltInProfile
