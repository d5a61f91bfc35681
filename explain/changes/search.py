"""The smallest changes after which a recommendation would be another.

Smallest is first by the number of fields that change, and among as many by the sum of their sizes
(``Axis.sizes``); equals go by the order in which the policy declares fields, and then by value.

Where the score of every combination is told by the model's own structure (trees, sums over
fields), all combinations of one, then two, then three fields are looked at, and nothing smaller can
be missed. A model that can only be asked is asked in the order of size; where that would be too
many questions, some drawn by lot are asked instead, and the answer says that it is the best found.
Either way a proposal is made only after ``verify`` has scored and weighed the application anew.
"""

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from ..values import Row
from .answers import Answer, Change, Option
from .axes import LENIENT, Axis, Room
from .surfaces import Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS_MAX = 3
VERIFIED_MAX = 50
"""So many proposals are scored anew before the search is given up: rounding can spoil a few."""

Ask = Callable[[Sequence[Row]], Sequence[float]]
"""Raw scores by the model itself."""

Verify = Callable[[Row], bool]
"""Whether an application, scored by the model and weighed by the policy, has the wanted advice."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop. ``expired`` says whether the time is over; counts come before it."""

    fields: int
    tries: int
    expired: Callable[[], bool]


class Candidate(NamedTuple):
    """One combination: its size, which axes change (by their order), and where along each."""

    size: float
    axes: tuple[int, ...]
    places: tuple[int, ...]


@dataclass(slots=True)
class _Proposals:
    """Candidates scored anew in their order: of each set of axes the first that holds is kept."""

    room: Room
    verify: Verify
    kept: dict[tuple[int, ...], Option] = field(default_factory=dict)
    asked: int = 0

    def take(self, candidates: Iterator[Candidate], expired: Callable[[], bool]) -> bool:
        """Whether all that had to be scored anew was, before the limits."""
        for candidate in candidates:
            if candidate.axes in self.kept:
                continue
            axes = [self.room.axes[number] for number in candidate.axes]
            row = self.room.changed(axes, candidate.places)
            if not self.room.holds(axes, row):
                continue
            if self.asked >= VERIFIED_MAX or expired():
                return False
            self.asked += 1
            if self.verify(row):
                self.kept[candidate.axes] = option_of(self.room, axes, candidate, row)
                if len(self.kept) >= OPTIONS_MAX:
                    return True
        return True


def search(room: Room, scores: Scores, at_most: float, limits: Limits, verify: Verify) -> Answer:
    """The smallest changes whose raw score is ``at_most`` so high, and which ``verify`` confirms.

    Every combination is looked at, by one number of changed fields after the other.
    """
    tried = 0
    for count in range(1, min(limits.fields, len(room.axes)) + 1):
        streams = []
        whole = True
        for numbers in combinations(range(len(room.axes)), count):
            axes = [room.axes[number] for number in numbers]
            if not _may_stay(room, numbers):
                continue
            points = math.prod(len(axis.settings) - 1 for axis in axes)
            if tried + points > limits.tries or limits.expired():
                whole = False
                break
            tried += points
            streams.append(_passing(room, numbers, scores, at_most))
        proposals = _Proposals(room, verify)
        done = proposals.take(heapq.merge(*streams), limits.expired)
        if proposals.kept:
            return Answer("found", tuple(proposals.kept.values()), tried, whole)
        if not whole or not done:
            return Answer("stopped", (), tried, smallest=False)
    return Answer("none", (), tried, smallest=False)


def option_of(room: Room, axes: Sequence[Axis], candidate: Candidate, row: Row) -> Option:
    """A confirmed candidate, field by field."""
    changes = [
        Change(name, room.row[name], row[name], axis.field if name != axis.field else "")
        for axis in axes
        for name in axis.names
        if row[name] != room.row[name]
    ]
    return Option(tuple(changes), len(axes), candidate.size, row)


def _may_stay(room: Room, numbers: Sequence[int]) -> bool:
    """Whether no fixed rule speaks against what the other axes have as stated."""
    return all(
        axis.open[axis.stated] for number, axis in enumerate(room.axes) if number not in numbers
    )


def sizes_and_holding(
    room: Room, numbers: Sequence[int]
) -> "tuple[NDArray[np.float64], NDArray[np.bool_]]":
    """Of every combination on these axes its size, and whether it may be proposed at all."""
    import numpy as np

    axes = [room.axes[number] for number in numbers]

    def along(place: int, told: Any) -> Any:
        shape = [1] * len(axes)
        shape[place] = -1
        return np.array(told).reshape(shape)

    values: dict[str, Any] = {
        name: told for name, told in room.row.items() if isinstance(told, float)
    }
    size = np.zeros((1,) * len(axes))
    may = np.ones((1,) * len(axes), dtype=bool)
    for place, axis in enumerate(axes):
        size = size + along(place, axis.sizes)
        opened = np.array(axis.open)
        opened[axis.stated] = False
        may = may & along(place, opened)
        for column, name in enumerate(axis.names):
            values[name] = along(place, [setting[column] for setting in axis.settings])
    for relation in room.touched(axes):
        if any(room.row[name] is None for name in relation.names):
            may = may & False
            continue
        excess = relation.excess(values.__getitem__, float)
        near = LENIENT * np.maximum(1.0, np.abs(values[relation.field]))
        may = may & (excess <= near)
    return size, np.broadcast_to(may, size.shape)


def _passing(
    room: Room, numbers: tuple[int, ...], scores: Scores, at_most: float
) -> Iterator[Candidate]:
    """Combinations whose score passes, the smallest first."""
    import numpy as np

    size, may = sizes_and_holding(room, numbers)
    may = may & (scores.grid(numbers) <= at_most)
    return in_order(size, np.flatnonzero(may), numbers)


def in_order(
    size: "NDArray[np.float64]", flat: "NDArray[np.intp]", numbers: tuple[int, ...]
) -> Iterator[Candidate]:
    """These combinations, the smallest first, equals in the order of their values."""
    import numpy as np

    told = size.ravel()[flat]
    for place in np.lexsort((flat, told)):
        places = np.unravel_index(int(flat[place]), size.shape)
        yield Candidate(float(told[place]), numbers, tuple(int(one) for one in places))
