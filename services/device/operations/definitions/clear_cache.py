"""clear-cache: clear the authorization cache of a station (C11)."""

from __future__ import annotations

from libs.csms.access.scopes import Scope
from libs.ocpp_messages import ocpp2, ocpp16

from ..model import Operation


class ClearCache(Operation, name="clear-cache", scope=Scope.COMMANDS_MAINTAIN):
    def v16(self, number: int) -> ocpp16.ClearCacheRequest:
        return ocpp16.ClearCacheRequest()

    def v2(self, number: int) -> ocpp2.ClearCacheRequest:
        return ocpp2.ClearCacheRequest()
