"""`python -m icpportal.messages [--check]`: the Chinese catalogue, from the code and the templates, by Babel alone.

Without --check it brings django.po up to date and compiles django.mo: translations stay, messages that the code
no longer has go, nothing is guessed. With --check it changes nothing, names what is stale and exits with 1.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "zh_Hans"
CATALOGUE = Path("icpportal", "locale", LANGUAGE, "LC_MESSAGES", "django.po")
DJANGOS = "icpportal/sign_in/django_texts.py"  # its placeholders are Django's
SOURCES = ("codes", "icpportal", "servers", "templates")
_CONTEXT = (1, "c")
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"], None),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], (_CONTEXT, 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], (_CONTEXT, 2, 3)),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
_NAMELESS = {"%s", "%d", "{}"}


class StableCatalog(Catalog):
    """A catalogue whose header holds no date and no name, so that two runs write the same bytes."""

    def __init__(self) -> None:
        super().__init__(LANGUAGE, header_comment="# The desk in simplified Chinese.", fuzzy=False)

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """Only what gettext needs to read the file."""
        return [
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Language", LANGUAGE),
            ("Plural-Forms", self.plural_forms),
        ]


def messages_of(path: Path) -> Iterator[tuple[Any, list[str], str | None]]:
    """Each message of a Python file or a template: id (two for a plural), translators' comments, context."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # What templatize leaves is no Python: blanks at the start of a line would be taken for indentation.
        source = "\n".join(line.strip() for line in templatize(source, origin=str(path)).splitlines())
    file = io.BytesIO(source.encode())
    for _line, message, comments, context in extract("python", file, KEYWORDS, ("Translators:",)):
        yield message, comments, context


def sources(root: Path) -> Iterator[Path]:
    """The files that hold messages, in a fixed order."""
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def collect(root: Path) -> StableCatalog:
    """The messages of the code, untranslated."""
    catalog = StableCatalog()
    for path in sources(root):
        place = (path.relative_to(root).as_posix(), 0)
        for message, comments, context in messages_of(path):
            catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def stored(root: Path) -> Catalog:
    """The catalogue as committed; an empty one when there is none yet."""
    path = root / CATALOGUE
    if not path.exists():
        return StableCatalog()
    with path.open("rb") as file:
        return read_po(file, LANGUAGE)


def translate(catalog: Catalog, old: Catalog) -> None:
    """Take over the translations of the messages that are the same in both."""
    for message in _real(catalog):
        known = old.get(message.id, message.context)
        if known and known.id == message.id and not known.fuzzy:
            message.string = known.string
            message.user_comments = known.user_comments


def compiled(catalog: Catalog) -> bytes:
    """The contents of the .mo file."""
    stable = StableCatalog()
    for message in _real(catalog):
        if all(_strings(message)) and not message.fuzzy:
            stable.add(message.id, message.string, context=message.context)
    file = io.BytesIO()
    write_mo(file, stable)
    return file.getvalue()


def update(root: Path) -> None:
    """Bring django.po and django.mo up to date with the code."""
    path = root / CATALOGUE
    catalog = collect(root)
    translate(catalog, stored(root))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(catalog))


def problems(root: Path) -> list[str]:
    """What is stale, one sentence each; empty when all is well."""
    code, old = collect(root), stored(root)
    known, wanted = {_key(m): m for m in _real(old)}, {_key(m): m for m in _real(code)}
    found = [f"in the code but not in django.po: {_name(wanted[key])}" for key in wanted if key not in known]
    found += [f"in django.po but not in the code: {_name(known[key])}" for key in known if key not in wanted]
    ours = (message for message in wanted.values() if [place for place, _line in message.locations] != [DJANGOS])
    nameless = (message for message in ours if _placeholders(_ids(message)[-1]) & _NAMELESS)
    found += [f"a placeholder has no name: {_name(message)}" for message in nameless]
    for message in known.values():
        if message.fuzzy or not all(_strings(message)):
            found.append(f"not translated: {_name(message)}")
        elif any(_placeholders(text) != _placeholders(_ids(message)[-1]) for text in _strings(message)):
            found.append(f"placeholders differ: {_name(message)}")
    binary = (root / CATALOGUE).with_suffix(".mo")
    if not binary.exists() or binary.read_bytes() != compiled(old):
        found.append("django.mo is not made from django.po")
    return found


def _real(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)  # the header has an empty id


def _ids(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, (list, tuple)) else (message.id,)


def _strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.string, (list, tuple)) else (message.string or "",)


def _key(message: Message) -> tuple[str | None, tuple[str, ...]]:
    return message.context, _ids(message)


def _name(message: Message) -> str:
    place = f" ({message.locations[0][0]})" if message.locations else ""
    return f"{_ids(message)[0]!r}{place}"


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text.replace("%%", "")))


def main(arguments: list[str], *, root: Path = ROOT) -> int:
    """The exit code: 1 when --check finds something stale."""
    parser = argparse.ArgumentParser(
        prog="python -m icpportal.messages", description="The Chinese catalogue: update it, or check it."
    )
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 when something is stale")
    if not parser.parse_args(arguments).check:
        update(root)
        return 0
    found = problems(root)
    for problem in found:
        print(f"messages: {problem}", file=sys.stderr)
    if found:
        print("messages: run `make messages`, translate, and run it again.", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
