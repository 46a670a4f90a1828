"""Accounts, servers and the inventory feed."""

from django.urls import path

from servers.api import views

urlpatterns = [
    path("accounts/<uid:uid>/", views.AccountDetail.as_view(), name="account"),
    path("accounts/<uid:uid>/eligibility/", views.AccountEligibility.as_view(), name="account_eligibility"),
    path("servers/", views.ServerList.as_view(), name="servers"),
    path("servers/<handle:instance_id>/", views.ServerDetail.as_view(), name="server"),
    path("servers/<handle:instance_id>/eligibility/", views.ServerEligibility.as_view(), name="server_eligibility"),
    path("inventory/tencent/", views.TencentInventory.as_view(), name="inventory"),
]
