"""Static files while the release under the process changes."""

from pathlib import Path

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from icpportal.static_files import WhiteNoiseMiddleware

pytestmark = pytest.mark.django_db  # the end of an answer looks after connections


class Desk:
    """What a process serves that started while `file` held "as it was"."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_text("as it was")
        self.serve = WhiteNoiseMiddleware(self._page)
        self.serve.add_file_to_dictionary("/static/desk.css", str(file))

    def _page(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("a page")

    def get(self, **headers: str) -> tuple[int, str, bytes]:
        """Status, length and body; `etag` is then that of the answer."""
        answer = self.serve(RequestFactory().get("/static/desk.css", headers=headers))
        body = answer.getvalue()
        answer.close()
        self.etag = answer["ETag"]
        return answer.status_code, answer.get("Content-Length", ""), body


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk.css")


@pytest.mark.parametrize("text", ["less", "much more than it was"])
def test_a_file_that_changed_under_the_process_has_its_new_length(desk: Desk, text: str) -> None:
    desk.file.write_text(text)
    assert desk.get() == (200, str(len(text)), text.encode())


def test_a_browser_that_has_it_as_it_was_is_given_it_anew(desk: Desk) -> None:
    desk.get()
    assert desk.get(if_none_match=desk.etag)[0] == 304
    desk.file.write_text("as it is now")
    assert desk.get(if_none_match=desk.etag)[0] == 200


def test_a_file_that_is_gone_is_404(desk: Desk) -> None:
    desk.file.unlink()
    with pytest.raises(Http404):
        desk.get()
