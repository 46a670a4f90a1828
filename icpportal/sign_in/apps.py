"""The sign-in app: sessions, one-time codes, throttles, password resets."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _


class SignInConfig(AppConfig):
    name = "icpportal.sign_in"
    label = "sign_in"
    verbose_name = _("Sign-in")

    def ready(self) -> None:
        """Every way of signing in (pages, desk) tells by this signal alone that it happened."""
        from icpportal.sign_in.sessions import note

        user_logged_in.connect(note, dispatch_uid="icpportal.sign_in.note")
