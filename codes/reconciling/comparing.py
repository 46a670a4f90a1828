"""Each listed filing against the one that is known here: what differs, what settles it, and settling it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from cryptography.fernet import InvalidToken
from django.db import transaction

from codes import services
from codes.choices import Action, Channel, FilingState
from codes.errors import CodeRefused, Refused
from codes.models import AuthorizationCode, Filing
from codes.reconciling.listed import Listed
from icpportal import sealing
from icpportal.api.models import ApiClient

T = TypeVar("T")
BATCH = 500  # filings looked up together
_AFTER_BEGIN = {
    FilingState.ACTIVE: (),
    FilingState.REJECTED: (Action.REJECT,),
    FilingState.COMPLETED: (Action.COMPLETE,),
}
_FROM_HOLD = {
    FilingState.ACTIVE: Action.BEGIN,  # a rejected one again
    FilingState.REJECTED: Action.REJECT,
    FilingState.COMPLETED: Action.COMPLETE,
    FilingState.ABANDONED: Action.ABANDON,
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What differs, as a sentence, and the acts that settle it; without acts nothing here can."""

    listed: Listed
    said: str
    acts: tuple[Action, ...] = ()
    filing: Filing | None = None


class CannotSettle(Exception):
    """The rules do not allow the acts: which refusals."""


def differences(listed: Iterable[Listed], *, client: ApiClient, now: datetime) -> Iterator[Difference]:
    """What differs, in the order in which the filings began. Of an order listed several times the last counts."""
    newest = {each.order_number: each for each in sorted(listed, key=_began)}
    for batch in _batches(sorted(newest.values(), key=_began)):
        orders = [each.order_number for each in batch]
        filings = Filing.objects.filter(client=client, order_number__in=orders).order_by("pk").select_related("code")
        here = {filing.order_number: filing for filing in filings}
        codes = AuthorizationCode.objects.in_bulk([each.code for each in batch])
        for each in batch:
            found = _differs(each, here.get(each.order_number), codes.get(each.code), now=now)
            if found is not None:
                yield found


def unlisted(listed: Sequence[Listed], *, client: ApiClient) -> Iterator[Filing]:
    """The filings that hold a code here and are not listed. Compared here: a statement takes no list so long."""
    known = {each.order_number for each in listed}
    held = Filing.objects.holding().filter(client=client).order_by("pk")
    return (filing for filing in held.iterator(chunk_size=BATCH) if filing.order_number not in known)


def _differs(
    listed: Listed, here: Filing | None, code: AuthorizationCode | None, *, now: datetime
) -> Difference | None:
    if any(moment and moment > now for moment in (listed.began_at, listed.ended_at)):
        return Difference(listed=listed, said="a time of it is still to come")
    if here is None or _is_begun_since(listed, here):
        return None if listed.state == FilingState.ABANDONED else _lost(listed, code)
    if listed.state == here.state == FilingState.ABANDONED:
        return None
    if wrong := _other_terms(listed, here):
        return Difference(listed=listed, said=wrong)
    if here.state == listed.state and here.icp_number == listed.icp_number:
        return None
    said = f"{here.state} {here.icp_number}".strip() + f" here, {listed.state} {listed.icp_number}".rstrip() + " there"
    acts = (_FROM_HOLD[listed.state],) if here.ended_at is None and here.state != listed.state else ()
    return Difference(listed=listed, said=said, acts=acts, filing=here)


def _is_begun_since(listed: Listed, here: Filing) -> bool:
    """Whether it was begun again after what is known here was abandoned."""
    if here.state != FilingState.ABANDONED or here.ended_at is None or listed.began_at is None:
        return False
    return listed.began_at > here.ended_at


def _lost(listed: Listed, code: AuthorizationCode | None) -> Difference:
    """A filing whose beginning is not known here."""
    if code is None:
        return Difference(listed=listed, said="neither the filing nor its code is here")
    if listed.began_at is None:
        return Difference(listed=listed, said="not here, and began_at is not listed")
    if listed.began_at < code.generated_at:
        # Numbers of codes that were lost may have been given again.
        return Difference(listed=listed, said="not here, and the code of this number is younger: it is another one")
    acts = (Action.BEGIN, *_AFTER_BEGIN[listed.state])
    return Difference(listed=listed, said=f"not here, {listed.state} there", acts=acts)


def _other_terms(listed: Listed, here: Filing) -> str:
    stated = {"code": listed.code, "domain": listed.domain, "account": listed.account}
    known = {"code": here.code_id, "domain": here.domain, "account": here.account}
    other = [name for name, told in stated.items() if told and told != known[name]]
    return "; ".join(f"{name} {known[name] or '-'} here, {stated[name]} there" for name in other)


def settle(difference: Difference, *, client: ApiClient, now: datetime) -> None:
    """Carry out the acts, all or none, each as of the moment that is listed for it. Raises CannotSettle."""
    listed, filing = difference.listed, difference.filing
    try:
        with transaction.atomic():
            for act in difference.acts:
                filing = _act(act, listed, filing, client=client, now=now)
    except InvalidToken as error:
        raise CannotSettle("CODE_KEYS do not unseal the code") from error
    except CodeRefused as error:
        raise CannotSettle(", ".join(error.report.failed_codes)) from error
    except Refused as error:
        raise CannotSettle(type(error).__name__) from error


def _act(act: Action, listed: Listed, filing: Filing | None, *, client: ApiClient, now: datetime) -> Filing:
    ended = listed.ended_at or now
    if act == Action.BEGIN or filing is None:
        return _begin(listed, client=client, now=listed.began_at or now)
    if act == Action.REJECT:
        reason = listed.reason or "reconciled"
        return services.reject_filing(filing, reason=reason, actor=client, channel=Channel.COMMAND, now=now)
    if act == Action.COMPLETE:
        number = listed.icp_number
        return services.complete_filing(filing, icp_number=number, actor=client, channel=Channel.COMMAND, now=ended)
    return services.abandon_filing(filing, reason=listed.reason, actor=client, channel=Channel.COMMAND, now=ended)


def _begin(listed: Listed, *, client: ApiClient, now: datetime) -> Filing:
    code = AuthorizationCode.objects.get(pk=listed.code)
    filing, _is_new = services.begin_filing(
        code,
        value=sealing.unseal(code.sealed),
        order_number=listed.order_number,
        domain=listed.domain,
        account=listed.account,
        actor=client,
        channel=Channel.COMMAND,
        now=now,
    )
    return filing


def _began(listed: Listed) -> tuple[float, int]:
    return (listed.began_at.timestamp() if listed.began_at else 0.0, listed.line)


def _batches(things: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while batch := list(islice(rest, BATCH)):
        yield batch
