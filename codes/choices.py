"""The closed vocabularies of codes; values are stable, labels are docs/domain.md's words."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(TextChoices):
    """What is stored of a code. What is shown is derived: see codes/validity.py."""

    UNUSED = "unused", _("Unused")
    IN_USE = "in_use", _("In use")
    USED = "used", _("Used")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ShownState(TextChoices):
    """What is shown of a code: the stored state against the facts of server and IP."""

    UNUSED = "unused", _("Unused")
    IN_USE = "in_use", _("In use")
    USED = "used", _("Used")
    EXPIRED = "expired", _("Expired")
    INVALID = "invalid", _("Invalid")
    WITHDRAWN = "withdrawn", _("Withdrawn")


LIVE_STATES = (ShownState.UNUSED, ShownState.IN_USE)  # shown of a code that has an expiry ahead of it


class FilingState(TextChoices):
    """A rejected filing keeps its hold; only an abandoned one releases it (decision 10)."""

    ACTIVE = "active", _("Active")
    REJECTED = "rejected", _("Rejected")
    COMPLETED = "completed", _("Completed")
    ABANDONED = "abandoned", _("Abandoned")


HOLDING = (FilingState.ACTIVE, FilingState.REJECTED)


class Channel(TextChoices):
    """Through which face something was done."""

    ADMIN = "admin", _("desk")
    SELF_SERVICE = "self_service", _("self-service")
    API = "api", _("API")
    COMMAND = "command", _("command")


BY_PEOPLE = (Channel.ADMIN, Channel.SELF_SERVICE)  # few beside what programs do


class Action(TextChoices):
    """The verbs of codes/services that change or show one code."""

    BEGIN = "begin", _("Begin a filing")
    REJECT = "reject", _("Reject the filing")
    COMPLETE = "complete", _("Complete the filing")
    ABANDON = "abandon", _("Abandon the filing")
    RESET = "reset", _("Reset the filing")
    WITHDRAW = "withdraw", _("Withdraw")
    ROTATE = "rotate", _("Rotate the value")
    REVEAL = "reveal", _("Reveal")
    AUTHORIZE = "authorize", _("Name the authorized account")
    ANNOTATE = "annotate", _("Edit the remark")


class EventType(TextChoices):
    """What an event says happened. Stable in the API; the labels are for timelines."""

    GENERATED = "generated", _("Code generated")
    GENERATION_REFUSED = "generation_refused", _("Generation refused")
    EDITED = "edited", _("Code edited")
    REVEALED = "revealed", _("Code revealed")
    BEGUN = "begun", _("Filing begun")
    REJECTED = "rejected", _("Filing rejected")
    COMPLETED = "completed", _("Filing completed")
    ABANDONED = "abandoned", _("Filing abandoned")
    RESET = "reset", _("Filing reset")
    WITHDRAWN = "withdrawn", _("Code withdrawn")
    ROTATED = "rotated", _("Code rotated")
    SERVER_CHANGED = "server_changed", _("Server changed")


class SupportState(TextChoices):
    """Whose turn it is in a support request: ours while it is open or taken."""

    OPEN = "open", _("Waiting for customer service")
    TAKEN = "taken", _("Customer service is looking at it")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


WAITING = (SupportState.OPEN, SupportState.TAKEN)


class SupportAction(TextChoices):
    """What is done with a support request."""

    TAKE = "take", _("Take")
    ANSWER = "answer", _("Answer")
    CLOSE = "close", _("Close")
    FOLLOW_UP = "follow_up", _("Write again")


class StaffAct(TextChoices):
    """What is done to somebody at the desk."""

    GIVEN = "given", _("Role given")
    TAKEN = "taken", _("Role taken")
    DEACTIVATED = "deactivated", _("Deactivated")
    ACTIVATED = "activated", _("Activated")


class BulkAction(TextChoices):
    """What an agent does to many servers or codes at once."""

    GENERATE = "generate", _("Generate codes")
    RESET = "reset", _("Reset filings")
    WITHDRAW = "withdraw", _("Withdraw")
    ROTATE = "rotate", _("Rotate")


class BulkState(TextChoices):
    """What became of a row of a bulk run."""

    PENDING = "pending", pgettext_lazy("row", "Pending")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Not done")
