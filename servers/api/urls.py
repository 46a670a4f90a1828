"""Accounts, servers and the inventory feed."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
