"""The base of every endpoint: checks in the order of icpportal/api/__init__.py, then one handler a method.

It stands on DRF's APIView, for the OpenAPI document, and dispatches itself: DRF has another order, negotiates
content that is always JSON, and answers 500 to what this answers 400.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from icpportal import context
from icpportal.api import idempotency, pagination, parsing, problems, throttling
from icpportal.api.authentication import Caller, authenticate
from icpportal.api.filters import StrictFilterSet, parameter_problems
from icpportal.api.models import ApiClient, Scope
from icpportal.api.pagination import Place
from icpportal.api.problems import FieldError, Invalid, Problem
from icpportal.api.serializers import InputSerializer, validated

READERS = frozenset({Scope.INVENTORY_WRITE, Scope.CODES_READ, Scope.CODES_GENERATE})
M = TypeVar("M", bound=Model)


@dataclass(kw_only=True)
class Call:
    """A request that passed every check. `now` is aware; `body` is as it was sent, `data` is validated."""

    request: HttpRequest
    now: datetime
    caller: Caller
    body: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    place: Place = field(default_factory=Place)
    filters: StrictFilterSet | None = None

    @property
    def client(self) -> ApiClient:
        """Who calls: the actor of what happens."""
        return self.caller.client

    @property
    def request_id(self) -> str:
        """What answer, logs and events carry."""
        return context.request_id.get()

    @property
    def is_kept(self) -> bool:
        """Whether the answer is kept under an Idempotency-Key."""
        return idempotency.META_KEY in self.request.META

    @property
    def account_uid(self) -> str | None:
        """The one account that the client sees; None: all."""
        return self.caller.account_uid

    def own(self, objects: QuerySet[M], path: str) -> QuerySet[M]:
        """Those of `objects` that the client may see; `path` leads from them to the account."""
        account_id = self.client.account_id
        return objects if account_id is None else objects.filter(**{path: account_id})

    def filtered(self, objects: QuerySet[M]) -> QuerySet[M]:
        """Those of `objects` that the query asks for."""
        return objects if self.filters is None else self.filters.filter_queryset(objects)


class Endpoint(APIView):
    """One address. Subclasses declare, a method each: `scopes` (any of) and `bodies`; and say how they are listed."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)  # these two for the document alone
    parser_classes = (JSONParser,)
    throttle_classes = ()
    scopes: ClassVar[Mapping[str, set[Scope] | frozenset[Scope]]] = {}
    bodies: ClassVar[Mapping[str, type[InputSerializer]]] = {}
    filterset: ClassVar[type[StrictFilterSet] | None] = None
    paged: ClassVar[bool] = False
    parameters: ClassVar[tuple[str, ...]] = ()  # further query parameters that the handler reads itself
    body_limit: ClassVar[int] = parsing.MIB
    guesses_codes: ClassVar[bool] = False  # its code_not_found counts as a guess

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """The answer, whatever happens."""
        try:
            response = self._answer(request, kwargs)
        except Exception as error:
            response = problems.respond(problems.problem_of(error), request)
        if request.method == "HEAD":
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        return response

    def _answer(self, request: HttpRequest, path: dict[str, Any]) -> HttpResponse:
        now = timezone.now()
        caller = authenticate(request, now=now)
        request.call_count = caller.count  # type: ignore[attr-defined]
        method, handler = self.handler_of(request)
        caller.need(self.scopes[method])
        call = self._checked(Call(request=request, now=now, caller=caller), method)
        throttling.check(caller.count, guesses_codes=self.guesses_codes)
        try:
            if method == "POST":
                return idempotency.once(call, lambda: handler(call, **path))
            return handler(call, **path)
        except Exception as error:
            if self.guesses_codes and problems.problem_of(error).kind.code == "code_not_found":
                throttling.guessed(caller.client, now=now)
            raise

    def handler_of(self, request: HttpRequest) -> tuple[str, Callable[..., HttpResponse]]:
        """The method, HEAD being GET, and what handles it. Raises Problem method_not_allowed."""
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method not in self.scopes:
            allowed = [*self.scopes, *(["HEAD"] if "GET" in self.scopes else [])]
            raise Problem("method_not_allowed", headers={"Allow": ", ".join(allowed)})
        return method, getattr(self, method.lower())

    def _checked(self, call: Call, method: str) -> Call:
        """The call with its body and query read. Raises Problem."""
        serializer = self.bodies.get(method)
        if method != "GET":
            call.body = parsing.read_json(call.request, limit=self.body_limit)
        query_errors = self._read_query(call, method)
        if query_errors:
            raise Invalid(*query_errors)
        if serializer is not None:
            call.data = validated(serializer, call.body, caller=call.caller)
        elif call.body:
            raise Invalid(*(FieldError(name, "unknown", _("This call takes no fields.")) for name in call.body))
        return call

    def _read_query(self, call: Call, method: str) -> list[FieldError]:
        if not call.request.META.get("QUERY_STRING"):
            return []
        query = call.request.GET
        known: set[str] = set(self.parameters) if method == "GET" else set()
        if method == "GET" and self.paged:
            known |= set(pagination.PARAMETERS)
        if method == "GET" and self.filterset is not None:
            known |= set(self.filterset.base_filters)
        errors = list(parameter_problems(query, known))
        if errors or method != "GET":
            return errors
        if self.paged:
            call.place, errors = pagination.place_of(query, call.request.path)
        if self.filterset is not None and not query.keys() <= set(pagination.PARAMETERS):
            call.filters = self.filterset(query, now=call.now, queryset=None)
            call.filters.only_of = call.client.account_id
            errors += call.filters.problems()
        return errors


class PublicEndpoint(Endpoint):
    """An address for everybody, unthrottled: it has `scopes` only to name its methods."""

    scopes: ClassVar[Mapping[str, set[Scope] | frozenset[Scope]]] = {"GET": frozenset()}

    def _answer(self, request: HttpRequest, path: dict[str, Any]) -> HttpResponse:
        _method, handler = self.handler_of(request)
        return handler(request, **path)
