"""The words of Swagger UI in other languages: it has English alone, and docs.js puts these in their place."""

from __future__ import annotations

from django.utils.translation import override, pgettext_lazy

_WORDS = (
    pgettext_lazy("Swagger UI", "Additional properties"),
    pgettext_lazy("Swagger UI", "Apply credentials"),
    pgettext_lazy("Swagger UI", "Authorize"),
    pgettext_lazy("Swagger UI", "Authorized"),
    pgettext_lazy("Swagger UI", "Available authorizations"),
    pgettext_lazy("Swagger UI", "Cancel"),
    pgettext_lazy("Swagger UI", "Clear"),
    pgettext_lazy("Swagger UI", "Close"),
    pgettext_lazy("Swagger UI", "Code"),
    pgettext_lazy("Swagger UI", "Collapse all"),
    pgettext_lazy("Swagger UI", "Collapse operation"),
    pgettext_lazy("Swagger UI", "Copy code to clipboard"),
    pgettext_lazy("Swagger UI", "Copy path to clipboard"),
    pgettext_lazy("Swagger UI", "Copy request snippet to clipboard"),
    pgettext_lazy("Swagger UI", "Description"),
    pgettext_lazy("Swagger UI", "Details"),
    pgettext_lazy("Swagger UI", "Download"),
    pgettext_lazy("Swagger UI", "Edit Value"),
    pgettext_lazy("Swagger UI", "Example"),
    pgettext_lazy("Swagger UI", "Example Value"),
    pgettext_lazy("Swagger UI", "Examples"),
    pgettext_lazy("Swagger UI", "Examples:"),
    pgettext_lazy("Swagger UI", "Execute"),
    pgettext_lazy("Swagger UI", "Expand all"),
    pgettext_lazy("Swagger UI", "Expand operation"),
    pgettext_lazy("Swagger UI", "Headers:"),
    pgettext_lazy("Swagger UI", "Logout"),
    pgettext_lazy("Swagger UI", "Media Type"),
    pgettext_lazy("Swagger UI", "Media type"),
    pgettext_lazy("Swagger UI", "Name"),
    pgettext_lazy("Swagger UI", "No parameters"),
    pgettext_lazy("Swagger UI", "Parameters"),
    pgettext_lazy("Swagger UI", "Please correct the following validation errors and try again."),
    pgettext_lazy("Swagger UI", "Remove authorization"),
    pgettext_lazy("Swagger UI", "Request URL"),
    pgettext_lazy("Swagger UI", "Request body"),
    pgettext_lazy("Swagger UI", "Request content type"),
    pgettext_lazy("Swagger UI", "Request duration"),
    pgettext_lazy("Swagger UI", "Required field is not provided"),
    pgettext_lazy("Swagger UI", "Reset"),
    pgettext_lazy("Swagger UI", "Response body"),
    pgettext_lazy("Swagger UI", "Response headers"),
    pgettext_lazy("Swagger UI", "Responses"),
    pgettext_lazy("Swagger UI", "Schema"),
    pgettext_lazy("Swagger UI", "Schemas"),
    pgettext_lazy("Swagger UI", "Server response"),
    pgettext_lazy("Swagger UI", "Snippets"),
    pgettext_lazy("Swagger UI", "Try it out"),
    pgettext_lazy("Swagger UI", "Type"),
    pgettext_lazy("Swagger UI", "Undocumented"),
    pgettext_lazy("Swagger UI", "Value:"),
    pgettext_lazy("Swagger UI", "authorization button locked"),
    pgettext_lazy("Swagger UI", "authorization button unlocked"),
    pgettext_lazy("Swagger UI", "forbidden"),
    pgettext_lazy("Swagger UI", "required"),
)


def words() -> dict[str, str]:
    """Each of its words, and what stands for it in the language of the moment; in English none does."""
    with override("en"):
        english = [str(word) for word in _WORDS]
    return {each: str(word) for each, word in zip(english, _WORDS, strict=True) if each != word}
