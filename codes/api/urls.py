"""Codes, filings and events."""

from django.urls import path

from codes.api import codes, events, filings, generation

urlpatterns = [
    path("servers/<handle:instance_id>/codes/", generation.Generate.as_view(), name="generate"),
    path("codes/", codes.CodeList.as_view(), name="codes"),
    path("codes/generate/", generation.GenerateMany.as_view(), name="generate_many"),
    path("codes/verify/", codes.Verify.as_view(), name="verify"),
    path("codes/<id:pk>/", codes.CodeDetail.as_view(), name="code"),
    path("codes/<id:pk>/reveal/", codes.Reveal.as_view(), name="reveal"),
    path("codes/<id:pk>/withdraw/", codes.Withdraw.as_view(), name="withdraw"),
    path("filings/", filings.Begin.as_view(), name="begin"),
    path("filings/<handle:order_number>/", filings.FilingDetail.as_view(), name="filing"),
    path("filings/<handle:order_number>/reject/", filings.Reject.as_view(), name="reject"),
    path("filings/<handle:order_number>/complete/", filings.Complete.as_view(), name="complete"),
    path("filings/<handle:order_number>/abandon/", filings.Abandon.as_view(), name="abandon"),
    path("events/", events.Events.as_view(), name="events"),
]
