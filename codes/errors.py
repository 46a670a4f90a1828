"""What the services raise: classes that carry data, not prose. Interfaces translate them."""

from __future__ import annotations

from django.db import OperationalError

from codes.choices import Action, FilingState, State, SupportAction, SupportState
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode
from codes.reports import Report
from codes.staff import Beyond
from codes.support import SUPPORT
from icpportal.sentences import StrPromise
from servers.models import Server


class NotRecorded(OperationalError):
    """The database did not take an event, so nothing was done at all; interfaces answer 503."""


class Refused(Exception):
    """Something that the rules do not allow. Nothing was changed."""


class NotEligible(Refused):
    """The server cannot generate: `report` says every condition with the value found (FAQ 4)."""

    def __init__(self, report: Report[Server]) -> None:
        super().__init__(report.failed_codes)
        self.report = report


class CodeRefused(Refused):
    """The code cannot begin a filing: `report` says why (FAQ 5 and 6, decision 9)."""

    def __init__(self, report: Report[AuthorizationCode]) -> None:
        super().__init__(report.failed_codes)
        self.report = report


class TransitionRefused(Refused):
    """The code's stored state does not allow the action: see codes/lifecycle.py."""

    def __init__(self, action: Action, state: State) -> None:
        super().__init__(action, state)
        self.action = action
        self.state = state

    @property
    def explanation(self) -> StrPromise:
        """Why not, as a sentence for people."""
        return TRANSITIONS[self.action].refusal(self.state)


class HeldSince(Refused):
    """Another filing has begun to hold the code since somebody looked at it to reset it."""


class ReasonRequired(Refused):
    """The action needs a reason in this channel."""

    def __init__(self, action: Action) -> None:
        super().__init__(action)
        self.action = action


class OrderConflict(Refused):
    """The order number is already filed with another code, domain or account (decision 10)."""


class FilingEnded(Refused):
    """The filing is over, as `state` says, and what was asked for does not fit that."""

    def __init__(self, state: FilingState) -> None:
        super().__init__(state)
        self.state = state


class CodeNotFound(Refused):
    """No code has this value, or no longer: it was rotated away."""


class ValueInText(Refused):
    """A free text holds a readable code value, which is kept nowhere. `field` names the text."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class TextUnfit(Refused):
    """A text that has to be there is blank, or longer than `limit` characters."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class SupportRefused(Refused):
    """The state of the support request does not allow the action: see codes/support.py."""

    def __init__(self, action: SupportAction, state: SupportState) -> None:
        super().__init__(action, state)
        self.action = action
        self.state = state

    @property
    def explanation(self) -> StrPromise:
        """Why not, as a sentence for people."""
        return SUPPORT[self.action].refusal(self.state)


class TooManyRequests(Refused):
    """So many support requests of the account, `limit`, wait for an answer already."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class TooManyMessages(Refused):
    """The customer has written `limit` messages in this support request already."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class OutOfReach(Refused):
    """The person's role or account cannot be changed by this one, as `beyond` says: see codes/staff.py."""

    def __init__(self, beyond: Beyond) -> None:
        super().__init__(beyond)
        self.beyond = beyond
