"""The house, checked: imports point down, one writer, `now` from outside, docstrings, nothing inline in templates."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# From the ground up; what stands nowhere here is an interface, above them all.
LAYERS = [
    "icpportal.context icpportal.dates icpportal.env icpportal.final_rows icpportal.handles icpportal.prepared "
    "icpportal.primary_keys icpportal.processes icpportal.sentences "
    "icpportal.statements codes.choices codes.names codes.policy codes.values codes.notices.choices "
    "codes.webhooks.choices codes.chain icpportal.bulk icpportal.plans icpportal.retry_after "
    "icpportal.sealing icpportal.snapshots icpportal.spreadsheets servers.choices servers.members servers.regions "
    "servers.terms",
    "icpportal.api.models codes.models codes.append_only codes.first_rows servers.models",
    "codes.reports",
    "codes.rules",
    "codes.eligibility codes.foregone codes.lifecycle codes.roles codes.server_facts codes.staff codes.support "
    "codes.validity",
    "codes.account_numbers codes.audit codes.errors codes.invariants codes.lookup codes.pasted codes.standing "
    "codes.notices.models codes.webhooks.models codes.webhooks.schedule",
    "codes.services codes.messages servers.inventory",
]
INTERFACES = (
    "codes.admin codes.api codes.apps codes.demo codes.demo_life codes.desk codes.filters codes.forms codes.management "
    "codes.notices codes.reconciling codes.urls codes.views codes.webhooks "
    "servers.admin servers.api servers.apps servers.filters servers.management"
).split()
TOP = len(LAYERS)
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()} | dict.fromkeys(INTERFACES, TOP)

OF_INTERFACES = {"django.http", "django.contrib.admin", "django.contrib.messages", "django.shortcuts", "rest_framework"}
NOT_LAZY = {"gettext", "ngettext", "pgettext", "npgettext"}
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
WRITTEN_BY_SERVICES = {
    "AuthorizationCode",
    "Filing",
    "CodeEvent",
    "SupportRequest",
    "SupportMessage",
    "SavedView",
    "StaffChange",
    "BulkRun",
    "BulkRow",
}
THEIR_NAMES = {"code", "codes", "filing", "filings", "event", "events"}
WRITES = {
    *("save", "create", "get_or_create", "update_or_create", "update", "delete", "bulk_create", "bulk_update"),
    *("asave", "acreate", "aupdate", "adelete", "abulk_create", "abulk_update", "_raw_delete"),
}
THEIR_TABLES = (
    r"codes_(authorizationcode|filing|codeevent|supportrequest|supportmessage|savedview|staffchange|bulkrun|bulkrow)"
)
RAW_WRITE = re.compile(rf"\b(INSERT INTO|UPDATE|DELETE FROM|COPY)\s+\"?{THEIR_TABLES}\b", re.I)
INLINE = re.compile(
    r"""\sstyle\s*= | \son[a-z]+\s*=\s*["'] | <style\b | javascript:
    | <script\b(?![^>]*\b(src\s*=|type="application/json"))""",
    re.X | re.I,
)


def name_of(path: Path) -> str:
    """codes/services/__init__.py is codes.services."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(*packages: str) -> list[str]:
    paths = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [name_of(path) for path in paths if "migrations" not in path.parts]


def path_of(module: str) -> Path:
    folder = ROOT / module.replace(".", "/")
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(path_of(module).read_text())


def rank(module: str) -> int:
    """That of the longest name in the list above; an interface's when it stands nowhere."""
    while module:
        if module in RANKS:
            return RANKS[module]
        module = module.rpartition(".")[0]
    return TOP


def imports(module: str) -> Iterator[str]:
    """Everything imported, wherever it stands: of `from a import b` both a.b and, when b is no module, a."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield whole if path_of(whole).exists() else str(node.module)


OURS = modules("codes", "servers", "icpportal")
DOMAIN = [module for module in modules("codes", "servers") if rank(module) < TOP]


def places(found: Iterator[tuple[str, ast.AST]]) -> list[str]:
    return [f"{module}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)[:90]}" for module, node in found]


def test_every_module_of_codes_and_servers_has_a_place() -> None:
    known = (*RANKS, "codes", "servers")
    lost = [
        module
        for module in modules("codes", "servers")
        if module not in known and not any(module.startswith(f"{name}.") for name in RANKS)
    ]
    assert lost == []


@pytest.mark.parametrize("module", [module for module in OURS if rank(module) < TOP])
def test_imports_point_down(module: str) -> None:
    ours = [name for name in imports(module) if name.split(".")[0] in ("codes", "servers", "icpportal")]
    assert [name for name in ours if rank(name) > rank(module)] == []


def test_servers_never_import_codes_below_their_interfaces() -> None:
    below = [module for module in DOMAIN if module.startswith("servers")]
    assert [(module, name) for module in below for name in imports(module) if name.split(".")[0] == "codes"] == []


def test_the_project_knows_of_codes_no_more_than_this() -> None:
    """The limit that the database guards, the letters that can be read aloud, and what is mounted."""
    known = {(module, name) for module in modules("icpportal") for name in imports(module) if name.startswith("codes.")}
    assert known == {
        ("icpportal.checks", "codes.policy"),
        ("icpportal.sign_in.one_time_codes", "codes.values"),
        ("icpportal.urls", "codes.api.urls"),
    }


@pytest.mark.parametrize("module", DOMAIN)
def test_the_domain_knows_no_interface(module: str) -> None:
    found = {name for name in imports(module) for taboo in OF_INTERFACES if f"{name}.".startswith(f"{taboo}.")}
    assert found == set()


def test_texts_of_the_domain_are_lazy() -> None:
    found = (
        (module, node)
        for module in DOMAIN
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ImportFrom)
        and node.module == "django.utils.translation"
        and NOT_LAZY & {each.name for each in node.names}
    )
    assert places(found) == []


def test_no_text_is_put_together_in_an_f_string() -> None:
    """The catalogue would miss it, and a translator could not move its parts."""
    found = (
        (module, node)
        for module in modules("codes", "icpportal", "servers")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.JoinedStr)
        and any(isinstance(each, ast.Call) and ast.unparse(each.func) in {"_", *NOT_LAZY} for each in ast.walk(node))
    )
    assert places(found) == []


def test_the_domain_never_asks_the_clock() -> None:
    found = (
        (module, node)
        for module in DOMAIN
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and ".".join(ast.unparse(node).split(".")[-2:]) in CLOCKS
    )
    assert places(found) == []


def test_now_is_a_required_keyword() -> None:
    found = (
        (module, node)
        for module in DOMAIN
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if argument.arg in ("now", "actor", "channel") and default is not None
    )
    assert places(found) == []


def writes(module: str) -> Iterator[tuple[str, ast.AST]]:
    """Calls that create or change a code, a filing or an event: on the model, on what is usually called so, in SQL."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and RAW_WRITE.search(node.value):
            yield module, node
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in WRITTEN_BY_SERVICES:
            yield module, node
        if isinstance(node.func, ast.Attribute):
            in_bulk = ast.unparse(node.func) in ("bulk.insert", "bulk.copy", "bulk.new")
            written = ast.unparse(node.args[0] if in_bulk and node.args else node.func.value)
            names = re.findall(r"\w+", written)
            theirs = WRITTEN_BY_SERVICES & set(names) or THEIR_NAMES & set(names[-1:])
            if theirs and (in_bulk or node.func.attr in WRITES):
                yield module, node


def test_only_the_services_write_codes_filings_and_events() -> None:
    others = [module for module in OURS if not f"{module}.".startswith("codes.services.")]
    assert places(write for module in others for write in writes(module)) == []


def test_the_services_write_all_three() -> None:
    """So that the search above is known to find."""
    found = " ".join(places(write for module in modules("codes/services") for write in writes(module)))
    for call in (
        "bulk.insert(events",
        "bulk.copy(CodeEvent",
        "Filing.objects.create",
        "bulk.new(CodeEvent",
        "code.save(",
    ):
        assert call in found


def documented(module: str) -> Iterator[tuple[str, ast.AST]]:
    """Public functions and classes at the top of a module."""
    for node in tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield module, node


@pytest.mark.parametrize("module", [module for module in modules("codes", "servers") if path_of(module).read_text()])
def test_modules_and_public_functions_say_what_they_are_for(module: str) -> None:
    silent = [
        node.name  # type: ignore[attr-defined]
        for _, node in documented(module)
        if isinstance(node, ast.FunctionDef) and not ast.get_docstring(node)
    ]
    assert silent == []
    if module in DOMAIN:
        assert ast.get_docstring(tree(module)), "the module itself"


def test_the_pages_and_decisions_that_docstrings_quote_are_there() -> None:
    decided = set(re.findall(r"^(\d+)\. ", (ROOT / "docs/domain.md").read_text(), re.M))
    for module in modules("codes", "servers", "icpportal", "tests"):
        text = path_of(module).read_text()
        assert [page for page in re.findall(r"[\w/]+\.md\b", text) if not (ROOT / page).exists()] == [], module
        assert set(re.findall(r"\bdecisions? (\d+)", text)) <= decided, module


@pytest.mark.parametrize("path", sorted(ROOT.glob("templates/**/*.html")), ids=lambda path: path.name)
def test_templates_hold_no_style_and_no_script(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S)
    assert [found.group() for found in INLINE.finditer(text)] == []


@pytest.mark.parametrize(
    "text",
    ['<p style="x">', '<b onclick="x()">', "<style>", '<a href="javascript:x()">', "<script>x()</script>", "<script >"],
)
def test_what_is_inline_is_found(text: str) -> None:
    assert INLINE.search(text)
    assert not INLINE.search('<p class="style" data-on="x"><script src="x.js" defer></script>')
