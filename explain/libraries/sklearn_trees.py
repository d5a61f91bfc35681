"""The reader of scikit-learn's trees, boosted or averaged, as they are in memory.

Histogram-based trees compare the number itself and keep sets of categories; all others compare it
as a float32. A gap goes where the split says, and so does a category that was never met. Boosted
trees add up to the log-odds of bad, averaged ones to its probability.
"""

# ruff: noqa: SLF001 # scikit-learn gives its trees in no other way

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..tree import Reading, Tree, UnsupportedForestError
from .node_trees import Nodes, constant, joined

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TREE_TYPES = frozenset(
    {
        "builtins.bool",
        "builtins.dict",
        "builtins.float",
        "builtins.int",
        "builtins.list",
        "builtins.slice",
        "builtins.str",
        "builtins.tuple",
        "functools.partial",
        "numpy.bool_",
        "numpy.dtype",
        "numpy.float64",
        "numpy.int64",
        "numpy.ndarray",
        "numpy.random._generator.Generator",
        "numpy.random.mtrand.RandomState",
        "numpy.uint32",
        "numpy.uint64",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.dummy.DummyClassifier",
        "sklearn.ensemble._forest.ExtraTreesClassifier",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._gb.GradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "sklearn.tree._classes.ExtraTreeClassifier",
        "sklearn.tree._tree.Tree",
        "sklearn.utils.validation.check_array",
    }
)
TREE_LOADERS = frozenset(
    {
        "FunctionNode",  # of sklearn.utils.validation.check_array alone, by the list above
        "LossNode",
        "PartialNode",
        "RandomGeneratorNode",
        "RandomStateNode",
        "TreeNode",
    }
)
BOOSTED = frozenset({"GradientBoostingClassifier", "HistGradientBoostingClassifier"})
AVERAGED = frozenset({"ExtraTreesClassifier", "RandomForestClassifier"})


def tree_problems(model: Any, levels: Sequence[int]) -> tuple[str, ...]:
    """What keeps a model from being one of two classes on these features."""
    problems = []
    kind = type(model).__name__
    if kind not in BOOSTED | AVERAGED:
        return (f"a {kind} is no classifier of boosted or averaged trees",)
    if list(getattr(model, "classes_", ())) != [0, 1]:
        problems.append("the model must be trained on classes 0 and 1")
    if getattr(model, "n_features_in_", 0) != len(levels):
        problems.append(f"the model must have {len(levels)} features")
    if kind == "GradientBoostingClassifier" and model.loss != "log_loss":
        problems.append("the model's loss must be 'log_loss'")
    categorical = getattr(model, "is_categorical_", None)
    if categorical is not None and not problems:
        strange = [n for n, code in enumerate(categorical) if code and not levels[n]]
        if strange:
            problems.append(f"feature {strange[0]} is categorical to the model alone")
    return tuple(problems)


def read_trees(model: Any, levels: Sequence[int]) -> tuple[Tree, ...]:
    """Read a fitted model whose feature n has ``levels[n]`` categories, 0 for a number.

    A missing category has the code after the last. UnsupportedForestError where the ensemble begins
    with something else than one number.
    """
    if hasattr(model, "_predictors"):
        base = constant(float(model._baseline_prediction.ravel()[0]))
        places = _places(model, levels)
        told = [_histogram_tree(predictor, places) for (predictor,) in model._predictors]
    elif type(model).__name__ in AVERAGED:
        base, count = constant(0.0), len(model.estimators_)
        told = [_tree(one.tree_, _chances(one.tree_) / count) for one in model.estimators_]
    else:
        base = constant(_prior(model))
        rate = float(model.learning_rate)
        trees = [regressor.tree_ for (regressor,) in model.estimators_]
        told = [_tree(tree, rate * tree.value[:, 0, 0]) for tree in trees]
    return (base, *told)


def _prior(model: Any) -> float:
    """What the older kind begins with: the same for every row."""
    import numpy as np

    prior = getattr(model.init_, "class_prior_", None)
    if prior is None and not isinstance(model.init_, str):
        msg = "the ensemble begins with another model"
        raise UnsupportedForestError(msg)
    rows = np.zeros((2, model.n_features_in_), np.float32)
    return float(model._raw_predict_init(rows).ravel()[0])


def _chances(tree: Any) -> "NDArray[np.float64]":
    """The share of bad at each node."""
    told: NDArray[np.float64] = tree.value[:, 0, :]
    chances: NDArray[np.float64] = told[:, 1] / told.sum(axis=1)
    return chances


def _tree(tree: Any, values: "NDArray[np.float64]") -> Tree:
    """One tree that compares in single precision, with what its leaves add."""
    gaps = getattr(tree, "missing_go_to_left", [0] * tree.node_count)
    return Nodes(
        left=tree.children_left.tolist(),
        right=tree.children_right.tolist(),
        features=tree.feature.tolist(),
        readings=[Reading(-math.inf if left else math.inf) for left in gaps],
        thresholds=tree.threshold.tolist(),
        members=[0] * tree.node_count,
        covers=tree.weighted_n_node_samples.tolist(),
        values=values.tolist(),
    ).tree()


class _Place:
    """A feature as the trees number it: where a row has it, and its categories as they know them.

    ``codes`` has for every level in the contract's order the number it has in the trees, None where
    it was never met.
    """

    def __init__(self, feature: int, levels: int, codes: Mapping[float, int] | None) -> None:
        self.feature = feature
        self.levels = levels
        self.codes = [None if codes is None else codes.get(float(n)) for n in range(levels)]


def _places(model: Any, levels: Sequence[int]) -> list[_Place]:
    """The features in the order of the trees, which have categories first."""
    if model._preprocessor is None:
        return [_Place(feature, levels[feature], None) for feature in range(len(levels))]
    encoder = model._preprocessor.named_transformers_["encoder"]
    categorical = [feature for feature, code in enumerate(model.is_categorical_) if code]
    numbers = [feature for feature, code in enumerate(model.is_categorical_) if not code]
    met = [
        {float(value): code for code, value in enumerate(values)} for values in encoder.categories_
    ]
    coded = zip(categorical, met, strict=True)
    return [
        *(_Place(feature, levels[feature], codes) for feature, codes in coded),
        *(_Place(feature, 0, None) for feature in numbers),
    ]


def _histogram_tree(predictor: Any, places: Sequence[_Place]) -> Tree:
    """One histogram-based tree."""
    nodes = predictor.nodes
    leaves = nodes["is_leaf"].astype(bool).tolist()
    features = nodes["feature_idx"].tolist()
    coded = nodes["is_categorical"].astype(bool).tolist()
    gaps = nodes["missing_go_to_left"].astype(bool).tolist()
    sets = [joined(words) for words in predictor.raw_left_cat_bitsets.tolist()]
    met = nodes["bitset_idx"].tolist()
    readings, members = [], []
    for node, feature in enumerate(features):
        place, inner = places[feature], coded[node] and not leaves[node]
        readings.append(
            Reading(float(place.levels), is_code=True)
            if inner
            else Reading(-math.inf if gaps[node] else math.inf)
        )
        members.append(_members(place, sets[met[node]], gap_left=gaps[node]) if inner else 0)
    return Nodes(
        left=[
            -1 if leaf else left for leaf, left in zip(leaves, nodes["left"].tolist(), strict=True)
        ],
        right=nodes["right"].tolist(),
        features=[places[feature].feature for feature in features],
        readings=readings,
        thresholds=nodes["num_threshold"].tolist(),
        members=members,
        covers=nodes["count"].tolist(),
        values=nodes["value"].tolist(),
    ).tree()


def _members(place: _Place, left: int, *, gap_left: bool) -> int:
    """The contract's codes that go left, the gap's among them, as a set of bits."""
    goes = [gap_left if code is None else bool(left >> code & 1) for code in place.codes]
    return sum(went << code for code, went in enumerate([*goes, gap_left]))
