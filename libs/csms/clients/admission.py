"""Whether a station may connect: what a gateway asks of the device service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import httpx
from pydantic import Field

from libs.ocpp_messages.event import RefusalReason
from libs.ocpp_messages.version import Version

from ..storage.store import Document
from .stations import station_path

RegistrationStatus = Literal["Accepted", "Pending", "Rejected"]


class Admission(Document):
    """What a gateway remembers about a connection."""

    registration_status: RegistrationStatus = Field(
        description="Unless it is Accepted, the station may send BootNotification only (2.0.1: B02 and B03). "
        "It is Accepted once a BootNotification has been answered so, over all later connections, until the "
        "operator decides otherwise."
    )
    decision_number: int = Field(
        default=0,
        description="Number of the operator's decision that it includes: earlier events are ignored.",
    )
    was_accepted: bool = Field(
        default=False,
        description="Whether the station was ever accepted. Then its transactions count in any status.",
    )
    connection_number: int = Field(
        ge=1,
        lt=16**13,
        description="Greater than that of every connection of this station that was admitted before. It is "
        "given by the device service, in the store, so no gateway's clock matters.",
    )
    default_version: Version | None = Field(
        default=None,
        description="The version of OCPP that this station speaks if it offers none as subprotocol.",
    )
    refused_rules: list[str] = Field(
        default=[],
        description="Rules of leniency that are switched off for this station: a message that needs one of "
        "them is refused.",
    )
    answer_timeout: float | None = Field(
        default=None,
        gt=0,
        description="Seconds that this station has to answer a command, where its profile says so.",
    )


class NotAdmitted(Exception):
    """The station may not connect. ``status``: 404 unknown, 401 credentials, 503 not now."""

    def __init__(
        self, status: int, detail: str, reason: RefusalReason | None = None, retry_after: int | None = None
    ) -> None:
        """``reason`` is None if that is no matter of the station. ``retry_after`` is in seconds."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reason = reason
        self.retry_after = retry_after


Admit = Callable[[str, str, bool], Awaitable[Admission]]
"""From a station's id, its Authorization header or "", and whether it has TLS. Raises ``NotAdmitted``."""


class HttpAdmission:
    """Asks the device service in its own process. When that does not answer, nobody is admitted."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def admit(self, station_id: str, authorization: str, tls: bool) -> Admission:
        path = f"{station_path(station_id)}/admission"
        try:
            answer = await self._client.post(path, json={"authorization": authorization, "tls": tls})
        except httpx.HTTPError as error:
            raise NotAdmitted(503, "the device service does not answer") from error
        if answer.headers.get("WWW-Authenticate", "").startswith("Bearer"):
            raise NotAdmitted(503, "the device service refuses this gateway's key")
        if answer.status_code == 200:
            return Admission.model_validate_json(answer.content)
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> NotAdmitted:
    is_problem = answer.headers.get("Content-Type") == "application/problem+json"
    problem = answer.json() if is_problem and answer.status_code in (401, 404, 503) else {}
    if "reason" not in problem:
        return NotAdmitted(503, f"the device service answers {answer.status_code}")
    retry_after = answer.headers.get("Retry-After")
    return NotAdmitted(
        answer.status_code,
        problem["detail"],
        RefusalReason(problem["reason"]),
        None if retry_after is None else int(retry_after),
    )
