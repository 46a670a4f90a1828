"""Servers from a spreadsheet: uploaded, judged row by row, and taken in as one transaction when somebody says so.

Both long works answer with a page that grows while they go on, so progress shows without a script; leaving the page
undoes what is not finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any, TypeAlias

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from codes import services, values
from codes.admin import export
from codes.admin.base import DeskAdmin
from codes.admin.columns import list_url
from codes.admin.forms import DeskForm
from codes.admin.growing import growing
from codes.admin.request import staff
from codes.choices import Channel
from icpportal.numbers import grouped
from icpportal.sentences import join
from icpportal.sign_in.people import name as name_of
from servers.inventory import sheet_export, uploads
from servers.inventory.cells import COLUMNS
from servers.inventory.files import Unreadable
from servers.models import Server, ServerFile

View: TypeAlias = Callable[..., HttpResponseBase]
PERMISSION = "servers.import_server"
PAGE = 100  # rejected rows shown at a time
_GONE = _("A file is kept for a day. Upload it again.")
_HEAD = (_("Line"), _("instance ID"), _("Result"), _("Column"), _("Why"))
_WORDS = {
    "created": pgettext_lazy("rows", "created"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "rejected": _("rejected"),
}


class FileForm(DeskForm):
    """The file."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        error_messages={"required": _("Choose a file.")},
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.most = {"rows": grouped(uploads.MOST_ROWS), "size": uploads.MOST_BYTES // 2**20}
        hint = _("A spreadsheet saved as CSV (UTF-8 or GB18030): at most %(rows)s rows and %(size)d MB.")
        self.fields["file"].help_text = hint % self.most

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > uploads.MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than %(size)d MB: split it.") % self.most)
        if values.stands_in(file.name):
            raise forms.ValidationError(_("The name of the file carries an authorization code or a token: rename it."))
        return file


def urls(model_admin: DeskAdmin) -> list[URLPattern]:
    """The addresses below the list of servers."""
    views: dict[str, tuple[str, View]] = {
        "import/": ("import", _upload),
        "import/template/": ("import_template", _template),
        "import/<int:pk>/": ("import_file", _file),
        "import/<int:pk>/apply/": ("import_apply", _apply),
        "import/<int:pk>/csv/": ("import_csv", _verdicts),
        "facts/": ("facts", _facts),
    }
    wrap = model_admin.admin_site.admin_view
    return [
        path(route, wrap(partial(view, model_admin)), name=f"servers_server_{name}")
        for route, (name, view) in views.items()
    ]


def url(request: HttpRequest) -> str:
    """The way here for those who may; "" for the others."""
    return reverse("admin:servers_server_import") if request.user.has_perm(PERMISSION) else ""


def _for_those_who_may(*methods: str) -> Callable[[View], View]:
    """Views that need the permission and take these verbs."""

    def wrap(view: View) -> View:
        @wraps(view)
        def checked(model_admin: DeskAdmin, request: HttpRequest, **place: Any) -> HttpResponseBase:
            if not request.user.has_perm(PERMISSION):
                raise PermissionDenied
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return view(model_admin, request, **place)

        return checked

    return wrap


def _of_a_file(view: View) -> View:
    """Views of one uploaded file; where it is gone, to where it can be uploaded again."""

    @wraps(view)
    def found(model_admin: DeskAdmin, request: HttpRequest, pk: int) -> HttpResponseBase:
        kept = ServerFile.objects.select_related("by").filter(pk=pk).first() if pk < 2**63 else None
        if kept is None:
            messages.warning(request, _GONE)
            return HttpResponseRedirect(reverse("admin:servers_server_import"))
        return view(model_admin, request, kept)

    return found


@_for_those_who_may("GET", "HEAD", "POST")
def _upload(model_admin: DeskAdmin, request: HttpRequest) -> HttpResponseBase:
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        now = timezone.now()
        try:
            kept = uploads.keep(file.file, name=file.name, is_secret=values.stands_in, by=staff(request), now=now)
        except Unreadable as error:
            form.add_error("file", join([error.reason, gettext("Nothing was done.")]))
        else:
            return _grow(model_admin, request, kept, uploads.judge(kept, is_secret=values.stands_in, now=now))
    context = model_admin.desk_context(request, title=gettext("Import servers")) | {
        "form": form,
        "columns": COLUMNS,
        "template_url": reverse("admin:servers_server_import_template"),
        "cancel_url": list_url(Server),
    }
    return TemplateResponse(request, "admin/desk/import.html", context)


@_for_those_who_may("GET", "HEAD")
def _template(model_admin: DeskAdmin, request: HttpRequest) -> HttpResponseBase:
    return export.download([sheet_export.template()], name="servers-template", now=timezone.now())


@_for_those_who_may("GET", "HEAD")
@_of_a_file
def _file(model_admin: DeskAdmin, request: HttpRequest, kept: ServerFile) -> HttpResponseBase:
    context = _frame(model_admin, request, kept) | _verdict(request, kept) | {"who": name_of(kept.by)}
    return TemplateResponse(request, "admin/desk/import_file.html", context)


@_for_those_who_may("GET", "HEAD", "POST")
@_of_a_file
def _apply(model_admin: DeskAdmin, request: HttpRequest, kept: ServerFile) -> HttpResponseBase:
    if request.method != "POST":  # the answer read once more, as after a switch of the language
        return HttpResponseRedirect(_own_page(kept))
    digest = request.POST.get("digest", "")
    if kept.by_id != request.user.pk:
        raise PermissionDenied
    if digest != kept.digest:
        raise BadRequest
    now, user = timezone.now(), staff(request)
    observer = partial(services.record_server_changes, actor=user, channel=Channel.ADMIN, now=now)
    actor = f"user:{user.get_username()}"
    steps = uploads.take_in(kept.pk, digest=digest, is_secret=values.stands_in, observer=observer, actor=actor, now=now)
    return _grow(model_admin, request, kept, steps)


@_for_those_who_may("GET", "HEAD")
@_of_a_file
def _verdicts(model_admin: DeskAdmin, request: HttpRequest, kept: ServerFile) -> HttpResponseBase:
    """Each row's verdict as CSV; a row with several things wrong stands several times."""
    rows = [
        (line, name, _WORDS[result], column, why)
        for line, name, result, wrong in uploads.lines(kept)
        for column, why in wrong or [("", "")]
    ]
    return export.download(export.table(_HEAD, rows), name="servers-import", now=timezone.now())


def _facts(model_admin: DeskAdmin, request: HttpRequest) -> HttpResponseBase:
    """The servers of the list at the same address in the form that can be imported again."""
    rows = model_admin.listed(request)
    if not isinstance(rows, QuerySet):
        return rows
    return export.download(sheet_export.export(rows), name="servers", now=timezone.now())


def _own_page(kept: ServerFile) -> str:
    return reverse("admin:servers_server_import_file", args=[kept.pk])


def _frame(model_admin: DeskAdmin, request: HttpRequest, kept: ServerFile) -> dict[str, Any]:
    return model_admin.desk_context(request, title=gettext("Import of %(name)s") % {"name": kept.name})


# The page that grows


def _grow(
    model_admin: DeskAdmin, request: HttpRequest, kept: ServerFile, steps: Iterator[tuple[int, int]]
) -> StreamingHttpResponse:
    """The frame, a line for each step, and at the end what the file's own page shows."""
    text = render_to_string("admin/desk/import_run.html", _frame(model_admin, request, kept), request=request)
    return growing(text, _parts(request, kept, steps))


def _parts(request: HttpRequest, kept: ServerFile, steps: Iterator[tuple[int, int]]) -> Iterator[str]:
    trouble = ""
    yield format_html('<section class="panel"><div class="progress-lines" role="log" aria-label="{}">', _("Progress"))
    try:
        for done, rows in steps:
            numbers = {"done": grouped(done), "rows": grouped(rows)}
            yield format_html("<div>{}</div>\n", gettext("%(done)s of %(rows)s rows") % numbers)
    except uploads.AlreadyTaken:
        trouble = gettext("This file is being imported, or has been already. Nothing was done again.")
    except OperationalError:
        trouble = gettext("Somebody else is changing these servers. Nothing was changed: try again.")
    kept.refresh_from_db()
    context = _verdict(request, kept) | {"trouble": trouble, "goes_on": not trouble}
    yield "</div></section>" + render_to_string("includes/import_verdict.html", context, request=request)


def _verdict(request: HttpRequest, kept: ServerFile) -> dict[str, Any]:
    lines = uploads.lines(kept) if kept.rejected else []
    rejected = [(line, name, wrong) for line, name, result, wrong in lines if result == "rejected"]
    going, is_own = kept.rows - kept.rejected, kept.by_id == request.user.pk
    does = ngettext("Import %(count)s row", "Import %(count)s rows", going)
    return {
        "kept": kept,
        "facts": [{"label": word, "value": grouped(getattr(kept, name))} for name, word in _FACTS],
        "verdict": _headline(kept, is_own=is_own),
        "may_apply": is_own and kept.applied_at is None and bool(kept.content) and going > 0,
        "button": does % {"count": grouped(going)},
        "rejected": Paginator(rejected, PAGE).get_page(request.GET.get("page")),
        "file_url": _own_page(kept),
        "apply_url": reverse("admin:servers_server_import_apply", args=[kept.pk]),
        "csv_url": reverse("admin:servers_server_import_csv", args=[kept.pk]),
        "again_url": reverse("admin:servers_server_import"),
        "back_url": list_url(Server),
        "trouble": "",
        "goes_on": False,
    }


_FACTS = (
    ("created", _("Servers created")),
    ("updated", _("Updated")),
    ("unchanged", _("Unchanged")),
    ("rejected", _("Rows rejected")),
)


def _headline(kept: ServerFile, *, is_own: bool) -> dict[str, str]:
    """The answer in one sentence."""
    going = kept.rows - kept.rejected
    numbers = {"count": grouped(going), "rows": grouped(kept.rows)}
    if kept.applied_at is not None:
        done = ngettext("%(count)s row is imported.", "%(count)s rows are imported.", going) % numbers
        return {"kind": "ok", "headline": done, "line": ""}
    if not kept.content:
        line = str(_GONE)
        if uploads.is_let_go(kept, now=timezone.now()):
            line = gettext("A file with an authorization code in it is not kept: take the code out, upload it again.")
        elif not uploads.is_judged(kept):
            line = gettext("The check did not finish. Upload the file again.")
        return {"kind": "idle", "headline": gettext("This file was not imported."), "line": line}
    line = gettext("Nothing is changed yet. Rejected rows stay out; the others go in together or not at all.")
    if not is_own:
        line = gettext("Only %(person)s, who uploaded it, can import it.") % {"person": name_of(kept.by)}
    if kept.rejected == kept.rows:
        line = "" if kept.rows else gettext("The file has its first row and no other.")
        return {"kind": "bad", "headline": gettext("No row can be imported."), "line": line}
    if not kept.created + kept.updated:
        line = gettext("Every row that can be imported is the same here already. Importing tells that it still holds.")
        return {"kind": "idle", "headline": gettext("Nothing would change."), "line": line}
    kind = "warn" if kept.rejected else "ok"
    return {"kind": kind, "headline": gettext("%(count)s of %(rows)s rows can be imported.") % numbers, "line": line}
