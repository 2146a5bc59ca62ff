"""A charging profile with the field names of OCPP 2.x, as far as OCPP 1.6 has the fields too."""

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
    """ChargingSchedulePeriodType."""

    start_period: WholeNumber = Field(description="Seconds from the start of the schedule.")
    limit: Rate = Field(description="Amperes per phase or watts in total, by chargingRateUnit.")
    number_phases: Annotated[int, Field(ge=1, le=3)] | None = Field(
        default=None, description="Phases that may be used. Without it, OCPP assumes 3."
    )
    phase_to_use: Annotated[int, Field(ge=1, le=3)] | None = Field(
        default=None, description="Which phase, where numberPhases is 1. OCPP 1.6 has none."
    )

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
    """ChargingScheduleType."""

    charging_rate_unit: RateUnit = Field(
        description="ChargingRateUnitEnumType: the unit of all limits, A or W."
    )
    charging_schedule_period: Annotated[list[Period], Field(min_length=1, max_length=1024)] = Field(
        description="Limits in the order of their startPeriod."
    )
    start_schedule: Time | None = Field(
        default=None, description="When an Absolute or Recurring schedule begins."
    )
    duration: WholeNumber | None = Field(
        default=None, description="Seconds. Without it, the last period has no end."
    )
    min_charging_rate: Rate | None = Field(
        default=None,
        description="The rate below which the vehicle charges inefficiently, in chargingRateUnit.",
    )

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
    """ChargingProfileType."""

    id: Number = Field(description="chargingProfileId of OCPP 1.6. Also the id of its schedule in OCPP 2.x.")
    stack_level: WholeNumber = Field(
        description="Of the profiles of one purpose, that of the highest level counts."
    )
    charging_profile_purpose: Purpose = Field(
        description="ChargingProfilePurposeEnumType; the first is ChargePointMaxProfile in OCPP 1.6."
    )
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"] = Field(
        description="ChargingProfileKindEnumType: what startPeriod counts from."
    )
    recurrency_kind: Literal["Daily", "Weekly"] | None = Field(
        default=None, description="RecurrencyKindEnumType, of a Recurring profile."
    )
    valid_from: Time | None = Field(
        default=None, description="When the profile becomes valid. Without it, at once."
    )
    valid_to: Time | None = Field(
        default=None, description="When the profile stops being valid. Without it, never."
    )
    transaction_id: TransactionId | None = Field(
        default=None, description="The station's own transactionId, for a TxProfile: digits for OCPP 1.6."
    )
    charging_schedule: Schedule = Field(description="The only schedule of the profile.")

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
