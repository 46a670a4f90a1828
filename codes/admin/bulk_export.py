"""The rows of a bulk run as CSV: what became of each, or what would while the run is planned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.admin.bulk_kinds import KINDS
from codes.admin.export import Column, Export
from codes.admin.rows import shown
from codes.choices import BulkState, ShownState
from codes.models import AuthorizationCode, BulkRun


def rows_export(run: BulkRun) -> Export:
    """Columns and cells of this run's rows."""

    def dress(rows: list[Any], now: datetime) -> list[Any]:
        keys = [row.code_id for row in rows if row.code_id]
        codes = {code.pk: code for code in shown(AuthorizationCode.objects.filter(pk__in=keys), now=now)}
        whys = {} if run.confirmed_at else KINDS[run.action].refusals(run, _subjects(rows), now=now)
        for row in rows:
            row.shown_code = codes.get(row.code_id)
            row.told, row.shown_why = _told(run, row, whys)
        return rows

    return Export(
        dress=dress,
        columns=(
            Column(title=gettext_lazy("server"), cell=lambda row: (row.server or row.code.server).instance_id),
            Column(title=gettext_lazy("code"), cell=lambda row: row.shown_code.masked if row.shown_code else ""),
            Column(title=gettext_lazy("state now"), cell=_state),
            Column(title=gettext_lazy("result"), cell=lambda row: row.told),
            Column(title=gettext_lazy("why"), cell=lambda row: row.shown_why),
        ),
    )


def _subjects(rows: list[Any]) -> list[int]:
    return [row.server_id or row.code_id for row in rows]


def _told(run: BulkRun, row: Any, whys: Any) -> tuple[str, str]:
    """The result of a row, and why it was not done."""
    if run.confirmed_at:
        return str(BulkState(row.state).label), row.why
    why = whys.get(row.server_id or row.code_id, "")
    return (_("Skipped") if why else _("Planned")), why


def _state(row: Any) -> str:
    return str(ShownState(row.shown_code.shown_state).label) if row.shown_code else ""
