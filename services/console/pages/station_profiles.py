"""The charging profiles of a station: the steps of each by stack level, and the composite schedule that the
station has calculated from all of them.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from libs.csms.clock import rfc3339, utc_now

from ..operations import body_of, commands_of, operate, operation_key
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other
from ..schedules import Band, Span, bands_of, composite_band
from .station import Frame, address_of, frame_of, section_page
from .station_edit import number_of

router = APIRouter()

PAGE_SIZE = 50
SHOWN = timedelta(days=1)

OPERATIONS = ("get-composite-schedule", "clear-charging-profile", "set-charging-profile")

PURPOSES = ("ChargingStationMaxProfile", "TxDefaultProfile")
"""Of a limit that is set here. Profiles of transactions are set by command."""


@router.get("/stations/{id}/profiles")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    return await _page(request, person, await frame_of(person, id), {}, None)


@router.post("/stations/{id}/profiles/{operation}")
async def act(request: Request, person: ThePerson, form: TheForm, id: str, operation: str) -> Response:
    frame, typed = await frame_of(person, id), body_of(form)
    body = limit_of(typed) if operation == "set-charging-profile" else typed
    try:
        if operation not in OPERATIONS:
            raise Refusal(404, {"detail": "there is no such operation here"})
        commands = await operate(person, id, operation, body, str(form.get("key", "")))
    except Refusal as refusal:
        return await _page(request, person, frame, typed | {"operation": operation}, refusal)
    return seen_other(request, f"{frame.path}/profiles?{commands}")


def limit_of(typed: Json) -> Json:
    """A profile with one limit that holds from now on."""
    period = {"startPeriod": 0, "limit": number_of(str(typed.get("limit", "")))}
    schedule = {
        "chargingRateUnit": typed.get("chargingRateUnit"),
        "startSchedule": rfc3339(utc_now()),
        "chargingSchedulePeriod": [period],
    }
    profile = {
        "id": typed.get("chargingProfileId"),
        "stackLevel": number_of(str(typed.get("stackLevel", ""))),
        "chargingProfilePurpose": typed.get("chargingProfilePurpose"),
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    return {"evseId": typed.get("evseId", 0), "chargingProfile": profile}


async def _page(
    request: Request, person: Person, frame: Frame, typed: Json, refusal: Refusal | None
) -> Response:
    now, token = utc_now(), request.query_params.get("pageToken", "")
    span = Span(now, now + SHOWN)
    path = f"{frame.rest}/chargingprofiles"
    found = await person.device.get(path, pageSize=PAGE_SIZE, pageToken=token)
    composites = await person.device.get(f"{frame.rest}/compositeschedules", pageSize=PAGE_SIZE)
    profiles = sorted(found["items"], key=_order)
    return section_page(
        request,
        person,
        "station_profiles.html",
        frame,
        refusal,
        commands=await commands_of(request, person, frame.id),
        found=found,
        profiles=profiles,
        composites=composites["items"],
        bands=_bands(profiles, composites["items"], span),
        span=span,
        evses=sorted({one["evseId"] for one in frame.status["connectors"]} | {0}),
        purposes=PURPOSES,
        next_id=max((one["id"] for one in profiles), default=0) + 1,
        address=address_of(request, f"{frame.path}/profiles"),
        typed=typed,
        key=operation_key(),
    )


def _order(profile: Json) -> tuple[int, str, int]:
    """The highest stack level rules."""
    return profile["evseId"], profile["purpose"], -profile["stackLevel"]


def _bands(profiles: list[Json], composites: list[Json], span: Span) -> list[Band]:
    composed = [composite_band(one, f"composite · EVSE {one['evseId']}", span) for one in composites]
    own = [
        band
        for one in profiles
        for band in bands_of(
            one,
            f"stackLevel {one['stackLevel']} · {one['purpose']} · EVSE {one['evseId']} · {one['id']}",
            span,
        )
    ]
    return composed + own
