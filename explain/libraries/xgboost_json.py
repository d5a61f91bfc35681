"""The reader of XGBoost's JSON model format.

XGBoost keeps features and thresholds as float32 and sends a number left where it is less than the
threshold; categories it names go right; gaps, and categories it never met, go where the split's
default says (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html, JSON schema).
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BundleInvalid
from ..tree import Reading, Tree, UnsupportedForestError
from .node_trees import Nodes, constant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OBJECTIVE = "binary:logistic"
_CATEGORICAL = 1


def parsed(text: str) -> Mapping[str, Any]:
    """The model as JSON; UnsupportedForestError for anything that is no XGBoost model."""
    try:
        told = json.loads(text)
        learner = told["learner"]
        learner["learner_model_param"], learner["gradient_booster"], learner["objective"]["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        msg = "this is no XGBoost model in JSON"
        raise UnsupportedForestError(msg) from None
    return dict(told)


def json_of_ubj(content: bytes, path: str) -> str:
    """A model in XGBoost's binary format, which is the same tree of members, as JSON by XGBoost.

    BundleInvalid for anything that it cannot read.
    """
    import xgboost

    booster = xgboost.Booster(params={"nthread": 1})
    try:
        booster.load_model(bytearray(content))
    except xgboost.core.XGBoostError:
        raise BundleInvalid(path, ("this is no XGBoost model in UBJSON",)) from None
    return bytes(booster.save_raw("json")).decode()


def read_xgboost(text: str, levels: Sequence[int]) -> tuple[Tree, ...]:
    """Read an XGBoost model in JSON whose feature n has ``levels[n]`` categories, 0 for a number.

    A missing category has the code after the last. UnsupportedForestError for linear boosters
    and trees of several outputs.
    """
    learner = parsed(text)["learner"]
    booster = learner["gradient_booster"]
    weights: Sequence[float] | None = None
    if booster.get("name") == "dart":
        weights, booster = booster["weight_drop"], booster["gbtree"]
    if booster.get("name") != "gbtree":
        msg = f"a booster of kind {booster.get('name')!r} has no trees"
        raise UnsupportedForestError(msg)
    trees = booster["model"]["trees"]
    weights = weights or [1.0] * len(trees)
    base = constant(_log_odds(learner["learner_model_param"]["base_score"]))
    told = zip(trees, weights, strict=True)
    return (base, *(_tree(tree, weight, levels) for tree, weight in told))


def _tree(told: Mapping[str, Any], weight: float, levels: Sequence[int]) -> Tree:
    """One tree, its leaves weighed."""
    if int(told["tree_param"].get("size_leaf_vector", "1")) > 1:
        msg = "the leaves hold several outputs"
        raise UnsupportedForestError(msg)
    features, conditions = told["split_indices"], told["split_conditions"]
    kinds = told.get("split_type") or [0] * len(features)
    default_left = [bool(default) for default in told["default_left"]]
    named = _named(told)
    members = [0] * len(features)
    for node, right in named.items():
        count = levels[features[node]]
        members[node] = ((1 << count) - 1) & ~right | default_left[node] << count
    readings = [
        Reading(float(levels[feature]), is_code=True)
        if kind == _CATEGORICAL
        else Reading(-math.inf if default else math.inf)
        for feature, kind, default in zip(features, kinds, default_left, strict=True)
    ]
    return Nodes(
        left=told["left_children"],
        right=told["right_children"],
        features=features,
        readings=readings,
        thresholds=_below(conditions).tolist(),
        members=members,
        covers=told["sum_hessian"],
        values=[weight * value for value in _single(conditions).tolist()],
    ).tree()


def _named(told: Mapping[str, Any]) -> dict[int, int]:
    """For each split on categories those it names, which go right, as a set of bits."""
    places = zip(
        told.get("categories_nodes", ()),
        told.get("categories_segments", ()),
        told.get("categories_sizes", ()),
        strict=True,
    )
    return {
        node: sum(1 << category for category in told["categories"][start : start + size])
        for node, start, size in places
    }


def _single(numbers: Sequence[float]) -> "NDArray[np.float64]":
    """Numbers as XGBoost keeps them."""
    import numpy as np

    return np.array(numbers, np.float32).astype(np.float64)


def _below(numbers: Sequence[float]) -> "NDArray[np.float64]":
    """The greatest float32 below each: ``x < t`` is ``x <= below(t)`` for a float32 x."""
    import numpy as np

    return np.nextafter(np.array(numbers, np.float32), np.float32(-np.inf)).astype(np.float64)


def _log_odds(text: str) -> float:
    """The base score, which is written as a probability, and by newer releases in brackets."""
    import numpy as np

    chance = np.float32(text.strip("[]"))
    return float(-np.log(np.float32(1.0) / chance - np.float32(1.0)))
