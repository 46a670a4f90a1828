"""Mounted at the root, beside the customers' pages."""

from __future__ import annotations

from django.urls import path

from codes.notices import views

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/stop/<str:ticket>/", views.notices_stop, name="notices_stop"),
]
