"""What comes in about codes and filings, shaped strictly. Nothing of the domain is decided here."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from codes import values
from codes.api.words import Words
from codes.messages import CODE_VALUE
from codes.models import AuthorizationCode, Filing
from codes.names import ICP_NUMBER, host_name
from codes.policy import MAX_CODES_PER_SERVER
from icpportal.api.fields import Integer, Items, Text
from icpportal.api.serializers import InputSerializer
from icpportal.handles import ORDER_FORM, UID_FORM, Form
from servers.api.serializers import Address

MAX_ITEMS = 100
REMARK = _("For people. It must not carry a code value.")
AUTHORIZED = _("The uid of the one account that may file with the code. Empty: any may.")
WHY = _("For people, who read it with the filing or the code.")
TYPED = _("The code's value, as somebody typed it.")
_ICP_NUMBER = Form(ICP_NUMBER.pattern, _("Give an ICP filing number, such as 粤ICP备12345678号-1."))
_PARTING = re.compile("[._-]")  # what stands in order numbers and host names beside letters and digits


def account(**options: Any) -> Words:
    """An account's uid, known here or not."""
    return Words(validators=[UID_FORM.validator()], **options)


def order_number(**options: Any) -> Text:
    """An order number of the client's own."""
    return Text(validators=[ORDER_FORM.validator()], **options)


def icp_number(**options: Any) -> Text:
    """The number that the regulator gave."""
    return Text(validators=[_ICP_NUMBER.validator()], **options)


class HostName(Text):
    """A registrable host name; the value is in ASCII and lower case."""

    default_error_messages = {"host_name": _("Give a registrable host name, such as shop.example.cn.")}

    def to_internal_value(self, data: Any) -> str:
        name = host_name(super().to_internal_value(data))
        if name is None:
            self.fail("host_name")
        return name


class GenerateInput(InputSerializer):
    """One code: for the default IP, or for `ip`."""

    ip = Address(required=False, help_text=_("One that the server holds. Left out, its default IP."))
    remark = Words(required=False, max_length=AuthorizationCode.remark.field.max_length, help_text=REMARK)
    authorized_account = account(required=False, help_text=AUTHORIZED)


class GenerateItem(GenerateInput):
    """Codes of one server: `count` of them, or none."""

    instance_id = Text(max_length=64, help_text=_("The instance ID of the server."))
    count = Integer(default=1, min_value=1, max_value=MAX_CODES_PER_SERVER, help_text=_("How many codes."))


class GenerateManyInput(InputSerializer):
    """1 to 100 items."""

    items = Items(
        child=GenerateItem(),
        min_length=1,
        max_length=MAX_ITEMS,
        help_text=_("A server each; one may come several times."),
    )


class EditInput(InputSerializer):
    """What is left out stays as it is."""

    remark = Words(
        required=False, keeps_absent=True, max_length=AuthorizationCode.remark.field.max_length, help_text=REMARK
    )
    authorized_account = account(required=False, keeps_absent=True, help_text=AUTHORIZED)


class ReasonInput(InputSerializer):
    """Why."""

    reason = Words(max_length=Filing.reason.field.max_length, help_text=WHY)


class OptionalReasonInput(InputSerializer):
    """Why, if anybody said."""

    reason = Words(required=False, max_length=Filing.reason.field.max_length, help_text=WHY)


class FilesFor(InputSerializer):
    """Something that an account files: a client that is limited to one account files for no other."""

    account = account(
        required=False, help_text=_("The uid of the account that files. A code may name the one that may.")
    )

    def validate_account(self, value: str) -> str:
        """Raises ValidationError for an account that is not the client's own."""
        own = self.context["caller"].account_uid
        if value and own is not None and value != own:
            raise serializers.ValidationError(_("This client can file for its own account only."), "not_own")
        return value


class VerifyInput(FilesFor):
    """A code as somebody typed it, and who would file with it."""

    code = Text(max_length=200, help_text=TYPED)


class BeginInput(FilesFor):
    """What a filing begins with."""

    code = Text(max_length=200, help_text=TYPED)
    order_number = order_number(help_text=_("Your own number of the order. The filing goes by it from now on."))
    domain = HostName(help_text=_("The host name of the website, such as shop.example.cn."))

    def validate_order_number(self, value: str) -> str:
        """Raises ValidationError for one that no address can carry, and for one that carries the code."""
        if not value.strip("."):  # clients take . and .. out of an address before they send it (RFC 3986)
            raise serializers.ValidationError(ORDER_FORM.wanted, "form")
        return self._without_code(value)

    def validate_domain(self, value: str) -> str:
        """Raises ValidationError for one that carries the code."""
        return self._without_code(value)

    def _without_code(self, value: str) -> str:
        code = self.initial_data.get("code")
        canonical = values.normalise(code) if isinstance(code, str) else ""
        if values.is_well_formed(canonical) and canonical in values.normalise(_PARTING.sub("", value)):
            raise serializers.ValidationError(CODE_VALUE, "code_value")
        return value


class CompleteInput(InputSerializer):
    """The number that the regulator gave."""

    icp_number = icp_number(help_text=_("The number that the regulator gave, such as 粤ICP备12345678号-1."))
