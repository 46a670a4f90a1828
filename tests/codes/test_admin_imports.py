"""Servers from a spreadsheet on the desk: judged first, taken in as one transaction, once, as it was judged."""

import csv
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from codes import values
from codes.admin.columns import list_url
from codes.models import CodeEvent
from servers.inventory import uploads
from servers.models import FeedRun, Server, ServerFile
from tests import factories
from tests.codes.desk import signed_in
from tests.servers.sheets import results, table

pytestmark = pytest.mark.django_db
UPLOAD = "admin:servers_server_import"


@pytest.fixture(autouse=True)
def account() -> Any:
    return factories.make_account(uid="100000000001")


def text_of(answer: Any) -> str:
    return (answer.getvalue() if answer.streaming else answer.content).decode()


def upload(client: Client, data: str | bytes) -> str:
    content = data.encode() if isinstance(data, str) else data
    return text_of(client.post(reverse(UPLOAD), {"file": SimpleUploadedFile("servers.csv", content)}))


def apply(client: Client, kept: ServerFile, digest: str = "") -> Any:
    return client.post(reverse("admin:servers_server_import_apply", args=[kept.pk]), {"digest": digest or kept.digest})


def test_an_upload_is_judged_row_by_row_and_changes_nothing() -> None:
    page = upload(signed_in("Supervisor"), table({}, {"instance_id": "ins-b", "state": "x", "ips": ""}))
    assert "<div>0 of 2 rows</div>" in page and "<div>2 of 2 rows</div>" in page
    assert "1 of 2 rows can be imported." in page and "Import 1 row<" in page
    assert "“x” is unknown: write one of running, stopped, isolated, terminated." in page
    assert not Server.objects.exists() and not FeedRun.objects.exists()
    kept = ServerFile.objects.get()
    assert (kept.created, kept.updated, kept.unchanged, kept.rejected, kept.applied_at) == (1, 0, 0, 1, None)


def test_a_file_that_would_change_nothing_says_so_and_renews_how_new_the_facts_are() -> None:
    client = signed_in("Supervisor")
    upload(client, table({}))
    text_of(apply(client, ServerFile.objects.get()))
    page = upload(client, table({}))
    assert "Nothing would change." in page and "can be imported." not in page and "Import 1 row<" in page
    text_of(apply(client, ServerFile.objects.latest("pk")))
    newest, before = FeedRun.objects.order_by("-at")
    assert (newest.is_newest, newest.unchanged, before.is_newest) == (True, 1, False)


def test_the_answer_leads_to_its_own_page_which_can_be_read_again() -> None:
    client = signed_in("Supervisor")
    page = upload(client, table({}))
    kept = ServerFile.objects.get()
    own = reverse("admin:servers_server_import_file", args=[kept.pk])
    assert f'href="{own}" data-go-on' in page
    assert f'href="{own}" data-go-on' in text_of(apply(client, kept))
    assert "data-go-on" not in text_of(apply(client, kept)), "what went wrong stays to be read"
    assert "data-go-on" not in text_of(client.get(own))
    again = client.get(reverse("admin:servers_server_import_apply", args=[kept.pk]))
    assert (again.status_code, again["Location"]) == (302, own)


def test_its_page_names_who_uploaded_it() -> None:
    client = signed_in(factories.make_agent(role="Supervisor", first_name="Wei", last_name="Chen"))
    upload(client, table({}))
    own = reverse("admin:servers_server_import_file", args=[ServerFile.objects.get().pk])
    assert "Uploaded by Wei Chen, " in text_of(client.get(own))


def test_a_file_of_long_ago_leads_to_where_it_is_uploaded_again() -> None:
    client = signed_in("Supervisor")
    for name in ("import_file", "import_apply", "import_csv"):
        answer = client.get(reverse(f"admin:servers_server_{name}", args=[99]), follow=True)
        assert answer.redirect_chain == [(reverse(UPLOAD), 302)]
        assert "A file is kept for a day. Upload it again." in text_of(answer)


def test_a_file_is_not_taken_in_before_it_is_judged() -> None:
    client = signed_in("Supervisor")
    page = iter(client.post(reverse(UPLOAD), {"file": SimpleUploadedFile("servers.csv", table({}).encode())}))
    next(page)
    kept = ServerFile.objects.get()
    own_page = reverse("admin:servers_server_import_file", args=[kept.pk])
    assert "The check did not finish. Upload the file again." in text_of(client.get(own_page))
    text_of(apply(client, kept))
    assert not Server.objects.exists()
    list(page)
    assert "1 row is imported." in text_of(apply(client, kept))


def test_a_file_whose_name_carries_a_code_value_is_not_kept() -> None:
    value = values.show(values.mint())
    file = SimpleUploadedFile(f"{value}.csv", table({}).encode())
    page = text_of(signed_in("Supervisor").post(reverse(UPLOAD), {"file": file}))
    assert "The name of the file carries an authorization code or a token: rename it." in page
    assert value not in page and not ServerFile.objects.exists()


def test_it_is_taken_in_once_by_whoever_asked_and_recorded() -> None:
    client = signed_in("Supervisor")
    upload(client, table({}, {"instance_id": "ins-b", "state": "x", "ips": ""}))
    kept = ServerFile.objects.get()
    page = text_of(apply(client, kept))
    assert "1 row is imported." in page and "<div>2 of 2 rows</div>" in page
    event = CodeEvent.objects.get()
    assert (event.type, event.channel, event.user_id, event.server.instance_id) == (
        "server_changed", "admin", kept.by_id, "ins-a",
    )  # fmt: skip
    assert event.request_id
    run = FeedRun.objects.get()
    assert (run.created, run.rejected, run.actor) == (1, 1, f"user:{kept.by.get_username()}")
    again = text_of(apply(client, kept))
    assert "This file is being imported, or has been already. Nothing was done again." in again
    assert CodeEvent.objects.count() == 1 and FeedRun.objects.count() == 1
    kept.refresh_from_db()
    assert kept.applied_at is not None and not kept.content


def test_of_two_files_of_one_content_the_one_that_was_meant_is_taken_in() -> None:
    client = signed_in("Supervisor")
    for _ in range(2):
        upload(client, table({}))
    first, second = ServerFile.objects.order_by("pk")
    assert first.digest == second.digest == hashlib.sha256(table({}).encode()).hexdigest()
    assert "1 row is imported." in text_of(apply(client, second))
    first.refresh_from_db()
    assert first.applied_at is None and first.content


def test_of_a_long_file_name_the_beginning_is_kept() -> None:
    long = io.BytesIO(table({}).encode())
    know: dict[str, Any] = {"is_secret": values.stands_in, "by": factories.make_user(), "now": factories.NOW}
    assert uploads.keep(long, name="é" * 255, **know).name == "é" * 200


def test_only_who_uploaded_a_file_takes_it_in() -> None:
    upload(signed_in("Supervisor"), table({}))
    kept, other = ServerFile.objects.get(), signed_in("Supervisor")
    assert apply(other, kept).status_code == 403
    page = text_of(other.get(reverse("admin:servers_server_import_file", args=[kept.pk])))
    assert f"Only {kept.by.get_username()}, who uploaded it, can import it." in page and "Import 1 row<" not in page
    assert not Server.objects.exists()


@pytest.mark.parametrize("name", ["web-1", values.show(values.mint())], ids=["a name", "a code"])
def test_a_content_is_not_written_down_before_it_is_judged(name: str) -> None:
    know: dict[str, Any] = {"is_secret": values.stands_in, "now": factories.NOW}
    kept = uploads.keep(io.BytesIO(table({"name": name}).encode()), name="a.csv", by=factories.make_user(), **know)
    for _done in uploads.judge(kept, **know):
        assert not ServerFile.objects.get().content
    assert bool(ServerFile.objects.get().content) is (name == "web-1")


def test_only_what_was_judged_is_taken_in() -> None:
    client = signed_in("Supervisor")
    upload(client, table({}))
    assert apply(client, ServerFile.objects.get(), digest="0" * 64).status_code == 400
    assert not Server.objects.exists()


def test_a_row_whose_name_no_database_takes_hinders_no_other() -> None:
    client = signed_in("Supervisor")
    upload(client, table({}, {"instance_id": "ins\0b", "ips": ""}))
    assert "1 row is imported." in text_of(apply(client, ServerFile.objects.get()))


def test_leaving_in_the_middle_undoes_all() -> None:
    kept = factories.make_server_file(table({}).encode())
    steps = uploads.take_in(
        kept.pk,
        digest=kept.digest,
        is_secret=values.stands_in,
        observer=lambda changes: None,
        actor="user:x",
        now=factories.NOW,
    )
    assert [next(steps), next(steps)] == [(0, 1), (1, 1)]
    assert Server.objects.exists()
    steps.close()  # type: ignore[attr-defined]
    assert not Server.objects.exists()
    assert ServerFile.objects.get().applied_at is None


def test_its_page_says_the_same_after_a_reload_and_after_it_was_taken_in() -> None:
    client = signed_in("Supervisor")
    upload(client, table({}))
    kept = ServerFile.objects.get()
    url = reverse("admin:servers_server_import_file", args=[kept.pk])
    assert "1 of 1 rows can be imported." in text_of(client.get(url))
    text_of(apply(client, kept))
    page = text_of(client.get(url))
    assert "1 row is imported." in page and "Import 1 row<" not in page


def test_a_file_is_kept_for_a_day() -> None:
    supervisor = factories.make_agent(role="Supervisor")
    old = factories.make_server_file(by=supervisor, now=factories.NOW - timedelta(days=30))
    client = signed_in("Supervisor")
    client.force_login(supervisor)
    upload(client, table({}))
    page = text_of(client.get(reverse("admin:servers_server_import_file", args=[old.pk])))
    assert "This file was not imported." in page and "Upload it again." in page
    assert "has been already" in text_of(apply(client, old))


def test_a_content_goes_after_a_day_and_not_before() -> None:
    factories.make_server_file()
    day = timedelta(days=1)
    assert [uploads.let_go(now=factories.NOW + day + timedelta(seconds=late)) for late in (0, 1, 2)] == [0, 1, 0]
    assert not ServerFile.objects.get().content


def test_a_lock_that_takes_too_long_changes_nothing_and_says_so() -> None:
    client = signed_in("Supervisor")
    upload(client, table({}))
    kept = ServerFile.objects.get()

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if 'INSERT INTO "servers_feedrun"' in sql:
            raise OperationalError("lock timeout")
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        page = text_of(apply(client, kept))
    assert "Somebody else is changing these servers. Nothing was changed: try again." in page
    assert "Import 1 row<" in page and not Server.objects.exists()
    assert "1 row is imported." in text_of(apply(client, kept))


def test_every_verdict_can_be_downloaded() -> None:
    client = signed_in("Supervisor")
    data = table({}, {"instance_id": "=b", "state": "x", "ips": "y"}, {"instance_id": "ins-c", "ips": ""})
    upload(client, data)
    answer = client.get(reverse("admin:servers_server_import_csv", args=[ServerFile.objects.get().pk]))
    rows = list(csv.reader(io.StringIO(text_of(answer).lstrip("\ufeff"))))
    assert [row[:4] for row in rows[1:]] == [
        ["2", "ins-a", "created", ""],
        ["3", "", "rejected", "instance_id"],
        ["3", "", "rejected", "state"],
        ["3", "", "rejected", "ips"],
        ["4", "ins-c", "created", ""],
    ]


def test_rejected_rows_are_paged() -> None:
    client = signed_in("Supervisor")
    page = upload(client, table(*({"instance_id": f"ins-{n}", "state": "x", "ips": ""} for n in range(101))))
    assert "No row can be imported." in page and "Page 1 of 2" in page and "ins-100" not in page
    url = reverse("admin:servers_server_import_file", args=[ServerFile.objects.get().pk])
    assert "ins-100" in text_of(client.get(url, {"page": "2"}))
    assert client.get(url, {"page": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"a,b\r\n", "lacks the columns"), (b"\x80\xff\x80\xff", "neither UTF-8 nor GB18030")],
)
def test_a_file_that_is_no_sheet_is_refused_on_the_form(content: bytes, said: str) -> None:
    page = upload(signed_in("Supervisor"), content)
    assert said in page
    assert not ServerFile.objects.exists()


def test_a_file_without_rows_says_so() -> None:
    page = upload(signed_in("Supervisor"), table())
    assert "No row can be imported." in page and "The file has its first row and no other." in page


def test_a_file_with_too_many_rows_or_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_ROWS", 1)
    page = upload(signed_in("Supervisor"), table({"ips": ""}, {"instance_id": "ins-b", "ips": ""}))
    assert "more than 1 rows" in page
    monkeypatch.setattr(uploads, "MOST_BYTES", 2**20)
    page = upload(signed_in("Supervisor"), b"x" * (2**20 + 1))
    assert "The file is larger than 1 MB: split it." in page and "at most 1 rows and 1 MB" in page


def test_a_code_value_in_a_file_is_refused_and_shown_nowhere() -> None:
    value = values.show(values.mint())
    page = upload(signed_in("Supervisor"), table({"name": f"shop {value}"}))
    assert "The cell carries an authorization code: take it out." in page and value not in page


def test_a_file_with_a_code_value_is_not_kept_and_not_taken_in() -> None:
    client = signed_in("Supervisor")
    value = values.show(values.mint())
    page = upload(client, table({}, {"instance_id": "ins-b", "name": f"shop {value}", "ips": ""}))
    kept = ServerFile.objects.get()
    assert not kept.content and (kept.created, kept.rejected) == (1, 1)
    assert "A file with an authorization code in it is not kept" in page and "Import 1 row<" not in page
    assert "has been already" in text_of(apply(client, kept))
    assert not Server.objects.exists()


@pytest.mark.parametrize("role", ["Agent", "Auditor"])
def test_who_may_not_sees_no_way_there(role: str) -> None:
    client = signed_in(role)
    factories.make_server()
    page = text_of(client.get(list_url(Server)))
    assert reverse(UPLOAD) not in page
    assert client.get(reverse(UPLOAD)).status_code == 403
    assert reverse(UPLOAD) in text_of(signed_in("Supervisor").get(list_url(Server)))


def test_the_list_as_facts_can_be_imported_again() -> None:
    server = factories.make_server(name="=1+1")
    factories.make_server(state="stopped")
    answer = signed_in("Agent").get(reverse("admin:servers_server_facts"), {"state": "running"})
    data = answer.getvalue()
    assert b"'=1+1" in data
    assert results(data) == ["unchanged"]
    assert server.instance_id.encode() in data
    assert signed_in("Agent").get(reverse("admin:servers_server_facts"), {"state": "y"}).status_code == 400


def test_an_upload_is_judged_in_chinese() -> None:
    page = upload(signed_in("Supervisor", language="zh-hans"), table({}))
    assert "第 0 行，共 1 行" in page and "共 1 行，其中 1 行可以导入。" in page
