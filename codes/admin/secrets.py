"""What has a secret that is shown once: API clients with their tokens, webhook endpoints with what signs for them.

Both are made, changed after a question, and answer once with a secret that no browser keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from codes.admin import desk_log
from codes.admin.asking import done_before
from codes.admin.base import DeskRecord
from codes.admin.columns import list_url, page_url
from codes.admin.forms import DeskOnceForm
from codes.admin.request import posted
from codes.admin.timeline import Row
from icpportal.once import made_before, once
from icpportal.sentences import StrPromise
from icpportal.sign_in.confirming import recently_confirmed

Maker = Callable[[HttpRequest, Any], tuple[Model, str] | None]
_SHOWN_BEFORE = _(
    "This form was sent before: what it made was shown then, and cannot be shown again. If it is lost, make another."
)


class SecretRecord(DeskRecord):
    """A model whose objects have a secret; its texts say what the secret is for, `acts` what is said of each act."""

    acts: Mapping[str, StrPromise]
    add_title: StrPromise
    add_lead: StrPromise
    add_button: StrPromise
    secret_title: StrPromise
    secret_lead: StrPromise
    copy_label: StrPromise
    back_label: StrPromise

    def _may(self, request: HttpRequest, act: str) -> bool:
        return bool(request.user.has_perm(f"{self.opts.app_label}.{act}_{self.opts.model_name}"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add")

    def may_change(self, request: HttpRequest) -> bool:
        """Whether this person may do what the buttons of the page offer."""
        return self._may(request, "change")

    def changeable(self, request: HttpRequest, pk: int) -> Any:
        """The object, for somebody who may change it. Raises PermissionDenied and Http404."""
        if not self.may_change(request):
            raise PermissionDenied
        return self.acted_on(request, pk)

    def story(self, obj: Model) -> list[Row]:
        """Who did what with it at the desk, newest first."""
        return desk_log.story(obj, lambda act: (self.acts.get(act, act), []))

    def make(self, request: HttpRequest, form: Any) -> tuple[Model, str] | None:
        """The new object and its secret; None when the valid form could not be carried out and says why."""
        raise NotImplementedError

    def new_form(self, data: Any) -> DeskOnceForm:
        """What is asked of a new one."""
        raise NotImplementedError

    @method_decorator(recently_confirmed)
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Asks what it is to be; answers with the secret itself."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.new_form(posted(request))
        if request.method == "POST" and (answer := self.secret_once(request, form, self.make)) is not None:
            return answer
        context = {"lead": self.add_lead, "form": form, "button": self.add_button, "list_url": list_url(self.model)}
        return self._shown(request, "admin/desk/secret_add.html", self.add_title, context)

    def secret_once(self, request: HttpRequest, form: DeskOnceForm, make: Maker) -> HttpResponse | None:
        """The secret that the form makes when it is sent first; None when it makes none and says why."""
        if (before := made_before(request)) is not None:
            return done_before(request, self.model(pk=before), said=_SHOWN_BEFORE)
        made: list[tuple[Model, str]] = []

        def act(session: SessionBase) -> int | None:
            found = make(request, form)
            made.extend([found] if found else [])
            return found[0].pk if found else None

        pk, is_new = once(request, form, act) if form.is_valid() else (None, False)
        if is_new:
            return self._secret_page(request, *made[0])
        return None if pk is None else done_before(request, self.model(pk=pk), said=_SHOWN_BEFORE)

    def _secret_page(self, request: HttpRequest, obj: Model, secret: str) -> HttpResponse:
        """The secret, this once: in no address, no message and no cache."""
        context = {
            "object": obj,
            "object_url": page_url(obj),
            "lead": self.secret_lead,
            "secret": secret,
            "copy_label": self.copy_label,
            "back_label": self.back_label,
        }
        response = self._shown(request, "admin/desk/secret.html", self.secret_title, context)
        response["Cache-Control"] = "no-store"
        return response

    def _shown(self, request: HttpRequest, template: str, title: StrPromise, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, self.desk_context(request, title=str(title)) | context)
