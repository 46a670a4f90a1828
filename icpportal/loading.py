"""What Django reads from the disk at its first use, read at the start: a release that is laid over the running one
would else reach some of its pages, with catalogues and templates that its code does not know."""

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.template import TemplateSyntaxError, engines
from django.template.utils import get_app_template_dirs
from django.utils.translation import gettext, override


def load_texts() -> None:
    """Read every template, and the catalogue of every language."""
    for language, _name in settings.LANGUAGES:
        with override(language):
            gettext("Yes")
    for folder in (settings.BASE_DIR / "templates", *get_app_template_dirs("templates")):
        for template in Path(folder).rglob("*.*"):
            # A package's may need tags of another that is not used here; some are none, such as a copy's ._x.html.
            with suppress(TemplateSyntaxError, UnicodeDecodeError, OSError):
                engines["django"].get_template(template.relative_to(folder).as_posix())
