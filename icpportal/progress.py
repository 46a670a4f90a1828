"""How far a long command is: a bar on a terminal, a line now and then elsewhere. To standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINE_EVERY = 10_000  # things, where there is no terminal


@contextmanager
def shown(
    title: str, *, total: int, things: str, say: Callable[[str], object], every: int = LINE_EVERY
) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with the number of `things` that were done since it was last called.

    On a terminal `title` stands before the bar, which moves when it is called: no thread, so that the process may fork.
    Elsewhere `say` gets a line each time another `every` are done.
    """
    if sys.stderr.isatty():
        columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=sys.stderr), auto_refresh=False) as bar:
            task = bar.add_task(title, total=total)
            yield lambda number: bar.update(task, advance=number, refresh=True)
        return
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        if done // every > (done - number) // every:
            say(f"{done} of {total} {things}")

    yield advance
