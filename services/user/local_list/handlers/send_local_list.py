"""SendLocalList: a station has a new local list, ours or that of somebody who sent it as a command (D01)."""

from __future__ import annotations

from typing import Any

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import LocalLists, router


@router.on_result(v16.SendLocalList)
async def send_local_list_v16(
    result: Result[ocpp16.SendLocalListRequest, ocpp16.SendLocalListResponse], lists: LocalLists
) -> None:
    if result.may_be_accepted:
        await _replaced(result, result.request.list_version, lists)


@router.on_result(v201.SendLocalList, v21.SendLocalList)
async def send_local_list_v2(
    result: Result[ocpp2.SendLocalListRequest, ocpp2.SendLocalListResponse], lists: LocalLists
) -> None:
    if result.may_be_accepted:
        await _replaced(result, result.request.version_number, lists)


async def _replaced(result: Result[Any, Any], version: int, lists: LocalLists) -> None:
    command = result.command_id
    await lists.change(result.station_id, lambda known, now: known.replaced_by(command, version, now))
