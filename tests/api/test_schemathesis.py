"""Schemathesis over the document: no server error, no undocumented status, no answer of another shape."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.client import Api
from tests.factories import make_code, make_filing, make_issued

EXAMPLES = 25  # of each operation
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def _no_limit(settings: Any) -> Iterator[None]:
    settings.THROTTLE_RATES = {"calls": 10**6, "unknown_codes": 10**6}
    settings.ALLOWED_HOSTS = ["*"]
    yield


def test_the_document_is_true_of_every_call(own_database: None, _no_limit: None) -> None:
    api = Api()
    issued, code = make_issued(), make_code()
    filing = make_filing(client=api.client)
    known = {
        "instance_id": [code.server.instance_id, issued.code.server.instance_id],
        "id": [code.pk, issued.code.pk, filing.code_id],
        "order_number": [filing.order_number],
        "uid": [code.server.account.uid],
    }
    document = schemathesis.openapi.from_wsgi("/api/v1/schema/", get_wsgi_application())
    for result in document.get_all_operations():
        _try(result.ok(), api, known)


def _try(operation: Any, api: Api, known: dict[str, list[Any]]) -> None:
    """Random requests, half of them to objects that exist."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), places=st.data(), is_known=st.booleans())
    def run(case: Any, places: Any, is_known: bool) -> None:
        if is_known:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = places.draw(st.sampled_from(known[name]))
        case.call_and_validate(headers={"Authorization": f"Bearer {api.token}"}, checks=CHECKS)

    run()
