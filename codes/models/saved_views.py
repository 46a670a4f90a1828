"""Saved views: filters of a list of the desk under a name."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def seen_by(self, user: User) -> SavedViewQuerySet:
        """This person's own, and those that anybody shares."""
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(models.Model):
    """The filters that somebody wants back. `list_name` is the label of the listed model, "codes.filing".

    `query` is the query string of the list's declared filters alone, in order, so that two of the same rows are equal.
    A shared view is seen by everybody who sees the list; it shows each person no more than the list does.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="saved_views"
    )
    list_name = models.CharField(_("list"), max_length=100)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filters"), max_length=1000)
    is_shared = models.BooleanField(_("shared"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        permissions = [("share_savedview", gettext_noop("Can share saved views with everybody at the desk"))]
        constraints = [
            models.UniqueConstraint(fields=["owner", "list_name", "name"], name="saved_view_name_once_per_list"),
        ]
        indexes = [models.Index(fields=["list_name", "is_shared"], name="saved_view_of_list")]

    def __str__(self) -> str:
        return self.name
