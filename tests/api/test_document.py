"""The OpenAPI document: whole, without warnings, and true of what is answered."""

import json
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from codes.api import payloads, schema
from codes.eligibility import GENERATION
from codes.validity import VALIDITY
from icpportal.api import documentation, problems
from icpportal.api.models import Scope
from icpportal.api.schema import ProblemDetails
from servers.api.schema import BODY_EXAMPLE
from tests.api.client import Answer, Api
from tests.factories import make_account, make_filing, make_issued, make_server


@pytest.fixture(scope="module")
def document() -> Any:
    documentation.schema.cache_clear()
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        made = documentation.schema("en")
        assert not GENERATOR_STATS._warn_cache, GENERATOR_STATS._warn_cache
        assert not GENERATOR_STATS._error_cache, GENERATOR_STATS._error_cache
    return json.loads(json.dumps(made))


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [(path, method, said) for path, item in document["paths"].items() for method, said in item.items()]


def test_it_is_openapi_3_1(document: Any) -> None:
    assert document["openapi"].startswith("3.1")


def test_every_answer_names_its_headers(document: Any) -> None:
    always = {"X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    more = {"201": {"Location"}, "401": {"WWW-Authenticate"}, "405": {"Allow"}}
    more |= {"429": {"Retry-After"}, "503": {"Retry-After"}}
    for path, method, said in operations(document):
        for status, response in said["responses"].items():
            kept = {"Idempotency-Replayed"} if method == "post" and status in ("200", "201", "409") else set()
            assert set(response["headers"]) == always | more.get(status, set()) | kept, (path, method, status)
            for name, header in response["headers"].items():
                assert header == {"$ref": f"#/components/headers/{name}"}
                assert document["components"]["headers"][name]["schema"]["type"] in ("string", "integer")


def test_every_call_of_codes_and_filings_is_there(document: Any) -> None:
    calls = {f"{method.upper()} {path.removeprefix('/api/v1/')}" for path, method, _said in operations(document)}
    assert {
        "POST servers/{instance_id}/codes/", "POST codes/generate/", "GET codes/", "GET codes/{id}/",
        "PATCH codes/{id}/", "POST codes/{id}/reveal/", "POST codes/{id}/withdraw/", "POST codes/verify/",
        "POST filings/", "GET filings/{order_number}/", "POST filings/{order_number}/reject/",
        "POST filings/{order_number}/complete/", "POST filings/{order_number}/abandon/", "GET events/",
        "GET health/live/", "GET health/ready/",
    } <= calls  # fmt: skip


def test_every_call_has_a_summary_and_examples(document: Any) -> None:
    for path, method, said in operations(document):
        assert said["summary"], path
        good = [answer for status, answer in said["responses"].items() if status < "300"]
        contents = [content for answer in good for content in answer.get("content", {}).values()]
        assert all("examples" in content for content in contents), (path, method)
        if "requestBody" in said:
            assert all("examples" in content for content in said["requestBody"]["content"].values()), path


def test_every_parameter_and_every_field_that_is_sent_is_explained(document: Any) -> None:
    bare = [
        (path, method, parameter["name"])
        for path, method, said in operations(document)
        for parameter in said.get("parameters", ())
        if not parameter.get("description")
    ]
    bodies = {name: one for name, one in document["components"]["schemas"].items() if name.endswith(("Input", "Item"))}
    fields = [
        (name, field)
        for name, one in bodies.items()
        for field, said in one["properties"].items()
        if not said.get("description")
    ]
    assert len(bodies) > 10
    assert (bare, fields) == ([], [])


def test_no_body_takes_an_unknown_field_or_an_empty_text_where_it_is_refused(document: Any) -> None:
    schemas = document["components"]["schemas"]
    bodies = {name: said for name, said in schemas.items() if name.endswith("Input") or name == "GenerateItem"}
    assert len(bodies) >= 12
    assert [name for name, said in bodies.items() if said.get("additionalProperties") is not False] == []
    assert schemas["VerifyInput"]["properties"]["code"]["minLength"] == 1
    assert schemas["ReasonInput"]["properties"]["reason"]["minLength"] == 1
    assert "minLength" not in schemas["GenerateInput"]["properties"]["remark"]


def test_a_default_has_the_form_beside_which_it_stands(document: Any) -> None:
    schemas = document["components"]["schemas"]
    fields = [said for schema in schemas.values() for said in schema.get("properties", {}).values()]
    forms = [form for said in fields for form in (said, *said.get("oneOf", []))]
    assert [form for form in forms if "pattern" in form and form.get("default") == ""] == []
    assert schemas["VerifyInput"]["properties"]["account"]["default"] == ""


def test_every_refusal_and_every_problem_is_there_with_an_example(document: Any) -> None:
    text = json.dumps(document)
    for rule in (*GENERATION.rules, *VALIDITY.rules):
        assert f'"{rule.code}"' in text, rule.code
    for code in problems.KINDS:
        assert f'"{code}"' in text, code
    for code in ("not_eligible", "code_in_use", "throttled", "unavailable", "invalid", "order_conflict"):
        assert f'"code": "{code}"' in text


def test_every_example_of_a_problem_has_only_fields_that_the_document_names(document: Any) -> None:
    named = document["components"]["schemas"]["ProblemDetails"]["properties"]
    for path, method, said in operations(document):
        for answer in said["responses"].values():
            for example in answer.get("content", {}).get(problems.CONTENT_TYPE, {}).get("examples", {}).values():
                assert set(example["value"]) <= set(named), (path, method, example)


def test_every_example_of_a_problem_says_what_such_an_answer_says(document: Any) -> None:
    said = {code: documentation.problem_example(code) for code in problems.KINDS}
    assert [code for code, body in said.items() if body["status"] == 400 and not body["errors"]] == []
    refusals = ["not_eligible", "server_terminated", *(rule.code for rule in VALIDITY.rules)]
    for code in refusals:
        (failed,) = said[code]["failed"]
        assert failed["code"] == ("prepaid_term_too_short" if code == "not_eligible" else code)
        assert set(failed) == {"code", "faq", "title", "found", "explanation", "remedy"}
        assert all(failed[name] for name in ("title", "found", "explanation", "remedy")), code
    assert said["not_eligible"]["failed"][0]["remedy"] == "Renew for 1 more month or longer: the terms add up."


def test_a_problem_has_only_fields_that_the_document_names(own_database: None) -> None:
    api, account = Api(), make_account()
    path, body = "servers/ins-1/", BODY_EXAMPLE | {"account": account.uid}
    assert api.call("PUT", path, body).status == 201
    answers = [
        api.call("PUT", path, body | {"version": 16}),
        api.call("PUT", path, body | {"name": "other"}),
        Api(Scope.CODES_READ).post("codes/verify/", {"code": "x"}),
    ]
    assert [answer.code for answer in answers] == ["stale_version", "version_conflict", "missing_scope"]
    for answer in answers:
        assert set(answer.json) <= set(ProblemDetails().fields)


@pytest.mark.parametrize("code", ["not_eligible", "not_prepaid", "code_used", "unavailable", "not_found"])
def test_a_problems_type_is_a_page(db: None, code: str) -> None:
    response = Client().get(f"/{problems.BASE}{code}")
    kind = problems.KINDS[code]  # the apps declared theirs by now
    assert (response.status_code, response["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert str(kind.title) in response.content.decode()


def test_an_unknown_problem_is_404(api: Api) -> None:
    assert api.get("problems/nonsense").refused == (404, "not_found")


def test_the_document_and_its_page_are_public_and_uncounted(db: None) -> None:
    for path in ("/api/v1/schema/", "/api/v1/docs/"):
        response = Client().get(path)
        assert response.status_code == 200
        assert response["RateLimit-Remaining"] == response["RateLimit-Limit"]
    assert Answer(Client().post("/api/v1/schema/")).refused == (405, "method_not_allowed")


def test_the_page_has_no_inline_script_or_style(db: None) -> None:
    page = Client().get("/api/v1/docs/").content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert all("src=" in tag for tag in page.split("<script")[1:])
    assert "https://" not in page


def test_the_document_follows_the_language(db: None) -> None:
    english, chinese = (
        Client().get("/api/v1/schema/", headers={"accept-language": language}).content.decode()
        for language in ("en", "zh-hans")
    )
    assert "Not authenticated" in english and "未通过身份验证" not in english
    assert "未通过身份验证" in chinese and "Not authenticated" not in chinese


def test_what_is_answered_has_the_fields_that_the_document_names(own_database: None) -> None:
    api = Api()
    issued = make_issued(make_server())
    filing = make_filing(issued, client=api.client)
    code = api.get(f"codes/{issued.code.pk}/").json
    assert set(code) == set(schema.CodeShown().fields) == set(schema.CODE_EXAMPLE)
    assert set(payloads.filing_payload(filing)) == set(schema.FilingShown().fields) == set(schema.FILING_EXAMPLE)
    event = api.get("events/").json["results"][0]
    assert set(event) == set(schema.EventShown().fields) == set(schema.EVENT_EXAMPLE)
    verified = api.post("codes/verify/", {"code": issued.value}).json
    assert set(verified) == set(schema.Verified().fields)
