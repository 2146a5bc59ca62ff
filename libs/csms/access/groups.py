"""Which stations the caller of a request may see: all of them, or those of the groups that he is bound to.

Neither store can join, so a list for a caller who is bound to groups is read one station after the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Request

from ..errors import Forbidden, NotFound
from ..storage.store import BadPageToken, Doc, Page
from .callers import OtherGroups, caller_of

MAX_STATIONS_PER_PAGE = 50
"""Stations that are looked at for one page of a list. With less than a page of items in them, it is short."""

MAX_COUNTED_STATIONS = 1_000
"""Stations of a caller's groups that are read to count something: each costs some reads."""

_SEPARATOR = "~"
"""Of the parts of page tokens; the tokens of the stores have none."""

Item = TypeVar("Item")

IdsInGroup = tuple[Sequence[str], str]
"""A page of stations' ids, and the token of the next page."""


class StationGroups(Protocol):
    """Tells the groups of stations: the registry of the device service, or a service that asks it."""

    async def group_of(self, id: str) -> str | None:
        """Raises ``UnknownStation``."""
        ...

    async def ids_in_group(self, group: str, size: int, token: str) -> IdsInGroup:
        """In the order of the store."""
        ...


class UnknownStation(NotFound):
    """There is no charging station of that id, or the caller must not know of it."""

    def __init__(self) -> None:
        super().__init__("there is no charging station of that id")


class TooManyStations(Forbidden):
    """The groups of the caller have too many stations to count something in them."""

    def __init__(self) -> None:
        super().__init__(
            f"your groups have more than {MAX_COUNTED_STATIONS} stations: this path counts fewer for callers"
            " who are bound to groups"
        )


class VisibleStations:
    """The stations that a caller may see. One that he may not see is to him as one that there is not."""

    def __init__(self, groups: frozenset[str] | None, stations: StationGroups | None) -> None:
        """``groups`` is None for all stations. ``stations`` is None where nobody knows the groups: then who
        is bound to some sees nothing, and gets ``OtherGroups``.
        """
        self._groups = groups
        self._known = stations

    @property
    def are_all(self) -> bool:
        return self._groups is None

    @property
    def _stations(self) -> StationGroups:
        if self._known is None:
            raise OtherGroups
        return self._known

    async def include(self, id: str) -> bool:
        try:
            return self._groups is None or await self._stations.group_of(id) in self._groups
        except UnknownStation:
            return False

    async def check(self, id: str) -> None:
        """Raises ``UnknownStation``."""
        if not await self.include(id):
            raise UnknownStation

    async def find(
        self,
        station_id: str | None,
        find: Callable[[str | None, int, str], Awaitable[Page[Doc]]],
        size: int,
        token: str,
    ) -> Page[Doc]:
        """A page of what ``find`` has of this station; without one, of all that are visible.

        ``find`` is given a station or None for all, the size of a page, and a token of its own. Who is bound
        to groups gets what it finds for one station after the other.
        """
        if self._groups is None:
            return await find(station_id, size, token)
        if station_id is not None:
            return await find(station_id, size, token) if await self.include(station_id) else Page([])
        return await self._find_by_station(self._groups, find, size, token)

    async def ids(self) -> list[str]:
        """Of a caller who is bound to groups. Raises ``TooManyStations``."""
        found: list[str] = []
        token = ""
        while True:
            ids, token = await self.page(MAX_COUNTED_STATIONS, token)
            found += ids
            if len(found) > MAX_COUNTED_STATIONS:
                raise TooManyStations
            if not token:
                return found

    async def page(self, size: int, token: str) -> IdsInGroup:
        """The ids of a caller who is bound to groups, one group after the other."""

        async def find(group: str, rest: str) -> IdsInGroup:
            return await self._stations.ids_in_group(group, size, rest)

        return await in_order_of_groups(self._groups or frozenset(), token, find)

    async def _find_by_station(
        self,
        groups: frozenset[str],
        find: Callable[[str | None, int, str], Awaitable[Page[Doc]]],
        size: int,
        token: str,
    ) -> Page[Doc]:
        """A token names the page of stations, the station in it, and the place in what that one has."""
        outer, inner, begin = _parts(token)
        ids, following = await self.page(MAX_STATIONS_PER_PAGE, outer)
        items: list[Doc] = []
        for id in _from(ids, begin):
            if len(items) == size:
                return Page(items, _SEPARATOR.join((outer, "", id)))
            page = await find(id, size - len(items), inner if id == begin else "")
            items += page.items
            if page.next_page_token:
                return Page(items, _SEPARATOR.join((outer, page.next_page_token, id)))
        return Page(items, following and _SEPARATOR.join((following, "", "")))


async def in_order_of_groups(
    groups: frozenset[str], token: str, find: Callable[[str, str], Awaitable[tuple[Sequence[Item], str]]]
) -> tuple[Sequence[Item], str]:
    """A page of what ``find`` has, and the token of the next: one group after the other. A page ends where a
    group ends. ``find`` is given a group, and a token of its own.
    """
    if not groups:
        return [], ""
    ordered = sorted(groups)
    number, dot, rest = (token or "0.").partition(".")
    if not dot or number not in map(str, range(len(ordered))):
        raise BadPageToken("unreadable page token")
    items, following = await find(ordered[int(number)], rest)
    if following:
        return items, f"{number}.{following}"
    is_last = int(number) + 1 == len(ordered)
    return items, "" if is_last else f"{int(number) + 1}."


def _parts(token: str) -> tuple[str, str, str]:
    if not token:
        return "", "", ""
    parts = token.split(_SEPARATOR, 2)
    if len(parts) < 3:
        raise BadPageToken("unreadable page token")
    return parts[0], parts[1], parts[2]


def _from(ids: Sequence[str], begin: str) -> Sequence[str]:
    """Those from this one on; where it has gone, from the one that came behind it."""
    if begin in ids:
        return ids[ids.index(begin) :]
    return [id for id in ids if id >= begin]


def visible_stations(request: Request) -> VisibleStations:
    return VisibleStations(caller_of(request).groups, request.app.state.stations)


TheStations = Annotated[VisibleStations, Depends(visible_stations)]
"""For handlers whose answer is about the stations that the caller may see."""
