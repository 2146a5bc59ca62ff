"""send-local-list: the tokens that a station may decide about by itself (D01)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from libs.csms.clock import Time
from libs.csms.storage.store import Json
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import TokenStatus, authorization_status_v16

from ..bodies import GroupIdToken, Number, OfToken, id_tag, id_token, text
from ..model import Operation


class TokenInfo(Body):
    status: TokenStatus
    expiry_date_time: Annotated[
        Time | None, Field(validation_alias=AliasChoices("expiryDateTime", "cacheExpiryDateTime"))
    ] = None
    group_id_token: GroupIdToken = None

    def v16(self) -> ocpp16.IdTagInfo:
        return ocpp16.IdTagInfo(
            authorization_status_v16(self.status),
            expiry_date=text(self.expiry_date_time),
            parent_id_tag=self.group_id_token and id_tag(self.group_id_token, "groupIdToken"),
        )

    def v2(self) -> ocpp2.IdTokenInfoType:
        group = self.group_id_token
        return ocpp2.IdTokenInfoType(
            self.status,
            cache_expiry_date_time=text(self.expiry_date_time),
            group_id_token=id_token(group, "Central") if group else None,
        )


class Entry(OfToken):
    """Without ``idTokenInfo``, a differential update removes the token."""

    id_token_info: TokenInfo | None = None

    def v16(self) -> ocpp16.LocalAuthorizationList:
        info = self.id_token_info
        id_tag_ = id_tag(self.id_token, "localAuthorizationList.idToken")
        return ocpp16.LocalAuthorizationList(id_tag_, id_tag_info=None if info is None else info.v16())

    def v2(self) -> ocpp2.AuthorizationData:
        info = self.id_token_info
        id_token_ = id_token(self.id_token, self.type)
        return ocpp2.AuthorizationData(id_token_, id_token_info=None if info is None else info.v2())


class SendLocalList(Operation, name="send-local-list"):
    """A full update without entries empties the list."""

    version_number: Number
    update_type: Literal["Full", "Differential"] = "Full"
    local_authorization_list: list[Entry] = []

    def v16(self, number: int) -> ocpp16.SendLocalListRequest:
        entries = [entry.v16() for entry in self.local_authorization_list] or None
        return ocpp16.SendLocalListRequest(
            self.version_number, self.update_type, local_authorization_list=entries
        )

    def v2(self, number: int) -> ocpp2.SendLocalListRequest:
        entries = [entry.v2() for entry in self.local_authorization_list] or None
        return ocpp2.SendLocalListRequest(
            self.version_number, self.update_type, local_authorization_list=entries
        )

    def result(self, response: Json, number: int) -> dict[str, Any]:
        return {"versionNumber": self.version_number}
