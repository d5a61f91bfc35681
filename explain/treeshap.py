"""Exact path-dependent TreeSHAP by quadrature, compiled with numba; import it only where numba is.

A tree sends an applicant down one path; the coalition game behind SHAP also asks where she would go
if some features were unknown, and then both ways count by the share of training rows (the cover).
For one leaf, with o = 1 if the applicant meets all of a feature's splits on its path and z the
product of their covers, the leaf's chance when features are known with probability t is the product
of t*o + (1 - t)*z over the features, and a feature's Shapley value is the integral over t of
value * (o - z) * (the product over the others). That is a polynomial in t, so a few Gauss-Legendre
points give it exactly.

Leaves are not visited one by one. With f = t + (1 - t)*z for the splits of the same feature above:

    up     T = (t/f) * T_hot + ((1-t)*z/f) * T_mean      T_mean weighs both children by cover
    down   G of a child = G * the same factors
    split  feature += (1 - cover of hot) * sum of weight * G * z/f**2 * (T_hot - T_cold)

and where an earlier split on the feature went the other way, T = T_mean and the split adds nothing.

The score is what the leaves reached add up to, on another path than the contributions.
"""

from typing import Any

import numba
import numpy as np

from .forest import CATEGORICAL, COLD, DEFAULT_LEFT, MISSING_SHIFT

LANES = 32
"""Rows that are worked on side by side in a block."""

ZERO_MAX = float(np.float32(1e-35))
MISSING_IS_ZERO = 1
MISSING_IS_NAN = 2

# Reordering sums is welcome; the assumption that there are no NaNs is not, as NaN means missing.
_compiled = numba.njit(
    cache=True,
    nogil=True,
    error_model="numpy",
    fastmath={"contract", "reassoc", "nsz", "arcp"},
)


@_compiled
def _goes_left(node: Any, value: float, categories: Any) -> Any:
    """Whether a value takes the left child: LightGBM's rules for numbers, gaps and categories."""
    if node.rule & CATEGORICAL:
        # NaN and negative codes are in no set.
        if not value >= 0.0:
            return False
        code = np.int64(value)
        word = code >> 5
        if word >= node.words:
            return False
        bits = categories[node.first_word + word]
        return ((bits >> np.uint32(code & 31)) & np.uint32(1)) != 0
    missing = (node.rule >> MISSING_SHIFT) & 3
    if value != value:  # noqa: PLR0124 # NaN
        if missing == MISSING_IS_NAN:
            return (node.rule & DEFAULT_LEFT) != 0
        value = 0.0
    if missing == MISSING_IS_ZERO and abs(value) <= ZERO_MAX:
        return (node.rule & DEFAULT_LEFT) != 0
    return value <= node.threshold


@_compiled
def explain_row(forest: Any, row: Any, leaves_max: int, amounts: Any) -> float:
    """Add each feature's contribution for one row to ``amounts``; returns the row's score."""
    up = np.empty((2 * leaves_max, forest.factors.shape[2]))
    down = np.empty_like(up)
    hot_left = np.empty(leaves_max)
    factors = np.empty(leaves_max, np.int64)
    score = 0.0
    for tree in range(forest.points.size):
        score += _descend(forest, tree, row, hot_left, factors)
        _credit(forest, tree, hot_left, factors, up, down, amounts)
    return score


@_compiled
def _descend(forest: Any, tree: int, row: Any, hot_left: Any, factors: Any) -> Any:
    """Take every decision of a tree, reached or not; returns the value of the leaf reached."""
    first = forest.first_node[tree]
    splits = forest.first_node[tree + 1] - first
    for k in range(splits):
        node = forest.nodes[first + k]
        went_left = _goes_left(node, row[node.feature], forest.categories)
        hot_left[k] = 1.0 if went_left else 0.0
        earlier = node.earlier
        met = earlier < 0 or (
            factors[earlier] != COLD and hot_left[earlier] == node.left_of_earlier
        )
        factors[k] = node.factors if met else COLD
    reached = 0
    while reached < splits:
        node = forest.nodes[first + reached]
        reached = node.left if hot_left[reached] else node.right
    return forest.leaf_value[forest.first_leaf[tree] + reached - splits]


@_compiled
def _credit(
    forest: Any, tree: int, hot_left: Any, factors: Any, up: Any, down: Any, amounts: Any
) -> None:
    """Sweep one tree up and down at all its points, and credit the features."""
    first = forest.first_node[tree]
    splits = forest.first_node[tree + 1] - first
    points = forest.points[tree]
    for leaf in range(splits + 1):
        up[splits + leaf, :points] = forest.leaf_value[forest.first_leaf[tree] + leaf]
    for k in range(splits - 1, -1, -1):
        node = forest.nodes[first + k]
        factor = forest.factors[factors[k]]
        h, s, left, right = hot_left[k], node.share_left, node.left, node.right
        for q in range(points):
            beside = up[right, q]
            gap = up[left, q] - beside
            up[k, q] = factor[0, q] * (beside + h * gap) + factor[1, q] * (beside + s * gap)
    for q in range(points):
        down[0, q] = forest.weights[points, q]
    for k in range(splits):
        node = forest.nodes[first + k]
        factor = forest.factors[factors[k]]
        h, s, left, right = hot_left[k], node.share_left, node.left, node.right
        push = 0.0
        for q in range(points):
            g = down[k, q]
            push += g * factor[2, q] * (up[left, q] - up[right, q])
            hot, mean = g * factor[0, q], g * factor[1, q]
            down[left, q] = h * hot + s * mean
            down[right, q] = (1.0 - h) * hot + (1.0 - s) * mean
        amounts[node.feature] += (h - s) * push


@_compiled
def _decide(node: Any, values: Any, categories: Any, hot_left: Any) -> None:
    """Which lanes take the left child; plain thresholds, by far the most, without calls."""
    missing = (node.rule >> MISSING_SHIFT) & 3
    if node.rule & CATEGORICAL or missing == MISSING_IS_ZERO:
        for lane in range(LANES):
            hot_left[lane] = 1.0 if _goes_left(node, values[lane], categories) else 0.0
        return
    threshold = node.threshold
    by_default = (node.rule & DEFAULT_LEFT) != 0
    gap_left = by_default if missing == MISSING_IS_NAN else threshold >= 0.0
    if gap_left:
        for lane in range(LANES):
            # A comparison with NaN is false, so a gap goes left here and right below.
            hot_left[lane] = 0.0 if values[lane] > threshold else 1.0
    else:
        for lane in range(LANES):
            hot_left[lane] = 1.0 if values[lane] <= threshold else 0.0


@_compiled
def _descend_lanes(
    forest: Any, tree: int, block: Any, hot_left: Any, met: Any, scores: Any
) -> None:
    """Take every decision of a tree for all lanes, and add the values of the leaves reached."""
    first = forest.first_node[tree]
    splits = forest.first_node[tree + 1] - first
    for k in range(splits):
        node = forest.nodes[first + k]
        earlier = node.earlier
        _decide(node, block[node.feature], forest.categories, hot_left[k])
        if earlier < 0:
            met[k, :] = 1.0
        else:
            side = float(node.left_of_earlier)
            for lane in range(LANES):
                same = 1.0 - abs(hot_left[earlier, lane] - side)
                met[k, lane] = met[earlier, lane] * same
    for lane in range(LANES):
        reached = 0
        while reached < splits:
            node = forest.nodes[first + reached]
            reached = node.left if hot_left[reached, lane] else node.right
        scores[lane] += forest.leaf_value[forest.first_leaf[tree] + reached - splits]


@_compiled
def _lift(forest: Any, tree: int, hot_left: Any, met: Any, up: Any) -> None:
    """From the leaves to the root: what lies below each split, at every point and lane."""
    first = forest.first_node[tree]
    splits = forest.first_node[tree + 1] - first
    points = forest.points[tree]
    for leaf in range(splits + 1):
        up[splits + leaf, :points] = forest.leaf_value[forest.first_leaf[tree] + leaf]
    for k in range(splits - 1, -1, -1):
        node = forest.nodes[first + k]
        factor = forest.factors[node.factors]
        s, left, right = node.share_left, node.left, node.right
        for q in range(points):
            of_hot, of_mean = factor[0, q], factor[1, q] - 1.0
            for lane in range(LANES):
                beside = up[right, q, lane]
                gap = up[left, q, lane] - beside
                mean = beside + s * gap
                hot = beside + hot_left[k, lane] * gap
                up[k, q, lane] = mean + met[k, lane] * (of_hot * hot + of_mean * mean)


@_compiled
def _drop(
    forest: Any, tree: int, hot_left: Any, met: Any, up: Any, down: Any, amounts: Any
) -> None:
    """From the root to the leaves: weigh every split and credit its feature, in every lane."""
    first = forest.first_node[tree]
    splits = forest.first_node[tree + 1] - first
    points = forest.points[tree]
    push = np.empty(LANES)
    for q in range(points):
        down[0, q] = forest.weights[points, q]
    for k in range(splits):
        node = forest.nodes[first + k]
        factor = forest.factors[node.factors]
        s, left, right = node.share_left, node.left, node.right
        push[:] = 0.0
        for q in range(points):
            of_push = factor[2, q]
            for lane in range(LANES):
                gap = up[left, q, lane] - up[right, q, lane]
                push[lane] += of_push * down[k, q, lane] * gap
        for lane in range(LANES):
            share = (hot_left[k, lane] - s) * met[k, lane]
            amounts[node.feature, lane] += share * push[lane]
        if left < splits:
            _hand_on(down, k, left, factor, points, s, hot_left[k], met[k], 0.0)
        if right < splits:
            _hand_on(down, k, right, factor, points, 1.0 - s, hot_left[k], met[k], 1.0)


@_compiled
def _hand_on(  # noqa: PLR0913, PLR0917 # a kernel's scratch comes by parameter
    down: Any,
    k: int,
    child: int,
    factor: Any,
    points: int,
    share: float,
    hot_left: Any,
    met: Any,
    right: float,
) -> None:
    """Hand the weight of split k on to a child of this share; ``right`` is 1 for the right one."""
    for q in range(points):
        of_hot, of_mean = factor[0, q], factor[1, q] * share - share
        for lane in range(LANES):
            heat = abs(right - hot_left[lane])
            through = share + met[lane] * (of_hot * heat + of_mean)
            down[child, q, lane] = down[k, q, lane] * through


@_compiled
def explain_block(forest: Any, rows: Any, leaves_max: int, amounts: Any, scores: Any) -> None:
    """Fill contributions (rows by features) and scores of any number of rows."""
    count, features = rows.shape
    block = np.empty((features, LANES))
    found = np.empty((features, LANES))
    added = np.empty(LANES)
    up = np.empty((2 * leaves_max, forest.factors.shape[2], LANES))
    down = np.empty((leaves_max, forest.factors.shape[2], LANES))
    hot_left = np.empty((leaves_max, LANES))
    met = np.empty((leaves_max, LANES))
    for start in range(0, count, LANES):
        inside = min(LANES, count - start)
        for lane in range(LANES):
            # The last block is filled up with its first row, whose answer is then not read.
            source = start + lane if lane < inside else start
            for feature in range(features):
                block[feature, lane] = rows[source, feature]
        found[:] = 0.0
        added[:] = 0.0
        for tree in range(forest.points.size):
            _descend_lanes(forest, tree, block, hot_left, met, added)
            _lift(forest, tree, hot_left, met, up)
            _drop(forest, tree, hot_left, met, up, down, found)
        for lane in range(inside):
            scores[start + lane] = added[lane]
            for feature in range(features):
                amounts[start + lane, feature] = found[feature, lane]
