"""A letter as a mail: plain text, masked codes only, with the way out (RFC 2369 and 8058)."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from codes.choices import ShownState
from codes.notices.choices import Kind
from codes.notices.due import Due
from codes.notices.letters import Letter
from codes.notices.members import ticket
from icpportal import mailing
from icpportal.api.templatetags.icp import relative
from icpportal.dates import shanghai
from icpportal.sentences import pause
from servers.models import Server


def message(letter: Letter, *, now: datetime) -> EmailMessage:
    """The mail, in the member's language. Needs SITE_URL for its links."""
    site = mailing.site_url()
    stop = site + reverse("notices_stop", args=[ticket(letter.user)])
    way_out = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    with override(letter.language):
        context = {
            "accounts": _accounts(letter, site=site, now=now),
            "kinds": {each.kind for each in letter.items},
            "help": site + reverse("codes:faq"),
            "choose": site + reverse("notices"),
            "stop": stop,
        }
        return EmailMessage(
            subject=_subject(letter.items),
            body=render_to_string("mails/notices.txt", context),
            to=[letter.user.email],
            headers={**mailing.headers(), **way_out, "Content-Language": letter.language},
        )


def _subject(items: list[Due]) -> str:
    expiring = sum(each.kind == Kind.EXPIRY for each in items)
    stalled = len(items) - expiring
    parts = [
        ngettext("%(count)d code expires soon", "%(count)d codes expire soon", expiring) % {"count": expiring},
        ngettext("%(count)d filing has stalled", "%(count)d filings have stalled", stalled) % {"count": stalled},
    ]
    return _("ICP filing: %(what)s") % {
        "what": pause().join(part for part, count in zip(parts, (expiring, stalled), strict=True) if count)
    }


def _accounts(letter: Letter, *, site: str, now: datetime) -> list[dict[str, Any]]:
    """By account and server, a line for each thing."""
    return [
        {
            "title": _one_line(account.uid, account.name),
            "servers": [
                {
                    "title": _one_line(server.name, server.instance_id),
                    "url": site + reverse("codes:server", args=[server.instance_id]),
                    "lines": [_line(each, now=now) for each in of_server],
                }
                for server, of_server in groupby(of_account, key=_server)
            ],
        }
        for account, of_account in groupby(letter.items, key=lambda each: each.code.server.account)
    ]


def _server(each: Due) -> Server:
    return each.code.server


def _line(each: Due, *, now: datetime) -> str:
    if each.filing is None:
        return _("%(code)s (%(state)s) expires %(when)s, on %(at)s") % {
            "code": each.code.masked,
            "state": ShownState(each.code.state).label,
            "when": relative(each.moment, now),
            "at": shanghai(each.moment),
        }
    return _("%(code)s has been held by order %(order)s for %(domain)s since %(at)s (%(when)s)") % {
        "code": each.code.masked,
        "order": each.filing.order_number,
        "domain": each.filing.domain,
        "at": shanghai(each.moment),
        "when": relative(each.moment, now),
    }


def _one_line(*names: str) -> str:
    """Names come from elsewhere: none begins a line of its own."""
    return " · ".join(" ".join(name.split()) for name in names if name.strip())
