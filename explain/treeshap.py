"""Exact path-dependent TreeSHAP by quadrature, compiled with numba; import it only where numba is.

A tree sends an applicant down one path; the coalition game behind SHAP also asks where she would go
if some features were unknown, and then both ways count by the share of training rows (the cover).
For one leaf, with o = 1 if the applicant meets all of a feature's splits on its path and z the
product of their covers, the leaf's chance when features are known with probability t is the product
of t*o + (1 - t)*z over the features, and a feature's Shapley value is the integral over t of
value * (o - z) * (the product over the others). That is a polynomial in t, so a few Gauss-Legendre
points give it exactly.

Leaves are not visited one by one. At every split, with s the share of rows that went left, h = 1 if
the applicant goes left, z the cover of the splits above on the same feature and f = t + (1 - t)*z:

    turn    d = h - s, or 0 where an earlier split on the feature went the other way
    share   w = s + d * t/f                            of what comes here, for the left child
    lift    T = T_right + w * (T_left - T_right)       T of a leaf is its value
    drop    G_left = w * G    G_right = G - G_left     G of the root is the weight of the point
    credit  feature += d * sum over the points of z/f**2 * G * (T_left - T_right)

A row alone has its points side by side in the lanes of a processor; from a few rows on, rows lie
side by side and points follow one another. Splits with two leaves, the tips, need less than this.

The score is what the leaves reached add up to, on another path than the contributions.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numba

from .forest import CODE_MAX, LANES, NUMBER_MAX, ZERO_MAX, Forest
from .lanes import (
    above_zero,
    address,
    ahead,
    at_most,
    load,
    member,
    pick,
    record,
    spread,
    store,
    where,
)

GROUPS = 8
"""Groups of lanes for which a tree is worked out before the next tree is looked at."""

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    # Reordering sums is welcome; the assumption that there are no NaNs is not: NaN means missing.
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}
_Compiler = Callable[[Callable[..., Any]], Any]
_entry: _Compiler = numba.njit(cache=True, **_OPTIONS)
_compiled: _Compiler = numba.njit(**_OPTIONS)
_inlined: _Compiler = numba.njit(forceinline=True, **_OPTIONS)


class _Told(NamedTuple):
    """Pointers to what the forest says of one tree, and to the words and factors of all."""

    splits: Any
    asked: Any
    thresholds: Any
    shares: Any
    sets: Any
    repeats: Any
    pairs: Any
    loose: Any
    words: Any
    factors: Any


class _Work(NamedTuple):
    """Pointers to where a tree is worked out: T, gaps and G by slot and point, turns by split."""

    below: Any
    gaps: Any
    above: Any
    turns: Any


def scratch_size(forest: Forest, features: int) -> int:
    """How many numbers of room explaining takes."""
    return LANES * (4 * forest.places + GROUPS * (forest.columns.size + features + 1))


@_inlined
def _told(forest: Any, tree: Any) -> Any:
    pairs = ahead(address(forest.values), tree.first_value)
    return _Told(
        ahead(address(forest.splits), tree.first_split),
        ahead(address(forest.asked), tree.first_split),
        ahead(address(forest.thresholds), tree.first_split),
        ahead(address(forest.shares), tree.first_split),
        ahead(address(forest.sets), tree.first_set),
        ahead(address(forest.repeats), tree.first_repeat),
        pairs,
        ahead(pairs, 2 * tree.tips),
        address(forest.words),
        address(forest.factors),
    )


@_inlined
def _work(scratch: Any, size: int) -> Any:
    return _Work(scratch, ahead(scratch, size), ahead(scratch, 2 * size), ahead(scratch, 3 * size))


@_entry
def explain_alone(forest: Any, rows: Any, scratch: Any, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features), and add to scores, one row after another."""
    given, found, trees = address(rows), address(amounts), address(forest.trees)
    features, size = rows.shape[1], forest.places * LANES
    work = _work(address(scratch), size)
    readings = ahead(work.turns, size)
    credit = ahead(readings, forest.columns.size * LANES)
    for row in range(rows.shape[0]):
        _read(forest, ahead(given, row * features), readings, 1)
        for feature in range(features):
            store(credit, feature * LANES, spread(0.0))
        for place in range(forest.trees.size):
            tree = record(trees, place)
            told = _told(forest, tree)
            _decide(tree, told, readings, work.turns)
            scores[row] += _reached(tree, told, work.turns)
            _spread_leaves(tree, told, work, 1)
            for part in range(tree.parts):
                factors = ahead(told.factors, part * LANES)
                _lift(tree, told, factors, work, 1)
                _drop(tree, told, factors, work, 1, credit)
        for feature in range(features):
            total = 0.0
            for lane in range(LANES):
                total += credit[feature * LANES + lane]
            found[row * features + feature] = total


@_entry
def explain_lanes(forest: Any, rows: Any, scratch: Any, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features), and add to scores, rows side by side."""
    given, found, trees = address(rows), address(amounts), address(forest.trees)
    features, size = rows.shape[1], forest.places * LANES
    width, height = forest.columns.size * LANES, (features + 1) * LANES
    work = _work(address(scratch), size)
    readings = ahead(work.turns, size)
    sums = ahead(readings, GROUPS * width)
    for start in range(0, rows.shape[0], GROUPS * LANES):
        inside = min(GROUPS * LANES, rows.shape[0] - start)
        groups = (inside + LANES - 1) // LANES
        for lane in range(groups * LANES):
            # Lanes beyond the last row repeat it, and nobody reads their answers.
            row = ahead(given, (start + min(lane, inside - 1)) * features)
            _read(forest, row, ahead(readings, lane // LANES * width + lane % LANES), LANES)
        for place in range(0, groups * height, LANES):
            store(sums, place, spread(0.0))
        for place in range(forest.trees.size):
            tree = record(trees, place)
            told = _told(forest, tree)
            _spread_leaves(tree, told, work, tree.points)
            for group in range(groups):
                own = ahead(sums, group * height)
                _decide_lanes(tree, told, ahead(readings, group * width), work.turns)
                _reach_lanes(tree, told, work, ahead(own, features * LANES))
                _lift_lanes(tree, told, told.factors, work, tree.points)
                _drop_lanes(tree, told, told.factors, work, tree.points, own)
        for lane in range(inside):
            own = ahead(sums, lane // LANES * height + lane % LANES)
            scores[start + lane] += own[features * LANES]
            for feature in range(features):
                found[(start + lane) * features + feature] = own[feature * LANES]


@_compiled
def _read(forest: Any, row: Any, readings: Any, step: int) -> None:
    """Read the features of a row in every way that is asked for, and note it a step apart."""
    columns = address(forest.columns)
    for c in range(forest.columns.size):
        column = record(columns, c)
        readings[c * step] = _reading(row[column.feature], column)


@_inlined
def _reading(value: float, column: Any) -> Any:
    if column.is_code:
        return math.trunc(value) if -1.0 < value < CODE_MAX else column.gap
    if value != value or (column.zero_is_gap and abs(value) <= ZERO_MAX):  # noqa: PLR0124 # NaN
        return column.gap
    return min(value, NUMBER_MAX)


@_compiled
def _decide(tree: Any, told: Any, readings: Any, turns: Any) -> None:
    """The turns at all splits of a tree, whether they are come to or not."""
    for k in range(0, tree.inner + tree.tips, LANES):
        left = at_most(pick(readings, told.asked, k), load(told.thresholds, k))
        store(turns, k, where(left, spread(1.0), spread(0.0)) - load(told.shares, k))
    for s in range(tree.sets):
        choice = record(told.sets, s)
        code = int(readings[choice.column])
        word = code >> 6
        known = 0 <= word < choice.words
        bits = told.words[choice.first_word + (word if known else 0)] >> (code & 63)
        turns[choice.split] = (int(bits) & known) - told.shares[choice.split]
    for r in range(tree.repeats):
        repeat = record(told.repeats, r)
        turns[repeat.split] *= turns[repeat.earlier] * repeat.side > 0.0


@_compiled
def _decide_lanes(tree: Any, told: Any, readings: Any, turns: Any) -> None:
    """The turns at all splits of a tree, in all lanes."""
    for k in range(tree.inner + tree.tips):
        left = at_most(load(readings, told.asked[k] * LANES), spread(told.thresholds[k]))
        store(turns, k * LANES, where(left, spread(1.0), spread(0.0)) - told.shares[k])
    for s in range(tree.sets):
        choice = record(told.sets, s)
        codes, left = load(readings, choice.column * LANES), 0
        for word in range(choice.words):
            left |= int(member(codes - 64.0 * word, told.words[choice.first_word + word]))
        turn = where(left, spread(1.0), spread(0.0)) - told.shares[choice.split]
        store(turns, choice.split * LANES, turn)
    for r in range(tree.repeats):
        repeat = record(told.repeats, r)
        met = above_zero(load(turns, repeat.earlier * LANES) * repeat.side)
        place = repeat.split * LANES
        store(turns, place, where(met, load(turns, place), spread(0.0)))


@_compiled
def _reached(tree: Any, told: Any, turns: Any) -> Any:
    """The value of the leaf reached; on its way no turn is 0."""
    splits, slot = tree.inner + tree.tips, 0
    while slot < tree.inner:
        split = record(told.splits, slot)
        slot = split.left if turns[slot] > 0.0 else split.right
    if slot >= splits:
        return told.loose[slot - splits]
    return told.pairs[2 * (slot - tree.inner) + (turns[slot] < 0.0)]


@_compiled
def _reach_lanes(tree: Any, told: Any, work: Any, scores: Any) -> None:
    """Add to the scores the values of the leaves reached, handed up from the leaves."""
    size = tree.points * LANES
    for tip in range(tree.tips):
        k = tree.inner + tip
        left = above_zero(load(work.turns, k * LANES))
        value = where(left, spread(told.pairs[2 * tip]), spread(told.pairs[2 * tip + 1]))
        store(work.below, k * size, value)
    for k in range(tree.inner - 1, -1, -1):
        split, left = record(told.splits, k), above_zero(load(work.turns, k * LANES))
        value = where(
            left, load(work.below, split.left * size), load(work.below, split.right * size)
        )
        store(work.below, k * size, value)
    store(scores, 0, load(scores, 0) + load(work.below, 0))


@_inlined
def _spread_leaves(tree: Any, told: Any, work: Any, points: int) -> None:
    """T of the loose leaves, the same for every point and lane; nothing else is written there."""
    first = (tree.inner + tree.tips) * points
    for leaf in range(tree.inner + 1 - tree.tips):
        for q in range(points):
            store(work.below, (first + leaf * points + q) * LANES, spread(told.loose[leaf]))


# Either turns are eight numbers and factors one, or the other way round; in both cases `work` holds
# for every slot `points` times LANES numbers.


def _lift_by(turn_at: Any, factor_at: Any) -> Any:
    @_inlined
    def lift(tree: Any, told: Any, factors: Any, work: Any, points: int) -> None:
        """From the leaves to the root: T, and the gaps between children, at every point."""
        size = points * LANES
        for tip in range(tree.tips):
            k, beside = tree.inner + tip, told.pairs[2 * tip + 1]
            gap = told.pairs[2 * tip] - beside
            mean, push = beside + told.shares[k] * gap, turn_at(work.turns, k) * gap
            known, own = ahead(factors, record(told.splits, k).factors), ahead(work.below, k * size)
            for q in range(points):
                store(own, q * LANES, mean + factor_at(known, q) * push)
        for k in range(tree.inner - 1, -1, -1):
            split, turn, mean = record(told.splits, k), turn_at(work.turns, k), told.shares[k]
            left, right = (
                ahead(work.below, split.left * size),
                ahead(work.below, split.right * size),
            )
            own, gaps = ahead(work.below, k * size), ahead(work.gaps, k * size)
            known = ahead(factors, split.factors)
            for q in range(points):
                beside = load(right, q * LANES)
                gap = load(left, q * LANES) - beside
                store(gaps, q * LANES, gap)
                store(own, q * LANES, beside + (mean + factor_at(known, q) * turn) * gap)

    return lift


def _drop_by(turn_at: Any, factor_at: Any) -> Any:
    @_inlined
    def drop(tree: Any, told: Any, factors: Any, work: Any, points: int, credit: Any) -> None:
        """From the root to the leaves: G at every point, and credit to the features."""
        unread, size = tree.inner + tree.tips, points * LANES
        slopes, weights = ahead(factors, tree.parts * LANES), ahead(factors, tree.weights)
        for q in range(points):
            store(work.above, q * LANES, spread(1.0) * factor_at(weights, q))
        for k in range(tree.inner):
            split, turn, mean = record(told.splits, k), turn_at(work.turns, k), told.shares[k]
            left = ahead(work.above, min(split.left, unread) * size)
            right = ahead(work.above, min(split.right, unread) * size)
            own, gaps = ahead(work.above, k * size), ahead(work.gaps, k * size)
            known, slope = ahead(factors, split.factors), ahead(slopes, split.factors)
            push = spread(0.0)
            for q in range(points):
                g = load(own, q * LANES)
                push += factor_at(slope, q) * (g * load(gaps, q * LANES))
                of_left = (mean + factor_at(known, q) * turn) * g
                store(left, q * LANES, of_left)
                store(right, q * LANES, g - of_left)
            place = split.feature * LANES
            store(credit, place, load(credit, place) + turn * push)
        for tip in range(tree.tips):
            k, gap = tree.inner + tip, told.pairs[2 * tip] - told.pairs[2 * tip + 1]
            split, own = record(told.splits, k), ahead(work.above, k * size)
            slope, push = ahead(slopes, split.factors), spread(0.0)
            for q in range(points):
                push += factor_at(slope, q) * load(own, q * LANES)
            place = split.feature * LANES
            store(credit, place, load(credit, place) + turn_at(work.turns, k) * gap * push)

    return drop


_POINTS_IN_LANES = (
    _inlined(lambda turns, split: turns[split]),
    _inlined(lambda factors, point: load(factors, point * LANES)),
)
_ROWS_IN_LANES = (
    _inlined(lambda turns, split: load(turns, split * LANES)),
    _inlined(lambda factors, point: factors[point]),
)
_lift, _drop = _lift_by(*_POINTS_IN_LANES), _drop_by(*_POINTS_IN_LANES)
_lift_lanes, _drop_lanes = _lift_by(*_ROWS_IN_LANES), _drop_by(*_ROWS_IN_LANES)
