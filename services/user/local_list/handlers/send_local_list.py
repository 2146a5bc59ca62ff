"""SendLocalList: a station has a new local list, ours or that of somebody who sent it as a command (D01)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..model import LocalList
from ..service import LocalLists, router


@router.on_result(v16.SendLocalList)
async def send_local_list_v16(result: Result[ocpp16.SendLocalListRequest, object], lists: LocalLists) -> None:
    if result.may_be_accepted:
        version = result.request.list_version
        await lists.change(result.station_id, LocalList.replaced_by, result.command_id, version)


@router.on_result(v201.SendLocalList, v21.SendLocalList)
async def send_local_list_v2(result: Result[ocpp2.SendLocalListRequest, object], lists: LocalLists) -> None:
    if result.may_be_accepted:
        version = result.request.version_number
        await lists.change(result.station_id, LocalList.replaced_by, result.command_id, version)
