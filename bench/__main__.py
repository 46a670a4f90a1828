"""`python -m bench NAME …`: each benchmark is a module of that name with `main(arguments)`; without a name, `api`."""

from __future__ import annotations

import os
import secrets
import sys
from importlib import import_module

BENCHMARKS = {
    "api": "requests a second beside an empty Django view",
    "soak": "what the workers' memory does in ten minutes of load",
    "sqlite": "eight processes that write to one SQLite file",
    "scale": "what reading costs at a million servers",
    "write": "servers taken in from files beside a raw COPY",
    "faults": "what is lost when things are killed, cut, locked and filled",
}


def main() -> None:
    """Run the benchmark that the command line names, under settings as in production."""
    name, *arguments = sys.argv[1:] or ["api"]
    if name not in BENCHMARKS:
        sys.exit("\n".join(f"python -m bench {known:<8} {what}" for known, what in BENCHMARKS.items()))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "icpportal.settings")
    os.environ.setdefault("SECRET_KEY", secrets.token_hex(32))
    os.environ.setdefault("CODE_KEYS", secrets.token_urlsafe(32) + "=")
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    os.environ.setdefault("STAFF_ONE_TIME_CODES", "0")  # the staff that reads has no app
    os.environ.update(
        DEBUG="", ALLOWED_HOSTS="127.0.0.1", SECURE_SSL_REDIRECT="0", THROTTLE_RATES="calls=1000000000,unknown_codes=60"
    )
    import_module(f"bench.{name}").main(arguments)


if __name__ == "__main__":
    main()
