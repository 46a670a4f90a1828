"""The skin's own laws: dark is dark however it is chosen, and every icon that is asked for is drawn."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "icpportal/static/icp"
TOKENS = (STATIC / "tokens.css").read_text()


def declarations(block: str) -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+|color-scheme): ([^;]+);", block))


def block(opening: str) -> dict[str, str]:
    return declarations(TOKENS.split(opening, 1)[1].split("}", 1)[0])


def test_dark_by_choice_equals_dark_by_system():
    assert block('html[data-theme="dark"] {') == block("@media (prefers-color-scheme: dark) {\n  :root {")


def test_light_by_choice_equals_the_default():
    chosen = block('html[data-theme="light"] {')
    default = block("\n:root {")
    assert chosen == {name: default[name] for name in chosen}
    assert chosen.keys() == block('html[data-theme="dark"] {').keys()


def test_every_icon_that_a_template_names_is_in_the_sprite():
    drawn = set(re.findall(r'id="i-([\w-]+)"', (TEMPLATES / "includes/icons.html").read_text()))
    named = {
        name
        for page in TEMPLATES.rglob("*.html")
        for name in re.findall(r'includes/icon\.html" with name="([\w-]+)"', page.read_text())
    }
    assert named <= drawn


def test_every_shown_state_has_an_icon():
    drawn = (TEMPLATES / "includes/icons.html").read_text()
    for state in ("unused", "in_use", "used", "withdrawn", "expired", "invalid"):
        assert f'id="i-{state}"' in drawn


def test_pages_fold_by_the_size_of_letters():
    for name in ("pages.css", "components.css", "desk.css"):
        widths = re.findall(r"@media \((?:max|min)-width: ([\d.]+)(\w+)\)", (STATIC / name).read_text())
        assert widths and {unit for _width, unit in widths} == {"em"}


def test_a_group_of_choices_is_as_wide_as_the_form_it_stands_in():
    wide = re.search(r"\.confirm-form :is\((.*?)\) \{ grid-column: 1 / -1; \}", (STATIC / "desk.css").read_text())
    assert wide and "fieldset" in wide.group(1).split(", ")
