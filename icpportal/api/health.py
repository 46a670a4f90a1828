"""Whether the desk lives, and whether it can work."""

from __future__ import annotations

from functools import lru_cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from icpportal.api.answers import answer
from icpportal.api.documentation import describe
from icpportal.api.endpoint import PublicEndpoint
from icpportal.api.problems import unavailable
from icpportal.api.schema import Health


class Live(PublicEndpoint):
    """The process answers."""

    @describe(
        summary=_("Check that the process is alive"),
        tag="health",
        response=Health,
        public=True,
        example={"status": "live"},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return answer({"status": "live"})


class Ready(PublicEndpoint):
    """The database answers, and no migration is missing there."""

    @describe(
        summary=_("Check that it can serve"),
        tag="health",
        response=Health,
        public=True,
        refusals=("unavailable",),
        example={"status": "ready"},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        applied = MigrationRecorder.Migration.objects.using(connection.alias).values_list("app", "name")
        if _known() - set(applied):
            raise unavailable()
        return answer({"status": "ready"})


@lru_cache(maxsize=1)
def _known() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
