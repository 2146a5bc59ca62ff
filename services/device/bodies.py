"""What a client may send about a station."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.station_id import StationId
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain, plain

from .model import Station

OF_SEED = {"serial_number", "model", "vendor_name", "firmware_version", "modem", "location"}
OF_OPERATOR = OF_SEED | {"group", "registration_status", "heartbeat_interval"}
OF_STATION = set(Station.model_fields) - OF_OPERATOR


def _plain_secret(secret: SecretStr) -> SecretStr:
    plain(secret.get_secret_value())
    return secret


Text = Annotated[str, Field(max_length=255), Plain]
Group = Annotated[str, Field(min_length=1, max_length=255), Plain]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=86_400)]
Secret = Annotated[SecretStr, Field(min_length=16, max_length=64), AfterValidator(_plain_secret)]
OutputOnly = Annotated[Any, Field(default=None, json_schema_extra={"readOnly": True})]


class ModemBody(Body):
    iccid: Text | None = None
    imsi: Text | None = None


class LocationBody(Body):
    lat: Latitude | None = None
    lng: Longitude | None = None


class StationBody(Body):
    """Null is the same as absence, except that in a PATCH it removes what was there.

    What only the station can say is ignored, so that a station can be sent back as it was read.
    """

    id: StationId | None = None
    serial_number: Text | None = None
    model: Text | None = None
    vendor_name: Text | None = None
    firmware_version: Text | None = None
    modem: ModemBody | None = None
    location: LocationBody | None = None
    group: Group | None = None
    registration_status: RegistrationStatus | None = None
    heartbeat_interval: Seconds | None = None
    last_boot: OutputOnly
    accepted_at: OutputOnly
    boot_reason: OutputOnly
    security_profile: OutputOnly
    offered_security_profiles: OutputOnly
    inventory_of: OutputOnly

    def replacing(self, station: Station) -> Station:
        """All that is the operator's to say is what the body says."""
        return self._over(station, OF_STATION)

    def replacing_seed(self, station: Station) -> Station:
        """The same, but fields that older clients do not know keep their value unless the body has them."""
        return self._over(station, OF_STATION | (OF_OPERATOR - OF_SEED))

    def _over(self, station: Station, kept: set[str]) -> Station:
        told = self.model_dump(include=OF_OPERATOR, exclude_none=True)
        return _changed(station, station.model_dump(include=kept) | told)

    def merged_into(self, station: Station) -> Station:
        """RFC 7396: what the body does not name stays, what is null goes."""
        patch = self.model_dump(include=OF_OPERATOR, exclude_unset=True)
        return _changed(station, _merged(station.model_dump(exclude_none=True), patch))


class NewStation(StationBody):
    id: StationId

    def created(self) -> Station:
        return self.replacing(Station(id=self.id))


class CredentialBody(Body):
    secret: Secret | None = None


class AdmissionBody(Body):
    """``authorization`` is the station's Authorization header, empty if it sent none. ``tls`` is whether it
    comes with TLS, as the proxy says where that ends.
    """

    authorization: SecretStr = SecretStr("")
    tls: bool = False


def _changed(station: Station, fields: dict[str, Any]) -> Station:
    changed = Station.model_validate(fields)
    return station if changed == station else changed


def _merged(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            merged[name] = _merged(old.get(name, {}), value)
        else:
            merged[name] = value
    return merged
