"""The documentation's sheet: Swagger UI's own icons are data, which the policy refuses; each is drawn from a file."""

import re
from collections.abc import Iterator

from django.contrib.staticfiles import finders

UI = "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui"
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\([^()"]*\)|[^"(){};]+|[({};)]|', re.S)


def read(path: str) -> str:
    with open(str(finders.find(path))) as file:
        return file.read()


def rules(sheet: str, media: str = "") -> Iterator[tuple[str, str, str]]:
    """(media query, selector, declarations); data may hold braces and semicolons, within quotes or parentheses."""
    stack, piece = [media], ""
    for found in TOKEN.finditer(re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)):
        token = found.group()
        if token == "{":
            stack.append(re.sub(r"\s", "", piece) if piece.startswith("@") else piece.strip())
            piece = ""
        elif token == "}":
            opened = stack.pop()
            if not opened.startswith("@"):
                yield from ((stack[-1], selector.strip(), piece) for selector in opened.split(","))
            piece = ""
        else:
            piece = (piece + token).lstrip()


def images(declarations: str) -> set[str]:
    """The properties that load an image, or say that none is loaded."""
    return set(re.findall(r"(background|(?:-webkit-)?mask)(?:-image)?\s*:", declarations))


def lent() -> set[tuple[str, str, str]]:
    """What Swagger UI draws from data, where its script makes what the selector matches."""
    script = read(f"{UI}-bundle.js") + read("api/docs.js")
    found = set()
    for media, selector, declarations in rules(read(f"{UI}.css")):
        if "data:" in declarations and all(name in script for name in re.findall(r"\.([\w-]+)", selector)):
            found |= {(media, selector, name) for name in images(declarations)}
    return found


def test_each_icon_that_is_data_is_drawn_from_a_file() -> None:
    ours = {
        (media, selector, name)
        for media, selector, declarations in rules(read("api/docs.css"))
        for name in images(declarations)
    }
    icons = lent()
    assert {("", f"{look}.swagger-ui select", "background") for look in ("", "html.dark-mode ")} <= icons
    assert len(icons) >= 20
    assert icons - ours == set()


def test_the_sheet_itself_holds_no_data_and_every_file_that_it_names_is_there() -> None:
    sheet = read("api/docs.css")
    named = set(re.findall(r'url\("([^"]+)"\)', sheet))
    assert "data:" not in sheet
    drawn = {"copy.svg", "select.svg", "check.svg", "expand.svg"}
    assert named == drawn | {"select-dark.svg", "check-dark.svg", "expand-dark.svg"}
    assert all(finders.find(f"api/{name}") for name in named)
