"""send-local-list: the tokens that a station authorizes without the CSMS (D01)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from libs.csms.access.scopes import Scope
from libs.csms.clock import Time
from libs.csms.storage.store import Json
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import TokenStatus, authorization_status_v16

from ..bodies import GroupIdToken, Number, OfToken, id_tag, id_token, text
from ..model import Operation


class TokenInfo(Body):
    status: TokenStatus = Field(description="AuthorizationStatusEnumType of OCPP 2.x.")
    expiry_date_time: Annotated[
        Time | None, Field(validation_alias=AliasChoices("expiryDateTime", "cacheExpiryDateTime"))
    ] = Field(
        default=None,
        description="Until when the token is valid. `cacheExpiryDateTime` of OCPP 2.x is taken too.",
    )
    group_id_token: GroupIdToken = Field(
        default=None,
        description="groupIdToken of OCPP 2.x or its text; parentIdTag of 1.6.",
    )

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
    id_token_info: TokenInfo | None = Field(
        default=None,
        description="idTagInfo of OCPP 1.6. Without it, a differential update removes the token.",
    )

    def v16(self) -> ocpp16.LocalAuthorizationList:
        info = self.id_token_info
        id_tag_ = id_tag(self.id_token, "localAuthorizationList.idToken")
        return ocpp16.LocalAuthorizationList(id_tag_, id_tag_info=None if info is None else info.v16())

    def v2(self) -> ocpp2.AuthorizationData:
        info = self.id_token_info
        id_token_ = id_token(self.id_token, self.type)
        return ocpp2.AuthorizationData(id_token_, id_token_info=None if info is None else info.v2())


class SendLocalList(Operation, name="send-local-list", scope=Scope.COMMANDS_MAINTAIN):
    version_number: Number = Field(
        description="Version of the list after this update: listVersion of OCPP 1.6."
    )
    update_type: Literal["Full", "Differential"] = Field(
        default="Full", description="UpdateEnumType: whether the entries replace the list or change it."
    )
    local_authorization_list: list[Entry] = Field(
        default=[],
        description="AuthorizationData of each token. A full update without entries empties the list.",
    )

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
