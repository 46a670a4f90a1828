"""Accounts, servers and the inventory feed."""

from django.urls import path

from servers.api import accounts, servers

urlpatterns = [
    path("accounts/<uid:uid>/", accounts.AccountDetail.as_view(), name="account"),
    path("accounts/<uid:uid>/eligibility/", accounts.AccountEligibility.as_view(), name="account_eligibility"),
    path("servers/", servers.ServerList.as_view(), name="servers"),
    path("servers/<handle:instance_id>/", servers.ServerDetail.as_view(), name="server"),
    path("servers/<handle:instance_id>/eligibility/", servers.ServerEligibility.as_view(), name="server_eligibility"),
    path("inventory/tencent/", servers.TencentInventory.as_view(), name="inventory"),
]
