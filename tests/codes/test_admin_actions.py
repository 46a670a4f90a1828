"""What agents do at the desk: asked first, refused with why, recorded; by nobody who may not, and by no GET."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codes import values
from codes.admin.actions import plan
from codes.admin.columns import list_url, page_url
from codes.choices import Action, Channel, EventType, FilingState, State
from codes.lifecycle import TRANSITIONS
from codes.models import AuthorizationCode, CodeEvent, Filing
from icpportal import sealing
from icpportal.api.templatetags.icp import handles_whole
from servers.choices import BillingMode
from servers.models import Server
from tests import factories
from tests.codes.desk import signed_in
from tests.codes.pages import FORM

pytestmark = pytest.mark.django_db
TEXTS = {"reason": "asked for by the customer", "ticket": "T-20261123-0412"}
WHY = TEXTS | FORM
LABELS = {"reset": "Reset the filing", "withdraw": "Withdraw", "rotate": "Rotate"}
ACTIONS = list(LABELS)


def make_server(**facts) -> Server:
    return factories.make_server(now=timezone.now(), **facts)


def make_issued(server: Server | None = None):
    return factories.make_issued(server or make_server(), now=timezone.now())


def make_held():
    return factories.make_filing(make_issued(), now=timezone.now()).code


def make_code(action: str) -> AuthorizationCode:
    """A code that can take the action."""
    return make_held() if action == "reset" else make_issued().code


def act_url(code: AuthorizationCode, action: str) -> str:
    return reverse("admin:codes_authorizationcode_act", args=[code.pk, action])


def last_event() -> CodeEvent:
    return CodeEvent.objects.order_by("-pk")[0]


def test_a_reset_frees_the_code_and_is_recorded():
    client, code = signed_in(), make_held()
    question = client.get(act_url(code, "reset"))
    assert str(TRANSITIONS["reset"].effect) in question.content.decode()
    answer = client.post(act_url(code, "reset"), WHY, follow=True)
    assert answer.redirect_chain == [(page_url(code), 302)]
    assert handles_whole(f"{code.masked}: its filing is reset.") in answer.content.decode()
    code.refresh_from_db()
    assert (code.state, code.filings.get().state) == (State.UNUSED, FilingState.ABANDONED)
    event = last_event()
    assert (event.type, event.channel) == (EventType.RESET, Channel.ADMIN)
    assert (event.reason, event.ticket, event.user.is_staff) == (*TEXTS.values(), True)


def test_a_filing_that_holds_a_code_is_reset_from_its_own_page():
    client, code = signed_in(), make_held()
    filing, link = code.filings.get(), f'href="{act_url(code, "reset")}"'
    assert link in client.get(page_url(filing)).content.decode()
    assert link not in signed_in("Auditor").get(page_url(filing)).content.decode()
    client.post(act_url(code, "reset"), WHY)
    assert link not in client.get(page_url(filing)).content.decode()


def test_a_filing_that_began_since_the_question_is_not_reset():
    client, code = signed_in(), make_held()
    (asked,) = re.findall(r'name="seen_at" value="([^"]*)"', client.get(act_url(code, "reset")).content.decode())
    Filing.objects.update(began_at=timezone.now())
    answer = client.post(act_url(code, "reset"), WHY | {"seen_at": asked}, follow=True)
    assert "Another filing has begun since this was asked" in answer.content.decode()
    assert Filing.objects.get().state == FilingState.ACTIVE


@pytest.mark.parametrize(("hours", "told"), [(0, "under 1 day"), (25, "1 day"), (49, "2 days")])
def test_a_question_says_for_how_long_a_filing_holds(hours, told):
    code = make_held()
    Filing.objects.update(began_at=timezone.now() - timedelta(hours=hours))
    assert f"<td>{told}</td>" in signed_in().get(act_url(code, "reset")).content.decode()


def test_a_withdrawal_ends_the_code():
    client, code = signed_in(), make_issued().code
    client.post(act_url(code, "withdraw"), WHY)
    code.refresh_from_db()
    assert code.state == State.WITHDRAWN


def test_only_a_code_that_lives_on_is_told_with_its_expiry():
    def planned(action):
        return plan(TRANSITIONS[action], [make_code(action.value).pk], now=timezone.now())[0]

    lives, ends = planned(Action.RESET), planned(Action.WITHDRAW)
    assert (bool(lives.until), ends.until) == (True, "")
    page = signed_in().get(act_url(lives.code, "reset")).content.decode()
    assert f"</span> until {lives.until}</td>" in page


@pytest.mark.parametrize("action", ["act", "edit", "reveal"])
def test_a_question_about_a_code_leads_back_to_it_by_its_path(action):
    code = make_issued().code
    url = (
        act_url(code, "withdraw")
        if action == "act"
        else reverse(f"admin:codes_authorizationcode_{action}", args=[code.pk])
    )
    path = re.search(r'<div class="breadcrumbs">.*?</div>', signed_in().get(url).content.decode()).group()
    assert path.endswith(f'<a class="mono" href="{page_url(code)}">{code.masked}</a></div>')


def test_a_rotation_replaces_the_value_and_shows_none():
    client, issued = signed_in(), make_issued()
    answer = client.post(act_url(issued.code, "rotate"), WHY, follow=True)
    code = AuthorizationCode.objects.get()
    new = values.show(sealing.unseal(code.sealed))
    assert new != issued.value and new not in answer.content.decode() and code.masked in answer.content.decode()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_reason_is_owed(action):
    client, code = signed_in(), make_code(action)
    events = CodeEvent.objects.count()
    answer = client.post(act_url(code, action), {"reason": " ", "ticket": ""} | FORM)
    assert answer.status_code == 200 and "Reason: Give a reason." in answer.content.decode()
    assert CodeEvent.objects.count() == events


def test_a_reason_that_carries_a_value_is_refused():
    client, issued = signed_in(), make_issued()
    answer = client.post(act_url(issued.code, "withdraw"), {"reason": f"leaked: {issued.value}"} | FORM)
    assert "This text contains a code value" in answer.content.decode()
    assert AuthorizationCode.objects.get().state == State.UNUSED


@pytest.mark.parametrize("action", ACTIONS)
def test_a_get_changes_nothing(action):
    client, code = signed_in(), make_code(action)
    events = CodeEvent.objects.count()
    assert client.get(act_url(code, action), WHY).status_code == 200
    assert CodeEvent.objects.count() == events


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_not_possible_is_disabled_and_says_why(action):
    client, code = signed_in(), make_issued().code if action == "reset" else make_held()
    code.refresh_from_db()
    why = str(TRANSITIONS[action].refusal(code.state))
    assert why
    page = client.get(page_url(code)).content.decode()
    (reason,) = re.findall(rf'<small id="(\w+)-why">{re.escape(why)}</small>', page)  # said once, for all alike
    assert re.search(rf'aria-disabled="true" aria-describedby="{reason}-why">{LABELS[action]}', page)
    stale_tab = (client.get, {}), (client.post, FORM), (client.post, WHY)  # the second lacks its reason
    for send, form in stale_tab:
        answer = send(act_url(code, action), form, follow=True)
        assert answer.redirect_chain == [(page_url(code), 302)]
        assert f'<span role="alert">{why}</span>' in answer.content.decode()
    assert CodeEvent.objects.filter(channel=Channel.ADMIN).count() == 0


def test_an_unknown_action_or_code_is_404():
    client, code = signed_in(), make_issued().code
    for action in ("begin", "complete", "delete", "reveal", "x"):
        assert client.post(act_url(code, action), WHY).status_code == 404
    code.pk = 10**15
    for action in ACTIONS:
        assert client.post(act_url(code, action), WHY).status_code == 404


PERMITTED_VIEWS = ["reset", "withdraw", "rotate", "reveal", "edit", "generate"]


def view_url(name: str, code: AuthorizationCode) -> str:
    if name == "generate":
        return reverse("admin:servers_server_generate", args=[code.server_id])
    if name in ("reveal", "edit"):
        return reverse(f"admin:codes_authorizationcode_{name}", args=[code.pk])
    return act_url(code, name)


@pytest.mark.parametrize("name", PERMITTED_VIEWS)
def test_auditors_change_nothing_and_see_no_value(name):
    client, code = signed_in("Auditor"), make_held()
    events = CodeEvent.objects.count()
    assert client.get(view_url(name, code)).status_code == 403
    assert client.post(view_url(name, code), WHY).status_code == 403
    assert CodeEvent.objects.count() == events


def test_auditors_see_no_buttons():
    client, code = signed_in("Auditor"), make_held()
    for url in (page_url(code), page_url(code.server), list_url(AuthorizationCode), list_url(Server)):
        html = client.get(url).content.decode()
        assert not re.search(r"/act/|/reveal/|/edit/|/generate/|name=\"action\" value=\"(?!csv)", html), url


@pytest.mark.parametrize("name", PERMITTED_VIEWS)
def test_each_button_needs_its_own_permission(name):
    code, person = make_code("reset" if name == "reset" else "x"), factories.make_user(is_staff=True)
    codename = {"edit": "annotate_code"}.get(name, f"{name}_code")
    views = ["view_authorizationcode", "view_server"]
    person.user_permissions.set(Permission.objects.filter(codename__in=[codename, *views]))
    client = Client()
    client.force_login(person)
    for other in PERMITTED_VIEWS:
        assert client.get(view_url(other, code)).status_code == (200 if other == name else 403), other


def test_strangers_are_sent_to_sign_in():
    code = make_held()
    for name in PERMITTED_VIEWS:
        assert Client().post(view_url(name, code), FORM).status_code == 302
        assert Client().post(view_url(name, code), WHY).status_code == 403  # and get back what they typed


def test_a_reveal_shows_the_value_once_and_keeps_it_nowhere():
    client, issued = signed_in(), make_issued()
    url = reverse("admin:codes_authorizationcode_reveal", args=[issued.code.pk])
    assert issued.value not in client.get(url).content.decode()
    answer = client.post(url, WHY)
    assert answer.url == url and issued.value not in str([*client.session.items()])
    assert client.get(page_url(issued.code)).status_code == client.head(url).status_code == 200
    assert last_event().type != EventType.REVEALED
    answer = client.get(url)
    assert issued.value in answer.content.decode() and "no-store" in answer["Cache-Control"]
    assert (last_event().type, last_event().reason) == (EventType.REVEALED, WHY["reason"])
    assert issued.value not in client.get(url).content.decode()  # going back, or loading it again, asks anew
    assert issued.value not in client.get(page_url(issued.code)).content.decode()
    assert "reason" in client.post(url, {}).context["form"].errors


def test_no_value_stands_in_a_page_a_log_entry_or_an_event():
    client, issued = signed_in(), make_issued()
    body = values.normalise(issued.value)[:-5]
    for url in (page_url(issued.code), page_url(issued.code.server), list_url(AuthorizationCode), list_url(CodeEvent)):
        assert body[:10] not in client.get(url).content.decode()
    client.post(reverse("admin:codes_authorizationcode_reveal", args=[issued.code.pk]), WHY, follow=True)
    client.post(reverse("admin:lookup"), {"q": issued.value})
    kept = [str(row) for model in (LogEntry, CodeEvent) for row in model.objects.values_list()]
    assert kept and not [text for text in kept if issued.value in text or body in text]


def test_remark_and_authorized_account_are_edited():
    client, code = signed_in(), make_issued().code
    url = reverse("admin:codes_authorizationcode_edit", args=[code.pk])
    client.post(url, {"remark": "for the shop", "authorized_account": "100098765432"})
    code.refresh_from_db()
    assert (code.remark, code.authorized_account) == ("for the shop", "100098765432")


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Changed: authorized account, remark"), ("zh-hans", "已更改：授权使用账号、备注")]
)
def test_the_timeline_says_in_words_what_was_edited(language, told):
    client, code = signed_in(language=language), make_issued().code
    url = reverse("admin:codes_authorizationcode_edit", args=[code.pk])
    client.post(url, {"remark": "for the shop", "authorized_account": "100098765432"})
    assert told in client.get(page_url(code)).content.decode()


def test_an_authorized_account_that_names_nobody_is_refused():
    client, code = signed_in(), make_issued().code
    url = reverse("admin:codes_authorizationcode_edit", args=[code.pk])
    answer = client.post(url, {"remark": "kept out", "authorized_account": "Qingshan Trading"})
    assert "An account is up to 32 letters, digits, dots" in answer.content.decode()
    code.refresh_from_db()
    assert (code.remark, code.authorized_account) == ("", "")


def test_the_authorized_account_is_frozen_in_use_and_the_remark_is_not():
    client, code = signed_in(), make_held()
    url = reverse("admin:codes_authorizationcode_edit", args=[code.pk])
    client.post(url, {"remark": "held", "authorized_account": "100098765432"})
    code.refresh_from_db()
    assert (code.remark, code.authorized_account) == ("held", "")


@pytest.mark.parametrize(("language", "between"), [("en", ", "), ("zh-hans", "，")])
def test_an_ip_to_choose_reads_as_it_does_elsewhere(language, between):
    server = make_server()
    page = signed_in(language=language).get(reverse("admin:servers_server_generate", args=[server.pk])).content.decode()
    assert f">{server.ips.get().address}{between}" in page


def test_codes_are_generated_with_all_choices():
    client, server = signed_in(), make_server()
    other = factories.make_ip(server, now=timezone.now())
    url = reverse("admin:servers_server_generate", args=[server.pk])
    assert "cannot be bought, sold or priced" in client.get(url).content.decode()
    sent = {"ip": other.pk, "count": "2", "remark": "two", "authorized_account": "100098765432", "ticket": "T-1"} | FORM
    answer = client.post(url, sent, follow=True)
    codes = list(AuthorizationCode.objects.order_by("slot"))
    assert [(code.ip, code.remark, code.authorized_account) for code in codes] == [(other, "two", "100098765432")] * 2
    html = answer.content.decode()
    assert all(code.masked in html for code in codes)
    assert all(values.show(sealing.unseal(code.sealed)) not in html for code in codes)
    assert (last_event().ticket, last_event().channel) == ("T-1", Channel.ADMIN)


def test_a_question_tells_of_a_code_that_was_generated_just_now():
    client, server = signed_in(), make_server()
    url = reverse("admin:servers_server_generate", args=[server.pk])
    assert "this generates another" not in client.get(url).content.decode()
    code = make_issued(server).code
    assert handles_whole(f"{code.masked} was generated at") in client.get(url).content.decode()
    AuthorizationCode.objects.update(generated_at=timezone.now() - timedelta(minutes=10))
    assert "this generates another" not in client.get(url).content.decode()


def test_generating_is_refused_with_every_reason():
    client, server = signed_in(), make_server(billing_mode=BillingMode.SPOT, public_ip_assigned=False)
    url = reverse("admin:servers_server_generate", args=[server.pk])
    for answer in (client.get(url, follow=True), client.post(url, {"count": "1"} | FORM, follow=True)):
        html = answer.content.decode()
        assert "The server is not prepaid: Spot." in html and "was not selected at purchase." in html
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize(
    "sent", [{}, {"count": "6", "ip": "x"}, {"count": "0"}, {"count": "1", "ip": "999"}, {"count": "\0"}]
)
def test_garbage_generates_nothing(sent):
    client, server = signed_in(), make_server()
    answer = client.post(reverse("admin:servers_server_generate", args=[server.pk]), sent | FORM)
    assert answer.status_code == 200 and not AuthorizationCode.objects.exists()


def choose(client: Client, model, action: str, keys, **more) -> object:
    return client.post(list_url(model), {"action": action, "_selected_action": keys, "index": "0", **more})


@pytest.mark.parametrize("keys", [["x"], ["1", "\0"], ["9" * 40], ["-1"], ["1.5"], ["１"], [""], []])
@pytest.mark.parametrize(("model", "action"), [(AuthorizationCode, "reset"), (Server, "generate")])
def test_forged_selections_change_nothing_and_break_nothing(model, action, keys):
    client = signed_in()
    make_held()
    answer = choose(client, model, action, keys)
    assert answer.status_code in (200, 302)


@pytest.mark.parametrize("more", [{"index": "x"}, {"index": "9" * 50}, {"action": "delete_selected"}, {"action": ""}])
def test_a_forged_action_breaks_nothing(more):
    client, code = signed_in(), make_held()
    assert choose(client, AuthorizationCode, more.pop("action", "reset"), [code.pk], **more).status_code in (200, 302)
    assert AuthorizationCode.objects.filter(pk=code.pk).exists()


def test_posts_without_the_token_are_refused():
    client, code = Client(enforce_csrf_checks=True), make_held()
    client.force_login(factories.make_agent())
    for name in PERMITTED_VIEWS:
        assert client.post(view_url(name, code), WHY).status_code == 403
