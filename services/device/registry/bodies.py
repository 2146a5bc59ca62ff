"""Request bodies for stations, and how each changes the stored station."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.station_id import StationId
from libs.csms.web.app import Body
from libs.csms.web.fields import Plain
from libs.ocpp_messages.version import Version

from .model import Station

OF_OLDER_PATHS = {"serial_number", "model", "vendor_name", "firmware_version", "modem", "location"}
"""The fields of a station, beside its id, that earlier systems have."""

OF_OPERATOR = OF_OLDER_PATHS | {
    "group",
    "registration_status",
    "heartbeat_interval",
    "default_version",
}
OF_STATION = set(Station.model_fields) - OF_OPERATOR

Text = Annotated[str, Field(max_length=255), Plain]
Group = Annotated[str, Field(min_length=1, max_length=255), Plain]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=86_400)]


def _of_station(field: str) -> Any:
    described = f"{Station.model_fields[field].description} Ignored here, so that a station can be sent back."
    return Field(default=None, description=described, json_schema_extra={"readOnly": True})


def _described(field: str) -> Any:
    return Field(default=None, description=Station.model_fields[field].description)


class ModemBody(Body):
    iccid: Text | None = Field(default=None, description="ICCID of the modem's SIM card.")
    imsi: Text | None = Field(default=None, description="IMSI of the modem's SIM card.")


class LocationBody(Body):
    lat: Latitude | None = Field(default=None, description="Latitude in degrees, north positive.")
    lng: Longitude | None = Field(default=None, description="Longitude in degrees, east positive.")


class StationBody(Body):
    """Null is the same as absence, except that in a PATCH it removes what was there."""

    id: StationId | None = Field(default=None, description="If present, it must be the id in the path.")
    serial_number: Text | None = _described("serial_number")
    model: Text | None = _described("model")
    vendor_name: Text | None = _described("vendor_name")
    firmware_version: Text | None = _described("firmware_version")
    modem: ModemBody | None = _described("modem")
    location: LocationBody | None = _described("location")
    group: Group | None = _described("group")
    registration_status: RegistrationStatus | None = _described("registration_status")
    heartbeat_interval: Seconds | None = _described("heartbeat_interval")
    default_version: Version | None = _described("default_version")
    last_boot: Any = _of_station("last_boot")
    accepted_at: Any = _of_station("accepted_at")
    first_accepted_at: Any = _of_station("first_accepted_at")
    decided_at: Any = _of_station("decided_at")
    boot_due: Any = _of_station("boot_due")
    boot_reason: Any = _of_station("boot_reason")

    def replacing(self, station: Station) -> Station:
        """Every field of the operator is as in the body, and empty if the body lacks it."""
        return self._over(station, OF_STATION)

    def replacing_older_fields(self, station: Station) -> Station:
        """The same, but a field that earlier systems lack stays unless the body has it."""
        return self._over(station, OF_STATION | (OF_OPERATOR - OF_OLDER_PATHS))

    def _over(self, station: Station, kept: set[str]) -> Station:
        sent = self.model_dump(include=OF_OPERATOR, exclude_none=True)
        return _changed(station, station.model_dump(include=kept) | sent)

    def merged_into(self, station: Station) -> Station:
        """A merge patch (RFC 7396): a field that the body lacks stays, a null field is removed."""
        patch = self.model_dump(include=OF_OPERATOR, exclude_unset=True)
        return _changed(station, _merged(station.model_dump(exclude_none=True), patch))


class NewStation(StationBody):
    id: StationId = Field(description="The identity with which the station connects.")

    def created(self) -> Station:
        return self.replacing(Station(id=self.id))


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
