"""The verbs: everything that creates or changes a code, a filing, an event, a support request. The only writer.

Saved views, bulk runs and the roles of staff are written here too, each as its module says. Each change of a code or
a filing locks the server's row first, the one lock of everything the server owns; judges in a later statement, so that
it sees the world after the wait; changes; and records its event in the same transaction: no event, no change.
`actor` is a user, an API client, or None for the system; `now` is an aware datetime. A wait for a lock that takes too
long surfaces as OperationalError. Free texts that carry a readable code value raise ValueInText.
"""

from codes.services.bulk import carry_out, clear_bulk_runs, confirm_run, end_run, pending_rows, plan_run
from codes.services.changes import Named
from codes.services.events import Actor, record_server_changes
from codes.services.filings import abandon_filing, begin_filing, complete_filing, reject_filing
from codes.services.generation import Issued, generate
from codes.services.resealing import Resealed, reseal_codes
from codes.services.saved_views import NameTaken, change_view, delete_view, keep_view
from codes.services.staff import Why, activate, deactivate, give_role, take_role
from codes.services.support import answer, close, follow_up, open_request, take
from codes.services.upkeep import VERBS, annotate, reset, reveal, rotate, withdraw

__all__ = [
    "VERBS",
    "Actor",
    "Issued",
    "NameTaken",
    "Named",
    "Resealed",
    "Why",
    "abandon_filing",
    "activate",
    "annotate",
    "answer",
    "begin_filing",
    "carry_out",
    "change_view",
    "clear_bulk_runs",
    "close",
    "complete_filing",
    "confirm_run",
    "deactivate",
    "delete_view",
    "end_run",
    "follow_up",
    "generate",
    "give_role",
    "keep_view",
    "open_request",
    "pending_rows",
    "plan_run",
    "record_server_changes",
    "reject_filing",
    "reseal_codes",
    "reset",
    "reveal",
    "rotate",
    "take",
    "take_role",
    "withdraw",
]
