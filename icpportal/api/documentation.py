"""The OpenAPI document: what `describe` says of a handler, and what every call shares."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from icpportal import handles
from icpportal.api import problems
from icpportal.api.filters import schema_of
from icpportal.api.headers import describe_headers
from icpportal.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from icpportal.api.schema import ProblemDetails
from icpportal.sentences import StrPromise

Handler = TypeVar("Handler", bound=Callable[..., Any])
REQUEST_ID = "0f3c6a1e5b7d4c2f9a8e7d6c5b4a3f21"
TAGS = {
    "servers": _("Facts of servers, and which conditions they meet."),
    "codes": _("Codes of servers, from generating to withdrawing."),
    "filings": _("Checking a code, and filing with it."),
    "events": _("What happened, as it happened."),
    "accounts": _("Owners of servers, and whether any of their servers qualifies."),
    "inventory": _("The provider's own responses, taken in as they are."),
    "health": _("For monitoring: no token is needed."),
}
_ALWAYS = (
    "invalid",
    "not_authenticated",
    "missing_scope",
    "method_not_allowed",
    "throttled",
    "unavailable",
    "internal_error",
)
_WITH_BODY = ("unsupported_media_type", "too_large")
LIMIT = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    description=_("How many rows a page has at most."),
)
IN_PATHS = {
    "uid": _("The account's uid."),
    "instance_id": _("The instance ID of the server."),
    "id": _("The code's id: a number, never its value."),
    "order_number": _("The client's own number of the order."),
}
_POST = ("request_in_progress", "idempotency_key_reused")


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the document says of one method of one endpoint."""

    summary: StrPromise
    tag: str
    response: Any = None
    statuses: Mapping[int, StrPromise] = field(default_factory=lambda: {200: _("Done")})
    text: StrPromise = ""
    refusals: tuple[str, ...] = ()
    request_example: Any = None
    example: Any = None
    parameters: tuple[OpenApiParameter, ...] = ()
    public: bool = False


def describe(**said: Any) -> Callable[[Handler], Handler]:
    """Decorates a handler with its Description. `refusals` are problem codes beyond those that every call has."""

    def decorate(handler: Handler) -> Handler:
        handler.description = Description(**said)  # type: ignore[attr-defined]
        return handler

    return decorate


class EndpointSchema(AutoSchema):
    """Reads an Endpoint's declarations and its handlers' descriptions."""

    view: Any

    @property
    def said(self) -> Description:
        """The description of the method at hand."""
        description: Description = getattr(self.view, self.method.lower()).description
        return description

    def get_summary(self) -> str:
        return str(self.said.summary)

    def get_description(self) -> str:  # type: ignore[override]
        scopes = self.view.scopes[self.method]
        needed = " · ".join(f"`{scope}`" for scope in sorted(scopes))
        needed = needed and _("Scope: %(scopes)s") % {"scopes": needed}
        return "\n\n".join(str(part) for part in (self.said.text, needed) if part)

    def get_operation_id(self) -> str:
        """The endpoint's class, with the method where it has several: code_list, code_detail_patch."""
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self.view).__name__).lower()
        return name if len(self.view.scopes) == 1 else f"{name}_{self.method.lower()}"

    def get_tags(self) -> list[str]:
        return [self.said.tag]

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [] if self.said.public else [{"bearer": []}]

    def get_request_serializer(self) -> Any:
        return self.view.bodies.get(self.method)

    def get_response_serializers(self) -> Any:
        said = self.said
        answers: dict[Any, Any] = {
            (status, "application/json"): OpenApiResponse(
                said.response, description=text, examples=_examples(said, status)
            )
            for status, text in said.statuses.items()
        }
        by_status: dict[int, list[str]] = {}
        for code in self.problem_codes():
            by_status.setdefault(problems.KINDS[code].status, []).append(code)
        for status, codes in sorted(by_status.items()):
            answers[(status, problems.CONTENT_TYPE)] = _problem_response(codes)
        return answers

    def problem_codes(self) -> list[str]:
        """Every code that the call may answer."""
        said = self.said
        if said.public:
            return list(said.refusals)
        codes = [*_ALWAYS]
        if "{" in self.path:
            codes.append("not_found")
        if self.method != "GET":
            codes += _WITH_BODY
        if self.method == "POST":
            codes += _POST
        return list(dict.fromkeys([*codes, *said.refusals]))

    def get_override_parameters(self) -> list[Any]:
        found = list(self.said.parameters)
        if self.method == "POST":
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"},
                    OpenApiParameter.HEADER,
                    description=_("The same request under the same key is carried out once, for 24 hours."),
                )
            )
        if self.method == "GET" and self.view.paged:
            found += _page_parameters()
        if self.method == "GET" and self.view.filterset is not None:
            found += [
                OpenApiParameter(name, dict(schema_of(one)), description=str(one.extra.get("help_text", "")))
                for name, one in self.view.filterset.base_filters.items()
            ]
        return found

    def get_examples(self) -> list[OpenApiExample]:
        example = self.said.request_example
        if example is None:
            return []
        return [OpenApiExample("Request", summary=str(_("Request")), value=example, request_only=True)]


class StrictInput(OpenApiSerializerExtension):
    """Bodies have the fields that are named and no other, and no empty text where one is refused."""

    target: Any
    target_class = "icpportal.api.serializers.InputSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """The usual schema, stricter."""
        made: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        for name, one in self.target.fields.items():
            if isinstance(one, serializers.CharField) and not one.allow_blank:
                made["properties"][name]["minLength"] = 1
        for said in made["properties"].values():
            _hoist_default(said)
        return made | {"additionalProperties": False}


def _hoist_default(said: dict[str, Any]) -> None:
    """A text that may be empty is described as two forms; the default is the empty one, which the first refuses."""
    for form in said.get("oneOf", []):
        if "default" in form:
            said["default"] = form.pop("default")


def _examples(said: Description, status: int) -> list[OpenApiExample]:
    if said.example is None:
        return []
    summary = _("Answer %(status)s") % {"status": status}
    return [
        OpenApiExample(
            f"Answer {status}",
            summary=str(summary),
            value=said.example,
            response_only=True,
            status_codes=[str(status)],
        )
    ]


def _page_parameters() -> list[OpenApiParameter]:
    return [
        OpenApiParameter("cursor", str, description=_("From `next` or `previous` of a page.")),
        LIMIT,
        OpenApiParameter("count", bool, description=_("true: `count` says how many there are in all.")),
    ]


def _problem_response(codes: list[str]) -> OpenApiResponse:
    kinds = [problems.KINDS[code] for code in codes]
    examples = [
        OpenApiExample(
            kind.code,
            value=problem_example(kind.code),
            summary=str(kind.title),
            response_only=True,
            media_type=problems.CONTENT_TYPE,
            status_codes=[str(kind.status)],
        )
        for kind in kinds
    ]
    text = "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds)
    return OpenApiResponse(ProblemDetails, description=text, examples=examples)


EXAMPLES: dict[str, dict[str, Any]] = {
    "missing_scope": {"needed": ["codes:generate"]},
}


def problem_example(code: str) -> dict[str, Any]:
    """A body of this problem, as the document shows it, in the language of the moment."""
    wrong = problems.FieldError("ips.0.address", "address", handles.NO_ADDRESS)
    problem = problems.Invalid(wrong) if code == "invalid" else problems.Problem(code)
    body: dict[str, Any] = json.loads(problems.written(problems.body_of(problem, REQUEST_ID) | EXAMPLES.get(code, {})))
    return body


@lru_cache(maxsize=4)
def schema(language: str, prefix: str = "/") -> dict[str, Any]:
    """The document in one language; made once a process. `prefix` is where the request at hand says the desk is."""
    with override(language):
        document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
        if prefix != "/":
            document["servers"] = [{"url": prefix.rstrip("/")}]
        describe_headers(document)
        _explain_paths(document)
        _introduce(document, prefix)
        said: dict[str, Any] = json.loads(json.dumps(document, cls=DjangoJSONEncoder))  # texts in the language
    return said


def _explain_paths(document: dict[str, Any]) -> None:
    """What stands in the braces of addresses."""
    for item in document["paths"].values():
        for said in item.values():
            for parameter in said.get("parameters", ()):
                if parameter["in"] == "path":
                    parameter["description"] = IN_PATHS[parameter["name"]]


def _introduce(document: dict[str, Any], prefix: str) -> None:
    """What is said of the whole, and of each group of calls, in the order in which they are needed."""
    guide = _("What all calls share, with examples: %(address)s") % {"address": f"{prefix}api/v1/docs/"}
    document["info"] |= {"title": _("ICP filing authorization codes"), "description": guide}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    for component in document["components"]["schemas"].values():
        component.pop("description", None)  # a docstring: for those who read the code
