"""Filling and reading the tables of oblivious trees, compiled with numba.

What a set of a tree's features is worth to a row depends on the row's answers about them alone: on
the leaf it comes to. So for each set there is one number a leaf, and for each leaf the Shapley
values of its features are sums over the sets. Path-dependent, an answer that the set does not know
is averaged by the shares of training rows, from the deepest question up; against a background it is
taken from each background row in turn, of which only the leaf counts.
"""

from typing import Any

import numpy as np

from .compiled import entry, inlined, is_member, read_row
from .forest import LANES
from .lanes import address, ahead, at_most, bits_set, load, pick, record, spread, store, where
from .oblivious import Tables

BLOCK = 64
"""Rows that are looked up in one tree before the next: what they need stays in the first cache."""


def scratch_size(tables: Tables, features: int) -> int:
    """How many numbers of room explaining takes."""
    return BLOCK * (tables.columns.size + tables.sets.size + features + 2)


@entry
def fill(room: Any, players: Any, shares: Any, reached: Any, weights: Any) -> Any:
    """Fill one tree's table (leaves by features, the last its values); returns its mean.

    ``players`` names for each bit of a leaf's number the feature it is about. ``reached`` has for
    each leaf the share of the background there, or is empty.
    """
    leaves, features, bits = room.shape[0], room.shape[1] - 1, players.size
    worth = np.empty((1 << features, leaves))
    for known in range(1 << features):
        answers = 0
        for bit in range(bits):
            answers |= (known >> players[bit] & 1) << bit
        for leaf in range(leaves):
            worth[known, leaf] = room[leaf, features]
        if reached.size:
            _take_from(reached, answers, worth[known])
        else:
            _average(shares, bits, answers, worth[known])
    for known in range(1 << features):
        size = bits_set(known)
        for place in range(features):
            if known >> place & 1:
                continue
            # s!(n - s - 1)!/n!, which is weights[s + 1, n - s - 1]
            weight = weights[size + 1, features - size - 1]
            for leaf in range(leaves):
                room[leaf, place] += weight * (worth[known | 1 << place, leaf] - worth[known, leaf])
    return worth[0, 0]


@inlined
def _average(shares: Any, bits: Any, answers: Any, worth: Any) -> None:
    """Average over the answers that are not among these, by the shares of training rows."""
    for bit in range(bits):
        if answers >> bit & 1:
            continue
        first = (1 << (bits - 1 - bit)) - 1
        for leaf in range(worth.size):
            if leaf >> bit & 1:
                continue
            share = shares[first + (leaf >> (bit + 1))]
            mean = share * worth[leaf] + (1.0 - share) * worth[leaf | 1 << bit]
            worth[leaf] = mean
            worth[leaf | 1 << bit] = mean


@inlined
def _take_from(reached: Any, answers: Any, worth: Any) -> None:
    """Average over the background, which gives the answers that are not among these."""
    every = worth.size - 1
    others = np.zeros(worth.size)
    for leaf in range(worth.size):
        others[leaf & ~answers] += reached[leaf]
    means = np.zeros(worth.size)
    for leaf in range(worth.size):
        for other in range(worth.size):
            if other & answers == 0 and others[other] != 0.0:
                means[leaf] += others[other] * worth[leaf & answers & every | other]
    for leaf in range(worth.size):
        worth[leaf] = means[leaf]


@inlined
def _read(tables: Any, row: Any, readings: Any, step: Any) -> None:
    """All columns of a row, a step apart: what is read, and answers about codes."""
    read_row(tables, row, readings, step)
    sets, columns = address(tables.sets), tables.columns.size
    words = address(tables.words)
    for s in range(tables.sets.size):
        choice = record(sets, s)
        left = is_member(words, choice, readings[choice.column * step])
        readings[(columns + s) * step] = 1.0 - left


@inlined
def _leaf(tables: Any, place: Any, readings: Any) -> Any:
    """The leaf of a tree that a row comes to."""
    asked, thresholds = address(tables.asked), address(tables.thresholds)
    k = place * LANES
    below = int(at_most(pick(readings, asked, k), load(thresholds, k)))
    return ~below & ((1 << LANES) - 1)


@entry
def count_leaves(tables: Any, rows: Any, scratch: Any, counts: Any) -> None:
    """Count rows by tree and leaf."""
    given, readings = address(rows), address(scratch)
    for row in range(rows.shape[0]):
        _read(tables, ahead(given, row * rows.shape[1]), readings, 1)
        for place in range(tables.trees.size):
            counts[place, _leaf(tables, place, readings)] += 1.0


@entry
def explain_alone(tables: Any, rows: Any, scratch: Any, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features) and scores, one row after another."""
    given, found, features = address(rows), address(amounts), rows.shape[1]
    trees, table, named = address(tables.trees), address(tables.table), address(tables.features)
    readings = address(scratch)
    for row in range(rows.shape[0]):
        own, score = ahead(found, row * features), 0.0
        for feature in range(features):
            own[feature] = 0.0
        _read(tables, ahead(given, row * features), readings, 1)
        for place in range(tables.trees.size):
            tree = record(trees, place)
            told = ahead(table, tree.table + _leaf(tables, place, readings) * (tree.features + 1))
            names = ahead(named, tree.first_feature)
            for player in range(tree.features):
                own[names[player]] += told[player]
            score += told[tree.features]
        scores[row] = score


@entry
def explain_lanes(tables: Any, rows: Any, scratch: Any, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features) and scores, a block of rows at a time."""
    given, features = address(rows), rows.shape[1]
    trees, table, named = address(tables.trees), address(tables.table), address(tables.features)
    asked, thresholds = address(tables.asked), address(tables.thresholds)
    readings = address(scratch)
    own = ahead(readings, BLOCK * (tables.columns.size + tables.sets.size))
    keys = ahead(own, BLOCK * (features + 1))
    leaves = np.empty(BLOCK, np.int32)
    places = address(leaves)
    for start in range(0, rows.shape[0], BLOCK):
        inside = min(BLOCK, rows.shape[0] - start)
        groups = (inside + LANES - 1) // LANES
        for lane in range(groups * LANES):
            # Lanes beyond the last row repeat it, and nobody takes what is found for them.
            row = ahead(given, (start + min(lane, inside - 1)) * features)
            _read(tables, row, ahead(readings, lane), BLOCK)
        for place in range(BLOCK * (features + 1)):
            own[place] = 0.0
        for t in range(tables.trees.size):
            tree = record(trees, t)
            width, first = tree.features + 1, t * LANES
            _keys(tree.leaves, width, readings, ahead(asked, first), ahead(thresholds, first), keys)
            for lane in range(BLOCK):
                leaves[lane] = np.int32(keys[lane])
            names = ahead(named, tree.first_feature)
            for player in range(width):
                feature = features if player == tree.features else names[player]
                told, mine = ahead(table, tree.table + player), ahead(own, feature * BLOCK)
                for k in range(0, groups * LANES, LANES):
                    store(mine, k, load(mine, k) + pick(told, places, k))
        for lane in range(inside):
            for feature in range(features):
                amounts[start + lane, feature] = own[feature * BLOCK + lane]
            scores[start + lane] = own[features * BLOCK + lane]
    # An array whose pointer was taken must outlive its use.
    leaves[0] = 0


@inlined
def _keys(leaves: Any, width: Any, readings: Any, asked: Any, thresholds: Any, keys: Any) -> None:
    """Where in a tree's table the rows of a block are."""
    for k in range(0, BLOCK, LANES):
        key, worth, bit = spread(0.0), float(width), 0
        while 1 << bit < leaves:
            below = at_most(load(readings, asked[bit] * BLOCK + k), spread(thresholds[bit]))
            key += where(below, spread(0.0), spread(worth))
            worth *= 2.0
            bit += 1
        store(keys, k, key)
