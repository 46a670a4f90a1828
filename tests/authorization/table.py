"""Who reaches what. A row says for each verb what every person gets, in the order of `PEOPLE`:

    + reaches it   L is asked to sign in   - may not (403)   0 is told of nothing there (404)   m wrong verb (405)

Rows come from the README's roles, not from what the product answers: customers reach their own
objects alone, the desk is staff's, each button needs its own permission, auditors change nothing, staff without a role
see nothing, and nobody deletes. Objects in the addresses are the member's; the stranger has others of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass

PEOPLE = ("nobody", "member", "stranger", "agent", "supervisor", "auditor", "roleless", "superuser")


@dataclass(frozen=True)
class Row:
    """`address` is the route with the world's values in it. HEAD is GET; every other verb is 405 for everybody."""

    address: str
    get: str
    post: str


# -- customers: signed in, own objects; staff who belong to no account see no object either
ANYBODY, SIGNED_IN, OWN = "++++++++", "L+++++++", "L+000000"
NOT_FOR_READING, NOT_FOR_SENDING = "Lmmmmmmm", "Lm000000"
NO_SUCH_VERB = "mmmmmmmm"
SERVER, CODE = "servers/{server.instance_id}/", "codes/{code.pk}/"

PAGES = {
    "": Row("", SIGNED_IN, SIGNED_IN),
    "servers/<handle:instance_id>/": Row(SERVER, OWN, NOT_FOR_SENDING),
    "servers/<handle:instance_id>/generate/": Row(SERVER + "generate/", OWN, OWN),
    "servers/<handle:instance_id>/contact/": Row(SERVER + "contact/", OWN, OWN),
    "codes/": Row("codes/", SIGNED_IN, NOT_FOR_READING),
    "codes/<id:pk>/": Row(CODE, OWN, NOT_FOR_SENDING),
    "codes/<id:pk>/reveal/": Row(CODE + "reveal/", OWN, OWN),
    "codes/<id:pk>/withdraw/": Row(CODE + "withdraw/", OWN, OWN),
    "codes/<id:pk>/edit/": Row(CODE + "edit/", OWN, OWN),
    "codes/<id:pk>/contact/": Row(CODE + "contact/", OWN, OWN),
    "contact/": Row("contact/", SIGNED_IN, SIGNED_IN),
    "requests/": Row("requests/", SIGNED_IN, NOT_FOR_READING),
    "requests/<handle:reference>/": Row("requests/{request.reference}/", OWN, OWN),
    "accounts/": Row("accounts/", SIGNED_IN, "L0000000"),  # names no account: none is found
    "help/": Row("help/", ANYBODY, NO_SUCH_VERB),
    "notices/": Row("notices/", SIGNED_IN, SIGNED_IN),
    "notices/stop/<str:ticket>/": Row("notices/stop/{ticket}/", ANYBODY, ANYBODY),  # the signed address is the right
    "i18n/setlang/": Row("i18n/setlang/", ANYBODY, ANYBODY),
    "login/": Row("login/", ANYBODY, ANYBODY),
    "login/code/": Row("login/code/", ANYBODY, ANYBODY),  # leads to signing in, without a password given
    "login/set-up/": Row("login/set-up/", ANYBODY, ANYBODY),
    "logout/": Row("logout/", NO_SUCH_VERB, ANYBODY),
    "password/": Row("password/", SIGNED_IN, SIGNED_IN),
    "password/done/": Row("password/done/", SIGNED_IN, NOT_FOR_READING),
    "password/reset/": Row("password/reset/", ANYBODY, ANYBODY),
    "password/reset/sent/": Row("password/reset/sent/", ANYBODY, NO_SUCH_VERB),
    "password/reset/done/": Row("password/reset/done/", ANYBODY, NO_SUCH_VERB),
    "password/reset/<uidb64>/<token>/": Row("password/reset/MQ/set-password/", ANYBODY, ANYBODY),
    "sign-ins/": Row("sign-ins/", SIGNED_IN, SIGNED_IN),
}


# -- the desk: whoever is no staff is asked to sign in; then agent, supervisor, auditor, staff without a role, superuser
def desk(get: str, post: str, address: str) -> Row:
    """A row of the desk, for its five kinds of staff."""
    return Row("admin/" + address, "LLL" + get, "LLL" + post)


STAFF, NONE, UNKNOWN, WRONG = "+++++", "-----", "00000", "mmmmm"
VIEWERS = "+++-+"  # every role reads
WORKERS = "++--+"  # agents and supervisors act
SUPERVISORS = "-+--+"
READS_CLIENTS = "-++-+"
SUPERUSERS = "----+"


def wrong(reach: str) -> str:
    """Whoever may reach it uses the wrong verb; the others may not."""
    return reach.replace("+", "m")


def lists(
    model: str,
    key: str,
    *,
    view: str = VIEWERS,
    add: str = NONE,
    change: str | None = None,
    csv: bool = True,
    views: bool = True,
) -> dict[str, Row]:
    """A model's list and pages: read by `view`; added by `add`; changed by `change`, else written for reading."""
    page = f"{model}/{{{key}}}/"
    rows = {
        "": desk(view, view, f"{model}/"),
        "add/": desk(add, add, f"{model}/add/"),
        "<path:object_id>/": desk(STAFF, STAFF, page),  # leads to the page, whatever is there
        "<path:object_id>/change/": desk(view, change or wrong(view), f"{page}change/"),
        "<path:object_id>/history/": desk(view, view, f"{page}history/"),
        "<path:object_id>/delete/": desk(NONE, NONE, f"{page}delete/"),
    }
    if csv:
        rows["csv/"] = desk(view, WRONG, f"{model}/csv/")
        rows["result/csv/"] = desk(WRONG, view, f"{model}/result/csv/")
    if views:  # the view in these addresses is of the list of filings: another list leads back to itself
        own, shared = view, view
        if model == "codes/filing":
            own, shared = SUPERUSERS, SUPERVISORS  # a superuser's own, and shared: supervisors may delete it
        rows["views/save/"] = desk(view, view, f"{model}/views/save/")
        rows["views/<int:pk>/"] = desk(own, own, f"{model}/views/{{view.pk}}/")
        rows["views/<int:pk>/delete/"] = desk(shared, shared, f"{model}/views/{{view.pk}}/delete/")
    return {f"admin/{model}/{route}": row for route, row in rows.items()}


CODES, SERVERS, REQUESTS = "codes/authorizationcode/", "servers/server/", "codes/supportrequest/"
CLIENTS, HOOKS, REGIONS = "api/apiclient/", "webhooks/webhookendpoint/", "servers/region/"

DESK = {
    "admin/": desk(STAFF, STAFF, ""),
    "admin/lookup/": desk(STAFF, STAFF, "lookup/"),
    "admin/confirm/": desk(STAFF, STAFF, "confirm/"),
    "admin/one-time-codes/": desk(STAFF, STAFF, "one-time-codes/"),
    "admin/one-time-codes/set-up/": desk(STAFF, STAFF, "one-time-codes/set-up/"),
    "admin/login/": Row("admin/login/", ANYBODY, ANYBODY),
    "admin/logout/": Row("admin/logout/", "+++mmmmm", ANYBODY),
    "admin/password_change/": desk(STAFF, STAFF, "password_change/"),
    "admin/password_change/done/": desk(STAFF, WRONG, "password_change/done/"),
    "admin/autocomplete/": desk(NONE, WRONG, "autocomplete/"),
    "admin/jsi18n/": desk(STAFF, WRONG, "jsi18n/"),
    "admin/r/<path:content_type_id>/<path:object_id>/": desk(UNKNOWN, UNKNOWN, "r/1/1/"),
    "admin/(?P<url>.*)$": desk(UNKNOWN, UNKNOWN, "no/such/page/"),
    "admin/^(?P<app_label>servers|api|codes|auth|webhooks)/$": desk(STAFF, STAFF, "codes/"),  # leads to the start
    **lists("servers/account", "account.pk", views=False),
    **lists("servers/server", "server.pk"),
    **lists("servers/ipaddress", "ip.pk"),
    **lists("servers/region", "region.pk"),
    **lists("servers/feedrun", "run.pk", csv=False),
    **lists("codes/authorizationcode", "code.pk"),
    **lists("codes/filing", "filing.pk"),
    **lists("codes/codeevent", "event.pk"),
    **lists("codes/supportrequest", "request.pk"),
    **lists("codes/bulkrun", "bulk.pk", csv=False),
    **lists("codes/person", "person.pk", view=READS_CLIENTS),
    **lists("api/apiclient", "client.pk", view=READS_CLIENTS, add=SUPERVISORS, csv=False),
    **lists("webhooks/webhookendpoint", "endpoint.pk", add=SUPERVISORS, csv=False),
    **lists("webhooks/webhookdelivery", "delivery.pk", csv=False),
    **lists("auth/user", "user.pk", view=SUPERUSERS, add=SUPERUSERS, change=SUPERUSERS, csv=False),
    **lists("auth/group", "group.pk", view=SUPERUSERS, add=SUPERUSERS, change=SUPERUSERS, csv=False, views=False),
    "admin/auth/user/<id>/password/": desk(SUPERUSERS, SUPERUSERS, "auth/user/{user.pk}/password/"),
    f"admin/{SERVERS}<int:pk>/generate/": desk(WORKERS, WORKERS, SERVERS + "{server.pk}/generate/"),
    f"admin/{CODES}<int:pk>/act/<str:action>/": desk(WORKERS, WORKERS, CODES + "{code.pk}/act/reset/"),
    f"admin/{CODES}<int:pk>/reveal/": desk(WORKERS, WORKERS, CODES + "{code.pk}/reveal/"),
    f"admin/{CODES}<int:pk>/edit/": desk(WORKERS, WORKERS, CODES + "{code.pk}/edit/"),
    "admin/codes/bulkrun/<int:pk>/run/": desk(SUPERUSERS, SUPERUSERS, "codes/bulkrun/{bulk.pk}/run/"),  # its own alone
    "admin/codes/bulkrun/<int:pk>/csv/": desk(VIEWERS, VIEWERS, "codes/bulkrun/{bulk.pk}/csv/"),
    f"admin/{REQUESTS}open/<int:pk>/": desk(WORKERS, WORKERS, REQUESTS + "open/{server.pk}/"),
    f"admin/{REQUESTS}<int:pk>/take/": desk(wrong(WORKERS), WORKERS, REQUESTS + "{request.pk}/take/"),
    f"admin/{REQUESTS}<int:pk>/answer/": desk(wrong(WORKERS), WORKERS, REQUESTS + "{request.pk}/answer/"),
    f"admin/{REQUESTS}<int:pk>/close/": desk(WORKERS, WORKERS, REQUESTS + "{request.pk}/close/"),
    f"admin/{SERVERS}facts/": desk(VIEWERS, WRONG, SERVERS + "facts/"),
    f"admin/{SERVERS}import/": desk(SUPERVISORS, SUPERVISORS, SERVERS + "import/"),
    f"admin/{SERVERS}import/template/": desk(SUPERVISORS, wrong(SUPERVISORS), SERVERS + "import/template/"),
    f"admin/{SERVERS}import/<int:pk>/": desk(SUPERVISORS, wrong(SUPERVISORS), SERVERS + "import/{file.pk}/"),
    f"admin/{SERVERS}import/<int:pk>/csv/": desk(SUPERVISORS, wrong(SUPERVISORS), SERVERS + "import/{file.pk}/csv/"),
    f"admin/{SERVERS}import/<int:pk>/apply/": desk(  # who uploaded it alone
        SUPERVISORS, "-+---", SERVERS + "import/{file.pk}/apply/"
    ),
    f"admin/{REGIONS}<int:pk>/classify/": desk(SUPERVISORS, SUPERVISORS, REGIONS + "{region.pk}/classify/"),
    f"admin/{REGIONS}classify/": desk(wrong(SUPERVISORS), SUPERVISORS, REGIONS + "classify/"),
    "admin/codes/person/<int:pk>/act/<str:key>/": desk(
        SUPERVISORS, SUPERVISORS, "codes/person/{person.pk}/act/give-agent/"
    ),
    f"admin/{CLIENTS}<int:pk>/rotate/": desk(SUPERVISORS, SUPERVISORS, CLIENTS + "{client.pk}/rotate/"),
    f"admin/{CLIENTS}<int:pk>/revoke/": desk(SUPERVISORS, SUPERVISORS, CLIENTS + "{client.pk}/revoke/"),
    f"admin/{HOOKS}<int:pk>/types/": desk(SUPERVISORS, SUPERVISORS, HOOKS + "{endpoint.pk}/types/"),
    f"admin/{HOOKS}<int:pk>/rotate/": desk(SUPERVISORS, SUPERVISORS, HOOKS + "{endpoint.pk}/rotate/"),
    f"admin/{HOOKS}<int:pk>/act/<str:action>/": desk(SUPERVISORS, SUPERVISORS, HOOKS + "{endpoint.pk}/act/disable/"),
    "admin/webhooks/webhookdelivery/redeliver/": desk(WORKERS, WORKERS, "webhooks/webhookdelivery/redeliver/"),
}
