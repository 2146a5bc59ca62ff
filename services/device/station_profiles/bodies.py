"""What a client may send about a profile of stations."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from libs.csms.web.app import Body
from libs.csms.web.fields import Plain
from libs.ocpp_messages.leniency import Rule
from libs.ocpp_messages.version import Version

from .model import StationProfile, Treatment

MIN_ANSWER_TIMEOUT, MAX_ANSWER_TIMEOUT = 1.0, 600.0
"""Seconds. With less, every command would end before its station can answer."""

ProfileId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Pattern = Annotated[str, Field(max_length=100), Plain]
Url = Annotated[str, Field(pattern=r"^https?://", max_length=1_000), Plain]
Seconds = Annotated[float, Field(strict=True, ge=MIN_ANSWER_TIMEOUT, le=MAX_ANSWER_TIMEOUT)]


def _described(field: str) -> Any:
    return Field(default=None, description=StationProfile.model_fields[field].description)


class KnownBugBody(Body):
    text: Annotated[str, Field(min_length=1, max_length=1_000)] = Field(
        description="What the stations do wrong."
    )
    source: Url = Field(description="Where that is from, as a URL.")


class StationProfileBody(Body):
    """Null is the same as absence, except that in a PATCH it removes what was there."""

    id: ProfileId | None = Field(default=None, description="If present, it must be the id in the path.")
    vendor: Pattern | None = _described("vendor")
    model: Pattern | None = _described("model")
    firmware: Pattern | None = _described("firmware")
    rules: dict[Rule, Treatment | None] | None = _described("rules")
    answer_timeout: Seconds | None = _described("answer_timeout")
    onboarding: bool | None = _described("onboarding")
    default_version: Version | None = _described("default_version")
    known_bugs: Annotated[list[KnownBugBody], Field(max_length=50)] | None = _described("known_bugs")
    source: Url | None = _described("source")
    built_in: Any = Field(
        default=None,
        description="Ignored here, so that a profile can be sent back.",
        json_schema_extra={"readOnly": True},
    )

    def replacing(self, profile: StationProfile) -> StationProfile:
        """All but the id."""
        return _with_fields(profile, self.model_dump(exclude={"id", "built_in"}, exclude_none=True))

    def merged_into(self, profile: StationProfile) -> StationProfile:
        """A merge patch (RFC 7396): a field that the body lacks stays, a null field is removed."""
        patch = self.model_dump(exclude={"id", "built_in"}, exclude_unset=True)
        if patch.get("rules") is not None:
            patch["rules"] = {**profile.rules, **patch["rules"]}
        return _with_fields(profile, {**profile.model_dump(exclude={"id", "built_in"}), **patch})


class NewStationProfile(StationProfileBody):
    id: ProfileId = Field(description="The operator's name of the profile.")

    def created(self) -> StationProfile:
        return self.replacing(StationProfile(id=self.id))


def _with_fields(profile: StationProfile, fields: dict[str, Any]) -> StationProfile:
    """This very profile where nothing changes."""
    given = {name: value for name, value in fields.items() if value is not None}
    rules = {rule: treatment for rule, treatment in given.get("rules", {}).items() if treatment is not None}
    changed = StationProfile.model_validate(given | {"id": profile.id, "rules": rules})
    return profile if changed == profile else changed
