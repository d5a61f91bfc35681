"""The reader of LightGBM's text format."""

import math
from collections.abc import Mapping

from ..tree import Reading, Tree, UnsupportedForestError
from .node_trees import joined

_CATEGORICAL = 1
_DEFAULT_LEFT = 2
_MISSING_SHIFT = 2
_MISSING_IS_ZERO = 1
"""LightGBM's decision bits: categorical, default left, then the missing rule: 0 for none."""


def read_lightgbm(text: str) -> tuple[Tree, ...]:
    """Read a LightGBM text model.

    UnsupportedForestError for linear leaves and averaged trees.
    """
    header, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    if "average_output" in header.splitlines():
        msg = "the trees are averaged"
        raise UnsupportedForestError(msg)
    return tuple(_read_tree(block) for block in blocks)


def _read_tree(block: str) -> Tree:
    """The lists of one tree."""
    lines = (line.partition("=") for line in block.splitlines() if "=" in line)
    told: Mapping[str, str] = {key: value for key, _, value in lines}
    if told.get("is_linear", "0") != "0":
        msg = "the leaves hold linear models"
        raise UnsupportedForestError(msg)

    def whole(key: str) -> list[int]:
        return [int(word) for word in told.get(key, "").split()]

    def real(key: str) -> list[float]:
        return [float(word) for word in told.get(key, "").split()]

    rules, thresholds = whole("decision_type"), real("threshold")
    words, bounds = whole("cat_threshold"), whole("cat_boundaries")
    members = [
        joined(words[bounds[int(place)] : bounds[int(place) + 1]]) if rule & _CATEGORICAL else 0
        for rule, place in zip(rules, thresholds, strict=True)
    ]
    return Tree(
        features=whole("split_feature"),
        readings=[_reading(rule) for rule in rules],
        thresholds=thresholds,
        members=members,
        left=whole("left_child"),
        right=whole("right_child"),
        split_covers=whole("internal_count"),
        leaf_covers=whole("leaf_count"),
        values=real("leaf_value"),
    )


def _reading(rule: int) -> Reading:
    """How a split of these decision bits reads its feature."""
    if rule & _CATEGORICAL:
        return Reading(-1.0, is_code=True)
    missing = (rule >> _MISSING_SHIFT) & 3
    if not missing:
        return Reading()
    side = -math.inf if rule & _DEFAULT_LEFT else math.inf
    return Reading(side, zero_is_gap=missing == _MISSING_IS_ZERO)
