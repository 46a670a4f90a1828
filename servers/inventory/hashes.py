"""Which of a million names were seen, and which of them twice: eight bytes a name."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise

PARTS = 256  # sorted one by one: a sorted copy of all of them would cost five times the memory


class Hashes:
    """The hashes of the names that were added. Two names of one hash, one in 2**64, count as the same."""

    def __init__(self) -> None:
        self._parts = [array("q") for _ in range(PARTS)]
        self._are_sorted = True

    def add(self, name: str) -> None:
        """Remember a name, once more if it was added before."""
        number = hash(name)
        self._parts[number % PARTS].append(number)
        self._are_sorted = False

    def __len__(self) -> int:
        """How often `add` was called."""
        return sum(map(len, self._parts))

    def __contains__(self, name: str) -> bool:
        self._sort()
        number = hash(name)
        part = self._parts[number % PARTS]
        at = bisect_left(part, number)
        return at < len(part) and part[at] == number

    def repeated(self) -> set[int]:
        """The hashes of the names that were added more than once."""
        self._sort()
        return {one for part in self._parts for one, other in pairwise(part) if one == other}

    def _sort(self) -> None:
        if not self._are_sorted:
            for at, part in enumerate(self._parts):  # one by one, so that there are no two of all
                self._parts[at] = array("q", sorted(part))
            self._are_sorted = True
