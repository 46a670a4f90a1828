"""Runs the faults one after the other on one database, and judges what was promised against what is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from bench.faults.faults import FAULTS
from bench.faults.load import Promises, load
from bench.faults.postgres import Postgres, postgres
from bench.faults.serving import Gunicorn

BACK_WITHIN = 5.0  # seconds, without help
FINE = {"200", "201", "409", "503", "cut"}
SERVERS = 2_000  # for each fault
BEFORE, AFTER = 2, 6  # seconds of work


def run(names: Sequence[str]) -> bool:
    """Whether every fault, or each of `names`, ended well. Raises SystemExit for an unknown name."""
    unknown = set(names) - set(FAULTS)
    if unknown:
        raise SystemExit(f"No such fault: {', '.join(sorted(unknown))}. There are: {', '.join(FAULTS)}.")
    with postgres() as database:
        os.environ["DATABASE_URL"] = database.url
        _manage("migrate", "--verbosity", "0")
        server = Gunicorn()
        try:
            verdicts = [_one(name, database, server) for name in names or FAULTS]
        finally:
            server.terminate()
        checked = [_manage("check_invariants"), _manage("verify_audit")]
    return all(verdicts) and all(checked)


def _one(name: str, database: Postgres, server: Gunicorn) -> bool:
    from bench.faults.judging import prepare, wrongs

    if name == "disk_full" and not os.path.ismount(database.disk):
        print(f"{name:<18} left out: only root can mount the small disk that it needs", flush=True)
        return True
    token, servers = prepare(name, count=SERVERS)
    with load(port=server.port, token=token, servers=servers, run=name) as promises:
        time.sleep(BEFORE)
        mended = FAULTS[name](database, server, servers[0])
        time.sleep(AFTER)
    back = promises.back_after(mended)
    wrong = wrongs(promises, servers)
    if back is None or back > BACK_WITHIN:
        wrong.append(f"no success within {BACK_WITHIN:.0f} s")
    wrong += [f"{number} answers of {status}" for status, number in promises.answers.items() if status not in FINE]
    _show(name, promises, back, wrong)
    return not wrong


def _show(name: str, promises: Promises, back: float | None, wrong: list[str]) -> None:
    answers = ", ".join(f"{number} × {status}" for status, number in sorted(promises.answers.items()))
    returned = "never" if back is None else f"{back:.2f} s"
    print(f"{name:<18} {answers}; back after {returned}; slowest {promises.slowest:.1f} s", flush=True)
    print(f"{'':<18} {len(promises.codes)} codes and {len(promises.completed)} filings acknowledged; ", end="")
    print("; ".join(wrong) if wrong else "none lost, none half-done, none twice", flush=True)


def _manage(*arguments: str) -> bool:
    return subprocess.run([sys.executable, "manage.py", *arguments]).returncode == 0
