"""Mails to members: who gets one, what stands in it, once each."""

import smtplib
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail import get_connection
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command

from codes.notices.letters import letters
from codes.notices.models import MutedAccount, NoNotices, NoticeSent
from codes.notices.sending import LEASE, LeaseLost, deliver, take_lease
from icpportal.sign_in.models import Preference
from servers.models import Server
from tests.codes.pages import VALUE
from tests.factories import NOW, make_account, make_issued, make_server
from tests.notices.telling import make_expiring, make_member, make_stalled, send
from tests.threads import at_once

pytestmark = pytest.mark.django_db


class Failing(EmailBackend):
    """A mail server that refuses one address, or everything."""

    refused = ""

    def send_messages(self, messages):
        if self.refused in messages[0].to[0]:
            raise smtplib.SMTPRecipientsRefused({})
        return super().send_messages(messages)


@pytest.fixture
def refusing(settings):
    settings.EMAIL_BACKEND = "tests.notices.test_send_notices.Failing"

    def refuse(part):
        Failing.refused = part

    yield refuse
    Failing.refused = ""


def test_one_mail_a_member_lists_everything_by_account_and_server():
    first, second = make_account(uid="100000000001", name="Qingshan"), make_account(uid="100000000002", name="Lan Ye")
    member = make_member(second, first)
    soon, later = make_expiring(first, name="shop"), make_expiring(second, left=timedelta(days=25))
    held = make_stalled(account=second)
    assert send() == "1 mails with 3 notices sent, 0 failed\n"
    (message,) = mail.outbox
    assert message.to == [member.email]
    assert message.subject == "ICP filing: 2 codes expire soon, 1 filing has stalled"
    text = message.body
    places = [text.index(part) for part in ("100000000001", "shop", soon.masked, "100000000002", later.masked)]
    assert places == sorted(places)
    assert "(Unused) expires in 6 days, on 29 Nov 2026, 12:00" in text
    assert f"{held.code.masked} has been held by order {held.order_number} for shop.example.cn" in text
    assert f"https://desk.example.com/servers/{soon.server.instance_id}/" in text


def test_no_value_stands_in_a_mail():
    account = make_account()
    make_member(account)
    issued = make_issued(make_server(account=account, expires_at=NOW + timedelta(days=3)))
    send()
    whole = mail.outbox[0].message().as_string()
    assert issued.code.masked.rpartition("-")[2] in mail.outbox[0].body
    assert issued.value not in whole and not VALUE.search(whole)


def test_members_are_told_in_their_language():
    account = make_account()
    chinese, _english = make_member(account), make_member(account, username="wang")
    Preference.objects.create(user=chinese, language="zh-hans")
    make_expiring(account)
    send()
    found = {message.to[0].partition("@")[0]: message for message in mail.outbox}
    assert found["li"].extra_headers["Content-Language"] == "zh-hans"
    assert "2026-11-29 12:00" in found["li"].body
    assert "29 Nov 2026, 12:00" in found["wang"].body


def test_a_second_run_sends_nothing_and_the_next_threshold_tells_again():
    account = make_account()
    make_member(account)
    make_expiring(account)
    send()
    assert send() == "0 mails with 0 notices sent, 0 failed\n"
    assert send(now=NOW + timedelta(days=4)).startswith("0 mails")
    assert send(now=NOW + timedelta(days=5)).startswith("1 mails")
    assert sorted(NoticeSent.objects.values_list("days", flat=True)) == [1, 7]


def test_a_renewal_starts_anew():
    account = make_account()
    make_member(account)
    code = make_expiring(account)
    send()
    Server.objects.filter(pk=code.server_id).update(expires_at=NOW + timedelta(days=37))
    assert send(now=NOW + timedelta(days=31)).startswith("1 mails")
    assert NoticeSent.objects.filter(code=code, days=7).count() == 2


@pytest.mark.parametrize("why", ["inactive", "no address", "stopped", "muted", "no member"])
def test_some_are_told_nothing(why):
    account = make_account()
    user = make_member(account)
    make_expiring(account)
    if why == "inactive":
        user.is_active = False
    if why == "no address":
        user.email = ""
    user.save()
    if why == "stopped":
        NoNotices.objects.create(user=user)
    if why == "muted":
        MutedAccount.objects.create(user=user, account=account)
    if why == "no member":
        account.members.clear()
    send()
    assert mail.outbox == []


def test_a_muted_account_leaves_the_others():
    muted, other = make_account(uid="100000000001"), make_account(uid="100000000002")
    user = make_member(muted, other)
    for account in (muted, other):
        make_expiring(account)
    MutedAccount.objects.create(user=user, account=muted)
    send()
    assert "100000000002" in mail.outbox[0].body and "100000000001" not in mail.outbox[0].body


def test_a_dry_run_says_what_would_be_sent_and_sends_and_notes_nothing():
    account = make_account(uid="100000000001")
    make_member(account)
    make_expiring(account)
    assert send("--dry-run") == (
        "li (en): 1 expiring, 0 stalled, of 100000000001\n1 mails with 1 notices would be sent\n"
    )
    assert mail.outbox == [] and not NoticeSent.objects.exists()


def test_what_could_not_be_handed_over_is_tried_again_and_the_others_get_theirs(refusing):
    account = make_account()
    for name in ("li", "wang", "zhao"):
        make_member(account, username=name)
    make_expiring(account)
    refusing("wang@")
    with pytest.raises(CommandError, match="2 mails with 2 notices sent, 1 failed"):
        send()
    refusing("nobody")
    assert send().startswith("1 mails")
    assert sorted(message.to[0] for message in mail.outbox) == [
        f"{name}@example.com" for name in ("li", "wang", "zhao")
    ]


def test_a_mail_server_that_is_away_is_not_asked_for_everybody(refusing):
    account = make_account()
    for number in range(9):
        make_member(account, username=f"li{number}")
    make_expiring(account)
    refusing("@")
    with pytest.raises(CommandError, match="0 mails with 0 notices sent, 5 failed"):
        send()


def test_an_address_that_is_none_breaks_nothing():
    account = make_account()
    user = make_member(account)
    user.email = "li@example.com\nBcc: x@example.com"
    user.save()
    make_expiring(account)
    with pytest.raises(CommandError, match="1 failed"):
        send()
    assert mail.outbox == []


def test_a_name_begins_no_line_of_its_own():
    account = make_account(name="Qingshan\n\nPay here: https://evil.example")
    make_member(account)
    make_expiring(account)
    send()
    assert "Qingshan Pay here" in mail.outbox[0].body


def test_while_a_run_is_under_way_another_sends_nothing_and_takes_over_after_a_kill():
    account = make_account()
    make_member(account)
    make_expiring(account)
    take_lease(now=NOW)  # and killed
    with pytest.raises(CommandError, match="Another run"):
        send(now=NOW + LEASE - timedelta(seconds=1))
    assert send(now=NOW + LEASE).startswith("1 mails")


def test_a_run_that_lost_its_lease_sends_nothing_more():
    account = make_account()
    make_member(account)
    make_expiring(account)
    (letter,) = letters(now=NOW)
    slow = take_lease(now=NOW)
    later = NOW + LEASE
    quick = take_lease(now=later)
    assert slow and quick
    with get_connection() as through:
        for holder, now in ((slow, later), ("", later), (quick, later + LEASE)):
            with pytest.raises(LeaseLost):
                deliver(letter, through=through, holder=holder, now=now)
        assert mail.outbox == []
        assert deliver(letter, through=through, holder=quick, now=later)
    assert len(mail.outbox) == 1


def test_two_runs_at_once_send_once(own_database):
    account = make_account()
    for number in range(5):
        make_member(account, username=f"li{number}")
    make_expiring(account)
    with time_machine.travel(NOW.timestamp(), tick=True):
        at_once(*[lambda: call_command("send_notices", verbosity=0)] * 4)
    assert sorted(message.to[0] for message in mail.outbox) == [f"li{number}@example.com" for number in range(5)]


@pytest.mark.parametrize("missing", ["EMAIL_URL", "SITE_URL"])
def test_without_settings_nothing_counts_as_sent(settings, missing):
    account = make_account()
    make_member(account)
    make_expiring(account)
    if missing == "SITE_URL":
        settings.SITE_URL = ""
    else:
        settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    with pytest.raises(CommandError, match=f"{missing} not set"):
        send()
    assert not NoticeSent.objects.exists()


def test_reading_costs_the_same_for_one_member_and_for_many(django_assert_num_queries):
    accounts = [make_account() for _ in range(4)]
    for number in range(12):
        make_member(*accounts, username=f"li{number}")
    for account in accounts:
        make_expiring(account)
    with django_assert_num_queries(8):  # members twice (the second batch is empty), six of a batch
        send("--dry-run")


def test_members_beyond_a_batch_are_reached():
    account = make_account()
    for number in range(5):
        make_member(account, username=f"li{number}")
    make_expiring(account)
    assert [letter.user.username for letter in letters(batch=2, now=NOW)] == [f"li{number}" for number in range(5)]
