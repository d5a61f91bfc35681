"""The reader of CatBoost's JSON model format.

An oblivious tree is a list: splits[n] decides bit n of a leaf's number, and the last split is what
CatBoost takes for the root when it shares a score out. Trees of other policies to grow are nodes in
nodes. A number above the border sets the bit, or goes right, and so does the one category that a
split names by its hash; numbers are float32. Gaps lie below all borders or
above, as their feature's treatment says (https://catboost.ai/docs, "JSON model tutorial").
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..tree import Reading, Tree, UnsupportedForestError
from .catboost_hash import category_hash
from .node_trees import constant

GAP = "nan"
"""What a gap in a category is called."""

LOSS = "Logloss"

Question = tuple[int, Reading, float, int]
"""What a split asks: its feature, how it is read, the border, and which categories go left."""

_GAPS = {"AsIs": -math.inf, "AsFalse": -math.inf, "AsTrue": math.inf}
"""A gap is no more than any border, or more than all."""

_KINDS = {
    "text_features": "text",
    "embedding_features": "embeddings",
}


def parsed(text: str) -> Mapping[str, Any]:
    """The model as JSON; UnsupportedForestError for anything that is no CatBoost model."""
    try:
        told = json.loads(text)
        told["features_info"].get, told["model_info"].get
        told["oblivious_trees" if "oblivious_trees" in told else "trees"]
        scale, biases = told["scale_and_bias"]
        float(scale), [float(bias) for bias in biases]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        msg = "this is no CatBoost model in JSON"
        raise UnsupportedForestError(msg) from None
    return dict(told)


def model_problems(
    told: Mapping[str, Any], names: Sequence[str], levels: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """What keeps a model from being one of these fields on the log-odds of bad.

    ``levels`` has the levels of each category, nothing for a number.
    """
    parameters = told["model_info"].get("params") or {}
    if isinstance(parameters, str):
        parameters = json.loads(parameters)
    loss = (parameters.get("loss_function") or {}).get("type")
    problems = [] if loss == LOSS else [f"the model's loss_function must be {LOSS!r}, not {loss!r}"]
    classes = (told["model_info"].get("class_params") or {}).get("class_names", [0, 1])
    if [_number(name) for name in classes] != [0.0, 1.0]:
        problems.append(f"the model's classes must be 0 and 1, not {classes}")
    if len(told["scale_and_bias"][1]) > 1:
        problems.append("the model has several outputs")
    info = told["features_info"]
    problems += [f"{words} cannot be read" for kind, words in _KINDS.items() if info.get(kind)]
    return (*problems, *_feature_problems(info, names, levels))


def tree_problems(told: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """What keeps a model from being told as trees."""
    if any(not tree.get("leaf_weights") for tree in told.get("oblivious_trees", ())):
        return ("the model must keep the leaf_weights of its trees",)
    info = told["features_info"]
    mixed = sorted(
        {
            element["cat_feature_index"]
            for ctr in info.get("ctrs") or ()
            for element in ctr.get("elements", ())
            if "cat_feature_index" in element
        }
    )
    kept = info.get("categorical_features") or ()
    flat = {c["feature_index"]: c["flat_feature_index"] for c in kept}
    cure = "train with a larger one_hot_max_size, or let it be sampled_interventional"
    return tuple(
        f"{names[flat[index]]} is read through statistics of its categories (CTR): {cure}"
        for index in mixed
    )


def read_catboost(told: Mapping[str, Any], levels: Sequence[Sequence[str]]) -> tuple[Tree, ...]:
    """The trees of a parsed model without problems, and what it begins with.

    UnsupportedForestError for trees that are none.
    """
    scale, (bias, *_) = told["scale_and_bias"]
    info = told["features_info"]
    numbers = {f["feature_index"]: f for f in info.get("float_features") or ()}
    codes = {f["feature_index"]: f for f in info.get("categorical_features") or ()}
    hashes = [[category_hash(text) for text in (*own, GAP)] if own else [] for own in levels]

    def asked(split: Mapping[str, Any]) -> Question:
        match split["split_type"]:
            case "FloatFeature":
                feature = numbers[split["float_feature_index"]]
                gap = Reading(_GAPS[feature["nan_value_treatment"]])
                return feature["flat_feature_index"], gap, float(split["border"]), 0
            case "OneHotFeature":
                place = codes[split["cat_feature_index"]]["flat_feature_index"]
                own = hashes[place]
                left = sum(1 << n for n, found in enumerate(own) if found != split["value"])
                return place, Reading(len(own) - 1.0, is_code=True), 0.0, left
        msg = f"a split of the kind {split['split_type']!r} cannot be read"
        raise UnsupportedForestError(msg)

    try:
        return (
            constant(float(bias)),
            *(
                _tree([asked(split) for split in tree["splits"] or ()], tree, float(scale))
                for tree in told.get("oblivious_trees", ())
            ),
            *(_grown(asked, tree, float(scale)) for tree in told.get("trees", ())),
        )
    except UnsupportedForestError:
        raise
    except (KeyError, TypeError, IndexError, ValueError):
        msg = "a tree's lists do not belong together"
        raise UnsupportedForestError(msg) from None


def _tree(asked: Sequence[Question], told: Mapping[str, Any], scale: float) -> Tree:
    """One tree written out: splits as in a heap, the last told at the root."""
    values, covers = told["leaf_values"], told.get("leaf_weights") or ()
    if len(values) != 1 << len(asked) or len(covers) != len(values):
        msg = "leaf_values and leaf_weights must be one for each leaf"
        raise UnsupportedForestError(msg)
    if not asked:
        return constant(scale * values[0])
    splits = len(values) - 1
    counted = [0.0] * splits + [float(cover) for cover in covers]
    for split in reversed(range(splits)):
        counted[split] = counted[2 * split + 1] + counted[2 * split + 2]
    questions = [asked[len(asked) - (split + 1).bit_length()] for split in range(splits)]
    children = [child if child < splits else ~(child - splits) for child in range(2 * splits + 1)]
    return Tree(
        features=[feature for feature, _, _, _ in questions],
        readings=[reading for _, reading, _, _ in questions],
        thresholds=[border for _, _, border, _ in questions],
        members=[left for _, _, _, left in questions],
        left=children[1::2],
        right=children[2::2],
        split_covers=counted[:splits],
        leaf_covers=counted[splits:],
        values=[scale * value for value in values],
    )


def _grown(
    asked: Callable[[Mapping[str, Any]], Question], told: Mapping[str, Any], scale: float
) -> Tree:
    """One tree of nodes in nodes, numbered level by level."""
    splits: list[Mapping[str, Any]] = []
    leaves: list[Mapping[str, Any]] = []

    def numbered(node: Mapping[str, Any]) -> int:
        kept = splits if "split" in node else leaves
        kept.append(node)
        return len(splits) - 1 if kept is splits else ~(len(leaves) - 1)

    numbered(told)
    children = [(numbered(node["left"]), numbered(node["right"])) for node in splits]
    covers = [float(leaf["weight"]) for leaf in leaves]
    counted = [0.0] * len(splits)
    for split, pair in reversed([*enumerate(children)]):
        counted[split] = sum(counted[child] if child >= 0 else covers[~child] for child in pair)
    questions = [asked(node["split"]) for node in splits]
    return Tree(
        features=[feature for feature, _, _, _ in questions],
        readings=[reading for _, reading, _, _ in questions],
        thresholds=[border for _, _, border, _ in questions],
        members=[left for _, _, _, left in questions],
        left=[left for left, _ in children],
        right=[right for _, right in children],
        split_covers=counted,
        leaf_covers=covers,
        values=[scale * float(leaf["value"]) for leaf in leaves],
    )


def _feature_problems(
    info: Mapping[str, Any], names: Sequence[str], levels: Sequence[Sequence[str]]
) -> list[str]:
    """Where the model's features are not the contract's, in their order."""
    told = {
        feature["flat_feature_index"]: (feature.get("feature_id") or "", is_code)
        for kind, is_code in (("float_features", False), ("categorical_features", True))
        for feature in info.get(kind) or ()
    }
    if sorted(told) != list(range(len(names))):
        return [f"the model must have {len(names)} features, not {len(told)}"]
    found = [told[place] for place in range(len(names))]
    own = [name or str(place) for place, (name, _) in enumerate(found)]
    problems = []
    if own not in (list(names), [str(place) for place in range(len(names))]):
        problems.append(f"the model's feature_names must be {list(names)!r}")
    problems += [
        f"{name} must be {'a category' if own else 'a number'} in the model as in the contract"
        for name, own, (_, is_code) in zip(names, levels, found, strict=True)
        if bool(own) != is_code
    ]
    return problems


def _number(name: object) -> float | None:
    """A class by its number; None for anything else."""
    try:
        return float(name)  # type: ignore[arg-type] # refused by float itself
    except (TypeError, ValueError):
        return None
