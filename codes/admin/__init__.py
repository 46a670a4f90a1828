"""The agents' desk, a module a subject. Views only translate: GENERATION, VALIDITY and the services decide."""

from codes.admin import (
    accounts,
    api_clients,
    bulk,
    codes,
    events,
    feeds,
    filings,
    people,
    records,
    servers,
    staff,
    support,
)

__all__ = [
    "accounts",
    "api_clients",
    "bulk",
    "codes",
    "events",
    "feeds",
    "filings",
    "people",
    "records",
    "servers",
    "staff",
    "support",
]
