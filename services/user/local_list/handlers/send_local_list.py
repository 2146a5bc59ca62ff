"""SendLocalList: a station has a new local list, ours or that of somebody who sent it as a command (D01)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import LocalLists, router


@router.on_result(v16.SendLocalList)
async def send_local_list_v16(
    result: Result[ocpp16.SendLocalListRequest, ocpp16.SendLocalListResponse], lists: LocalLists
) -> None:
    if _may_be_accepted(result):
        await lists.list_sent(result.station_id, result.command_id, result.request.list_version)


@router.on_result(v201.SendLocalList, v21.SendLocalList)
async def send_local_list_v2(
    result: Result[ocpp2.SendLocalListRequest, ocpp2.SendLocalListResponse], lists: LocalLists
) -> None:
    if _may_be_accepted(result):
        await lists.list_sent(result.station_id, result.command_id, result.request.version_number)


def _may_be_accepted(
    result: Result[object, ocpp16.SendLocalListResponse | ocpp2.SendLocalListResponse],
) -> bool:
    """A station that has not answered in time may have taken it."""
    is_accepted = result.response is not None and result.response.status == "Accepted"
    return is_accepted or result.ended.status == "timeout"
