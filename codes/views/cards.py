"""A server as its owner reads it: the verdict first, what fails and what to do, the facts, and one next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from codes.eligibility import GENERATION
from codes.first_rows import joining
from codes.messages import Refusal, cannot_generate, refusals
from codes.reports import Report
from codes.server_facts import usable_address
from codes.standing import CAN_GENERATE, Standing, expires_soon, with_standing
from codes.validity import earliest
from icpportal.api.templatetags.icp import relative
from icpportal.dates import shanghai
from servers.models import Server

_KINDS = {Standing.EXPIRING: "warn", Standing.READY: "ok", Standing.REFUSED: "bad"}
# What fails that renewing alone puts right, and with a change to prepaid.
_RENEWING_HELPS = {"prepaid_term_too_short", "server_expired", "server_isolated"}
_PREPAID_HELPS = {*_RENEWING_HELPS, "not_prepaid"}
_BRINGS_CODES_BACK = {"server_expired", "server_isolated"}  # renewing does, also where no further code is left


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do next, as a button: `look` is "primary" (at most one a card), "" or "quiet"."""

    label: str
    url: str
    look: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One server. `server` carries the facts that were judged; `kind` colours the verdict (ok, warn, bad, idle)."""

    server: Any
    report: Report[Server]
    standing: Standing
    now: datetime

    @property
    def kind(self) -> str:
        return _KINDS.get(self.standing, "idle")

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        server = self.server
        match self.standing:
            case Standing.EXPIRING:
                return self._but_it_ends()
            case Standing.READY:
                return _("You can generate a code")
            case Standing.FULL:
                text = ngettext("The only code is generated", "All %(limit)d codes are generated", server.codes_limit)
                return text % {"limit": server.codes_limit}
            case Standing.TERMINATED:
                return _("The server is terminated")
            case Standing.HONG_KONG:
                return _("No ICP filing is needed for this server")
        return cannot_generate(self.report)

    @property
    def line(self) -> str:
        """Why, where the headline needs it."""
        match self.standing:
            case Standing.EXPIRING:
                text = _("Its codes expire with it, on {at}. Renew first, so that the filing has time to finish.")
                at = format_html('<strong class="nowrap">{}</strong>', shanghai(cast(datetime, self.ends_at)))
                return format_html(text, at=at)
            case Standing.HONG_KONG:
                return _(
                    "It is in Hong Kong, China. A website served from there needs no ICP filing, so there is "
                    "nothing to generate a code for."
                )
            case Standing.FULL | Standing.TERMINATED:
                return self.refusals[0].remedy
        return ""

    def _but_it_ends(self) -> str:
        when = relative(cast(datetime, self.ends_at), self.now)
        if not self.ends_with_ip:
            return _("You can generate a code, but the server expires %(when)s") % {"when": when}
        values = {"address": usable_address(self.server), "when": when}
        return _("You can generate a code, but the IP %(address)s expires %(when)s") % values

    @property
    def ends_at(self) -> datetime | None:
        """When a code from the default IP expires: with the server or with the IP, whichever is first (decision 3)."""
        return earliest(self.server.expires_at, self.server.usable_ip_expires_at)

    @property
    def ends_with_ip(self) -> bool:
        """The IP ends before its server, so renewing the server alone would not help."""
        return self.ends_at is not None and self.ends_at != self.server.expires_at

    @property
    def refusals(self) -> list[Refusal]:
        return refusals(self.report)

    @property
    def shows_refusals(self) -> bool:
        """Only where something is wrong that can be put right."""
        return self.standing == Standing.REFUSED

    @property
    def has_quota(self) -> bool:
        return self.standing != Standing.HONG_KONG

    @property
    def is_gone(self) -> bool:
        """For good, whatever its expiry time was."""
        return self.standing == Standing.TERMINATED

    @property
    def address(self) -> str:
        """The IP that a code would be tied to, else whichever is live."""
        server = self.server
        return str(server.ordinary_address or server.elastic_address or server.clb_address or "")

    @property
    def has_expired(self) -> bool:
        expiry = self.server.expires_at
        return expiry is not None and expiry <= self.now

    @property
    def warns_of_expiry(self) -> bool:
        """Near, and something would be lost by it."""
        return self._warns_of(self.ends_at)

    @property
    def expiry_tone(self) -> str:
        return "warn" if self._warns_of(self.server.expires_at) else ""

    @property
    def ip_expiry_tone(self) -> str:
        return "warn" if self._warns_of(self.server.usable_ip_expires_at) else ""

    def _warns_of(self, expiry: datetime | None) -> bool:
        near = expires_soon(expiry, now=self.now)
        return near and self.standing in (*CAN_GENERATE, Standing.FULL) and not self.has_expired

    @property
    def steps(self) -> list[Step]:
        """What to do next, the most useful first."""
        return [*self._acts(), *self._codes(), *self._contact()]

    @property
    def steps_there(self) -> list[Step]:
        """The same on the server's own page, where its codes stand already."""
        return [*self._acts(), *self._contact()]

    def _acts(self) -> list[Step]:
        generate = Step(
            label=_("Generate a code"),
            url=reverse("codes:generate", args=[self.server.instance_id]),
            look="" if self.standing == Standing.EXPIRING else "primary",
        )
        match self.standing:
            case Standing.EXPIRING:
                return [_help(_("How to renew"), "renew"), generate]
            case Standing.READY:
                return [generate]
            case Standing.REFUSED:
                return self._remedies()
            case Standing.FULL if self.warns_of_expiry:
                return [_help(_("How to renew"), "renew")]
        return []

    def _remedies(self) -> list[Step]:
        failed = set(self.report.failed_codes)
        if failed & _BRINGS_CODES_BACK:
            failed -= {"code_limit_reached"}
        if failed <= _RENEWING_HELPS:
            return [_help(_("How to renew"), "renew")]
        if failed <= _PREPAID_HELPS:
            return [_help(_("How to change to prepaid"), "prepaid")]
        if "region_unknown" in failed:
            return [self._contact_step("primary")]
        return [_help(_("Which servers qualify"), "faq-4")]

    def _codes(self) -> list[Step]:
        count = self.server.codes_generated
        if not count:
            return []
        label = ngettext("See its code", "See its %(count)d codes", count) % {"count": count}
        return [Step(label=label, url=reverse("codes:server", args=[self.server.instance_id]) + "#codes", look="quiet")]

    def _contact(self) -> list[Step]:
        """From any refusal; where it is the one thing to do it stands there already."""
        offered = self.standing not in CAN_GENERATE and self.standing != Standing.HONG_KONG
        return [self._contact_step("quiet")] if offered and "region_unknown" not in self.report.failed_codes else []

    def _contact_step(self, look: str) -> Step:
        url = reverse("codes:contact_server", args=[self.server.instance_id])
        return Step(label=_("Contact customer service"), url=url, look=look)


def cards(servers: list[int], *, now: datetime) -> list[Card]:
    """The cards of these servers, in this order, by one query."""
    judged = with_standing(joining(Server.objects.filter(pk__in=servers)), now=now)
    found = {report.subject.pk: _card(report, now) for report in GENERATION.reports_of(judged, now=now)}
    return [found[pk] for pk in servers]


def _card(report: Report[Server], now: datetime) -> Card:
    server = cast(Any, report.subject)
    return Card(server=server, report=report, standing=Standing(server.standing), now=now)


def _help(label: str, anchor: str) -> Step:
    return Step(label=label, url=f"{reverse('codes:faq')}#{anchor}", look="primary")
