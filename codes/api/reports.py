"""How a server's report reads in JSON: every rule, passed or not, in FAQ order (FAQ 4 and 7)."""

from __future__ import annotations

from typing import Any, cast

from django.utils.translation import get_language

from codes.eligibility import codes_left
from codes.reports import Report
from servers.models import Server


def report_payload(report: Report[Server]) -> dict[str, Any]:
    """The report, in the language of the moment."""
    subject, language = cast(Any, report.subject), get_language()
    return {
        "instance_id": subject.instance_id,
        "eligible": report.passed,
        "codes": {
            "generated": subject.codes_generated,
            "limit": subject.codes_limit,
            "left": codes_left(report),
        },
        "rules": [{**each.said(language), "passed": each.passed} for each in report.outcomes],
        "notes": list(report.notes),
    }
