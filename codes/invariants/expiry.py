"""Filings against the moment in which their server or IP expired or ended (decisions 3, 6 and 11).

The server's expiry then is what the first later change of it says it was, else the one it has now. Of an IP's expiry it
is known only while nothing of the server changed since. What lies before any of these is left out by joins over whole
tables; only what remains is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from codes.choices import EventType
from codes.invariants.invariant import Broken, Invariant, rows
from servers.choices import ServerState

_CHANGED = f"type = '{EventType.SERVER_CHANGED}'"
# A begun event that made a rejected filing active again has no filing of its moment: nothing is judged of it.
_BEGUN = "filing.began_at = event.at"
_UNFLAGGED = "filing.ended_at = event.at AND NOT filing.completed_after_expiry"


def _of_change(fact: str, place: int) -> str:
    """What a change says of a fact: 0 before, 1 after. SQL, null where it does not tell."""
    if connection.vendor == "postgresql":
        return f"detail #>> '{{{fact},{place}}}'"
    return f"json_extract(detail, '$.{fact}[{place}]')"


def _expiry_before() -> str:
    """As the database keeps moments: SQLite as texts."""
    told = _of_change("expires_at", 0)
    if connection.vendor == "postgresql":
        return f"CAST({told} AS timestamptz)"
    return f"replace(replace({told}, 'T', ' '), 'Z', '')"


def _its_filing(moment: str) -> str:
    return (
        "SELECT 1 FROM codes_filing AS filing WHERE filing.code_id = event.code_id "
        f"AND filing.order_number = event.order_number AND {moment}"
    )


def _past_expiry(type: EventType, moment: str) -> Iterator[Broken]:
    """The events of this type, of filings of their moment, that happened when the server or the IP had expired."""
    before = _expiry_before()
    later = f"FROM codes_codeevent WHERE {_CHANGED} AND server_id = event.server_id AND id > event.id"
    return rows(
        f"WITH earliest AS (SELECT server_id, min({before}) AS expiry FROM codes_codeevent WHERE {_CHANGED} "
        f"AND {_of_change('expires_at', 0)} IS NOT NULL GROUP BY server_id), "
        "suspect AS MATERIALIZED (SELECT event.id, event.at, event.server_id, event.code_id, event.order_number, "
        "server.expires_at AS server_expiry, ip.expires_at AS ip_expiry FROM codes_codeevent AS event "
        "JOIN servers_server AS server ON server.id = event.server_id "
        "JOIN codes_authorizationcode AS code ON code.id = event.code_id "
        "JOIN servers_ipaddress AS ip ON ip.id = code.ip_id "
        f"LEFT JOIN earliest ON earliest.server_id = event.server_id WHERE event.type = '{type}' "
        "AND (event.at >= server.expires_at OR event.at >= ip.expires_at OR event.at >= earliest.expiry)) "
        f"SELECT id FROM suspect AS event WHERE EXISTS ({_its_filing(moment)}) AND (at >= coalesce("
        f"(SELECT {before} {later} AND {_of_change('expires_at', 0)} IS NOT NULL ORDER BY id LIMIT 1), server_expiry) "
        f"OR (at >= ip_expiry AND NOT EXISTS (SELECT 1 {later}))) ORDER BY id"
    )


def _after_the_end() -> Iterator[Broken]:
    """Filings begun on a server that was terminated already, by the order of the server's events."""
    return rows(
        "SELECT event.id FROM codes_codeevent AS event JOIN (SELECT server_id, min(id) AS id FROM codes_codeevent "
        f"WHERE {_CHANGED} AND {_of_change('state', 1)} = '{ServerState.TERMINATED}' GROUP BY server_id) AS ended "
        "ON ended.server_id = event.server_id AND ended.id < event.id "
        f"JOIN servers_server AS server ON server.id = event.server_id WHERE event.type = '{EventType.BEGUN}' "
        f"AND server.state = '{ServerState.TERMINATED}' AND EXISTS ({_its_filing(_BEGUN)}) ORDER BY event.id"
    )


EXPIRY = (
    Invariant(
        name="nothing_begun_after_expiry",
        says="No filing was begun when its server or IP had expired, as far as the events tell.",
        things="events",
        broken=lambda: _past_expiry(EventType.BEGUN, _BEGUN),
    ),
    Invariant(
        name="late_completions_are_flagged",
        says="A filing that was completed when its server or IP had expired says so.",
        things="events",
        broken=lambda: _past_expiry(EventType.COMPLETED, _UNFLAGGED),
    ),
    Invariant(
        name="nothing_begun_after_termination",
        says="No filing was begun on a terminated server.",
        things="events",
        broken=_after_the_end,
    ),
)
