"""What a fault may not do: compares promises with the database."""

from __future__ import annotations

from typing import Any

import django
from django.db import connection

from bench.faults.load import Promises


def prepare(name: str, *, count: int) -> tuple[str, list[str]]:
    """A token of a new client of all scopes, and the instance IDs of fresh eligible servers."""
    django.setup()
    from django.utils import timezone

    from bench.seed import fleet
    from icpportal.api.models import ApiClient, Scope, issue_token

    client = ApiClient.objects.create(name=name, scopes=Scope.values)
    connection.close()
    token = issue_token(client, expires_at=None, now=timezone.now())
    servers = fleet(name, count=count)
    connection.close()  # it would be the next fault's victim
    return token, servers


def wrongs(promises: Promises, servers: list[str]) -> list[str]:
    """What is not as it was promised, in words; empty when all is well."""
    from codes.models import AuthorizationCode, CodeEvent, Filing

    codes = AuthorizationCode.objects.filter(server__instance_id__in=servers)
    found = set(codes.values_list("pk", flat=True))
    events = CodeEvent.objects.filter(code__in=found)
    completed = set(
        Filing.objects.filter(code__in=found, state="completed", code__state="used").values_list(
            "order_number", flat=True
        )
    )
    per_server = connection.cursor()
    per_server.execute(
        "SELECT count(*) FROM (SELECT 1 FROM codes_authorizationcode GROUP BY server_id HAVING count(*) > 5) x"
    )
    counts: dict[str, Any] = {
        "codes lost": len(promises.codes.keys() - found),
        "codes that nobody was given": max(0, len(found) - len(promises.codes) - promises.unanswered),
        "completions lost": len(promises.completed - completed),
        "codes without their event": len(found - set(events.filter(type="generated").values_list("code", flat=True))),
        "events of no code": events.filter(type="generated").count() - len(found),
        "servers with more than five codes": per_server.fetchone()[0],
    }
    per_server.close()
    connection.close()
    return [f"{number} {what}" for what, number in counts.items() if number]
