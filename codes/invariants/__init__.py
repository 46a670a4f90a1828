"""What must hold of the data at every moment, asked of the database itself: `manage.py check_invariants`.

The application keeps all of it by its services, and most of it by constraints too. Here it is asked once more, in
statements over whole tables, because a database can be restored, repaired by hand or written to by others.
"""

from codes.invariants.expiry import EXPIRY
from codes.invariants.invariant import Broken, Invariant
from codes.invariants.life import LIFE
from codes.invariants.sealed import READABLE_KEYS, SEALED
from codes.invariants.staff import STAFF
from codes.invariants.texts import TEXTS

INVARIANTS: tuple[Invariant, ...] = (*LIFE, *EXPIRY, *SEALED, *STAFF, *TEXTS)

__all__ = ["INVARIANTS", "READABLE_KEYS", "Broken", "Invariant"]
