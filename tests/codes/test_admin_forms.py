"""The forms of the desk: what is missing is named, never "this field"."""

import re

import pytest
from django import forms
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from codes.admin.api_clients import LifetimeForm
from codes.admin.forms import DeskForm, GenerateForm
from codes.admin.what_if import WhatIfForm
from servers.models import IPAddress
from tests.factories import make_agent, make_code


def descendants(form: type[forms.Form]) -> list[type[forms.Form]]:
    return [form, *(each for child in form.__subclasses__() for each in descendants(child))]


@pytest.mark.django_db
def test_what_is_too_long_is_told_and_not_cut_by_the_browser():
    admin.autodiscover()
    generate = GenerateForm(ips=IPAddress.objects.none(), left=1)
    forms_of_ours = {**{form.__name__: form.base_fields for form in descendants(DeskForm)}, "G": generate.fields}
    cut = [
        f"{form}.{name}"
        for form, fields in forms_of_ours.items()
        for name, field in fields.items()
        if isinstance(field, forms.CharField) and "maxlength" in field.widget.attrs
    ]
    assert cut == []


@pytest.mark.parametrize(("days", "said"), [("0", "Enter 1 or more."), ("99999", "Enter 36500 or less.")])
def test_a_number_out_of_range_is_told_in_our_words(days, said):
    assert LifetimeForm({"days": days}).errors["days"] == [said]


@pytest.mark.django_db
def test_what_is_missing_is_named_by_every_field_that_must_be_filled_in():
    admin.autodiscover()
    generate = GenerateForm(ips=IPAddress.objects.none(), left=1)
    named = {form.__name__: form.base_fields for form in [*descendants(DeskForm), WhatIfForm]}
    silent = [
        f"{form}.{name}"
        for form, fields in {**named, "GenerateForm": generate.fields}.items()
        for name, field in fields.items()
        if field.required and field.error_messages["required"] == forms.Field.default_error_messages["required"]
    ]
    assert silent == []


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("en", "Error: "), ("zh-hans", "错误：")])
def test_a_title_says_once_and_first_that_something_is_wrong(language, said):
    desk = Client(headers={"Accept-Language": language})
    desk.force_login(make_agent())
    for client, url in (
        (Client(headers={"Accept-Language": language}), reverse("admin:login")),
        (desk, reverse("admin:codes_authorizationcode_reveal", args=[make_code().pk])),
    ):
        fine, wrong = (
            re.findall("<title>(.*?)</title>", page.content.decode())
            for page in (client.get(url), client.post(url, {}))
        )
        assert wrong == [f"{said}{fine[0]}"]
