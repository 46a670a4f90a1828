"""What buttons, questions and results of an action say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from codes.choices import Action
from codes.models import AuthorizationCode
from icpportal.sentences import StrPromise, join


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is done with one object: the question, its effect, the button, what is said after; `run` does it."""

    question: StrPromise
    effect: StrPromise
    button: StrPromise
    done: StrPromise
    run: Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The texts of one action. Those for several codes name `count`, those for one `code`."""

    button: StrPromise
    list_button: StrPromise = ""
    asks_one: StrPromise = ""
    asks: StrPromise = ""
    does: StrPromise = ""
    going: StrPromise = ""
    done_one: StrPromise = ""
    done: StrPromise = ""
    doing: StrPromise = ""

    def question(self, going: int, chosen: int) -> str:
        """The headline of the confirmation page of several, with the counts."""
        if not going:
            return none_of(chosen)
        asked = str(self.asks % {"count": going})
        if going == chosen:
            return asked
        return join([asked, skips(chosen - going, chosen)])

    def confirm(self, going: int) -> str:
        """The button that does it, with the count."""
        return str(self.does % {"count": going})

    def working(self, count: int) -> str:
        """The headline while it is at work."""
        return str(self.doing % {"count": count})

    def said(self, code: AuthorizationCode) -> str:
        """The message after one code."""
        return str(self.done_one % {"code": code.masked})

    def result(self, done: int, chosen: int) -> str:
        """The headline of the result page."""
        text = str(self.done % {"count": done})
        if done == chosen:
            return text
        return _("%(done)s, %(refused)d not") % {"done": text, "refused": chosen - done}


def skips(skipped: int, chosen: int) -> str:
    """How many of those chosen are left alone."""
    text = ngettext(
        "%(skipped)d of the %(chosen)d selected is skipped",
        "%(skipped)d of the %(chosen)d selected are skipped",
        skipped,
    )
    return text % {"skipped": skipped, "chosen": chosen}


def none_of(chosen: int) -> str:
    """The headline where all of those chosen are left alone."""
    text = ngettext(
        "Nothing to do: the one selected is skipped", "Nothing to do: all %(count)d selected are skipped", chosen
    )
    return text % {"count": chosen}


WORDS: Mapping[Action, Words] = {
    Action.RESET: Words(
        button=gettext_lazy("Reset the filing"),
        list_button=gettext_lazy("Reset filings"),
        asks_one=gettext_lazy("Reset the filing of %(code)s?"),
        asks=ngettext_lazy("Reset the filing of %(count)d code?", "Reset the filings of %(count)d codes?", "count"),
        does=ngettext_lazy("Reset %(count)d filing", "Reset %(count)d filings", "count"),
        going=gettext_lazy("Will be reset"),
        done_one=gettext_lazy("%(code)s: its filing is reset."),
        done=ngettext_lazy("%(count)d filing reset", "%(count)d filings reset", "count"),
        doing=gettext_lazy("Resetting %(count)d filings"),
    ),
    Action.WITHDRAW: Words(
        button=gettext_lazy("Withdraw"),
        list_button=gettext_lazy("Withdraw"),
        asks_one=gettext_lazy("Withdraw %(code)s?"),
        asks=ngettext_lazy("Withdraw %(count)d code?", "Withdraw %(count)d codes?", "count"),
        does=ngettext_lazy("Withdraw %(count)d code", "Withdraw %(count)d codes", "count"),
        going=gettext_lazy("Will be withdrawn"),
        done_one=gettext_lazy("%(code)s is withdrawn."),
        done=ngettext_lazy("%(count)d code withdrawn", "%(count)d codes withdrawn", "count"),
        doing=gettext_lazy("Withdrawing %(count)d codes"),
    ),
    Action.ROTATE: Words(
        button=gettext_lazy("Rotate"),
        list_button=gettext_lazy("Rotate"),
        asks_one=gettext_lazy("Rotate the value of %(code)s?"),
        asks=ngettext_lazy("Rotate the value of %(count)d code?", "Rotate the values of %(count)d codes?", "count"),
        does=ngettext_lazy("Rotate %(count)d code", "Rotate %(count)d codes", "count"),
        going=gettext_lazy("Will be rotated"),
        done_one=gettext_lazy("%(code)s has a new value. Reveal shows it."),
        done=ngettext_lazy("%(count)d code rotated", "%(count)d codes rotated", "count"),
        doing=gettext_lazy("Rotating %(count)d codes"),
    ),
    Action.REVEAL: Words(button=gettext_lazy("Reveal")),
    Action.ANNOTATE: Words(button=gettext_lazy("Edit")),
}

GENERATE = Words(
    button=gettext_lazy("Generate codes"),
    list_button=gettext_lazy("Generate codes"),
    asks=ngettext_lazy("Generate %(count)d code?", "Generate %(count)d codes, one a server?", "count"),
    does=ngettext_lazy("Generate %(count)d code", "Generate %(count)d codes", "count"),
    going=gettext_lazy("Will generate"),
    done=ngettext_lazy("%(count)d code generated", "%(count)d codes generated", "count"),
    doing=gettext_lazy("Generating %(count)d codes"),
)
