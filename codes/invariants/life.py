"""Servers, codes, filings and events against each other (FAQ 1, 2 and 5, decisions 1, 4, 6 and 9 to 12).

Times are compared only where one is a copy of the other: `now` enters at the interface, so of two acts that wait for
one lock the later may carry the earlier time. What came first is told by the numbers of events.
"""

from __future__ import annotations

from codes.choices import HOLDING, Action, EventType, FilingState, State
from codes.invariants.invariant import by_sql
from codes.lifecycle import TRANSITIONS
from codes.policy import MAX_CODES_PER_SERVER
from servers.choices import ServerState

ACTIONS = {
    EventType.BEGUN: Action.BEGIN,
    EventType.REJECTED: Action.REJECT,
    EventType.COMPLETED: Action.COMPLETE,
    EventType.ABANDONED: Action.ABANDON,
    EventType.RESET: Action.RESET,
    EventType.ROTATED: Action.ROTATE,
    EventType.WITHDRAWN: Action.WITHDRAW,
}


def _becomes(action: Action) -> State:
    """The state of a code after the action: its target, or the one that it began in and leaves as it is."""
    transition = TRANSITIONS[action]
    (source,) = transition.sources
    return transition.target or source


BECOMES = {EventType.GENERATED: State.UNUSED, **{type: _becomes(action) for type, action in ACTIONS.items()}}


def _list(*texts: str) -> str:
    """As SQL writes a list of our own words."""
    return ", ".join(f"'{text}'" for text in texts)


def _may_follow(type: EventType) -> list[str]:
    """The events after which this one may come, by codes/lifecycle.py; a rejected filing is also begun again."""
    before = [each.value for each, state in BECOMES.items() if TRANSITIONS[ACTIONS[type]].allows(state)]
    return [*before, EventType.REJECTED.value] if type == EventType.BEGUN else before


def _without_one(state: State, filed: str) -> str:
    """The codes in this state that have none or several filings in one of those."""
    return (
        "SELECT code.id FROM codes_authorizationcode AS code LEFT JOIN (SELECT code_id, count(*) AS number "
        f"FROM codes_filing WHERE state IN ({filed}) GROUP BY code_id) AS filing ON filing.code_id = code.id "
        f"WHERE code.state = '{state}' AND coalesce(filing.number, 0) <> 1"
    )


_FOLLOWS = " ".join(f"WHEN '{type}' THEN before IN ({_list(*_may_follow(type))})" for type in ACTIONS)
_STORED = " ".join(f"WHEN '{type}' THEN '{state}'" for type, state in BECOMES.items())
_TYPES = _list(*BECOMES)
_HOLDING = _list(*HOLDING)
_ENDINGS = _list(EventType.COMPLETED, EventType.ABANDONED, EventType.RESET)

_BY_SQL = (
    (
        "slots",
        f"A server's codes have the slots 1, 2, 3 … without a gap, {MAX_CODES_PER_SERVER} at most.",
        "servers",
        # As bits, n slots make 2^n - 1 only if they are 1 to n.
        "SELECT server_id FROM codes_authorizationcode GROUP BY server_id "
        f"HAVING count(*) > {MAX_CODES_PER_SERVER} OR min(slot) < 1 OR max(slot) > {MAX_CODES_PER_SERVER} "
        "OR sum(1 << (slot - 1)) <> (1 << CAST(count(*) AS integer)) - 1",
    ),
    (
        "ip_of_the_server",
        "A code's IP is one of its server.",
        "codes",
        "SELECT code.id FROM codes_authorizationcode AS code JOIN servers_ipaddress AS ip ON ip.id = code.ip_id "
        "WHERE ip.server_id <> code.server_id",
    ),
    (
        "one_live_holder",
        "An address is on one server at a time.",
        "addresses",
        "SELECT address FROM servers_ipaddress WHERE released_at IS NULL GROUP BY address HAVING count(*) > 1",
    ),
    (
        "terminated_holds_no_ip",
        "A terminated server holds no IP.",
        "servers",
        "SELECT DISTINCT ip.server_id FROM servers_ipaddress AS ip JOIN servers_server AS server "
        f"ON server.id = ip.server_id WHERE server.state = '{ServerState.TERMINATED}' AND ip.released_at IS NULL",
    ),
    (
        "used_has_one_completed_filing",
        "A used code has exactly one completed filing.",
        "codes",
        _without_one(State.USED, _list(FilingState.COMPLETED)),
    ),
    (
        "in_use_has_one_hold",
        "A code in use is held by exactly one filing.",
        "codes",
        _without_one(State.IN_USE, _HOLDING),
    ),
    (
        "filing_fits_its_code",
        "A completed filing's code is used, an unfinished filing's code is in use.",
        "filings",
        "SELECT filing.id FROM codes_filing AS filing JOIN codes_authorizationcode AS code ON code.id = filing.code_id "
        f"WHERE (filing.state = '{FilingState.COMPLETED}' AND code.state <> '{State.USED}') "
        f"OR (filing.state IN ({_HOLDING}) AND code.state <> '{State.IN_USE}')",
    ),
    (
        "filing_is_ended_or_not",
        "A filing has an end when it was completed or abandoned, and an ICP filing number when it was completed.",
        "filings",
        f"SELECT id FROM codes_filing WHERE (ended_at IS NULL) <> (state IN ({_HOLDING})) "
        f"OR (icp_number <> '') <> (state = '{FilingState.COMPLETED}')",
    ),
    (
        "order_stands_once",
        "An order number of an API client stands for one filing, abandoned ones aside.",
        "filings",
        f"SELECT max(id) FROM codes_filing WHERE state <> '{FilingState.ABANDONED}' "
        "GROUP BY client_id, order_number HAVING count(*) > 1",
    ),
    (
        "authorized_account_files",
        "A code that names an account is held or used by that account alone.",
        "filings",
        "SELECT filing.id FROM codes_filing AS filing JOIN codes_authorizationcode AS code ON code.id = filing.code_id "
        f"WHERE filing.state <> '{FilingState.ABANDONED}' AND code.authorized_account <> '' "
        "AND filing.account <> code.authorized_account",
    ),
    (
        "event_of_the_server",
        "An event about a code is an event of the code's server.",
        "events",
        "SELECT event.id FROM codes_codeevent AS event JOIN codes_authorizationcode AS code ON code.id = event.code_id "
        "WHERE event.server_id <> code.server_id",
    ),
    (
        "events_are_counted",
        "A server's events are as many as the head of its chain says.",
        "servers",
        "SELECT coalesce(head.server_id, told.server_id) FROM "
        "(SELECT server_id, count(*) AS number, max(place) AS last FROM codes_codeevent GROUP BY server_id) AS told "
        "FULL JOIN codes_eventhead AS head ON head.server_id = told.server_id "
        "WHERE head.place IS NULL OR told.number IS NULL OR told.number <> head.place OR told.last <> head.place",
    ),
    (
        "generated_once",
        "A code has one event that it was generated, of the moment that the code says.",
        "codes",
        "SELECT code.id FROM codes_authorizationcode AS code LEFT JOIN codes_codeevent AS event "
        f"ON event.code_id = code.id AND event.type = '{EventType.GENERATED}' "
        "GROUP BY code.id, code.generated_at HAVING count(event.id) <> 1 OR min(event.at) <> code.generated_at",
    ),
    (
        "state_has_its_event",
        "A code's state is the one that its last event led to.",
        "codes",
        "SELECT code.id FROM codes_authorizationcode AS code LEFT JOIN (SELECT code_id, type, lead(id) OVER "
        f"(PARTITION BY code_id ORDER BY id) AS following FROM codes_codeevent WHERE code_id IS NOT NULL "
        f"AND type IN ({_TYPES})) AS event ON event.code_id = code.id AND event.following IS NULL "
        f"WHERE code.state <> coalesce(CASE event.type {_STORED} END, '')",
    ),
    (
        "events_follow",
        "Each event of a code may come after the one before it.",
        "events",
        "SELECT id FROM (SELECT id, type, coalesce(lag(type) OVER (PARTITION BY code_id ORDER BY id), '') AS before "
        f"FROM codes_codeevent WHERE code_id IS NOT NULL AND type IN ({_TYPES})) AS told "
        f"WHERE NOT CASE type WHEN '{EventType.GENERATED}' THEN before = '' {_FOLLOWS} END",
    ),
    (
        "filings_have_their_events",
        "Each filing has the event of its beginning and of its end, and each such event has its filing.",
        "codes",
        "SELECT code_id FROM ("
        f"SELECT code_id, order_number, CASE WHEN state = '{FilingState.COMPLETED}' THEN 1 ELSE 0 END AS completed, "
        f"CASE WHEN state = '{FilingState.ABANDONED}' THEN 1 ELSE 0 END AS abandoned, 1 AS begun FROM codes_filing "
        f"UNION ALL SELECT code_id, order_number, CASE WHEN type = '{EventType.COMPLETED}' THEN -1 ELSE 0 END, "
        f"CASE WHEN type IN ('{EventType.ABANDONED}', '{EventType.RESET}') THEN -1 ELSE 0 END, "
        f"CASE WHEN type = '{EventType.BEGUN}' THEN -1 ELSE 0 END "
        f"FROM codes_codeevent WHERE type IN ({_ENDINGS}, '{EventType.BEGUN}')) AS told "
        # A rejected filing is begun again: of beginnings there may be more than filings.
        "GROUP BY code_id, order_number HAVING sum(completed) <> 0 OR sum(abandoned) <> 0 OR sum(begun) > 0 "
        "OR max(begun) < 0",
    ),
)


LIFE = tuple(by_sql(*each) for each in _BY_SQL)
