"""One form sent by several clicks at the same moment generates one code."""

import copy

from django.utils import timezone

from codes.models import AuthorizationCode
from tests.codes.pages import client_of, form_id, generate_url
from tests.factories import make_account, make_server
from tests.threads import at_once


def test_six_clicks_at_once_generate_one_code_and_lead_to_it(own_database):
    server = make_server(now=timezone.now(), account=make_account())
    client = client_of(server.account)
    fields = {"form_id": form_id(client, server)}

    def click():
        browser = copy.copy(client)
        browser.cookies = copy.deepcopy(client.cookies)
        return browser.post(generate_url(server), fields).url

    answers = at_once(*[click] * 6)
    code = AuthorizationCode.objects.get()
    assert answers == [f"/codes/{code.pk}/"] * 6


def test_six_forms_at_once_generate_five_codes_and_refuse_one(own_database):
    server = make_server(now=timezone.now(), account=make_account())
    client = client_of(server.account)
    forms = [{"form_id": form_id(client, server)} for _ in range(6)]

    def send(fields):
        browser = copy.copy(client)
        browser.cookies = copy.deepcopy(client.cookies)
        return browser.post(generate_url(server), fields).status_code

    statuses = at_once(*(lambda fields=fields: send(fields) for fields in forms))
    assert sorted(statuses) == [302] * 5 + [409]
    assert AuthorizationCode.objects.count() == 5
