"""The API, version 1."""

from django.urls import URLPattern, URLResolver, include, path, re_path

from icpportal.api import converters, health, views

app_name = "api"
_V1: list[URLPattern | URLResolver] = [
    path("", include("codes.api.urls")),
    path("", include("servers.api.urls")),
    path("health/live/", health.Live.as_view(), name="live"),
    path("health/ready/", health.Ready.as_view(), name="ready"),
    path("schema/", views.schema, name="schema"),
    path("docs/", views.docs, name="docs"),
    re_path(r"^problems/(?P<code>[a-z_]{1,64})/?$", views.problem, name="problem"),
]
urlpatterns = [
    path("v1/", include(_V1)),
    re_path(r"", views.unknown),
]
__all__ = ["converters", "urlpatterns"]
