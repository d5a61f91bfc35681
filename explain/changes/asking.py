"""The same for a model that can only be asked: in the order of size, or else some by lot."""

import heapq
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

from .answers import Answer, Option
from .axes import Room
from .search import Ask, Candidate, Limits, Verify, in_order, option_of, sizes_and_holding

BLOCK = 64
"""So many applications are asked about in one call."""

SEED = 7


def search_by_asking(
    room: Room, ask: Ask, at_most: float, limits: Limits, verify: Verify
) -> Answer:
    """The first combination in the order of size that passes, while there are tries left for all.

    Of a number of fields that has more combinations than tries are left, as many are drawn by lot
    and asked about the smallest first; what passes is brought nearer to what was stated, one field
    at a time, while it still passes.
    """
    search = _Asking(room, ask, at_most, limits, verify)
    for count in range(1, min(limits.fields, len(room.axes)) + 1):
        subsets = [
            numbers
            for numbers in combinations(range(len(room.axes)), count)
            if all(axis.open[axis.stated] for n, axis in enumerate(room.axes) if n not in numbers)
        ]
        points = sum(
            math.prod(len(room.axes[n].settings) - 1 for n in numbers) for numbers in subsets
        )
        whole = points <= limits.tries - search.tried
        ordered = heapq.merge(*map(search.all_of, subsets)) if whole else search.drawn(subsets)
        found = search.first(ordered)
        if found and whole:
            return Answer("found", (found[1],), search.tried, smallest=True)
        if found:
            return Answer("found", (search.nearer(*found),), search.tried, smallest=False)
        if not whole or search.stopped:
            return Answer("stopped", (), search.tried, smallest=False)
    return Answer("none", (), search.tried, smallest=False)


class _Asking:
    """One search: what was asked so far."""

    def __init__(
        self, room: Room, ask: Ask, at_most: float, limits: Limits, verify: Verify
    ) -> None:
        self._room = room
        self._ask = ask
        self._at_most = at_most
        self._limits = limits
        self._verify = verify
        self.tried = 0
        self.stopped = False

    def all_of(self, numbers: tuple[int, ...]) -> Iterator[Candidate]:
        """Every combination on these axes that may be proposed, the smallest first."""
        import numpy as np

        size, may = sizes_and_holding(self._room, numbers)
        return in_order(size, np.flatnonzero(may), numbers)

    def drawn(self, subsets: Sequence[tuple[int, ...]]) -> Iterator[Candidate]:
        """Some of them by lot, the same at every search, the smallest first."""
        chance = random.Random(SEED)  # noqa: S311 # where to look, not a secret
        left = max(0, (self._limits.tries - self.tried) // 2)
        found: set[Candidate] = set()
        for _ in range(left if subsets else 0):
            numbers = chance.choice(subsets)
            axes = [self._room.axes[number] for number in numbers]
            places = tuple(chance.choice(axis.others) for axis in axes)
            if all(axis.open[place] for axis, place in zip(axes, places, strict=True)):
                sizes = (axis.sizes[place] for axis, place in zip(axes, places, strict=True))
                found.add(Candidate(math.fsum(sizes), numbers, places))
        return iter(sorted(found))

    def first(self, candidates: Iterable[Candidate]) -> tuple[Candidate, Option] | None:
        """The first that passes and is confirmed; None where none does, or a limit came first."""
        waiting = iter(candidates)
        while True:
            block = []
            for candidate in waiting:
                option = self._option(candidate)
                if option:
                    block.append((candidate, option))
                if len(block) == BLOCK:
                    break
            if not block:
                return None
            if self.tried + len(block) > self._limits.tries or self._limits.expired():
                self.stopped = True
                return None
            self.tried += len(block)
            scores = self._ask([option.row for _, option in block])
            for told, score in zip(block, scores, strict=True):
                if score <= self._at_most and self._verify(told[1].row):
                    return told

    def nearer(self, candidate: Candidate, option: Option) -> Option:
        """The same fields with smaller changes, one field at a time, as long as it passes."""
        for place, number in enumerate(candidate.axes):
            axis = self._room.axes[number]
            now = axis.sizes[candidate.places[place]]
            smaller = sorted(
                self._at(candidate, place, other)
                for other in axis.others
                if axis.open[other] and axis.sizes[other] < now
            )
            better = self.first(islice(smaller, self._limits.tries - self.tried))
            if better:
                candidate, option = better
        return option

    def _at(self, candidate: Candidate, place: int, setting: int) -> Candidate:
        """The same with another setting of one field."""
        places = (*candidate.places[:place], setting, *candidate.places[place + 1 :])
        axes = (self._room.axes[number] for number in candidate.axes)
        size = math.fsum(axis.sizes[one] for axis, one in zip(axes, places, strict=True))
        return Candidate(size, candidate.axes, places)

    def _option(self, candidate: Candidate) -> Option | None:
        """The application with these changes; None where a relation does not hold."""
        axes = [self._room.axes[number] for number in candidate.axes]
        row = self._room.changed(axes, candidate.places)
        return option_of(self._room, axes, candidate, row) if self._room.holds(axes, row) else None
