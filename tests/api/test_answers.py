"""Addresses in answers."""

import json

from django.test.utils import override_script_prefix

from icpportal.api.answers import address
from tests.api.client import Api


def test_an_address_is_below_the_path_where_the_desk_is_mounted() -> None:
    for mounted in ("/desk/", "/"):
        with override_script_prefix(mounted):
            assert address("server", "ins-1") == f"{mounted}api/v1/servers/ins-1/"


def test_a_problem_and_the_document_are_below_the_path_where_the_desk_is_mounted(api: Api) -> None:
    for mounted in ("/desk", ""):
        with override_script_prefix(f"{mounted}/"):
            problem, document = api.get("servers/none/").json, api.get("schema/").json
        assert problem["type"] == f"{mounted}/api/v1/problems/not_found"
        assert document.get("servers", [{"url": ""}]) == [{"url": mounted}]
        assert f'"type": "{mounted}/api/v1/problems/not_found"' in json.dumps(document)
