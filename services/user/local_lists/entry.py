"""One token on one station's list: what is wanted, and what the station has confirmed. No I/O."""

from __future__ import annotations

from libs.csms.clock import Time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document

from .message import AuthorizationData


class Entry(Document):
    """``token`` is the id of the token's document.

    The station holds what it confirmed at ``version``: ``type`` and ``digest``, or nothing unless ``held``.
    ``told`` is that version too, or 0 as soon as something is wanted that the station may not have: of
    which ``stamp`` counts the times.
    """

    station_id: str
    token: str
    id_token: str
    wanted: bool = False
    stamp: int = 0
    told: int = 0
    version: int = 0
    held: bool = False
    type: str = ""
    digest: str = ""

    @property
    def key(self) -> str:
        return key(self.station_id, self.token)

    def is_held(self, epoch: int) -> bool:
        """``epoch`` is the version of the latest full list, which forgot all before it."""
        return self.held and self.version >= epoch

    def wished(self, id_token: str) -> Entry:
        if self.wanted and self.id_token == id_token:
            return self
        return self.doubted().changed(wanted=True, id_token=id_token)

    def unwished(self) -> Entry:
        return self.doubted().changed(wanted=False) if self.wanted else self

    def doubted(self) -> Entry:
        """The token has changed."""
        return self.changed(stamp=self.stamp + 1, told=0)

    def confirmed(self, item: AuthorizationData, version: int) -> Entry:
        """The station has taken the item. What was wished meanwhile is still to be told."""
        if version <= self.version:
            return self
        held = {"type": item.type, "digest": item.digest} if item.info is not None else {}
        told = version if item.stamp == self.stamp and self._is_done(item) else 0
        return self.model_copy(
            update={"version": version, "held": item.info is not None, "told": told, **held}
        )

    def _is_done(self, item: AuthorizationData) -> bool:
        return self.wanted is (item.info is not None)

    def settled(self, stamp: int, version: int) -> Entry:
        """The station has what is wanted, as it turns out."""
        return self.changed(told=version) if stamp == self.stamp else self


class TokenChange(Document):
    """A token was about to be changed at that time; its entries may not know it yet."""

    id: str
    token: str
    at: Time


def key(station_id: str, token: str) -> str:
    return composite_id(station_id, token)
