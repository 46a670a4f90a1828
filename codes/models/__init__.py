"""Authorization codes, the filings that hold them, the events that tell what happened, and support requests.

Only codes/services writes here. All datetimes are aware and stored in UTC; a code's expiry is never stored: it is
the earlier of its server's and its IP's (decision 3, codes/validity.py).
"""

from codes.models.codes import AuthorizationCode, CodeQuerySet
from codes.models.events import AppendOnly, CodeEvent, CodeEventQuerySet
from codes.models.filings import Filing, FilingQuerySet
from codes.models.support import SupportMessage, SupportRequest, SupportRequestQuerySet

__all__ = [
    "AppendOnly",
    "AuthorizationCode",
    "CodeEvent",
    "CodeEventQuerySet",
    "CodeQuerySet",
    "Filing",
    "FilingQuerySet",
    "SupportMessage",
    "SupportRequest",
    "SupportRequestQuerySet",
]
