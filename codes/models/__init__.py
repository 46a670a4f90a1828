"""Authorization codes, filings that hold them, events that tell what happened, support requests, saved views, staff.

Only codes/services writes here. All datetimes are aware and stored in UTC; a code's expiry is never stored: it is
the earlier of its server's and its IP's (decision 3, codes/validity.py).
"""

from codes.models.bulk import BulkRow, BulkRun
from codes.models.codes import AuthorizationCode, CodeQuerySet
from codes.models.events import CodeEvent, EventHead
from codes.models.filings import Filing, FilingQuerySet, filings_not_abandoned
from codes.models.saved_views import SavedView, SavedViewQuerySet
from codes.models.staff import Person, PersonQuerySet, StaffChange
from codes.models.support import SupportMessage, SupportRequest, SupportRequestQuerySet

__all__ = [
    "AuthorizationCode",
    "BulkRow",
    "BulkRun",
    "CodeEvent",
    "CodeQuerySet",
    "EventHead",
    "Filing",
    "FilingQuerySet",
    "Person",
    "PersonQuerySet",
    "SavedView",
    "SavedViewQuerySet",
    "StaffChange",
    "SupportMessage",
    "SupportRequest",
    "SupportRequestQuerySet",
    "filings_not_abandoned",
]
