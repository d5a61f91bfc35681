"""The turns a row takes at the splits of a forest and the leaves it comes to, compiled with numba.

What the leaves reached add up to is the score, found on another path than any contributions.
"""

from typing import Any, NamedTuple

from .compiled import are_members, compiled, entry, inlined, is_member, read_row
from .forest import LANES, Forest
from .lanes import above_zero, address, ahead, at_most, load, pick, record, spread, store, where

GROUPS = 8
"""Groups of lanes for which a tree is worked out before the next tree is looked at."""


class Told(NamedTuple):
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


class Work(NamedTuple):
    """Pointers to where a tree is worked out: T, gaps and G by slot and point, turns by split."""

    below: Any
    gaps: Any
    above: Any
    turns: Any


def scratch_size(forest: Forest, features: int) -> int:
    """How many numbers of room explaining or scoring takes."""
    return LANES * (4 * forest.places + GROUPS * (forest.columns.size + features + 1))


@inlined
def told_of(forest: Any, tree: Any) -> Any:
    """The pointers of one tree."""
    pairs = ahead(address(forest.values), tree.first_value)
    return Told(
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


@inlined
def work_in(scratch: Any, size: int) -> Any:
    """Room for trees of this size, from here on."""
    return Work(scratch, ahead(scratch, size), ahead(scratch, 2 * size), ahead(scratch, 3 * size))


@compiled
def decide(tree: Any, told: Any, readings: Any, turns: Any) -> None:
    """The turns at all splits of a tree, whether they are come to or not."""
    for k in range(0, tree.inner + tree.tips, LANES):
        left = at_most(pick(readings, told.asked, k), load(told.thresholds, k))
        store(turns, k, where(left, spread(1.0), spread(0.0)) - load(told.shares, k))
    for s in range(tree.sets):
        choice = record(told.sets, s)
        inside = is_member(told.words, choice, readings[choice.column])
        turns[choice.split] = inside - told.shares[choice.split]
    for r in range(tree.repeats):
        repeat = record(told.repeats, r)
        turns[repeat.split] *= turns[repeat.earlier] * repeat.side > 0.0


@compiled
def decide_lanes(tree: Any, told: Any, readings: Any, turns: Any) -> None:
    """The turns at all splits of a tree, in all lanes."""
    for k in range(tree.inner + tree.tips):
        left = at_most(load(readings, told.asked[k] * LANES), spread(told.thresholds[k]))
        store(turns, k * LANES, where(left, spread(1.0), spread(0.0)) - told.shares[k])
    for s in range(tree.sets):
        choice = record(told.sets, s)
        left = are_members(told.words, choice, load(readings, choice.column * LANES))
        turn = where(left, spread(1.0), spread(0.0)) - told.shares[choice.split]
        store(turns, choice.split * LANES, turn)
    for r in range(tree.repeats):
        repeat = record(told.repeats, r)
        met = above_zero(load(turns, repeat.earlier * LANES) * repeat.side)
        place = repeat.split * LANES
        store(turns, place, where(met, load(turns, place), spread(0.0)))


@compiled
def reached(tree: Any, told: Any, turns: Any) -> Any:
    """The value of the leaf reached; on its way no turn is 0."""
    splits, slot = tree.inner + tree.tips, 0
    while slot < tree.inner:
        split = record(told.splits, slot)
        slot = split.left if turns[slot] > 0.0 else split.right
    if slot >= splits:
        return told.loose[slot - splits]
    return told.pairs[2 * (slot - tree.inner) + (turns[slot] < 0.0)]


@compiled
def reach_lanes(tree: Any, told: Any, work: Any, scores: Any) -> None:
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


@inlined
def spread_leaves(tree: Any, told: Any, work: Any, points: int) -> None:
    """T of the loose leaves, the same for every point and lane; nothing else is written there."""
    first = (tree.inner + tree.tips) * points
    for leaf in range(tree.inner + 1 - tree.tips):
        for q in range(points):
            store(work.below, (first + leaf * points + q) * LANES, spread(told.loose[leaf]))


@entry
def score_alone(forest: Any, rows: Any, scratch: Any, scores: Any) -> None:
    """Add to the scores the leaves reached, one row after another."""
    given, trees, features = address(rows), address(forest.trees), rows.shape[1]
    turns = address(scratch)
    readings = ahead(turns, forest.places * LANES)
    for row in range(rows.shape[0]):
        read_row(forest, ahead(given, row * features), readings, 1)
        for place in range(forest.trees.size):
            tree = record(trees, place)
            told = told_of(forest, tree)
            decide(tree, told, readings, turns)
            scores[row] += reached(tree, told, turns)


@entry
def score_lanes(forest: Any, rows: Any, scratch: Any, scores: Any) -> None:
    """Add to the scores the leaves reached, rows side by side."""
    given, trees, features = address(rows), address(forest.trees), rows.shape[1]
    size, width = forest.places * LANES, forest.columns.size * LANES
    work = work_in(address(scratch), size)
    readings = ahead(work.turns, size)
    sums = ahead(readings, GROUPS * width)
    for start in range(0, rows.shape[0], GROUPS * LANES):
        inside = min(GROUPS * LANES, rows.shape[0] - start)
        groups = (inside + LANES - 1) // LANES
        for lane in range(groups * LANES):
            row = ahead(given, (start + min(lane, inside - 1)) * features)
            read_row(forest, row, ahead(readings, lane // LANES * width + lane % LANES), LANES)
            sums[lane] = 0.0
        for place in range(forest.trees.size):
            tree = record(trees, place)
            told = told_of(forest, tree)
            spread_leaves(tree, told, work, tree.points)
            for group in range(groups):
                decide_lanes(tree, told, ahead(readings, group * width), work.turns)
                reach_lanes(tree, told, work, ahead(sums, group * LANES))
        for lane in range(inside):
            scores[start + lane] += sums[lane]
