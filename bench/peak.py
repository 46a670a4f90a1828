"""The most memory that a process and those it starts take together, looked at ten times a second from outside.

`python -m bench.peak PID` says so, in MiB, once its standard input ends.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.server import size_mib, sizes_mib

EVERY = 0.1  # seconds


@contextmanager
def peak() -> Iterator[Callable[[], float]]:
    """Looks at this process meanwhile; gives what tells, once, the MiB that were added at most to those of now."""
    before = size_mib(os.getpid()) or 0.0
    command = [sys.executable, "-m", "bench.peak", str(os.getpid())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as looker:
        yield lambda: float(looker.communicate()[0]) - before


def main(root: int) -> None:
    """Look until standard input ends."""
    most = 0.0
    while not select.select([sys.stdin], [], [], EVERY)[0]:
        most = max(most, (size_mib(root) or 0.0) + sum(sizes_mib(root)) - (size_mib("self") or 0.0))
    print(most)


if __name__ == "__main__":
    main(int(sys.argv[1]))
