"""Tree ensembles as flat arrays, ready for the attribution kernel.

The kernel needs of every split what it compares, how often training rows went left, and which split
above it on the same path asked for the same feature. The rest is worked out here once.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..tree import Reading, Tree, UnsupportedForestError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NUMBER_MAX = sys.float_info.max
"""Infinite values and thresholds are taken for this, so that gaps can lie beyond all thresholds."""

ZERO_MAX = 1.0000000180025095e-35
"""Numbers no larger than this, a float32, are zero to LightGBM."""

CODE_MAX = 2.0**31
"""No category has a code as large as this."""

SHARE_MIN, SHARE_MAX = 1e-300, 1.0 - sys.float_info.epsilon / 2
"""A share of training rows is held within these, so that no way at a split ever counts nothing."""

POINTS_MAX = 32
"""The most Gauss-Legendre points; n are exact for paths of 2n features."""

LANES = 8
"""Tables are laid out so that this many numbers can be worked on side by side."""


class Forest(NamedTuple):
    """An ensemble with its trees laid one behind the other, parents before children.

    The splits of a tree are in two parts: first those above other splits, ``inner``, then the
    ``tips``, which have two leaves. A child is a slot of its tree: the splits in their order, then
    the loose leaves, those of inner splits. ``values`` are the leaves', of each tip the left and
    the right, then of the loose ones.

    ``asked`` names for each split the column it compares with its threshold; a column is a feature
    with a Reading. ``sets`` are the splits on categories; bit n of their words tells whether
    category n goes left. ``repeats`` are the splits with an ``earlier`` one above on the same
    feature; ``side`` is 1 for those left of it, -1 for those right.

    ``factors`` holds the points' weights, and for each cover z of the earlier splits first t/f,
    then z/f**2 with f = t + (1 - t)*z, at every point t, each filled up to ``parts`` times LANES.
    ``places`` is the most slots times points of any tree.
    """

    trees: "NDArray[Any]"
    splits: "NDArray[Any]"
    asked: "NDArray[np.int32]"
    thresholds: "NDArray[np.float64]"
    shares: "NDArray[np.float64]"
    sets: "NDArray[Any]"
    words: "NDArray[np.uint64]"
    repeats: "NDArray[Any]"
    values: "NDArray[np.float64]"
    factors: "NDArray[np.float64]"
    columns: "NDArray[Any]"
    places: int


@dataclass(frozen=True, slots=True)
class ReadForest:
    """A forest, the mean raw score of its training rows, and what trees without splits add.

    ``features`` is how many a row must have at least.
    """

    forest: Forest
    base: float
    constant: float
    features: int


class _Earlier(NamedTuple):
    """The last split above on the same feature, the side taken there, the cover of all of them."""

    split: int
    side: float
    cover: float


_NONE_EARLIER = _Earlier(-1, 0.0, 1.0)


class _Layout:
    """The arrays of a forest while trees are added."""

    def __init__(self) -> None:
        self.base = 0.0
        self.constant = 0.0
        self._trees: list[tuple[int, ...]] = []
        self._splits: list[tuple[int, int, int, int]] = []
        self._asked: list[int] = []
        self._thresholds: list[float] = []
        self._shares: list[float] = []
        self._sets: list[tuple[int, int, int, int]] = []
        self._words: list[int] = []
        self._repeats: list[tuple[float, int, int]] = []
        self._values: list[float] = []
        self._factors: list[float] = []
        self._columns: dict[tuple[int, Reading], int] = {}
        self._rows: dict[tuple[int, float | None], int] = {}
        self._places = 1

    def add(self, tree: Tree) -> None:
        """Lay one tree behind the others."""
        if not tree.features:
            self.base += tree.values[0]
            self.constant += tree.values[0]
            return
        earlier, richest = _paths(tree)
        self.base += tree.mean(list(earlier))
        points = _points(richest)
        inner = [split for split in earlier if not tree.is_tip(split)]
        tips = [split for split in earlier if tree.is_tip(split)]
        loose = [c for k in inner for c in (tree.left[k], tree.right[k]) if c < 0]
        pairs = [child for k in tips for child in (tree.left[k], tree.right[k])]
        slots = {child: slot for slot, child in enumerate((*inner, *tips, *loose))}
        starts = [len(a) for a in (self._splits, self._values, self._sets, self._repeats)]
        for split in (*inner, *tips):
            self._add_split(tree, split, slots, earlier[split], points)
        self._values += [tree.values[~leaf] for leaf in (*pairs, *loose)]
        counts = [len(self._sets) - starts[2], len(self._repeats) - starts[3]]
        parts = -(-points // LANES)
        sizes = (len(inner), len(tips), *counts, points, parts, self._row(points, None))
        self._trees.append((*starts, *sizes))
        self._places = max(self._places, (len(slots) + 1) * points)

    def _add_split(
        self, tree: Tree, split: int, slots: Mapping[int, int], earlier: _Earlier, points: int
    ) -> None:
        """Lay one split behind the others; ``slots`` are the places of its tree's children."""
        feature, reading = tree.features[split], tree.readings[split]
        left, right = tree.left[split], tree.right[split]
        column = self._columns.setdefault((feature, reading), len(self._columns))
        self._asked.append(column)
        self._thresholds.append(min(tree.thresholds[split], NUMBER_MAX))
        self._shares.append(min(max(tree.share(split), SHARE_MIN), SHARE_MAX))
        factors = self._row(points, earlier.cover)
        # The leaves of a tip have no slots, and need none.
        sides = (0, 0) if tree.is_tip(split) else (slots[left], slots[right])
        self._splits.append((feature, factors, *sides))
        if reading.is_code:
            words = _words(tree.members[split])
            self._sets.append((slots[split], column, len(self._words), len(words)))
            self._words += words
        if earlier is not _NONE_EARLIER:
            self._repeats.append((earlier.side, slots[split], slots[earlier.split]))

    def _row(self, points: int, cover: float | None) -> int:
        """Where the factors for this cover begin, or without one the weights of the points."""
        if (points, cover) not in self._rows:
            self._rows[points, cover] = len(self._factors)
            places, weights = _legendre(points)
            blank = [0.0] * (-points % LANES)
            if cover is None:
                self._factors += [*weights, *blank]
            else:
                whole = [t + (1.0 - t) * cover for t in places]
                known = [t / f for t, f in zip(places, whole, strict=True)]
                self._factors += [*known, *blank, *(cover / f**2 for f in whole), *blank]
        return self._rows[points, cover]

    def forest(self) -> Forest:
        """What was laid out, as arrays."""
        import numpy as np

        whole = np.int32
        spare = [0] * LANES  # what is read eight at a time may be read beyond its end
        tree = "first_split first_value first_set first_repeat inner tips sets repeats"
        return Forest(
            trees=np.array(self._trees, _record(f"{tree} points parts weights")),
            splits=np.array(self._splits, _record("feature factors left right")),
            asked=np.array(self._asked + spare, whole),
            thresholds=_aligned([*self._thresholds, *spare]),
            shares=_aligned([*self._shares, *spare]),
            sets=np.array(self._sets, _record("split column first_word words")),
            words=np.array(self._words, np.uint64),
            repeats=np.array(
                self._repeats, [("side", np.float64), ("split", whole), ("earlier", whole)]
            ),
            values=np.array(self._values, np.float64),
            factors=_aligned(self._factors),
            columns=np.array(
                [(reading.gap, feature, *reading[1:]) for feature, reading in self._columns],
                [("gap", np.float64), *_record("feature zero_is_gap is_code").descr],
            ),
            places=self._places,
        )


def _paths(tree: Tree) -> tuple[dict[int, _Earlier], int]:
    """What is above each split, parents first, and the most features any path asks for."""
    found: dict[int, _Earlier] = {}
    richest = 1
    waiting: list[tuple[int, dict[int, _Earlier]]] = [(0, {})]
    while waiting:
        split, path = waiting.pop()
        if split in found:
            msg = f"two ways lead to split {split}"
            raise UnsupportedForestError(msg)
        feature = tree.features[split]
        earlier = found[split] = path.get(feature, _NONE_EARLIER)
        share = tree.share(split)
        ways = ((-1.0, tree.right[split], 1.0 - share), (1.0, tree.left[split], share))
        for side, child, part in ways:
            cover = earlier.cover * part
            longer = {**path, feature: _Earlier(split, side, cover)}
            richest = max(richest, len(longer))
            if child >= 0:
                waiting.append((child, longer))
    return found, richest


def _points(features_on_path: int) -> int:
    """The fewest points that are exact for paths this rich."""
    points = -(-features_on_path // 2)
    if points > POINTS_MAX:
        msg = f"a path asks for {features_on_path} features"
        raise UnsupportedForestError(msg)
    return points


@cache
def _legendre(points: int) -> tuple[list[float], list[float]]:
    """Places and weights of the Gauss-Legendre points on 0..1."""
    import numpy as np

    places, weights = np.polynomial.legendre.leggauss(points)
    return ((places + 1.0) / 2.0).tolist(), (weights / 2.0).tolist()


def _words(members: int) -> list[int]:
    """A set of bits, 64 to a word."""
    count = max(1, -(-members.bit_length() // 64))
    return [(members >> (64 * place)) & (2**64 - 1) for place in range(count)]


def _record(names: str) -> Any:
    """A record of whole numbers."""
    import numpy as np

    return np.dtype([(name, np.int32) for name in names.split()])


def aligned(count: int) -> "NDArray[np.float64]":
    """An empty array that begins where a line of the processor's cache does."""
    import numpy as np

    room = np.empty(count + LANES)
    start = -(room.__array_interface__["data"][0] // room.itemsize) % LANES
    return room[start : start + count]


def _aligned(numbers: Sequence[float]) -> "NDArray[np.float64]":
    room = aligned(len(numbers))
    room[:] = numbers
    return room


def lay_out(trees: Iterable[Tree]) -> ReadForest:
    """Trees as arrays; UnsupportedForestError for paths of too many features."""
    layout = _Layout()
    for tree in trees:
        layout.add(tree)
    forest = layout.forest()
    features = int(forest.columns["feature"].max(initial=-1)) + 1
    return ReadForest(forest, layout.base, layout.constant, features)
