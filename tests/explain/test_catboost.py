"""CatBoost's classifiers are explained as CatBoost explains them, and refused by name if not."""

import json
import math
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explain.adapters import Encoder
from explain.attribution.background_trees import BackgroundKernel
from explain.attribution.kernels import KernelExplainer
from explain.attribution.oblivious import all_oblivious
from explain.attribution.oblivious_kernel import ObliviousKernel
from explain.attribution.trees import Kernel, tree_explainer
from explain.bundle import Bundle, load
from explain.errors import BundleInvalid
from explain.libraries.catboost_hash import LENGTH_MAX, category_hash
from explain.libraries.catboost_json import model_problems, parsed, read_catboost, tree_problems
from explain.libraries.catboost_model import CatboostBox, CatboostModel
from explain.tree import UnsupportedForestError
from explain.values import Row
from tests.explain.families import (
    LEVELS,
    Levels,
    bundle_of,
    catboost_json,
    catboost_pool,
    catboost_score,
    drawn,
    labels,
    named,
    train_catboost,
)
from tests.explain.test_interventional import by_definition

NAMES = named(LEVELS)
FIELDS = [f"field_{n}" for n in range(len(LEVELS))]
CATEGORY = LEVELS.index(70)


def told_of(model: Any) -> Mapping[str, Any]:
    """What its file says, which has no problems."""
    told = parsed(catboost_json(model).decode())
    assert model_problems(told, FIELDS, NAMES) == ()
    assert tree_problems(told, FIELDS) == ()
    return told


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"nan_mode": "Max"},
        {"depth": 1},
        {"depth": 8, "l2_leaf_reg": 0.1},
        {"boost_from_average": True},
        {"class_weights": [1.0, 3.5]},
        {"iterations": 1},
        {"bootstrap_type": "Bernoulli", "subsample": 0.3},
    ],
    ids=str,
)
def test_a_model_is_explained_as_it_explains_itself(settings: Mapping[str, object]) -> None:
    train, rows = drawn(1, 1200), drawn(2, 150)
    rows[:4, 0] = 1e300, -1e300, -3.4028234663852886e38, 1e-40
    model = train_catboost(train, labels(train), NAMES, **settings)
    trees = read_catboost(told_of(model), NAMES)
    pool = catboost_pool(rows, NAMES)
    wanted = model.get_feature_importance(pool, type="ShapValues", thread_count=1)
    with np.errstate(over="ignore"):
        seen = rows.astype(np.float32).astype(np.float64)
    same = all_oblivious(trees)
    assert same is not None
    for kernel in (Kernel(trees), ObliviousKernel(same)):
        amounts, scores = kernel.split(seen)
        assert np.abs(scores - catboost_score(model, rows, NAMES)).max() <= 1e-12
        assert np.abs(amounts - wanted[:, :-1]).max() <= 1e-12
        assert abs(kernel.base - wanted[0, -1]) <= 1e-12
        assert np.abs(amounts.sum(axis=1) + kernel.base - scores).max() <= 1e-12


def test_gaps_that_training_never_met_go_where_catboost_sends_them() -> None:
    train, rows = drawn(3, 800, gaps=0.0), drawn(4, 100, gaps=0.5)
    model = train_catboost(train, labels(train), NAMES)
    told = told_of(model)
    assert {f["nan_value_treatment"] for f in told["features_info"]["float_features"]} == {"AsIs"}
    _, scores = Kernel(read_catboost(told, NAMES)).split(rows.astype(np.float32) + 0.0)
    assert np.abs(scores - catboost_score(model, rows, NAMES)).max() <= 1e-12


def test_a_category_of_every_length_has_catboosts_number() -> None:
    names = [["x" * n + "0_a9"[: LENGTH_MAX - n] for n in range(1, LENGTH_MAX + 1)]]
    names[0] += ["abcdefghijklmnopqrstuvwxyz_0123456789_"[:n] for n in range(1, 39)]
    restless = {"random_strength": 9, "bootstrap_type": "Bernoulli", "depth": 4}
    rows = np.tile(np.arange(float(len(names[0]))), 12)[:, None]
    model = train_catboost(
        rows, rows[:, 0] % 2, names, one_hot_max_size=200, iterations=250, **restless
    )
    (told,) = parsed(catboost_json(model).decode())["features_info"]["categorical_features"]
    lengths = {category_hash(name): len(name) for name in names[0]}
    assert {lengths[value] for value in told["values"]} >= set(range(1, LENGTH_MAX + 1))
    with pytest.raises(ValueError, match="65 bytes"):
        category_hash("x" * (LENGTH_MAX + 1))


def test_a_category_read_through_statistics_is_named_with_the_cure() -> None:
    train = drawn(5, 800)
    model = train_catboost(train, labels(train), NAMES, one_hot_max_size=5)
    told = parsed(catboost_json(model).decode())
    assert model_problems(told, FIELDS, NAMES) == ()
    (problem,) = tree_problems(told, FIELDS)
    assert problem.startswith(f"field_{CATEGORY} is read through statistics")
    assert "one_hot_max_size" in problem
    assert "sampled_interventional" in problem


GROWN: list[dict[str, object]] = [
    {"grow_policy": "Lossguide", "max_leaves": 12, "depth": 8},
    {"grow_policy": "Depthwise", "depth": 4, "nan_mode": "Max"},
    {"grow_policy": "Lossguide", "boost_from_average": True, "class_weights": [1.0, 3.5]},
]


def weight(node: Any) -> float:
    """How many training rows came to a node."""
    if "split" in node:
        return weight(node["left"]) + weight(node["right"])
    return float(node["weight"])


def expected(node: Any, row: Any, known: set[int]) -> float:
    """What a tree says of a row of which only these fields are known, by its file alone."""
    if "split" not in node:
        return float(node["value"])
    split = node["split"]
    place = split.get("float_feature_index", split.get("cat_feature_index"))
    codes = [feature for feature, own in enumerate(NAMES) if own]
    numbers = [feature for feature, own in enumerate(NAMES) if not own]
    feature = (numbers if "border" in split else codes)[place]
    left, right = (expected(node[side], row, known) for side in ("left", "right"))
    if feature not in known:
        share = weight(node["left"]) / weight(node)
        return share * left + (1.0 - share) * right
    if "border" in split:
        return right if np.float32(row[feature]) > split["border"] else left
    told = "nan" if np.isnan(row[feature]) else NAMES[feature][int(row[feature])]
    return right if category_hash(told) == split["value"] else left


def shapley(trees: Any, row: Any) -> list[float]:
    """Shapley values of trees by their definition."""
    everyone = range(len(NAMES))
    amounts = [0.0] * len(NAMES)
    for size in everyone:
        for known in map(set, combinations(everyone, size)):
            share = 1.0 / math.comb(len(NAMES) - 1, size) / len(NAMES)
            before = sum(expected(tree, row, known) for tree in trees)
            for feature in set(everyone) - known:
                after = sum(expected(tree, row, known | {feature}) for tree in trees)
                amounts[feature] += share * (after - before)
    return amounts


@pytest.mark.parametrize("settings", GROWN, ids=str)
def test_trees_that_are_not_symmetric_are_explained_by_the_definition(
    settings: Mapping[str, object],
) -> None:
    train, rows = drawn(6, 800, gaps=0.0), drawn(7, 60, gaps=0.0)
    model = train_catboost(train, labels(train), NAMES, iterations=4, **settings)
    told = told_of(model)
    trees = read_catboost(told, NAMES)
    assert all_oblivious(trees) is None
    seen = rows.astype(np.float32).astype(np.float64)
    kernel = Kernel(trees)
    amounts, scores = kernel.split(seen)
    assert np.abs(scores - catboost_score(model, rows, NAMES)).max() <= 1e-12
    assert np.abs(amounts.sum(axis=1) + kernel.base - scores).max() <= 1e-12
    for line, row in zip(amounts[:3], rows[:3], strict=True):
        assert line == pytest.approx(shapley(told["trees"], row), abs=1e-12)
    background = drawn(8, 30)
    against = BackgroundKernel(trees, background.astype(np.float32).astype(np.float64))
    found, _ = against.split(seen[:2])
    for line, row in zip(found, rows[:2], strict=True):
        wanted = by_definition(lambda some: catboost_score(model, some, NAMES), row, background)
        assert line == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("settings", GROWN, ids=str)
def test_gaps_go_through_such_trees_where_catboost_sends_them(
    settings: Mapping[str, object],
) -> None:
    train, rows = drawn(6, 800), drawn(7, 100, gaps=0.3)
    rows[:4, 0] = 1e300, -1e300, -3.4028234663852886e38, 1e-40
    model = train_catboost(train, labels(train), NAMES, **settings)
    with np.errstate(over="ignore"):
        seen = rows.astype(np.float32).astype(np.float64)
    _, scores = Kernel(read_catboost(told_of(model), NAMES)).split(seen)
    assert np.abs(scores - catboost_score(model, rows, NAMES)).max() <= 1e-12


def test_catboosts_contributions_of_such_trees_are_not_used_for_they_do_not_add_up(
    trees: Bundle, rows: list[Row]
) -> None:
    contract = trees.contract
    matrix, names = Encoder(contract).encode(rows[:200]), Levels(contract).names
    bad = (matrix.sum(axis=1) > np.median(matrix.sum(axis=1))).astype(int)
    model = train_catboost(matrix, bad, names, grow_policy="Lossguide", depth=5)
    split = model.get_feature_importance(catboost_pool(matrix, names), type="ShapValues")
    off = np.abs(split.sum(axis=1) - catboost_score(model, matrix, names)).max()
    assert off > 0.01, "CatBoost has learned it: say so in the record"
    read = CatboostModel(catboost_json(model).decode(), contract, "model.json")
    with pytest.raises(BundleInvalid, match="do not add up: install numba"):
        read.contributions(rows[:1])


@pytest.fixture(scope="module")
def folder(trees: Bundle, rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The German bundle with a CatBoost model in it."""
    place = tmp_path_factory.mktemp("catboost") / "german-credit"
    return bundle_of("catboost", place, trees.contract, rows[:200])


def test_its_trees_are_looked_up_whatever_the_method(folder: Path, rows: list[Row]) -> None:
    bundle = load(folder)
    adapter, explainer = bundle.parts_in_memory()
    assert isinstance(explainer, KernelExplainer)
    assert isinstance(explainer.kernel, ObliviousKernel)
    assert explainer.method == bundle.explain(rows[:1])[0].method  # type: ignore[union-attr]
    again = tree_explainer(adapter)  # type: ignore[arg-type] # a model of trees
    assert isinstance(again, KernelExplainer)
    assert isinstance(again.kernel, ObliviousKernel)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda m: m["model_info"]["params"]["loss_function"].update(type="RMSE"),
            "loss_function must be 'Logloss', not 'RMSE'",
        ),
        (lambda m: m["model_info"].pop("params"), "loss_function"),
        (
            lambda m: m["model_info"]["class_params"].update(class_names=[0, 1, 2]),
            "classes must be 0 and 1, not .0, 1, 2",
        ),
        (
            lambda m: m["model_info"]["class_params"].update(class_names=["good", "bad"]),
            "classes must be 0 and 1",
        ),
        (lambda m: m["scale_and_bias"].__setitem__(1, [0, 0, 0]), "several outputs"),
        (lambda m: m["features_info"].update(text_features=[{"feature_id": "a"}]), "text cannot"),
        (
            lambda m: m["features_info"].update(embedding_features=[{"feature_id": "a"}]),
            "embeddings cannot",
        ),
        (lambda m: m["features_info"]["float_features"].pop(), "features, not"),
        (
            lambda m: m["features_info"]["float_features"][0].update(feature_id="income"),
            "feature_names must be",
        ),
        (
            lambda m: m["oblivious_trees"][-1].pop("leaf_weights"),
            "must keep the leaf_weights",
        ),
        (lambda m: m.update(oblivious_trees=3), "this is no CatBoost model in JSON"),
        (lambda m: m.pop("scale_and_bias"), "no CatBoost model"),
        (lambda m: m.pop("oblivious_trees"), "is no CatBoost model"),
        (lambda m: m.update(features_info=3), "this is no CatBoost model"),
        (lambda m: m["features_info"].update(float_features=3), "no CatBoost model in JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_model_of_something_else_is_refused_by_name(
    folder: Path, trees: Bundle, change: Callable[[Any], object], why: str
) -> None:
    told = json.loads((folder / "model.json").read_text())
    change(told)
    with pytest.raises(BundleInvalid, match=why):
        CatboostModel(json.dumps(told), trees.contract, "model.json")


def test_a_number_that_the_contract_calls_a_category_is_refused_by_name(
    folder: Path, trees: Bundle
) -> None:
    told = json.loads((folder / "model.json").read_text())
    info = told["features_info"]
    moved = info["categorical_features"].pop()
    info["float_features"].append(moved | {"borders": [], "nan_value_treatment": "AsIs"})
    name = trees.contract.features[moved["flat_feature_index"]].name
    with pytest.raises(BundleInvalid, match=f"{name} must be a category"):
        CatboostModel(json.dumps(told), trees.contract, "model.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"oblivious_trees": 3}', "[" * 100_000])
def test_what_is_no_catboost_model_is_refused(trees: Bundle, text: str) -> None:
    with pytest.raises(BundleInvalid, match="no CatBoost model"):
        CatboostModel(text, trees.contract, "model.json")


def test_a_model_that_only_catboost_refuses_is_refused_too(folder: Path, trees: Bundle) -> None:
    told = json.loads((folder / "model.json").read_text())
    feature = told["features_info"]["float_features"][0]
    feature["nan_value_treatment"] = "AsYouLike"
    with pytest.raises(BundleInvalid, match="CatBoost cannot read"):
        _ = CatboostModel(json.dumps(told), trees.contract, "model.json").booster


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t["leaf_values"].pop(), "one for each leaf"),
        (lambda t: t.pop("leaf_weights"), "leaf_weights must be one for each leaf"),
        (lambda t: t["splits"].pop(), "must be one for each leaf"),
        (lambda t: t["splits"][0].update(split_type="OnlineCtr"), "'OnlineCtr' cannot be read"),
        (lambda t: t["splits"][0].pop("split_type"), "do not belong together"),
        (
            lambda t: t["splits"][0].update(float_feature_index=99, cat_feature_index=99),
            "lists do not belong together",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_trees_that_are_none_are_refused(change: Callable[[Any], object], why: str) -> None:
    train = drawn(7, 400)
    told = json.loads(catboost_json(train_catboost(train, labels(train), NAMES)))
    change(told["oblivious_trees"][0])
    with pytest.raises(UnsupportedForestError, match=why):
        read_catboost(told, NAMES)


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node.pop("left"),
        lambda node: node["split"].pop("split_type"),
        lambda node: node["right"].update(weight="many"),
        lambda node: node["right"].pop("value"),
    ],
    ids=range(4),
)
def test_grown_trees_that_are_none_are_refused(change: Callable[[Any], object]) -> None:
    train = drawn(7, 400)
    model = train_catboost(train, labels(train), NAMES, grow_policy="Depthwise", depth=1)
    told = json.loads(catboost_json(model))
    change(told["trees"][0])
    with pytest.raises(UnsupportedForestError, match="do not belong together"):
        read_catboost(told, NAMES)


def test_a_model_with_statistics_can_be_sampled(trees: Bundle, rows: list[Row]) -> None:
    contract = trees.contract
    encoder = Encoder(contract)
    matrix, names = encoder.encode(rows[:300]), Levels(contract).names
    bad = (matrix.sum(axis=1) > np.median(matrix.sum(axis=1))).astype(int)
    model = train_catboost(matrix, bad, names, one_hot_max_size=2)
    text = catboost_json(model).decode()
    with pytest.raises(BundleInvalid, match="CTR"):
        CatboostModel(text, contract, "model.json")
    asked = CatboostBox(text, contract, "model.json").score(rows[300:340])
    wanted = catboost_score(model, encoder.encode(rows[300:340]), names)
    assert np.abs(np.array(asked) - wanted).max() <= 1e-12


def test_the_border_below_all_numbers_parts_gaps_from_them() -> None:
    train = drawn(8, 1200, gaps=0.4)
    model = train_catboost(train, np.isnan(train[:, 0]).astype(int), NAMES)
    told = told_of(model)
    borders = [s.get("border") for t in told["oblivious_trees"] for s in t["splits"]]
    assert any(border is not None and border < -3.4e38 for border in borders)
    same = all_oblivious(read_catboost(told, NAMES))
    assert same is not None
    rows = drawn(9, 60, gaps=0.4).astype(np.float32).astype(np.float64)
    _, scores = ObliviousKernel(same).split(rows)
    assert np.abs(scores - catboost_score(model, rows, NAMES)).max() <= 1e-12


def test_a_model_of_numbers_alone_is_read() -> None:
    train = drawn(10, 300)
    numbers: list[list[str]] = [[] for _ in LEVELS]
    told = parsed(catboost_json(train_catboost(train, labels(train), numbers)).decode())
    assert model_problems(told, FIELDS, numbers) == ()
    assert tree_problems(told, FIELDS) == ()
