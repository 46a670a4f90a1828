"""One person, several accounts: which one's lists are shown."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from codes.views.access import READ, choose_account, membership, page, signed_in
from servers.models import Account


@signed_in(*READ, "POST")
def accounts(request: HttpRequest) -> HttpResponse:
    """GET lists the person's accounts, POST `uid` chooses one of them; another's is 404."""
    if request.method == "POST":
        uid = request.POST.get("uid", "").replace("\0", "")
        account = get_object_or_404(Account.objects.visible_to(request.user), uid=uid)
        choose_account(request, account)
        return redirect("codes:servers")
    member = membership(request)
    return page(request, "codes/accounts.html", {"member": member}, section="", member=member)
