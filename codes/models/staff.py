"""Staff: the people at the desk, and who gave whom which role. Users themselves are Django's."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from codes.choices import StaffAct
from icpportal.final_rows import MAX_REASON, Final

# What supervisors give and take. Never their own role: nobody raises anybody to it but a superuser.
AGENT, AUDITOR = "Agent", "Auditor"
GIVEN_BY_SUPERVISORS = (AGENT, AUDITOR)


class PersonQuerySet(models.QuerySet["Person"]):
    def staff(self) -> PersonQuerySet:
        """Those who may enter the desk, whatever they may do there."""
        return self.filter(is_staff=True)


class Person(User):
    """A user as the desk shows one: permissions on it are of this app, and none of them changes users."""

    objects = PersonQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        default_permissions = ("view",)
        permissions = [
            ("give_role", gettext_noop("Can give and take the roles Agent and Auditor, and deactivate their holders"))
        ]


class StaffChange(Final):
    """What `actor` did to `person` at the desk: a role given or taken, an account deactivated or activated.

    Append-only, also in the database, which knows besides that nobody does it to themselves and that no role but
    those of GIVEN_BY_SUPERVISORS is given here. `role` is "" where none is given or taken.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.PROTECT, related_name="staff_changes"
    )
    act = models.CharField(pgettext_lazy("act", "what"), max_length=12, choices=StaffAct)
    role = models.CharField(_("role"), max_length=10, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("changed by"), on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("when"))
    reason = models.CharField(_("reason"), max_length=MAX_REASON)
    ticket = models.CharField(_("ticket"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("change of staff")
        verbose_name_plural = _("changes of staff")
        default_permissions = ()
        indexes = [models.Index(fields=["person", "-id"], name="staff_change_of_person")]
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("actor")), name="staff_change_not_of_oneself"),
            models.CheckConstraint(
                condition=Q(act__in=[StaffAct.GIVEN, StaffAct.TAKEN], role__in=GIVEN_BY_SUPERVISORS)
                | Q(act__in=[StaffAct.DEACTIVATED, StaffAct.ACTIVATED], role=""),
                name="staff_change_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} {self.pk}"
