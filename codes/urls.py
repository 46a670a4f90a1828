"""The customers' pages, mounted at the root."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from codes.views import accounts, codes, faq, generation, servers


class Handle(StringConverter):
    """An instance ID: anything printable without a slash that fits the column; never a control character."""

    regex = r"[^/\x00-\x1f\x7f]{1,64}"


register_converter(Handle, "handle")

app_name = "codes"
urlpatterns = [
    path("", servers.servers, name="servers"),
    path("servers/<handle:instance_id>/", servers.server, name="server"),
    path("servers/<handle:instance_id>/generate/", generation.generate, name="generate"),
    path("codes/", codes.codes, name="codes"),
    path("codes/<int:pk>/", codes.code, name="code"),
    path("codes/<int:pk>/reveal/", codes.reveal, name="reveal"),
    path("codes/<int:pk>/withdraw/", codes.withdraw, name="withdraw"),
    path("codes/<int:pk>/edit/", codes.annotate, name="annotate"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("help/", faq.faq, name="faq"),
]
