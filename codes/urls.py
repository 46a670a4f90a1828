"""The customers' pages, mounted at the root."""

from __future__ import annotations

from django.urls import path

from codes.views import accounts, codes, faq, generation, servers, support

app_name = "codes"
urlpatterns = [
    path("", servers.servers, name="servers"),
    path("servers/<handle:instance_id>/", servers.server, name="server"),
    path("servers/<handle:instance_id>/generate/", generation.generate, name="generate"),
    path("codes/", codes.codes, name="codes"),
    path("codes/<id:pk>/", codes.code, name="code"),
    path("codes/<id:pk>/reveal/", codes.reveal, name="reveal"),
    path("codes/<id:pk>/withdraw/", codes.withdraw, name="withdraw"),
    path("codes/<id:pk>/edit/", codes.annotate, name="annotate"),
    path("servers/<handle:instance_id>/contact/", support.contact_server, name="contact_server"),
    path("codes/<id:pk>/contact/", support.contact_code, name="contact_code"),
    path("contact/", support.contact, name="contact"),
    path("requests/", support.requests, name="requests"),
    path("requests/<handle:reference>/", support.one, name="request"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("help/", faq.faq, name="faq"),
]
