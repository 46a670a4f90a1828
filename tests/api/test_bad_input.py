"""Whatever is sent, the answer is a clean problem."""

import io
import json
from typing import Any

import pytest
from django.test import Client

from icpportal.api.models import ApiToken
from tests.api.client import BASE, Answer, Api
from tests.factories import NOW, make_code, make_issued, make_server

UNREADABLE = {
    "20,000 nested arrays": b"[" * 20_000,
    "20,000 nested arrays in a field": b'{"code":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "20,000 nested objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "invalid UTF-8": b'{"code": "\xff\xfe"}',
    "an overlong sequence": b'{"code": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"code": "\xed\xa0\x80"}',
    "UTF-16": '{"code": "x"}'.encode("utf-16"),
    "UTF-32": '{"code": "x"}'.encode("utf-32"),
    "a byte order mark": b'\xef\xbb\xbf{"code": "x"}',
    "NaN": b'{"code": NaN}',
    "Infinity": b'{"code": -Infinity}',
    "a float too large": b'{"code": 1e400}',
    "a number of 5,000 digits": b'{"code": ' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"code": "\\ud800"}',
    "a lone surrogate in a key": b'{"\\udfff": 1}',
    "a NUL": b'{"code": "a\\u0000b"}',
    "a NUL in a key": b'{"\\u0000": 1}',
    "a raw NUL": b'{"code": "a\x00b"}',
    "a duplicate key": b'{"code": "x", "code": "y"}',
    "a duplicate key in a nest": b'{"code": {"a": 1, "a": 1}}',
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "a number": b"5",
    "half a body": b'{"code": "x"',
    "two bodies": b"{}{}",
    "blanks": b"   ",
    "a comment": b"{} // x",
    "single quotes": b"{'code': 'x'}",
    "a form": b"code=x",
}
PATHS = ["codes/verify/", "filings/", "codes/generate/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_body_is_400_with_no_field(api: Api, name: str, path: str) -> None:
    assert api.call("POST", path, raw=UNREADABLE[name]).wrong == []


def test_a_chunk_that_is_none_is_400_and_nothing_more_is_waited_for(api: Api) -> None:
    reads = []

    class Broken:
        """A server's input: servers raise errors of their own, that are neither OSError nor ValueError."""

        def read(self, size: int = -1) -> bytes:
            reads.append(size)
            raise Exception("Invalid chunk size: b'zz'")

        readline = read

    sent = {"wsgi.input": Broken(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    headers = {"authorization": f"Bearer {api.token}", "content-type": "application/json"}
    answer = Answer(Client().generic("POST", f"{BASE}codes/verify/", headers=headers, **sent))  # type: ignore[arg-type]
    assert (answer.wrong, len(reads)) == ([], 1)


@pytest.mark.parametrize("came", [b'{"code": "x"}', b'{"code"', b""])
def test_a_body_of_fewer_bytes_than_were_promised_broke_off(api: Api, came: bytes) -> None:
    sent = {"wsgi.input": io.BytesIO(came), "CONTENT_LENGTH": "500"}
    headers = {"authorization": f"Bearer {api.token}", "content-type": "application/json"}
    answer = Answer(Client().generic("POST", f"{BASE}codes/verify/", headers=headers, **sent))  # type: ignore[arg-type]
    assert (answer.wrong, answer.json["detail"]) == ([], "The body broke off.")


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip,chunked", "identity, chunked"])
def test_a_body_that_is_coded_for_the_transfer_is_400(api: Api, coding: str) -> None:
    sent = {"wsgi.input": io.BytesIO(b'{"code": "x"}'), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": coding}
    headers = {"authorization": f"Bearer {api.token}", "content-type": "application/json"}
    answer = Answer(Client().generic("POST", f"{BASE}codes/verify/", headers=headers, **sent))  # type: ignore[arg-type]
    assert (answer.wrong, answer.json["detail"]) == ([], "Of Transfer-Encoding, only chunked is read.")


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 400, "1.5", "1e2", "-1", "true", '"1"', "[]"])
def test_a_number_out_of_range_is_400(api: Api, number: str) -> None:
    raw = f'{{"items": [{{"instance_id": "i", "count": {number}}}]}}'.encode()
    assert [name for name, _code in api.call("POST", "codes/generate/", raw=raw).wrong] == ["items.0.count"]


def test_a_2_mb_string_is_413(api: Api) -> None:
    raw = json.dumps({"code": "x" * 2_000_000}).encode()
    assert api.call("POST", "codes/verify/", raw=raw).refused == (413, "too_large")


def test_a_body_of_1_mib_is_read_and_one_byte_more_is_not(api: Api) -> None:
    filler = json.dumps({"code": ""}).encode()
    raw = json.dumps({"code": "x" * (1024 * 1024 - len(filler))}).encode()
    assert len(raw) == 1024 * 1024
    assert api.call("POST", "codes/verify/", raw=raw).wrong == [("code", "max_length")]
    assert api.call("POST", "codes/verify/", raw=raw + b" ").refused == (413, "too_large")


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
     "application/json; charset=utf-16", "application/jsonx", "application/problem+json", "garbage", "*/*"],
)  # fmt: skip
def test_a_wrong_content_type_is_415(api: Api, kind: str) -> None:
    answer = api.call("POST", "codes/verify/", raw=b'{"code": "x"}', content_type=kind)
    assert answer.refused == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']
)
def test_json_in_utf_8_is_taken(api: Api, kind: str) -> None:
    assert api.call("POST", "codes/verify/", raw=b'{"code": "x"}', content_type=kind).refused == (404, "code_not_found")


def test_an_encoded_body_is_415(api: Api) -> None:
    assert api.call("POST", "codes/verify/", {"code": "x"}, content_encoding="gzip").refused[0] == 415


def test_unknown_fields_are_refused(api: Api) -> None:
    code = make_code()
    assert api.post(f"codes/{code.pk}/reveal/", {"x": 1}).wrong == [("x", "unknown")]
    assert api.patch(f"codes/{code.pk}/", {"state": "used", "remark": 5}).wrong == [
        ("remark", "invalid"),
        ("state", "unknown"),
    ]


def test_of_many_unknown_fields_a_hundred_are_named(api: Api) -> None:
    many = {f"k{n}": n for n in range(50_000)}
    for path, body in (("codes/verify/", {"code": "x"}), (f"codes/{make_code().pk}/reveal/", {})):
        answer = api.post(path, {**body, **many})
        assert (len(answer.wrong), answer.json["more_errors"]) == (100, 49_900)
    assert "more_errors" not in api.post("codes/verify/", {"code": "x", "k": 1}).json


def test_of_wrong_fields_in_many_items_a_hundred_are_named(api: Api) -> None:
    answer = api.call("PUT", "servers/ins-1/", {"ips": [{f"k{n}": n for n in range(100)}] * 50})
    # 8 that are missing of the server; of each IP address and kind, and 100 that are unknown
    assert (len(answer.wrong), answer.json["more_errors"]) == (100, 8 + 50 * 102 - 100)
    assert len(answer.raw) < 20_000


def test_of_a_wrong_name_or_choice_no_more_is_repeated_than_helps(api: Api) -> None:
    name = "x\n" + "y" * 100_000
    shown = "x\ufffd" + "y" * 98
    assert api.post("codes/verify/", {"code": "x", name: 1}).wrong == [(shown, "unknown")]
    assert api.post(f"codes/{make_code().pk}/reveal/", {name: 1}).wrong == [(shown, "unknown")]
    wrong = api.call("PUT", "servers/ins-1/", {"billing_mode": "y" * 100_000, "ips": [{"kind": "eip", name: 1}]})
    told = {error["field"]: error["detail"] for error in wrong.json["errors"]}
    modes = "prepaid, pay_as_you_go, spot, dedicated_host, dedicated_cluster"
    assert told["billing_mode"] == f"Give one of {modes}."
    assert told["ips.0.kind"] == "Give one of public, elastic, clb."
    assert told[f"ips.0.{shown}"[:100]] == "There is no such field. The fields are: address, kind, expires_at."


def test_a_filter_names_its_choices(api: Api) -> None:
    (error,) = api.get("codes/?state=foo").json["errors"]
    assert error["detail"] == "Give one of unused, in_use, used, expired, invalid, withdrawn."
    (error,) = api.get("servers/?eligible=1").json["errors"]
    assert error["detail"] == "Give one of true, false."


def test_a_list_that_is_too_long_is_refused_unread(api: Api) -> None:
    assert api.post("codes/generate/", {"items": [{}] * 100_000}).wrong == [("items", "max_length")]
    emails = {"name": "A", "emails": ["x"] * 100_000}
    assert api.call("PUT", "accounts/100/", emails).wrong == [("emails", "max_length")]


BAD_QUERIES = [
    "expires_before=yesterday", "expires_before=2023-02-29", "expires_before=2023-02-29T00:00:00Z",
    "expires_before=9999-12-31T23:59:59-14:00", "expires_before=0001-01-01T00:00:00%2B14:00",
    "generated_after=2026-01-01T00:00:00", "generated_after=2026-01-01T00:00:00%20Z",
    "generated_after=2026-01-01", "generated_after=now", "state=foo", "state=",
    "state=UNUSED", "limit=0", "limit=201", "limit=-1", "limit=1e1", "limit=" + "9" * 31, "limit=", "limit=%D9%A3",
    "limit=1.0", "limit=+5", "cursor=", "cursor=x", "cursor=o1", "cursor=o1:", "cursor=%00", "count=yes", "count=1",
    "count=", "filter=x", "page=1", "server__account__uid=x", "account=a&account=b", "account=", "search=",
    "search=%00", "account=a%00b", "account=%FF", "search=" + "x" * 201, "%00=1", "%FF=1", "ordering=id",
    "search=%20", "expires_before=%20", "generated_after=%20", "ip=%20", "account=%20", "state=%20", "limit=%20",
    "state__regex=(a%2B)%2B$", "format=xml", "digest__startswith=a",
    "account=a%20b", "account=" + "1" * 33, "server=a%2Fb", "server=" + "x" * 65, "ip=web-1", "ip=999.1.1.1",
    "ip=203.0.113.", "ip=fe80::1%25eth0", "authorized_account=%20", "filing=a%20b", "filing=" + "x" * 65,
]  # fmt: skip


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_query_that_cannot_be_right_is_400(api: Api, query: str) -> None:
    assert len(api.get(f"codes/?{query}").wrong) == 1


def test_too_many_parameters_are_400(api: Api) -> None:
    assert api.get("codes/?" + "&".join(f"a{n}=1" for n in range(2000))).status == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "after=", "after=5", "after=x", "after=-1.0", "cursor=x", "since=1", "after=%00"]
)
def test_a_bad_event_query_is_400(api: Api, query: str) -> None:
    assert len(api.get(f"events/?{query}").wrong) == 1


def test_a_query_where_none_belongs_is_400(api: Api) -> None:
    code = make_code()
    assert api.get(f"codes/{code.pk}/?x=1").wrong == [("x", "unknown")]
    assert api.post("codes/verify/?code=x", {"code": "x"}).wrong == [("code", "unknown")]


@pytest.mark.parametrize(
    "path",
    ["codes/%00/", "servers/a%00b/codes/", "filings/a%00/", "filings/%ff/", "codes/0/", "codes/-1/", "codes/x/",
     "codes/01/", f"codes/{10**30}/", f"filings/{'x' * 65}/", "codes/1", "nothing/", "codes//", "../admin/", "%2e%2e/"],
)  # fmt: skip
@pytest.mark.parametrize("with_token", [True, False])
def test_an_address_that_does_not_exist_is_404(api: Api, path: str, with_token: bool) -> None:
    headers = {} if with_token else {"authorization": ""}
    for method in ("GET", "POST", "TRACE", "DELETE"):
        assert api.call(method, path, **headers).refused == (404, "not_found")


def test_an_address_without_its_slash_is_told_what_it_lacks(api: Api) -> None:
    told = "Addresses end with a slash: add it."
    for path in ("codes", "codes/1", "servers/ins-1/eligibility", "codes/generate"):
        assert api.call("POST", path, {}).json["detail"] == told
    for path in ("code", "codes/x", "codes/0", "problems/nonsense", ""):
        assert api.get(path).json["detail"] != told


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "X" * 100, "POST"])
def test_another_method_is_405(api: Api, method: str) -> None:
    answer = api.call(method, "codes/")
    assert answer.refused == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"
    assert b"Bearer" not in answer.raw


@pytest.mark.parametrize("path", ["schema/", "docs/", "problems/invalid", "health/live/", "health/ready/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_of_a_public_address_is_405(db: None, path: str, method: str) -> None:
    answer = Answer(Client(enforce_csrf_checks=True).generic(method, BASE + path))
    assert answer.refused == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_head_is_get_without_a_body(api: Api) -> None:
    answer = api.call("HEAD", "codes/")
    assert (answer.status, answer.raw) == (200, b"")


@pytest.mark.parametrize("header", ["x_http_method_override", "x_method_override", "x_http_method"])
def test_a_method_override_does_nothing(api: Api, header: str) -> None:
    code = make_code()
    assert api.get(f"codes/{code.pk}/", **{header: "PATCH"}).status == 200
    assert api.call("POST", f"codes/{code.pk}/", {"remark": "x"}, **{header: "PATCH"}).refused[0] == 405


def test_the_answer_is_json_whatever_is_accepted(api: Api) -> None:
    for accept in ("text/html", "application/xml", "nonsense", "", "image/png;q=1, text/*"):
        assert api.get("codes/", accept=accept).headers["Content-Type"] == "application/json"
        assert api.get("nothing/", accept=accept).refused == (404, "not_found")


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", "Basic eDp5", "Token x", "Bearer x", "Bearer a b", "Bearer é", "Bearer " + "x" * 5000,
     "bearer\tx", "Bearer x,Bearer y", "Bearer \ud83d"],
)  # fmt: skip
def test_a_malformed_or_unknown_token_is_401(api: Api, given: str) -> None:
    answer = Answer(Client(raise_request_exception=False).get("/api/v1/codes/", HTTP_AUTHORIZATION=given))
    assert answer.refused == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_two_authorization_headers_are_401(api: Api) -> None:
    given = f"Bearer {api.token},Bearer {api.token}"  # how a WSGI server joins them
    assert api.get("codes/", authorization=given).refused == (401, "not_authenticated")


def test_checks_come_in_the_contracts_order(db: None) -> None:
    reader = Api("codes:read")
    assert reader.call("DELETE", "codes/generate/", authorization="").refused[0] == 401
    assert reader.call("DELETE", "codes/generate/").refused[0] == 405
    assert reader.call("POST", "codes/generate/", raw=b"x", content_type="text/plain").refused[0] == 403
    generator = Api("codes:generate")
    big = b"x" * (1024 * 1024 + 1)
    assert generator.call("POST", "codes/generate/", raw=big, content_type="text/plain").refused[0] == 415
    assert generator.call("POST", "codes/generate/", raw=big).refused[0] == 413
    assert generator.call("POST", "servers/ins-none/codes/", raw=b"x").refused[0] == 400
    assert generator.post("servers/ins-none/codes/").refused[0] == 404


def test_a_session_never_authorises_the_api(admin_client: Client) -> None:
    make_code()
    assert admin_client.get("/api/v1/codes/").status_code == 401


def test_a_token_never_authorises_a_page(api: Api) -> None:
    make_issued(make_server())
    answer = api.get("/admin/")
    assert answer.status in (302, 404)


def test_a_host_that_is_not_ours_is_400(api: Api) -> None:
    answer = Answer(Client().get("/api/v1/codes/", headers={"host": "evil.example"}))
    assert answer.refused == (400, "invalid")
    assert answer.json["detail"] == "The header Host names a host that is not served here."


def test_what_fails_outside_an_endpoint_is_told_in_the_language_asked_for(
    settings: Any,
) -> None:
    browser = Client()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    for asked, title in (("en", "Invalid request"), ("zh-Hans", "请求无效")):
        answer = Answer(browser.get("/api/v1/codes/", headers={"host": "evil.example", "accept-language": asked}))
        assert answer.json["title"] == title


def test_an_unexpected_failure_is_a_500_that_says_nothing(api: Api, settings: Any) -> None:
    settings.CODE_KEYS = ["broken"]
    answer = api.post("codes/verify/", {"code": "x" * 25})
    issued = api.post(f"servers/{make_server().instance_id}/codes/")
    assert issued.refused == (500, "internal_error")
    assert answer.status in (404, 500)
    assert b"Traceback" not in issued.raw


def test_the_request_id_is_the_callers_own_when_well_formed(api: Api) -> None:
    assert api.get("codes/", x_request_id="mine-1").headers["X-Request-ID"] == "mine-1"
    assert api.get("nothing/", x_request_id="mine-2").json["request_id"] == "mine-2"
    assert api.get("nothing/", x_request_id="not mine").json["request_id"] != "not mine"


def test_the_use_of_a_token_is_kept_to_the_minute(api: Api, time_travel: Any) -> None:
    used = lambda: ApiToken.objects.get().last_used_at  # noqa: E731
    api.get("codes/")
    assert used() == NOW
    time_travel.shift(59)
    api.get("codes/")
    assert used() == NOW
    time_travel.shift(1)
    api.get("codes/")
    assert (used() - NOW).seconds == 60


@pytest.mark.parametrize(("method", "path"), [("POST", "codes/verify/"), ("GET", "health/live/"), ("PUT", "nowhere/")])
def test_nothing_is_left_of_a_body_that_nobody_read(db: None, method: str, path: str) -> None:
    rest = io.BytesIO(b"x" * 200_000)
    sent = {"wsgi.input": rest, "CONTENT_LENGTH": "200000", "CONTENT_TYPE": "application/json"}
    assert Client().generic(method, BASE + path, **sent).status_code in (401, 200, 404)
    assert rest.read() == b""
