"""The game that an applicant plays at one leaf against the rows of a background.

Of d features on the leaf's path, the applicant's values lead away from the leaf at those in X, a
background row's at those in Z. A coalition puts the applicant's values into the background row. It
comes to the leaf if it takes none of X and all of Z, so X and Z must have nothing in common for
any to come there. With a features in Z and b in X, those in Z then share

    (a - 1)! b! / (a + b)!      of the leaf's value, each, with a plus

because they must all be there, and those in X get a! (b - 1)! / (a + b)! each with a minus. The
Shapley value is the mean of that over the background, in which only so many different Z occur.
"""

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ..tree import Reading
from .forest import CODE_MAX, NUMBER_MAX, ZERO_MAX
from .leaf_cells import FEATURES_MAX, Bins, CutTree, KeyOf, Leaf, Question, alone, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Keys = NDArray[np.int64]


class Answers:
    """What encoded rows answer to questions."""

    def __init__(self, rows: "Numbers") -> None:
        self._rows = rows
        self._read: dict[tuple[int, Reading], Numbers] = {}
        self._known: dict[Question, NDArray[np.bool_]] = {}

    def to(self, question: Question) -> "NDArray[np.bool_]":
        """Yes or no, for each row."""
        import numpy as np

        column = (question.feature, question.reading)
        if column not in self._read:
            self._read[column] = _read(self._rows[:, question.feature], question.reading)
        read = self._read[column]
        if not question.reading.is_code:
            return read > question.threshold
        size = question.members.bit_length() // 8 + 1  # so that the last bit is no member
        octets = np.frombuffer(question.members.to_bytes(size, "little"), np.uint8)
        members = np.unpackbits(octets, bitorder="little").astype(np.bool_)
        places = np.where(read < 0.0, len(members), read).astype(np.int64)
        return members[np.minimum(places, len(members) - 1)]

    def keys(self, told: KeyOf) -> "Keys":
        """The key of each row."""
        import numpy as np

        keys = np.full(len(self._rows), told.origin, np.int64)
        for question, change in told.terms:
            if question not in self._known:
                self._known[question] = self.to(question)
            keys += self._known[question] * np.int64(change)
        return keys


class LeafGame(NamedTuple):
    """A leaf against a background.

    ``away`` are the different sets of features at which background rows are led away, as keys
    of the leaf, and ``shares`` how many of the rows each stands for.
    """

    leaf: Leaf
    key: KeyOf
    away: "Keys"
    shares: "Numbers"

    @property
    def features(self) -> tuple[int, ...]:
        """The features the leaf asks for, in the order of a key's bits, lowest first."""
        return tuple(reversed(self.leaf.allowed))

    @property
    def worth(self) -> "Numbers":
        """The shares of the leaf's value."""
        return self.shares * self.leaf.value


def games_of(told: CutTree, background: Answers) -> list[LeafGame]:
    """The games of a tree's leaves, for all leaves that rows can come to."""
    return [
        _game(leaf, told.bins, background)
        for leaf in told.leaves
        if all(leaf.allowed.values())  # no row comes to any other
    ]


def _game(leaf: Leaf, bins: "Mapping[int, Bins]", background: Answers) -> LeafGame:
    import numpy as np

    key = key_of(alone(leaf, bins), bins)
    away, counts = np.unique(background.keys(key), return_counts=True)
    return LeafGame(leaf, key, away, counts / counts.sum())


def directly(game: LeafGame, keys: "Keys") -> "Numbers":
    """What each of the game's features gets, for rows with these keys (rows by features)."""
    import numpy as np

    bits = np.int64(1) << np.arange(len(game.features), dtype=np.int64)
    theirs, ours = (game.away[:, None] & bits) != 0, (keys[:, None] & bits) != 0
    sizes = theirs.sum(axis=1), ours.sum(axis=1)
    parts = np.where((keys[:, None] & game.away) == 0, game.worth, 0.0)
    known = weights()
    gained = (parts * known[np.ix_(*sizes)].T) @ theirs
    lost = (parts * known.T[np.ix_(*sizes)].T).sum(axis=1)
    return np.asarray(gained - ours * lost[:, None])


@cache
def weights() -> "Numbers":
    """(a - 1)! b! / (a + b)! by a and b; 0 for a = 0."""
    import numpy as np

    known = np.zeros((FEATURES_MAX + 1, FEATURES_MAX + 1))
    for a in range(1, FEATURES_MAX + 1):
        for b in range(FEATURES_MAX + 1):
            known[a, b] = 1.0 / (a * math.comb(a + b, b))
    return known


def _read(values: "Numbers", reading: Reading) -> "Numbers":
    """Values of a feature as a split with this reading compares them."""
    import numpy as np

    if reading.is_code:
        known = (values > -1.0) & (values < CODE_MAX)
        return np.where(known, np.trunc(np.where(known, values, 0.0)), reading.gap)
    gaps = np.isnan(values)
    if reading.zero_is_gap:
        gaps |= np.abs(values) <= ZERO_MAX
    return np.where(gaps, reading.gap, np.minimum(values, NUMBER_MAX))
