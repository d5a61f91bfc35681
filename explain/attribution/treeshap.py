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

from typing import Any

from .compiled import entry, inlined, read_row
from .forest import LANES
from .lanes import address, ahead, load, record, spread, store
from .turns import (
    GROUPS,
    decide,
    decide_lanes,
    reach_lanes,
    reached,
    spread_leaves,
    told_of,
    work_in,
)


@entry
def explain_alone(forest: Any, rows: Any, scratch: Any, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features), and add to scores, one row after another."""
    given, found, trees = address(rows), address(amounts), address(forest.trees)
    features, size = rows.shape[1], forest.places * LANES
    work = work_in(address(scratch), size)
    readings = ahead(work.turns, size)
    credit = ahead(readings, forest.columns.size * LANES)
    for row in range(rows.shape[0]):
        read_row(forest, ahead(given, row * features), readings, 1)
        for feature in range(features):
            store(credit, feature * LANES, spread(0.0))
        for place in range(forest.trees.size):
            tree = record(trees, place)
            told = told_of(forest, tree)
            decide(tree, told, readings, work.turns)
            scores[row] += reached(tree, told, work.turns)
            spread_leaves(tree, told, work, 1)
            for part in range(tree.parts):
                factors = ahead(told.factors, part * LANES)
                _lift(tree, told, factors, work, 1)
                _drop(tree, told, factors, work, 1, credit)
        for feature in range(features):
            total = 0.0
            for lane in range(LANES):
                total += credit[feature * LANES + lane]
            found[row * features + feature] = total


@entry
def explain_lanes(forest: Any, rows: Any, scratch: Any, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features), and add to scores, rows side by side."""
    given, found, trees = address(rows), address(amounts), address(forest.trees)
    features, size = rows.shape[1], forest.places * LANES
    width, height = forest.columns.size * LANES, (features + 1) * LANES
    work = work_in(address(scratch), size)
    readings = ahead(work.turns, size)
    sums = ahead(readings, GROUPS * width)
    for start in range(0, rows.shape[0], GROUPS * LANES):
        inside = min(GROUPS * LANES, rows.shape[0] - start)
        groups = (inside + LANES - 1) // LANES
        for lane in range(groups * LANES):
            # Lanes beyond the last row repeat it, and nobody reads their answers.
            row = ahead(given, (start + min(lane, inside - 1)) * features)
            read_row(forest, row, ahead(readings, lane // LANES * width + lane % LANES), LANES)
        for place in range(0, groups * height, LANES):
            store(sums, place, spread(0.0))
        for place in range(forest.trees.size):
            tree = record(trees, place)
            told = told_of(forest, tree)
            spread_leaves(tree, told, work, tree.points)
            for group in range(groups):
                own = ahead(sums, group * height)
                decide_lanes(tree, told, ahead(readings, group * width), work.turns)
                reach_lanes(tree, told, work, ahead(own, features * LANES))
                _lift_lanes(tree, told, told.factors, work, tree.points)
                _drop_lanes(tree, told, told.factors, work, tree.points, own)
        for lane in range(inside):
            own = ahead(sums, lane // LANES * height + lane % LANES)
            scores[start + lane] += own[features * LANES]
            for feature in range(features):
                found[(start + lane) * features + feature] = own[feature * LANES]


# Either turns are eight numbers and factors one, or the other way round; in both cases `work` holds
# for every slot `points` times LANES numbers.


def _lift_by(turn_at: Any, factor_at: Any) -> Any:
    @inlined
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
    @inlined
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
    inlined(lambda turns, split: turns[split]),
    inlined(lambda factors, point: load(factors, point * LANES)),
)
_ROWS_IN_LANES = (
    inlined(lambda turns, split: load(turns, split * LANES)),
    inlined(lambda factors, point: factors[point]),
)
_lift, _drop = _lift_by(*_POINTS_IN_LANES), _drop_by(*_POINTS_IN_LANES)
_lift_lanes, _drop_lanes = _lift_by(*_ROWS_IN_LANES), _drop_by(*_ROWS_IN_LANES)
