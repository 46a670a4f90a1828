"""The answer before its proof: a report or a code as the banner on top of its page, and as one word in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from codes import validity
from codes.choices import ShownState
from codes.eligibility import FILING_NOT_REQUIRED, GENERATION, codes_left
from codes.messages import NO_FILING_NEEDED, cannot_generate, reason, refusals
from codes.policy import Policy
from codes.reports import Report
from icpportal.dates import expiry_time
from icpportal.sentences import comma, join
from servers.models import Server

REPLY_LANGUAGES = ("en", "zh-hans")
OTHERS = 3  # other servers of the account that a reply names
_OVER = ({"code_limit_reached"}, {"server_terminated"})  # nothing is wrong: spent, or gone


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the banner says: `kind` is ok, warn, bad or idle."""

    kind: str
    headline: str
    line: str


def reasons() -> list[tuple[str, str]]:
    """Every reason to choose from: its code, and its FAQ entry with its words."""
    policy = Policy.current().as_dict()
    return [(rule.code, f"{rule.faq} {reason(rule.code, policy)}") for rule in GENERATION.rules]


def kind_of(report: Report[Server]) -> str:
    """Green, red, or grey where nothing is wrong: quota spent, gone, or no filing needed (FAQ 7)."""
    if report.passed:
        return "ok"
    is_over = FILING_NOT_REQUIRED in report.notes or set(report.failed_codes) in _OVER
    return "idle" if is_over else "bad"


def server_verdict(report: Report[Server]) -> Verdict:
    """May this server generate (FAQ 4)? The line under the headline says everything that is wrong."""
    if report.passed:
        values = {"left": codes_left(report), "limit": report.policy.codes_per_server}
        line = ngettext(
            "Every condition passes; %(left)d of %(limit)d codes is left.",
            "Every condition passes; %(left)d of %(limit)d codes are left.",
            values["left"],
        )
        return Verdict(kind="ok", headline=_("Can generate a code"), line=line % values)
    sentences = [refusal.sentence for refusal in refusals(report)]
    if FILING_NOT_REQUIRED in report.notes:
        sentences.insert(0, str(NO_FILING_NEEDED))
    line = join([*sentences, _("No staff override exists.")])
    return Verdict(kind=kind_of(report), headline=cannot_generate(report), line=line)


def short_verdict(report: Report[Server]) -> str:
    """For a row of a list."""
    if report.passed:
        return _("Can generate")
    if FILING_NOT_REQUIRED in report.notes:
        return _("No filing needed")
    text = ngettext("%(failed)d of %(all)d fails", "%(failed)d of %(all)d fail", len(report.failed))
    return text % {"failed": len(report.failed), "all": len(report.outcomes)}


def code_verdict(report: Report[Any]) -> Verdict:
    """Why is this code invalid? Answered first by the server's expiry (FAQ 6), then in FAQ order."""
    code = report.subject
    state = ShownState(code.shown_state)
    refused = refusals(report)
    refused.sort(key=lambda refusal: refusal.code != "code_expired")
    line = join(text for refusal in refused for text in (refusal.sentence, refusal.remedy))
    match state:
        case ShownState.UNUSED:
            until = {"moment": expiry_time(validity.expires_at(code))}
            return Verdict(kind="ok", headline=_("Unused: it can begin a filing"), line=_("Until: %(moment)s") % until)
        case ShownState.IN_USE:
            headline = _("In use: a filing holds it")
            return Verdict(kind="idle", headline=headline, line=line)
        case ShownState.USED:
            return Verdict(kind="idle", headline=_("Used: its filing succeeded"), line=line)
        case ShownState.WITHDRAWN:
            return Verdict(kind="idle", headline=_("Withdrawn: dead for good"), line=line)
        case ShownState.EXPIRED:
            return Verdict(kind="warn", headline=_("Expired: it comes back when what expired is renewed"), line=line)
    return Verdict(kind="bad", headline=_("Invalid: its server or IP is not what it was"), line=line)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A ready answer to the customer in one language."""

    language: str
    name: str
    text: str

    @property
    def target(self) -> str:
        """The id of the element that holds the text."""
        return f"reply-{self.language}"


def able_siblings(server: Server, *, now: datetime) -> list[Server]:
    """Other servers of the account that can generate: those that a reply names."""
    siblings = Server.objects.filter(account=server.account_id).exclude(pk=server.pk)
    return list(GENERATION.passing(siblings, now=now).order_by("pk")[:OTHERS])


def replies(report: Report[Server], others: Sequence[Server]) -> list[Reply]:
    """The report as an answer to the customer, in both languages, the page's own first; `others` may generate."""
    names = {"en": "English", "zh-hans": "简体中文"}
    found = []
    for language in sorted(REPLY_LANGUAGES, key=lambda each: each != get_language()):
        with override(language):
            found.append(Reply(language=language, name=names[language], text=_reply(report, others)))
    return found


def _reply(report: Report[Server], others: Sequence[Server]) -> str:
    server = {"server": report.subject.instance_id, "left": codes_left(report)}
    if report.passed:
        can = ngettext(
            "Server %(server)s can generate an ICP filing authorization code; %(left)d is left.",
            "Server %(server)s can generate an ICP filing authorization code; %(left)d are left.",
            codes_left(report),
        )
        return can % server
    lines = [_("Server %(server)s cannot generate an ICP filing authorization code at the moment:") % server]
    lines += [f"{number}. {refusal}" for number, refusal in enumerate(refusals(report), start=1)]
    if FILING_NOT_REQUIRED in report.notes:
        lines.append(str(NO_FILING_NEEDED))
    elif others:
        handles = comma().join(server.instance_id for server in others)
        lines.append(_("Other servers of the account that can generate: %(servers)s.") % {"servers": handles})
    return "\n".join(lines)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A server's row: the server, its report and the verdict in a word."""

    server: Server
    report: Report[Server]
    kind: str
    word: str

    @property
    def sentences(self) -> list[str]:
        """Everything that is wrong."""
        return [refusal.sentence for refusal in refusals(self.report)]


def checked(reports: Sequence[Report[Server]]) -> list[Checked]:
    """The rows of reports."""
    return [Checked(server=r.subject, report=r, kind=kind_of(r), word=short_verdict(r)) for r in reports]
