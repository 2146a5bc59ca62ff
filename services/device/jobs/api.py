"""Jobs by REST."""

from __future__ import annotations

from fastapi import APIRouter

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .model import Job, Kind
from .service import Jobs


def jobs_api(jobs: Jobs) -> APIRouter:
    router = ScopedRouter(Scope.STATIONS_READ, prefix="/chargingstations/{id}", tags=["Events and jobs"])

    @router.get(
        "/jobs",
        response_model=PageOf[Job],
        response_model_exclude={"items": {"__all__": {"series"}}},
        response_model_exclude_none=True,
    )
    async def list_jobs(
        id: str, kind: Kind | None = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Job]:
        """Firmware updates and log uploads with their progress and outcome, the newest first."""
        found = equals(stationId=id, kind=kind)
        query = Query(found, "startedAt", True, page_size=page_size, page_token=page_token)
        return page_of(await jobs.jobs.find(query))

    return router
