"""Exact interventional Shapley values of tree ensembles from leaf tables, compiled with numba.

A row answers the questions of a tree. The answers give its key in each pool of leaves, and what the
features get there is looked up. At leaves without a table the row plays the game of ``leaf_games``
against all that is listed of the background.

With F_b(X) the sum of share * (a - 1)! b! / (a + b)! over all Z that have a > 0 features and meet X
nowhere, a feature outside X gets F_b(X) - F_b(X with it), b being the size of X; one in X gets
F_b(X) - F_(b - 1)(X), less a b-th of the share of the empty Z. So at key X a leaf needs
K(X) = F_(b - 1)(X) there and with one feature more, and F_b(X); but as all amounts together are
known, F_b(X) is the mean of K(X with i) over all features i. Hence one sum for each key is all that
must be known of a leaf, and is kept where the amounts would take too much room. That it is enough
is seen at every key when the sums are filled. At the empty X, K counts the share of all Z that are
not empty, once, among the numbers that the mean is of.
"""

from typing import Any

import numpy as np

from .compiled import are_members, compiled, entry, inlined, is_member, read_row
from .forest import LANES
from .lanes import address, ahead, at_most, bits_set, load, pick, record, spread, store, where
from .leaf_tables import Tables

GROUPS = 16
"""Groups of lanes for which a tree is looked up before the next tree is."""


def scratch_size(tables: Tables) -> int:
    """How many numbers of room explaining takes."""
    return LANES * (GROUPS * tables.columns.size + tables.questions + LANES + 1)


@inlined
def _sum_up(away: Any, shares: Any, weights: Any, sums: Any) -> Any:
    """Fill F_b(X) and F_(b - 1)(X) of every key X; returns the share of the empty Z."""
    every, arrived = sums.shape[0] - 1, 0.0
    for place in range(away.size):
        a, rest, share = bits_set(away[place]), every & ~away[place], shares[place]
        if a == 0:
            arrived += share
            continue
        inside = rest
        while True:
            b = bits_set(inside)
            sums[inside, 0] += share * weights[a, b]
            if b == 0:
                break
            sums[inside, 1] += share * weights[a, b - 1]
            inside = (inside - 1) & rest
    return arrived


@entry
def add_sums(room: Any, features: int, away: Any, shares: Any, weights: Any) -> Any:
    """Fill the sums of one leaf, one for each key.

    Returns the share of those who come to it, and how far any key's mean misses what it stands for.
    """
    sums, missed = np.zeros((room.size, 2)), 0.0
    arrived = _sum_up(away, shares, weights, sums)
    for key in range(room.size):
        room[key] = sums[key, 1]
    room[0] = np.sum(shares) - arrived
    for key in range(room.size):
        missed = max(missed, abs(_mean(room, features, key) - sums[key, 0]))
    return arrived, missed


@inlined
def _mean(sums: Any, features: Any, key: Any) -> Any:
    """F_b at this key, of the sums with one feature more."""
    total = sums[0] if key == 0 else 0.0
    for place in range(features):
        total += sums[key | 1 << place]
    return total / features


@entry
def add_leaf(room: Any, keys: Any, columns: Any, away: Any, shares: Any, weights: Any) -> None:
    """Add what one leaf gives to the room of its pool (keys by features).

    ``keys`` has the leaf's key for each of the pool's, ``columns`` the places of its features among
    the pool's, lowest bit first; ``away`` and ``shares`` are the background at the leaf, as shares
    of its value.
    """
    features = columns.size
    sums, amounts = np.zeros((1 << features, 2)), np.empty((1 << features, features))
    arrived = _sum_up(away, shares, weights, sums)
    for key in range(1 << features):
        lost = arrived / max(1, bits_set(key))
        for place in range(features):
            with_it = key | 1 << place
            amounts[key, place] = sums[key, 0] - sums[with_it, 1] - lost * (key == with_it)
    for key in range(keys.size):
        for place in range(features):
            room[key, columns[place]] += amounts[keys[key], place]


@entry
def explain_alone(tables: Any, rows: Any, scratch: Any, amounts: Any) -> None:
    """Fill contributions (rows by features), one row after another."""
    given, found, features = address(rows), address(amounts), rows.shape[1]
    trees, pools = address(tables.trees), address(tables.pools)
    summed, listed = address(tables.summed), address(tables.listed)
    readings = address(scratch)
    answers = ahead(readings, tables.columns.size)
    for row in range(rows.shape[0]):
        own = ahead(found, row * features)
        for feature in range(features):
            own[feature] = 0.0
        read_row(tables, ahead(given, row * features), readings, 1)
        for place in range(tables.trees.size):
            tree = record(trees, place)
            _answer(tables, tree, readings, answers)
            for p in range(tree.pools):
                pool = record(pools, tree.first_pool + p)
                _look_up(tables, pool, _key(tables, pool, answers), own)
            for p in range(tree.summed):
                leaf = record(summed, tree.first_summed + p)
                _look_up_sums(tables, leaf, _key(tables, leaf, answers), own)
            for p in range(tree.listed):
                leaf = record(listed, tree.first_listed + p)
                _play(tables, leaf, _key(tables, leaf, answers), own)


@entry
def explain_lanes(tables: Any, rows: Any, scratch: Any, amounts: Any) -> None:
    """Fill contributions (rows by features), keys of eight rows at a time."""
    given, found, features = address(rows), address(amounts), rows.shape[1]
    trees, width = address(tables.trees), tables.columns.size * LANES
    readings = address(scratch)
    answers = ahead(readings, GROUPS * width)
    keys = ahead(answers, (tables.questions + LANES) * LANES)
    for place in range(amounts.size):
        found[place] = 0.0
    for start in range(0, rows.shape[0], GROUPS * LANES):
        inside = min(GROUPS * LANES, rows.shape[0] - start)
        groups = (inside + LANES - 1) // LANES
        for lane in range(groups * LANES):
            # Lanes beyond the last row repeat it, and nobody looks anything up for them.
            row = ahead(given, (start + min(lane, inside - 1)) * features)
            read_row(tables, row, ahead(readings, lane // LANES * width + lane % LANES), LANES)
        for place in range(tables.trees.size):
            tree = record(trees, place)
            for group in range(groups):
                _answer_lanes(tables, tree, ahead(readings, group * width), answers)
                own = ahead(found, (start + group * LANES) * features)
                count = min(LANES, inside - group * LANES)
                _explain_group(tables, tree, answers, keys, own, count, features)


@inlined
def _explain_group(
    tables: Any, tree: Any, answers: Any, keys: Any, own: Any, count: Any, features: Any
) -> None:
    """One tree's part for as many rows as there are lanes, or fewer."""
    pools, summed, listed = address(tables.pools), address(tables.summed), address(tables.listed)
    for p in range(tree.pools):
        pool = record(pools, tree.first_pool + p)
        store(keys, 0, _key_lanes(tables, pool, answers))
        for lane in range(count):
            _look_up(tables, pool, int(keys[lane]), ahead(own, lane * features))
    for p in range(tree.summed):
        leaf = record(summed, tree.first_summed + p)
        store(keys, 0, _key_lanes(tables, leaf, answers))
        for lane in range(count):
            _look_up_sums(tables, leaf, int(keys[lane]), ahead(own, lane * features))
    for p in range(tree.listed):
        leaf = record(listed, tree.first_listed + p)
        store(keys, 0, _key_lanes(tables, leaf, answers))
        for lane in range(count):
            _play(tables, leaf, int(keys[lane]), ahead(own, lane * features))


@compiled
def _answer(tables: Any, tree: Any, readings: Any, answers: Any) -> None:
    """The answers of a row to all questions of a tree, as 1 or 0."""
    asked = ahead(address(tables.asked), tree.first_question)
    thresholds = ahead(address(tables.thresholds), tree.first_question)
    words, sets = address(tables.words), address(tables.sets)
    for k in range(0, tree.questions, LANES):
        below = at_most(pick(readings, asked, k), load(thresholds, k))
        store(answers, k, where(below, spread(0.0), spread(1.0)))
    for s in range(tree.sets):
        choice = record(sets, tree.first_set + s)
        answers[choice.question] = float(is_member(words, choice, readings[choice.column]))


@compiled
def _answer_lanes(tables: Any, tree: Any, readings: Any, answers: Any) -> None:
    """The same for the rows in all lanes."""
    asked = ahead(address(tables.asked), tree.first_question)
    thresholds = ahead(address(tables.thresholds), tree.first_question)
    words, sets = address(tables.words), address(tables.sets)
    for k in range(tree.questions):
        below = at_most(load(readings, asked[k] * LANES), spread(thresholds[k]))
        store(answers, k * LANES, where(below, spread(0.0), spread(1.0)))
    for s in range(tree.sets):
        choice = record(sets, tree.first_set + s)
        members = are_members(words, choice, load(readings, choice.column * LANES))
        store(answers, choice.question * LANES, where(members, spread(1.0), spread(0.0)))


@inlined
def _key(tables: Any, place: Any, answers: Any) -> Any:
    """The row's key in a pool, or at a listed leaf."""
    terms, key = ahead(address(tables.terms), place.first_term), place.origin
    for t in range(place.terms):
        term = record(terms, t)
        key += term.change * answers[term.question]
    return int(key)


@inlined
def _key_lanes(tables: Any, place: Any, answers: Any) -> Any:
    """The same for the rows in all lanes."""
    terms, keys = ahead(address(tables.terms), place.first_term), spread(place.origin)
    for t in range(place.terms):
        term = record(terms, t)
        keys += load(answers, term.question * LANES) * term.change
    return keys


@inlined
def _look_up(tables: Any, pool: Any, key: Any, own: Any) -> None:
    """Add what a pool gives at this key."""
    features = ahead(address(tables.features), pool.first_feature)
    given = ahead(address(tables.table), pool.table + key * pool.features)
    for place in range(pool.features):
        own[features[place]] += given[place]


@inlined
def _look_up_sums(tables: Any, leaf: Any, key: Any, own: Any) -> None:
    """Add what a leaf gives at this key, of its sums."""
    features = ahead(address(tables.features), leaf.first_feature)
    sums = ahead(address(tables.table), leaf.table)
    same = _mean(sums, leaf.features, key)
    if same == 0.0 and leaf.arrived == 0.0:
        return  # no Z meets X nowhere
    lost = leaf.arrived / max(1, bits_set(key))
    for place in range(leaf.features):
        with_it = key | 1 << place
        own[features[place]] += same - sums[with_it] - lost * (key == with_it)


@compiled
def _play(tables: Any, leaf: Any, key: Any, own: Any) -> None:
    """Add what a leaf gives at this key, against everything listed of the background."""
    features = ahead(address(tables.features), leaf.first_feature)
    others = ahead(address(tables.others), leaf.first_other)
    weights, b, lost = address(tables.weights), bits_set(key), 0.0
    for place in range(leaf.others):
        other = record(others, place)
        away = other.away
        if away & key:
            continue
        a = bits_set(away)
        lost += other.share * weights[b * tables.sizes + a]
        gained = other.share * weights[a * tables.sizes + b]
        for bit in range(leaf.features):
            if away >> bit & 1:
                own[features[bit]] += gained
    for bit in range(leaf.features):
        if key >> bit & 1:
            own[features[bit]] -= lost
