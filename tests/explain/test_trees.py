"""The kernel's contributions are Shapley values: equal to their slow definition and to LightGBM."""

import itertools
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.errors import NumbaError

from explain.attribution import treeshap, turns
from explain.attribution.forest import LANES, POINTS_MAX, lay_out
from explain.attribution.kernels import KernelExplainer
from explain.attribution.row_blocks import ALONE_MAX
from explain.attribution.trees import Kernel, tree_explainer
from explain.bundle import Bundle
from explain.explainers import LibraryTreeExplainer
from explain.libraries.lightgbm_text import read_lightgbm
from explain.libraries.tree_models import LightGbmModel
from explain.tree import Reading, Tree, UnsupportedForestError
from explain.values import Row

FEATURES = 6
CATEGORIES = [4, 5]


def drawn(seed: int, count: int) -> Any:
    """Rows with gaps, exact zeros, a few repeated values, and two columns of categories."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(count, FEATURES)).round(1)
    rows[:, 4] = chance.integers(0, 3, count)
    rows[:, 5] = chance.integers(0, 70, count)
    rows[chance.random(rows.shape) < 0.15] = np.nan
    rows[chance.random(rows.shape) < 0.05] = 0.0
    return rows


def trained(seed: int, **changed: object) -> lightgbm.Booster:
    """A small model on rows like these; settings may be changed."""
    rows = drawn(seed, 400)
    told = np.nan_to_num(rows)
    bad = (told[:, 0] + told[:, 1] * told[:, 2] + (told[:, 5] % 3 == 1)) > 0.3
    settings_ = {"objective": "binary", "num_leaves": 12, "verbose": -1, "num_threads": 1}
    settings_ |= {"min_data_in_leaf": 5, "min_data_per_group": 5, "cat_smooth": 1, "seed": seed}
    data = lightgbm.Dataset(rows, label=bad.astype(int), categorical_feature=CATEGORIES)
    return lightgbm.train({**settings_, **changed}, data, num_boost_round=12)


def kernel(booster: lightgbm.Booster) -> Kernel:
    """The kernel on this model, without a bundle around it."""
    return Kernel(read_lightgbm(booster.model_to_string()))


def shapley(tree: Mapping[str, Any], row: Any) -> list[float]:
    """Shapley values by their definition: every coalition of features, weighed and summed."""
    features = sorted(asked(tree))
    worth = {
        known: expected(tree, row, set(known))
        for size in range(len(features) + 1)
        for known in itertools.combinations(features, size)
    }
    amounts = [0.0] * FEATURES
    for feature in features:
        others = [f for f in features if f != feature]
        for size in range(len(features)):
            weight = math.factorial(size) * math.factorial(len(features) - size - 1)
            for known in itertools.combinations(others, size):
                joined = tuple(sorted((*known, feature)))
                share = weight / math.factorial(len(features))
                amounts[feature] += share * (worth[joined] - worth[known])
    return amounts


def asked(node: Mapping[str, Any]) -> set[int]:
    """The features a tree asks for."""
    if "split_feature" not in node:
        return set()
    children = (node["left_child"], node["right_child"])
    return {node["split_feature"]}.union(*(asked(child) for child in children))


def expected(node: Mapping[str, Any], row: Any, known: set[int]) -> float:
    """What the tree says on average over its training rows when only some features are known."""
    if "split_feature" not in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected(left if goes_left(node, row) else right, row, known)
    counts = [c.get("internal_count", c.get("leaf_count")) for c in (left, right)]
    said = [expected(child, row, known) for child in (left, right)]
    return float(counts[0] * said[0] + counts[1] * said[1]) / float(sum(counts))


def goes_left(node: Mapping[str, Any], row: Any) -> bool:
    """LightGBM's decision, from its documentation and its JSON."""
    value = row[node["split_feature"]]
    if node["decision_type"] == "==":
        return not math.isnan(value) and str(int(value)) in node["threshold"].split("||")
    if math.isnan(value) and node["missing_type"] != "NaN":
        value = 0.0
    if node["missing_type"] == "Zero" and abs(value) <= 1e-35:
        return bool(node["default_left"])
    if math.isnan(value):
        return bool(node["default_left"])
    return bool(value <= node["threshold"])


@pytest.fixture(
    scope="module",
    params=[
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"num_leaves": 2},
        {"num_leaves": 40, "min_data_in_leaf": 2},
        {"num_leaves": 40, "min_data_in_leaf": 2, "max_cat_threshold": 64, "max_depth": 20},
    ],
    ids=str,
)
def booster(request: pytest.FixtureRequest) -> lightgbm.Booster:
    """Models that meet gaps in each of LightGBM's ways, shallow and deep."""
    return trained(3, **request.param)


def test_row_and_block_equal_the_librarys_contributions(booster: lightgbm.Booster) -> None:
    rows = drawn(4, 200)
    wanted: Any = booster.predict(rows, pred_contrib=True, num_threads=1)
    scores: Any = booster.predict(rows, raw_score=True, num_threads=1)
    explainer = kernel(booster)
    block, block_scores = explainer.split(rows)
    single = [explainer.split(row[None, :]) for row in rows]
    assert np.abs(block - wanted[:, :-1]).max() <= 1e-12
    assert np.abs(np.vstack([a for a, _ in single]) - wanted[:, :-1]).max() <= 1e-12
    assert np.abs(block_scores - scores).max() <= 1e-12
    assert np.abs(np.concatenate([s for _, s in single]) - scores).max() <= 1e-12
    assert abs(explainer.base - wanted[0, -1]) <= 1e-12


cell = st.one_of(
    st.floats(-4, 4), st.sampled_from([math.nan, 0.0, -0.0, 1e-36, -1e-36, 1e300, math.inf])
)
code = st.one_of(st.integers(-2, 99).map(float), st.sampled_from([math.nan, 0.5, -0.5]))
some_rows = st.lists(st.tuples(cell, cell, cell, cell, code, code), min_size=1, max_size=40)


@settings(max_examples=50)
@given(rows=some_rows)
def test_any_row_at_all_is_explained_as_the_library_does(rows: list[tuple[float, ...]]) -> None:
    for changed in ({}, {"zero_as_missing": True}, {"use_missing": False}):
        booster = remembered(**changed)
        matrix = np.array(rows)
        wanted: Any = booster.predict(matrix, pred_contrib=True, num_threads=1)
        found, scores = kernel(booster).split(matrix)
        assert np.abs(found - wanted[:, :-1]).max() <= 1e-9
        assert np.abs(found.sum(axis=1) + wanted[0, -1] - scores).max() <= 1e-9


known_boosters: dict[str, lightgbm.Booster] = {}


def remembered(**changed: object) -> lightgbm.Booster:
    """A model trained once for all generated examples."""
    key = str(changed)
    if key not in known_boosters:
        known_boosters[key] = trained(5, **changed)
    return known_boosters[key]


def test_contributions_are_shapley_values_by_their_definition() -> None:
    booster = remembered()
    trees = [t["tree_structure"] for t in booster.dump_model()["tree_info"]]
    rows = drawn(6, 8)
    found, _ = kernel(booster).split(rows)
    for row, line in zip(rows, found, strict=True):
        wanted = np.sum([shapley(tree, row) for tree in trees], axis=0)
        assert np.abs(wanted - line).max() <= 1e-12


def test_a_tree_that_is_one_leaf_adds_to_the_base_alone() -> None:
    booster = trained(7, min_data_in_leaf=1000)
    explainer = kernel(booster)
    found, scores = explainer.split(drawn(8, 20))
    assert not found.any()
    assert np.abs(scores - explainer.base).max() <= 1e-12


BLOCK = LANES * turns.GROUPS
NUMBERS_OF_ROWS = {1, ALONE_MAX, ALONE_MAX + 1, LANES - 1, LANES, LANES + 1, LANES + ALONE_MAX}
NUMBERS_OF_ROWS |= {LANES + ALONE_MAX + 1, BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + LANES, 2 * BLOCK}


@pytest.mark.parametrize("rows", sorted(NUMBERS_OF_ROWS))
def test_every_number_of_rows_is_answered_in_order(rows: int) -> None:
    explainer = kernel(remembered())
    matrix = drawn(9, 2 * BLOCK)
    whole = [explainer.split(row[None, :]) for row in matrix[:rows]]
    part, part_scores = explainer.split(matrix[:rows])
    assert np.abs(part - np.vstack([amounts for amounts, _ in whole])).max() <= 1e-12
    assert np.abs(part_scores - np.concatenate([s for _, s in whole])).max() <= 1e-12


def test_rows_may_lie_anyhow_and_no_rows_are_no_answers() -> None:
    explainer = kernel(remembered())
    matrix = drawn(10, 40)
    amounts, scores = explainer.split(matrix)
    for same in (np.asfortranarray(matrix), np.repeat(matrix, 2, axis=0)[::2]):
        again, again_scores = explainer.split(same)
        assert (again == amounts).all()
        assert (again_scores == scores).all()
    assert explainer.split(matrix[:0])[0].shape == (0, FEATURES)
    with pytest.raises(ValueError, match="rows have 3 features, the trees ask for 6"):
        explainer.split(matrix[:, :3])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace("is_linear=0", "is_linear=1", 1), "linear"),
        (
            lambda text: text.replace("max_feature_idx", "average_output\nmax_feature_idx"),
            "averaged",
        ),
    ],
)
def test_what_the_arrays_cannot_say_is_refused(change: Callable[[str], str], why: str) -> None:
    with pytest.raises(UnsupportedForestError, match=why):
        read_lightgbm(change(remembered().model_to_string()))


def chain(splits: int) -> str:
    """A tree that asks for one feature after another, each time with a single row going left."""
    told = {
        "num_leaves": [splits + 1],
        "split_feature": range(splits),
        "threshold": [0.0] * splits,
        "decision_type": [0] * splits,
        "left_child": [~k for k in range(splits)],
        "right_child": [*range(1, splits), ~splits],
        "leaf_value": range(splits + 1),
        "leaf_count": [1] * (splits + 1),
        "internal_count": [splits + 1 - k for k in range(splits)],
    }
    lines = [f"{key}={' '.join(map(str, values))}" for key, values in told.items()]
    return "\n".join(["tree", "", "Tree=0", *lines, "", "end of trees"])


def test_a_path_of_too_many_features_is_refused() -> None:
    most = 2 * POINTS_MAX
    assert lay_out(read_lightgbm(chain(most))).forest.trees["points"].tolist() == [POINTS_MAX]
    with pytest.raises(UnsupportedForestError, match=f"{most + 1} features"):
        lay_out(read_lightgbm(chain(most + 1)))


@pytest.mark.parametrize("splits", [1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 32, 33, 48, 49, 63, 64])
def test_the_points_a_path_gets_are_exact_up_to_the_last_feature(splits: int) -> None:
    explainer = Kernel(read_lightgbm(chain(splits)))
    for value in (1.0, -1.0):
        matrix = np.full((LANES, splits), value)
        amounts, scores = explainer.split(matrix)
        alone, _ = explainer.split(matrix[:1])
        assert scores[0] == (splits if value > 0 else 0)
        residual = amounts.sum(axis=1) + explainer.base - scores
        assert np.abs(residual).max() <= 1e-9
        assert np.abs(amounts[0] - alone[0]).max() <= 1e-9


def a_tree(**changed: object) -> Tree:
    """Feature 0 twice: above 0 a leaf of 5, else above -1 a leaf of 2, else a leaf of 1."""
    told: dict[str, Any] = {
        "features": [0, 0],
        "readings": [Reading(), Reading()],
        "thresholds": [0.0, -1.0],
        "members": [0, 0],
        "left": [1, ~0],
        "right": [~2, ~1],
        "split_covers": [10, 8],
        "leaf_covers": [3, 5, 2],
        "values": [1.0, 2.0, 5.0],
    }
    return Tree(**{**told, **changed})


@pytest.mark.parametrize("count", [1, LANES])
@pytest.mark.parametrize(
    "covers",
    [
        {},
        {"split_covers": [10, 10], "leaf_covers": [4, 6, 0]},
        {"split_covers": [10, 10], "leaf_covers": [10, 0, 0]},
        {"split_covers": [10, 10], "leaf_covers": [0, 10, 0]},
    ],
    ids=str,
)
def test_sides_that_no_training_row_took_are_explained(
    covers: Mapping[str, object], count: int
) -> None:
    tree = a_tree(**covers)
    explainer = Kernel([tree])
    base = float(np.dot(tree.values, tree.leaf_covers)) / 10
    assert explainer.base == base
    for value, score in ((-2.0, 1.0), (-0.5, 2.0), (1.0, 5.0)):
        amounts, scores = explainer.split(np.full((count, 1), value))
        assert scores.tolist() == [score] * count
        assert np.abs(amounts - (score - base)).max() <= 1e-12


def test_a_split_that_no_training_row_came_to_is_explained_with_even_shares() -> None:
    explainer = Kernel([a_tree(split_covers=[0, 0], leaf_covers=[0, 0, 0])])
    assert explainer.base == (1.0 + 2.0) / 4 + 5.0 / 2
    amounts, scores = explainer.split(np.array([[-2.0]]))
    assert scores.tolist() == [1.0]
    assert amounts[0, 0] == 1.0 - explainer.base


def test_a_threshold_of_infinity_parts_gaps_from_all_numbers() -> None:
    tree = a_tree(readings=[Reading(math.inf), Reading(-math.inf)], thresholds=[math.inf, 0.0])
    explainer = Kernel([tree])
    values = np.array([math.inf, 1e300, 0.0, -math.inf, math.nan])
    assert explainer.split(values[:, None])[1].tolist() == [2.0, 2.0, 1.0, 1.0, 5.0]
    assert [explainer.split(np.array([[v]]))[1][0] for v in values] == [2.0, 2.0, 1.0, 1.0, 5.0]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"left": [1, 0]}, "two ways lead to split 0"),
        ({"left": [1, 1]}, "two ways lead to split 1"),
        ({"right": [1, ~1]}, "two ways lead to split 1"),
        ({"features": [0, -1]}, "do not belong together"),
        ({"features": [0]}, "do not belong together"),
        ({"values": [1.0, 2.0]}, "do not belong together"),
    ],
    ids=str,
)
def test_what_is_no_tree_is_refused(changed: Mapping[str, object], why: str) -> None:
    with pytest.raises(UnsupportedForestError, match=why):
        lay_out([a_tree(**changed)])


@pytest.mark.parametrize(
    "changed", [{"left": [1, 7]}, {"left": [1, ~7]}, {"right": [~7, ~1]}], ids=str
)
def test_children_that_are_not_there_are_an_error_when_read(changed: Mapping[str, object]) -> None:
    with pytest.raises(IndexError):
        lay_out([a_tree(**changed)])


def test_a_set_may_hold_categories_of_several_words() -> None:
    members = {0, 1, 63, 64, 127, 128, 200}
    tree = a_tree(
        readings=[Reading(-1.0, is_code=True), Reading()],
        members=[sum(1 << code for code in members), 0],
        thresholds=[0.0, 100.0],
    )
    explainer = Kernel([tree])
    no_codes = [-1.0, 2.0**31, 2.0**63, 1e300, math.inf, -math.inf, math.nan]
    codes = np.array([*range(260), 0.9, -0.9, *no_codes])
    inside = [int(code) in members for code in codes[:262]] + [False] * len(no_codes)
    left = [1.0 if code <= 100 else 2.0 for code in codes]
    wanted = np.where(inside, left, 5.0)
    amounts, scores = explainer.split(codes[:, None])
    alone = [explainer.split(np.array([[code]])) for code in codes]
    assert (scores == wanted).all()
    assert (np.concatenate([score for _, score in alone]) == wanted).all()
    for found in (amounts, np.vstack([line for line, _ in alone])):
        assert np.abs(found[:, 0] - (wanted - explainer.base)).max() <= 1e-12


def test_without_numba_the_library_explains_and_says_the_same(
    trees: Bundle, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, fast = trees.parts_in_memory()
    assert isinstance(adapter, LightGbmModel)
    assert isinstance(fast, KernelExplainer)
    monkeypatch.setitem(sys.modules, "explain.attribution.treeshap", None)
    monkeypatch.delattr("explain.attribution.treeshap", raising=False)
    slow = tree_explainer(adapter)
    assert isinstance(slow, LibraryTreeExplainer)
    assert slow.method == fast.method
    for theirs, ours in zip(slow.attribute(rows[:20]), fast.attribute(rows[:20]), strict=True):
        assert abs(theirs.score - ours.score) <= 1e-12
        assert abs(theirs.base - ours.base) <= 1e-12
        assert max(abs(a - b) for a, b in zip(theirs.amounts, ours.amounts, strict=True)) <= 1e-12


def test_where_numba_fails_to_compile_the_library_explains_and_that_is_told(
    trees: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        msg = "no such instruction"
        raise NumbaError(msg)

    adapter, _ = trees.parts_in_memory()
    assert isinstance(adapter, LightGbmModel)
    monkeypatch.setattr(treeshap, "explain_lanes", fails)
    assert isinstance(tree_explainer(adapter), LibraryTreeExplainer)
    assert "No compiled kernel" in caplog.text
    assert "library explains" in caplog.text
