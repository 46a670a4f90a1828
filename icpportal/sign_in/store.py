"""Where sessions lie: the setting SESSION_ENGINE."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.utils import timezone

from icpportal.sign_in.lifetimes import is_alive
from icpportal.sign_in.models import Session

SEEN_EVERY = timedelta(minutes=1)  # how exactly its last use is kept


class SessionStore(db.SessionStore):
    """Django's own, with the person in a column, and with no session that lifetimes.py ends.

    `person` is who is signed in with it, once it is loaded: icpportal/sign_in/people.py takes them from here.
    """

    person: User | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: Any) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return row

    def load(self) -> dict[str, Any]:
        """The session's data; of one that is over, nothing, and it ends for good."""
        row = Session.objects.select_related("user").filter(pk=self.session_key).first()
        if row is not None:
            now, data = timezone.now(), self.decode(row.session_data)
            if row.expire_date > now and (row.user is None or is_alive(row, row.user, data, now=now)):
                if not row.seen_at <= now < row.seen_at + SEEN_EVERY:
                    Session.objects.filter(pk=row.pk).update(seen_at=now)
                self.person = row.user
                return dict(data)
            row.delete()
        self._session_key = None
        return {}

    def _validate_session_key(self, key: str | None) -> bool:
        """Only what Django itself makes: a cookie may hold anything, NUL included."""
        return bool(key) and len(key or "") == 32 and str(key).isascii() and str(key).isalnum()
