"""What the API says about itself, beside the endpoints of codes and servers."""

from django.urls import path, re_path

from icpportal.api import health, views

urlpatterns = [
    path("health/live/", health.Live.as_view(), name="live"),
    path("health/ready/", health.Ready.as_view(), name="ready"),
    path("schema/", views.schema, name="schema"),
    path("docs/", views.docs, name="docs"),
    re_path(r"^problems/(?P<code>[a-z_]{1,64})/?$", views.problem, name="problem"),
]
