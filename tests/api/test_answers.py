"""Addresses in answers."""

from django.test.utils import override_script_prefix

from icpportal.api.answers import address


def test_an_address_is_below_the_path_where_the_desk_is_mounted() -> None:
    for mounted in ("/desk/", "/"):
        with override_script_prefix(mounted):
            assert address("server", "ins-1") == f"{mounted}api/v1/servers/ins-1/"
