"""A charging profile in the words of OCPP 2.x, as far as OCPP 1.6 has them too."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.web.app import Body
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import CHARGING_PROFILE_PURPOSES_V16

from .bodies import Number, TransactionId, WholeNumber, text, transaction_v16
from .model import unknown_to

Purpose = Literal["ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"]
RateUnit = Literal["A", "W"]
Rate = Annotated[Decimal, Field(max_digits=15, decimal_places=6)]


class Period(Body):
    """``startPeriod`` is in seconds from the start of the schedule."""

    start_period: WholeNumber
    limit: Rate
    number_phases: Annotated[int, Field(ge=1, le=3)] | None = None
    phase_to_use: Annotated[int, Field(ge=1, le=3)] | None = None

    def v16(self) -> ocpp16.ChargingSchedulePeriod:
        if self.phase_to_use is not None:
            raise unknown_to("1.6", "phaseToUse", "does not choose the phase")
        return ocpp16.ChargingSchedulePeriod(self.start_period, self.limit, number_phases=self.number_phases)

    def v2(self) -> ocpp2.ChargingSchedulePeriodType:
        return ocpp2.ChargingSchedulePeriodType(
            self.start_period,
            limit=self.limit,
            number_phases=self.number_phases,
            phase_to_use=self.phase_to_use,
        )


class Schedule(Body):
    """``duration`` in seconds, rates in the unit."""

    charging_rate_unit: RateUnit
    charging_schedule_period: Annotated[list[Period], Field(min_length=1, max_length=1024)]
    start_schedule: Time | None = None
    duration: WholeNumber | None = None
    min_charging_rate: Rate | None = None

    def v16(self) -> ocpp16.ChargingSchedule:
        return ocpp16.ChargingSchedule(
            self.charging_rate_unit,
            [period.v16() for period in self.charging_schedule_period],
            duration=self.duration,
            start_schedule=text(self.start_schedule),
            min_charging_rate=self.min_charging_rate,
        )

    def v2(self, id: int) -> ocpp2.ChargingScheduleType:
        return ocpp2.ChargingScheduleType(
            id,
            self.charging_rate_unit,
            [period.v2() for period in self.charging_schedule_period],
            start_schedule=text(self.start_schedule),
            duration=self.duration,
            min_charging_rate=self.min_charging_rate,
        )


class ChargingProfile(Body):
    id: Number
    stack_level: WholeNumber
    charging_profile_purpose: Purpose
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"]
    recurrency_kind: Literal["Daily", "Weekly"] | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None
    transaction_id: TransactionId | None = None
    charging_schedule: Schedule

    def v16(self) -> ocpp16.ChargingProfile:
        return ocpp16.ChargingProfile(
            charging_profile_id=self.id,
            stack_level=self.stack_level,
            charging_profile_purpose=CHARGING_PROFILE_PURPOSES_V16[self.charging_profile_purpose],
            charging_profile_kind=self.charging_profile_kind,
            charging_schedule=self.charging_schedule.v16(),
            transaction_id=transaction_v16(self.transaction_id) if self.transaction_id else None,
            recurrency_kind=self.recurrency_kind,
            valid_from=text(self.valid_from),
            valid_to=text(self.valid_to),
        )

    def v2(self) -> ocpp2.ChargingProfileType:
        return ocpp2.ChargingProfileType(
            id=self.id,
            stack_level=self.stack_level,
            charging_profile_purpose=self.charging_profile_purpose,
            charging_profile_kind=self.charging_profile_kind,
            charging_schedule=[self.charging_schedule.v2(self.id)],
            recurrency_kind=self.recurrency_kind,
            valid_from=text(self.valid_from),
            valid_to=text(self.valid_to),
            transaction_id=self.transaction_id,
        )
