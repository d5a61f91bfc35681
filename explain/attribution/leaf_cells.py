"""A tree cut into cells: of each feature the values between which none of its splits tells.

Leaves that ask for much the same are taken together in a pool. Of a row a pool needs to know only
which cell each of its features lies in, and that is one number, the row's key, which is a sum over
the answers to a few questions.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..tree import Reading, Tree, UnsupportedForestError
from .forest import NUMBER_MAX

FEATURES_MAX = 50
"""The most features a path may ask for: a key with a bit for each is exact as a float64."""

ANY_SIZE = 1024
"""Pools of no more numbers than this are worth having, even where their parts need fewer."""


class Question(NamedTuple):
    """Whether a feature's number lies above the threshold, or its code is a member of the set."""

    feature: int
    reading: Reading
    threshold: float
    members: int


class Bins(NamedTuple):
    """How one tree parts one feature: values of a bin take the same way at all of its splits.

    ``steps`` has for each bin but the first the question that tells it from another bin, and which
    other that is: a row is in the last bin that its answers lead to. ``left`` has for each split
    the bins that go left, as bits.
    """

    steps: tuple[tuple[Question, int], ...]
    left: Mapping[int, int]

    @property
    def all(self) -> int:
        """All bins, as bits."""
        return (2 << len(self.steps)) - 1


class Leaf(NamedTuple):
    """One leaf: of each feature that its path asks for, the bins that lead to it, as bits."""

    allowed: Mapping[int, int]
    value: float


class Pool(NamedTuple):
    """Leaves taken together, and of each feature they ask for its cells: disjoint sets of bins.

    A row's key has its cell of the first feature, then that of the next, and so on, the last one
    running fastest.
    """

    cells: Mapping[int, tuple[int, ...]]
    leaves: tuple[Leaf, ...]

    @property
    def keys(self) -> int:
        """How many keys there are."""
        return math.prod(len(cells) for cells in self.cells.values())

    @property
    def size(self) -> int:
        """How many numbers a table takes that has one for each key and feature."""
        return self.keys * len(self.cells)


class KeyOf(NamedTuple):
    """How a row's key is found: what it is in the first bins, and what each answer adds to it."""

    origin: int
    terms: tuple[tuple[Question, int], ...]


def bins_of(tree: Tree) -> dict[int, Bins]:
    """The bins of every feature a tree asks for.

    UnsupportedForestError where its splits read one feature in ways that have no bins in common.
    """
    asking: dict[int, list[int]] = {}
    for split, feature in enumerate(tree.features):
        asking.setdefault(feature, []).append(split)
    found = {}
    for feature, splits in asking.items():
        readings = {tree.readings[split] for split in splits}
        kinds = {(reading.zero_is_gap, reading.is_code) for reading in readings}
        codes = any(reading.is_code for reading in readings)
        if len(kinds) > 1 or (codes and len(readings) > 1):
            msg = f"feature {feature} is read in ways that do not go together"
            raise UnsupportedForestError(msg)
        parted = _code_bins if codes else _number_bins
        found[feature] = parted(tree, feature, splits)
    return found


def _number_bins(tree: Tree, feature: int, splits: Sequence[int]) -> Bins:
    """Bins between thresholds; gaps have one of their own where splits take them differently."""
    told = {split: min(tree.thresholds[split], NUMBER_MAX) for split in splits}
    thresholds = sorted(set(told.values()))
    place = {threshold: bin_ for bin_, threshold in enumerate(thresholds)}
    reading, *others = {tree.readings[split] for split in splits}
    left = {split: (2 << place[threshold]) - 1 for split, threshold in told.items()}
    if not others:
        steps = [(Question(feature, reading, t, 0), b) for b, t in enumerate(thresholds)]
        return Bins(tuple(steps), left)
    # Gaps lie below all thresholds, and a question of its own takes them from there.
    low, high = (Reading(gap, reading.zero_is_gap) for gap in (-math.inf, math.inf))
    steps = [(Question(feature, low, t, 0), b) for b, t in enumerate(thresholds)]
    steps.append((Question(feature, high, NUMBER_MAX, 0), 0))
    for split, threshold in told.items():
        if tree.readings[split].gap <= threshold:
            left[split] |= 1 << len(thresholds) + 1
    return Bins(tuple(steps), left)


def _code_bins(tree: Tree, feature: int, splits: Sequence[int]) -> Bins:
    """Bins of codes that are in the same sets; the first has the codes that are in none."""
    parts: list[int] = []
    for split in splits:
        members = rest = tree.members[split]
        for part in parts:
            rest &= ~part
        halves = [half for part in parts for half in (part & members, part & ~members)]
        parts = [part for part in (*halves, rest) if part]
    reading = tree.readings[splits[0]]
    left = {
        split: sum(2 << b for b, part in enumerate(parts) if part & tree.members[split])
        for split in splits
    }
    return Bins(tuple((Question(feature, reading, 0.0, part), 0) for part in parts), left)


class CutTree(NamedTuple):
    """A tree in bins: its leaves in the order of their numbers, its splits parents first."""

    tree: Tree
    bins: Mapping[int, Bins]
    leaves: tuple[Leaf, ...]
    splits: tuple[int, ...]


def cut(tree: Tree) -> CutTree:
    """Part a tree's features into bins and follow all its paths.

    A leaf that no row can come to allows no bin of some feature. UnsupportedForestError for what
    cannot be cut: paths of too many features, or features read in ways that have no bins in common.
    """
    bins = bins_of(tree)
    leaves: dict[int, Leaf] = {}
    splits: list[int] = []
    ways: list[tuple[int, dict[int, int]]] = [(0 if tree.features else ~0, {})]
    while ways:
        child, allowed = ways.pop()
        if child < 0:
            asked = {f: some for f, some in allowed.items() if some != bins[f].all}
            if len(asked) > FEATURES_MAX:
                msg = f"a path asks for {len(asked)} features"
                raise UnsupportedForestError(msg)
            leaves[~child] = Leaf(asked, tree.values[~child])
            continue
        splits.append(child)
        feature = tree.features[child]
        before, left = allowed.get(feature, bins[feature].all), bins[feature].left[child]
        ways.append((tree.left[child], {**allowed, feature: before & left}))
        ways.append((tree.right[child], {**allowed, feature: before & ~left}))
    return CutTree(tree, bins, tuple(leaves[number] for number in sorted(leaves)), tuple(splits))


def alone(leaf: Leaf, bins: Mapping[int, Bins]) -> Pool:
    """A pool of one leaf: in each feature's cells, the bins that lead to it and those that do not.

    Its key has a bit for each feature that leads away, the first feature's being the highest.
    """
    cells = {f: (some, bins[f].all & ~some) for f, some in leaf.allowed.items()}
    return Pool(cells, (leaf,))


def pools_of(told: CutTree) -> list[Pool]:
    """The leaves in pools that take no more room together than apart, or little.

    From the leaves up, at each split the smallest pools of its two sides are joined, if they may
    be. Leaves that ask for nothing, or that no row can come to, are in no pool.
    """
    done: dict[int, list[Pool]] = {
        ~number: [alone(leaf, told.bins)] if leaf.allowed and all(leaf.allowed.values()) else []
        for number, leaf in enumerate(told.leaves)
    }
    for split in reversed(told.splits):
        left, right = done.pop(told.tree.left[split]), done.pop(told.tree.right[split])
        if left and right and (both := _joined(left[-1], right[-1])):
            left[-1:], right[-1:] = [both], []
        done[split] = sorted(left + right, key=lambda pool: -pool.size)
    return done[0] if told.splits else []


def _joined(one: Pool, other: Pool) -> Pool | None:
    """The leaves of both pools in one, unless that takes too much room."""
    most = max(one.size + other.size, ANY_SIZE)
    features = len(one.cells.keys() | other.cells.keys())
    if features << features > most:
        return None  # already with two cells of each
    cells = dict(one.cells)
    for feature, theirs in other.cells.items():
        ours = cells.get(feature)
        if ours is None:
            cells[feature] = theirs
        elif ours != theirs:
            cells[feature] = tuple(both for a in ours for b in theirs if (both := a & b))
    pool = Pool(cells, one.leaves + other.leaves)
    return pool if pool.size <= most else None


def key_of(pool: Pool, bins: Mapping[int, Bins]) -> KeyOf:
    """How a row's key in this pool is found from answers."""
    origin, stride, terms = 0, pool.keys, list[tuple[Question, int]]()
    for feature, cells in pool.cells.items():
        stride //= len(cells)
        steps = bins[feature].steps
        cell_of = [
            next(number for number, some in enumerate(cells) if some >> bin_ & 1)
            for bin_ in range(len(steps) + 1)
        ]
        origin += stride * cell_of[0]
        for bin_, (question, before) in enumerate(steps, start=1):
            if change := cell_of[bin_] - cell_of[before]:
                terms.append((question, stride * change))
    return KeyOf(origin, tuple(terms))
