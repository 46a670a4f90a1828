"""`python -m bench faults`: kill it, cut it, fill its disk, lock its rows, while clients work.

Starts a PostgreSQL of its own that writes durably and gunicorn in front of it. For each fault eight clients generate
codes, begin and complete filings, each call under an Idempotency-Key that they repeat until it is answered, as good
clients do. Afterwards everything acknowledged must be there, nothing half-done or done twice, no server beyond its five
codes, and clients must have seen success, a refusal, 503 or a cut connection. Exits with 1 when that is not so.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Run the faults that are named, or all, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m bench faults", description=__doc__.partition("\n")[0])
    parser.add_argument("faults", nargs="*", help="which (default: all)")
    chosen = parser.parse_args(arguments)
    os.environ.update(LOG_LEVEL="CRITICAL", CONN_MAX_AGE="600")

    from bench.faults.running import run

    sys.exit(0 if run(chosen.faults) else 1)
