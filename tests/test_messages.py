"""The catalogue follows the code, keeps translations, and its check names what is stale."""

import gettext
from pathlib import Path

import pytest

from icpportal import messages

CODE = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy
A = _("Reset the code")
B = ngettext("one server", "%(count)d servers", 2)
C = pgettext_lazy("of a filing", "begun")
D = _("Expires on %(day)s")
"""
PAGE = """{% load i18n %}
    <p title='{% translate "Who's there" %}'>it's {{ name|default:_("Nobody") }}
{% blocktranslate trimmed count n=servers %}
    one server
    here
{% plural %}
    {{ n }} servers
    here
{% endblocktranslate %}
  {% translate "begun" context "of a day" %} {% blocktranslate %}Hello {{ name }}{% endblocktranslate %}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in messages.SOURCES:
        (tmp_path / folder).mkdir()
    (tmp_path / "codes" / "texts.py").write_text(CODE)
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    return tmp_path


def po(root: Path) -> Path:
    return root / messages.CATALOGUE


def fill(root: Path) -> None:
    """Translate every message: its own placeholders between Chinese characters."""
    catalog = messages.stored(root)
    for message in catalog:
        if message.id:
            plural = isinstance(message.id, tuple)
            text = f"译{message.id[-1] if plural else message.id}文"
            message.string = (text,) if plural else text
    with po(root).open("wb") as file:
        messages.write_po(file, catalog, sort_output=True, include_lineno=False)
    messages.update(root)


def test_messages_of_code_and_templates_are_found(root: Path) -> None:
    found = {(m.context, m.id) for m in messages.collect(root) if m.id}
    assert found == {
        (None, "Reset the code"),
        (None, ("one server", "%(count)d servers")),
        ("of a filing", "begun"),
        (None, "Expires on %(day)s"),
        (None, "Who's there"),
        (None, "Nobody"),
        (None, ("one server here", "%(n)s servers here")),
        ("of a day", "begun"),
        (None, "Hello %(name)s"),
    }


def test_migrations_hold_no_messages(root: Path) -> None:
    (root / "codes" / "migrations").mkdir()
    (root / "codes" / "migrations" / "0001_initial.py").write_text('_("old name")')
    assert "old name" not in messages.collect(root)


def test_two_runs_write_the_same_bytes_and_no_date_or_line_number(root: Path) -> None:
    messages.update(root)
    first = po(root).read_bytes(), po(root).with_suffix(".mo").read_bytes()
    (root / "codes" / "texts.py").write_text("\n\n\n" + CODE)
    messages.update(root)
    assert (po(root).read_bytes(), po(root).with_suffix(".mo").read_bytes()) == first
    text = po(root).read_text()
    assert "Date" not in text
    assert "#: codes/texts.py\n" in text


def test_a_translated_catalogue_passes_and_is_read_by_gettext(root: Path) -> None:
    messages.update(root)
    fill(root)
    assert messages.problems(root) == []
    assert messages.main(["--check"], root=root) == 0
    with po(root).with_suffix(".mo").open("rb") as file:
        chinese = gettext.GNUTranslations(file)
    assert chinese.gettext("Reset the code") == "译Reset the code文"
    assert chinese.ngettext("one server", "%(count)d servers", 1) == "译%(count)d servers文"
    assert chinese.pgettext("of a filing", "begun") == "译begun文"


def test_an_update_keeps_translations_and_drops_what_is_gone(root: Path) -> None:
    messages.update(root)
    fill(root)
    (root / "codes" / "texts.py").write_text('_("Reset the code"); _("Reset the codes")')
    messages.update(root)
    catalog = messages.stored(root)
    assert catalog["Reset the code"].string == "译Reset the code文"
    assert catalog["Reset the codes"].string == ""
    assert catalog["Expires on %(day)s"] is None
    assert "#~" not in po(root).read_text()


def test_the_check_names_a_message_that_the_catalogue_lacks(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    messages.update(root)
    fill(root)
    (root / "codes" / "more.py").write_text('_("New text")')
    assert messages.main(["--check"], root=root) == 1
    assert "in the code but not in django.po: 'New text' (codes/more.py)" in capsys.readouterr().err


def test_the_check_names_a_message_that_the_code_lacks(root: Path) -> None:
    messages.update(root)
    fill(root)
    (root / "templates" / "page.html").write_text("")
    assert "in django.po but not in the code: 'Nobody' (templates/page.html)" in messages.problems(root)


def test_the_check_names_an_empty_translation(root: Path) -> None:
    messages.update(root)
    found = messages.problems(root)
    assert "not translated: 'Reset the code' (codes/texts.py)" in found
    assert "not translated: 'one server' (codes/texts.py)" in found


@pytest.mark.parametrize("wrong", ["到期", "%(date)s 到期", "%(day)s %(month)s 到期"])
def test_the_check_names_a_placeholder_that_differs(root: Path, wrong: str) -> None:
    messages.update(root)
    fill(root)
    po(root).write_text(po(root).read_text().replace("译Expires on %(day)s文", wrong))
    assert "placeholders differ: 'Expires on %(day)s' (codes/texts.py)" in messages.problems(root)


def test_the_check_names_a_placeholder_without_a_name(root: Path) -> None:
    (root / "codes" / "texts.py").write_text('_("Expires on %s"); _("100 %% of %(day)s")')
    messages.update(root)
    fill(root)
    assert messages.problems(root) == ["a placeholder has no name: 'Expires on %s' (codes/texts.py)"]


def test_the_check_names_a_binary_that_is_not_the_catalogue(root: Path) -> None:
    messages.update(root)
    fill(root)
    po(root).write_text(po(root).read_text().replace("译Nobody文", "无人"))
    assert messages.problems(root) == ["django.mo is not made from django.po"]
    po(root).with_suffix(".mo").unlink()
    assert messages.problems(root) == ["django.mo is not made from django.po"]
