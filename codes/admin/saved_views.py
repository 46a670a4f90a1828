"""Saved views of a list: own and shared, as pills above it. Whoever may view a list may keep views of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from codes import services
from codes.admin.changelist import VIEW_PARAMETER, refuse_nul
from codes.admin.forms import DeskForm, ViewForm
from codes.admin.missing import NoSuchValue
from codes.admin.request import posted, staff
from codes.errors import ValueInText
from codes.models import SavedView
from codes.services import NameTaken
from icpportal.sign_in.people import name

SHARE = "codes.share_savedview"
DELETE_OF_OTHERS = "codes.delete_savedview"

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


@dataclass(frozen=True, kw_only=True)
class Pill:
    """A view above its list. `is_changed`: it was chosen, and the filters differ since."""

    name: str
    url: str
    is_shared: bool
    is_current: bool
    is_changed: bool


class ListWithViews(ModelAdmin):
    """The views of a list that has filters."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("views/save/", view(self.save_view), name=f"{name}_save_view"),
            path("views/<int:pk>/", view(self.edit_view), name=f"{name}_edit_view"),
            path("views/<int:pk>/delete/", view(self.delete_saved_view), name=f"{name}_delete_view"),
        ]
        return [*(own if self.list_filter else []), *super().get_urls()]

    def views_context(self, request: HttpRequest) -> dict[str, Any]:
        """What the list shows of views: pills, and where the filters are saved and the chosen view is changed."""
        if not self.list_filter:
            return {"views": [], "save_view_url": "", "edit_view_url": "", "delete_view_url": ""}
        here = self._declared_filters(request, request.GET)
        chosen = request.GET.get(VIEW_PARAMETER, "")
        found = list(self._views_seen(request).order_by("is_shared", "name", "pk"))
        current = next((each for each in found if str(each.pk) == chosen), None)
        current = current or next((each for each in found if each.query == here), None)
        mine = current is not None and current.owner_id == request.user.pk
        deletable = current is not None and self._may_delete_view(request, current)
        return {
            "views": [self._view_pill(request, each, here, is_current=each is current) for each in found],
            "save_view_url": f"views/save/?{here}" if here else "",
            "edit_view_url": f"views/{current.pk}/?{here}" if current and mine else "",
            "delete_view_url": f"views/{current.pk}/delete/" if current and deletable and not mine else "",
        }

    def save_view(self, request: HttpRequest) -> HttpResponse:
        """Asks for a name, then keeps the filters of the address under it."""
        query = self._view_query(request)
        if not query:
            raise BadRequest
        form = self._view_form(request)

        def keep(**chosen: Any) -> SavedView:
            return services.keep_view(staff(request), list_name=self.opts.label_lower, query=query, **chosen)

        saved = self._saved_view(form, keep)
        if saved is not None:
            messages.success(request, _("The view %(name)s is saved.") % {"name": saved.name})
            return HttpResponseRedirect(self._view_url(request, saved))
        title, effect = _("Save this view?"), self._filters_in_words(request)
        back = f"{self._views_list_url()}?{query}"
        return self._ask_view(request, title=title, effect=effect, form=form, button=_("Save view"), back=back)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Renames and shares one's own view; on demand it takes the filters of the address, when they differ."""
        view = self._view_seen(request, pk)
        if view is None:
            return self._no_such_view(request)
        if view.owner_id != request.user.pk:
            raise PermissionDenied
        query = self._view_query(request)
        differs = bool(query) and query != view.query
        form = self._view_form(request, view=view, other_filters=differs)
        title, back = _("Edit the view %(name)s") % {"name": view.name}, self._view_url(request, view)

        def change(*, takes_filters: bool = False, **chosen: Any) -> SavedView:
            return services.change_view(view, query=query if takes_filters else view.query, **chosen)

        saved = self._saved_view(form, change)
        if saved is not None:
            messages.success(request, _("The view %(name)s is saved.") % {"name": saved.name})
            return HttpResponseRedirect(self._view_url(request, saved))
        texts = {"title": title, "back": back, "button": _("Save")}
        texts["effect"] = _("Set now: %(filters)s") % {"filters": self._filters_in_words(request)} if differs else ""
        delete_url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_delete_view", args=[pk])
        return self._ask_view(request, form=form, delete_url=delete_url, **texts)

    def delete_saved_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks, then deletes one's own view, or somebody's shared one for those who may."""
        view = self._view_seen(request, pk)
        if view is None:
            return self._no_such_view(request)
        if not self._may_delete_view(request, view):
            raise PermissionDenied
        if request.method == "POST":
            services.delete_view(view)
            messages.success(request, _("The view %(name)s is deleted.") % {"name": view.name})
            return HttpResponseRedirect(self._views_list_url())
        effect = _("%(who)s shares it. Nobody sees it any more.") % {"who": name(view.owner)} if view.is_shared else ""
        title = _("Delete the view %(name)s?") % {"name": view.name}
        texts = {"title": title, "effect": effect, "button": _("Delete view"), "back": self._view_url(request, view)}
        return self._ask_view(request, form=DeskForm(), **texts)

    def _view_form(
        self, request: HttpRequest, *, view: SavedView | None = None, other_filters: bool = False
    ) -> ViewForm:
        initial = {"name": view.name, "is_shared": view.is_shared} if view else {}
        return ViewForm(
            posted(request), initial=initial, may_share=request.user.has_perm(SHARE), other_filters=other_filters
        )

    def _saved_view(self, form: ViewForm, save: Callable[..., SavedView]) -> SavedView | None:
        """The view, saved; None while there is something to ask or to mend."""
        if not form.is_valid():
            return None
        try:
            return save(**{"is_shared": False, **form.cleaned_data})
        except NameTaken:
            form.add_error("name", _("You have a view of this name in this list. Choose another name."))
        except ValueInText:
            raise BadRequest from None
        return None

    def _ask_view(
        self,
        request: HttpRequest,
        *,
        title: str,
        form: DeskForm,
        button: str,
        back: str,
        effect: str = "",
        delete_url: str = "",
    ) -> HttpResponse:
        context = cast(Any, self).desk_context(request, title=title) | {
            "effect": effect,
            "form": form,
            "button": button,
            "action_url": request.get_full_path(),
            "cancel_url": back,
            "names": None,
            "delete_url": delete_url,
        }
        return TemplateResponse(request, "admin/desk/saved_view.html", context)

    def _views_seen(self, request: HttpRequest) -> Any:
        return SavedView.objects.seen_by(staff(request)).filter(list_name=self.opts.label_lower)

    def _view_seen(self, request: HttpRequest, pk: int) -> SavedView | None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: SavedView | None = self._views_seen(request).filter(pk=pk).first() if pk < 2**63 else None
        return found

    def _no_such_view(self, request: HttpRequest) -> HttpResponse:
        """To the list as it was filtered: views come and go."""
        messages.warning(request, _("This view was deleted, or it is shared with you no more. Nothing was changed."))
        here = self._declared_filters(request, request.GET)
        return HttpResponseRedirect(f"{self._views_list_url()}?{here}" if here else self._views_list_url())

    def _may_delete_view(self, request: HttpRequest, view: SavedView) -> bool:
        return view.owner_id == request.user.pk or request.user.has_perm(DELETE_OF_OTHERS)

    def _view_pill(self, request: HttpRequest, view: SavedView, here: str, *, is_current: bool) -> Pill:
        return Pill(
            name=view.name,
            url=self._view_url(request, view),
            is_shared=view.is_shared,
            is_current=is_current,
            is_changed=is_current and view.query != here,
        )

    def _view_url(self, request: HttpRequest, view: SavedView) -> str:
        """Its rows; the list says so when it keeps a filter that the list has no more."""
        known = self._declared_filters(request, QueryDict(view.query))
        gone = {} if known == view.query else {ERROR_FLAG: 1}
        rest = urlencode({**gone, VIEW_PARAMETER: view.pk})
        return f"{self._views_list_url()}?{known}&{rest}" if known else f"{self._views_list_url()}?{rest}"

    def _views_list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _declared_filters(self, request: HttpRequest, query: QueryDict) -> str:
        """The declared filters of a query string, in order: what a view keeps."""
        names = sorted(str(each.parameter_name) for each in cast(Any, self.get_list_filter(request)))
        return urlencode([(name, query[name]) for name in names if query.get(name)])

    def _view_query(self, request: HttpRequest) -> str:
        """The same of the address, known to be right. Raises PermissionDenied and BadRequest."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        refuse_nul(request)
        query = self._declared_filters(request, request.GET)
        if len(query) > cast(int, SavedView.query.field.max_length):
            raise BadRequest
        self._filters_set(request)
        return query

    def _filters_set(self, request: HttpRequest) -> list[Any]:
        request.is_for_csv = True  # type: ignore[attr-defined]
        try:
            specs: list[Any] = self.get_changelist_instance(request).filter_specs
        except NoSuchValue:
            raise BadRequest from None
        return [spec for spec in specs if spec.value() is not None]

    def _filters_in_words(self, request: HttpRequest) -> str:
        named = [{"filter": capfirst(str(spec.title)), "value": spec.shown} for spec in self._filters_set(request)]
        return " · ".join(_("%(filter)s: %(value)s") % each for each in named)
