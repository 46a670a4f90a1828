"""The ways in which every flow is walked: in each language, wide and narrow, in the words of our own catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext, override

DESKTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
ENGLISH, CHINESE = "en-GB", "zh-CN"
_TAGS = re.compile("<[^>]+>")


@dataclass(frozen=True, kw_only=True)
class Look:
    """A language and a window. A test asks it for words by the message that the page translates."""

    locale: str
    size: dict[str, int]

    @property
    def browser(self) -> dict[str, Any]:
        """What `browse` takes."""
        return {"locale": self.locale, "size": self.size}

    @property
    def language(self) -> str:
        """As the page names it."""
        return "en" if self.locale == ENGLISH else "zh-hans"

    def say(self, message: str, **values: object) -> str:
        """The message as people read it here, without tags; a Chinese page says none of ours in English."""
        with override(self.language):
            said = gettext(message)
        return self._filled(said, message, values)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """The same for a message that counts: `number` chooses the form."""
        with override(self.language):
            said = ngettext(one, many, number)
        return self._filled(said, one if number == 1 else many, values)

    def _filled(self, said: str, message: str, values: dict[str, object]) -> str:
        assert self.language == "en" or said != message, f"not in the catalogue: {message}"
        return _TAGS.sub("", said % values if values else said)


LOOKS = {
    f"{language}-{window}": Look(locale=locale, size=size)
    for language, locale in (("en", ENGLISH), ("zh", CHINESE))
    for window, size in (("desktop", DESKTOP), ("phone", PHONE))
}
