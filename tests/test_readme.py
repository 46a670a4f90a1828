"""The README's tables are the declared rules and transitions, and its commands exist."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from codes.choices import State
from codes.eligibility import GENERATION
from codes.lifecycle import TRANSITIONS
from codes.policy import Policy
from codes.reports import Rule
from codes.validity import VALIDITY
from servers.choices import Jurisdiction
from servers.regions import REGIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table whose head begins with `heading`, wherever it stands."""
    tables = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for table in tables for line in table.splitlines()]


def _row(rule: Rule) -> list[str]:  # type: ignore[type-arg]
    with translation.override("en"):
        return [f"`{rule.code}`", rule.faq, str(rule.title % Policy.current().as_dict())]


def test_the_rules_table_is_the_declared_rules() -> None:
    assert _rows("refusal") == [_row(rule) for rule in (*GENERATION.rules, *VALIDITY.rules)]


def test_the_transitions_table_is_the_declared_transitions() -> None:
    declared = [
        [
            f"`{each.action.value}`",
            " ".join(f"`{state.value}`" for state in State if state in each.sources),
            f"`{each.target.value}`" if each.target else "–",
            f"`{each.permission}`" if each.permission else "–",
            ", ".join(sorted(channel.value for channel in each.reason_in)) or "–",
        ]
        for each in TRANSITIONS.values()
    ]
    assert _rows("action") == declared


def test_every_seeded_region_is_named() -> None:
    text = re.sub(r"\s+", " ", README)
    by_place: dict[str, list[str]] = {}
    for code, (jurisdiction, *_names) in REGIONS.items():
        by_place.setdefault(str(Jurisdiction(jurisdiction).label), []).append(code)
    with translation.override("en"):
        for place, codes in by_place.items():
            assert f"**{place}** {', '.join(codes)}" in text


def test_every_setting_that_is_read_is_in_the_table() -> None:
    sources = [(ROOT / name).read_text() for name in ("icpportal/settings.py", "gunicorn.conf.py")]
    read = set(re.findall(r'(?:\benv\.\w+|environ\.get)\("([A-Z_]+)"', "\n".join(sources)))
    told = {name for row in _rows("setting") for name in re.findall(r"`([A-Z_]+)`", row[0])}
    of_the_provider = {
        "TENCENTCLOUD_SECRET_ID",
        "TENCENTCLOUD_SECRET_KEY",
        "TENCENTCLOUD_TOKEN",
    }  # sync_inventory reads them
    assert {"SECRET_KEY", "WEB_CONCURRENCY"} < read == told - of_the_provider


@pytest.mark.parametrize("name", sorted(set(re.findall(r"manage\.py ([a-z_]+)", README))))
def test_every_command_named_exists(name: str) -> None:
    from django.core.management import get_commands

    assert name in get_commands()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([\w./-]+\.\w+)\)", README))))
def test_every_file_linked_exists(path: str) -> None:
    assert (ROOT / path).is_file()


def test_the_head_of_the_events_is_made_before_the_dump_that_has_to_hold_it() -> None:
    backup = README[README.index("### Back up") :]
    assert backup.index("--export-head") < backup.index("pg_dump --format=custom") < backup.index("--check-head")
