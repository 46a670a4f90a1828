"""Where sessions lie: the setting SESSION_ENGINE."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from icpportal.sign_in.models import Session


class SessionStore(db.SessionStore):
    """Django's own, with the person in a column, and with no session for a person who may not sign in any more."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: Any) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return row

    def load(self) -> dict[str, Any]:
        """The session's data; of one that expired, or whose person was deactivated, nothing, and it ends for good."""
        row = Session.objects.select_related("user").filter(pk=self.session_key).first()
        if row is not None:
            is_usable = row.user is None or row.user.is_active
            if is_usable and row.expire_date > timezone.now():
                data: dict[str, Any] = self.decode(row.session_data)
                return data
            row.delete()
        self._session_key = None
        return {}

    def _validate_session_key(self, key: str | None) -> bool:
        """Only what Django itself makes: a cookie may hold anything, NUL included."""
        return bool(key) and len(key or "") == 32 and str(key).isascii() and str(key).isalnum()
