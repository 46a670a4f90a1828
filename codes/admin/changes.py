"""What changed about a server, in words: events keep names and values, the sentences are found here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.admin.columns import DASH
from icpportal.api.templatetags.icp import isolated
from icpportal.dates import expiry_time, shanghai
from icpportal.sentences import comma
from servers.choices import BillingMode, IPKind, ServerState

_STATES = {
    ServerState.RUNNING: gettext_lazy("Back in service (was %(before)s)"),
    ServerState.STOPPED: gettext_lazy("Stopped (was %(before)s)"),
    ServerState.ISOLATED: gettext_lazy("Isolated (was %(before)s)"),
    ServerState.TERMINATED: gettext_lazy("Terminated (was %(before)s)"),
}


def sentences(detail: Mapping[str, Any]) -> list[str]:
    """The changes of a server_changed event, the weightiest first; what has no words stands by its name."""
    pairs = {name: (pair[0], pair[-1]) for name, pair in detail.items() if isinstance(pair, list) and pair}
    version = pairs.pop("version", None)
    found: list[str] = []
    for name, words in _WORDS.items():
        if name in pairs:
            found += words(*pairs.pop(name))
    for name, (before, after) in pairs.items():
        found.append(_ip_fact(name, before, after) if name.startswith("ips.") else f"{name}: {before} → {after}")
    return found + ([_("Facts version %(version)s") % {"version": version[1]}] if version else [])


def _created(before: Any, after: Any) -> list[str]:
    return [_("First seen here")]


def _account(before: Any, after: Any) -> list[str]:
    if after is None:
        return [_("Transferred from account %(account)s to another") % {"account": before}]
    return [_("Transferred from account %(before)s to %(after)s, with its codes") % _named(before, after)]


def _state(before: Any, after: Any) -> list[str]:
    return [str(_STATES[ServerState(after)] % {"before": ServerState(before).label})]


def _billing(before: Any, after: Any) -> list[str]:
    modes = _named(BillingMode(before).label, BillingMode(after).label)
    return [_("Billing changed from %(before)s to %(after)s") % modes]


def _expiry(before: Any, after: Any) -> list[str]:
    old, new = _moment(before), _moment(after)
    if new is None:
        return [_("No longer has an expiry time (was %(before)s)") % {"before": expiry_time(old)}]
    if old is None:
        return [_("Expires %(after)s; it had no expiry time") % {"after": expiry_time(new)}]
    text = (
        _("Renewed until %(after)s, from %(before)s")
        if new > old
        else _("Now expires earlier: %(after)s (was %(before)s)")
    )
    return [text % _named(expiry_time(old), expiry_time(new))]


def _months(before: Any, after: Any) -> list[str]:
    return [_("Prepaid months in total: %(after)s (was %(before)s)") % _named(before, after)]


def _ips(before: Any, after: Any) -> list[str]:
    lost = comma().join(address for address in before or () if address not in (after or ()))
    gained = comma().join(address for address in after or () if address not in (before or ()))
    found = [_("IP gained: %(addresses)s") % {"addresses": gained}] if gained else []
    return found + ([_("IP lost: %(addresses)s") % {"addresses": lost}] if lost else [])


def _assigned(before: Any, after: Any) -> list[str]:
    if after:
        return [_("Now known: a public IP was assigned at purchase")]
    return [_("Now known: no public IP was assigned at purchase")]


def _purchased(before: Any, after: Any) -> list[str]:
    old, new = (shanghai(moment) if moment else DASH for moment in (_moment(before), _moment(after)))
    return [_("Purchased %(after)s (was recorded as %(before)s)") % _named(old, new)]


def _region(before: Any, after: Any) -> list[str]:
    return [_("Region changed from %(before)s to %(after)s") % _named(before, after)]


def _name(before: Any, after: Any) -> list[str]:
    names = _named(isolated(before or DASH), isolated(after or DASH))
    return [SafeString(escape(_("Renamed from %(before)s to %(after)s")) % names)]


# In the order of weight: the first one is the headline of the event.
_WORDS: Mapping[str, Callable[[Any, Any], list[str]]] = {
    "created": _created,
    "account": _account,
    "state": _state,
    "billing_mode": _billing,
    "expires_at": _expiry,
    "ips": _ips,
    "prepaid_months": _months,
    "public_ip_assigned": _assigned,
    "region": _region,
    "purchased_at": _purchased,
    "name": _name,
}


def _ip_fact(name: str, before: Any, after: Any) -> str:
    """ "ips.203.0.113.7.kind" or ".expires_at": of one address."""
    address, _dot, fact = name.removeprefix("ips.").rpartition(".")
    if fact == "kind":
        kinds = {"address": address, **_named(IPKind(before).label, IPKind(after).label)}
        return _("%(address)s is now %(after)s (was %(before)s)") % kinds
    moments = {"address": address, **_named(expiry_time(_moment(before)), expiry_time(_moment(after)))}
    return _("%(address)s expires %(after)s (was %(before)s)") % moments


def _named(before: Any, after: Any) -> dict[str, Any]:
    return {"before": before, "after": after}


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
