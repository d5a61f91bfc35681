"""Contributions against a background are Shapley values: equal to their slow definition."""

import itertools
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import lightgbm
import numpy as np
import pytest
import shap
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.adapters import TreeModel
from explain.attribution import interventional, leaf_tables
from explain.attribution.background_trees import (
    BackgroundKernel,
    PlainBackgroundExplainer,
    background_explainer,
)
from explain.attribution.forest import LANES
from explain.attribution.kernels import KernelExplainer
from explain.attribution.leaf_cells import FEATURES_MAX, cut
from explain.attribution.leaf_games import Answers, directly, games_of
from explain.attribution.leaf_tables import tabulate
from explain.attribution.row_blocks import ALONE_MAX
from explain.bundle import Bundle
from explain.checks import check_explainer
from explain.errors import BundleInvalid
from explain.libraries.catboost_json import parsed, read_catboost
from explain.libraries.lightgbm_text import read_lightgbm
from explain.libraries.sklearn_trees import read_trees
from explain.libraries.tree_models import LightGbmModel
from explain.libraries.xgboost_json import json_of_ubj, read_xgboost
from explain.tree import Reading, Tree, UnsupportedForestError
from explain.values import Row
from tests.explain import families
from tests.explain.families import FAMILIES, LEVELS
from tests.explain.test_trees import FEATURES, a_tree, chain, drawn, remembered, trained

Matrix = Any
Score = Callable[[Matrix], Matrix]


def by_definition(score: Score, row: Any, background: Matrix) -> Any:
    """Every coalition of features, put into every background row, scored, weighed and summed."""
    everyone = range(len(row))
    coalitions = [c for n in range(len(row) + 1) for c in itertools.combinations(everyone, n)]
    mixed = np.repeat(background[None, :, :], len(coalitions), axis=0)
    for place, known in enumerate(coalitions):
        mixed[place][:, list(known)] = row[list(known)]
    told = score(mixed.reshape(-1, len(row))).reshape(len(coalitions), -1).mean(axis=1)
    worth = dict(zip(coalitions, told, strict=True))
    amounts = np.zeros(len(row))
    for known, feature in itertools.product(coalitions, everyone):
        if feature not in known:
            ways = math.factorial(len(known)) * math.factorial(len(row) - len(known) - 1)
            step = worth[tuple(sorted((*known, feature)))] - worth[known]
            amounts[feature] += ways / math.factorial(len(row)) * step
    return amounts


def walked(trees: Sequence[Tree]) -> Score:
    """The score by walking from the root, split by split."""

    def goes_left(tree: Tree, split: int, value: float) -> bool:
        reading = tree.readings[split]
        if reading.is_code:
            code = int(value) if -1.0 < value < 2.0**31 else int(reading.gap)
            return code >= 0 and bool(tree.members[split] >> code & 1)
        if math.isnan(value) or (reading.zero_is_gap and abs(value) <= np.float32(1e-35)):
            # A gap lies beyond all numbers, infinite ones and thresholds included.
            return reading.gap < 0 or (reading.gap == 0 and tree.thresholds[split] >= 0)
        return value <= tree.thresholds[split]

    def reached(tree: Tree, row: Any) -> float:
        child = 0 if tree.features else ~0
        while child >= 0:
            left = goes_left(tree, child, row[tree.features[child]])
            child = (tree.left if left else tree.right)[child]
        return tree.values[~child]

    return lambda rows: np.array([sum(reached(tree, row) for tree in trees) for row in rows])


def plainly(trees: Sequence[Tree], rows: Matrix, background: Matrix) -> Matrix:
    """Contributions without compiled code."""
    told, amounts = Answers(rows), np.zeros(rows.shape)
    for tree in trees:
        for game in games_of(cut(tree), Answers(background)):
            amounts[:, list(game.features)] += directly(game, told.keys(game.key))
    return amounts


def in_every_way(kernel: BackgroundKernel, rows: Matrix) -> list[tuple[Matrix, Matrix]]:
    """Contributions and scores of rows together, and of each alone."""
    alone = [kernel.split(row[None, :]) for row in rows]
    return [
        kernel.split(rows),
        (np.vstack([a for a, _ in alone]), np.concatenate([s for _, s in alone])),
    ]


def hold(trees: Sequence[Tree], score: Score, rows: Matrix, background: Matrix) -> None:
    """Held to the definition: everything tabled, with sums for leaves, with lists, and plain."""
    wanted = np.array([by_definition(score, row, background) for row in rows])
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    assert np.abs(plainly(trees, rows, background) - wanted).max() <= 1e-11 * scale
    kernel = BackgroundKernel(trees, background)
    everything = kernel.tables
    sums = sum(1 << p["features"] for p in [*everything.pools, *everything.summed])
    for most in (leaf_tables.TABLE_NUMBERS_MAX, sums, 0):
        kernel.tables = tabulate(trees, background, interventional, most)
        for amounts, scores in in_every_way(kernel, rows):
            assert np.abs(amounts - wanted).max() <= 1e-11 * scale
            assert np.abs(scores - score(rows)).max() <= 1e-11 * scale
            assert np.abs(kernel.base + amounts.sum(axis=1) - scores).max() <= 1e-9 * scale
    assert abs(kernel.base - score(background).mean()) <= 1e-11 * scale


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"num_leaves": 2},
        {"num_leaves": 40, "min_data_in_leaf": 2, "max_cat_threshold": 64, "max_depth": 20},
        {"min_data_in_leaf": 1000},
    ],
    ids=str,
)
def test_a_model_is_explained_by_the_definition(changed: dict[str, object]) -> None:
    booster = trained(3, **changed)

    def score(rows: Matrix) -> Matrix:
        return booster.predict(rows, raw_score=True, num_threads=1)

    hold(read_lightgbm(booster.model_to_string()), score, drawn(4, 11), drawn(5, 30))


cell = st.one_of(
    st.floats(-4, 4),
    st.sampled_from([math.nan, 0.0, -0.0, 1e-36, -1e-36, 1e300, math.inf, -math.inf]),
)
code = st.one_of(st.integers(-2, 9).map(float), st.sampled_from([math.nan, 0.5, -0.5, 70.0]))
some_rows = st.lists(st.tuples(cell, cell, code), min_size=1, max_size=6)
gaps = st.sampled_from([Reading(-math.inf), Reading(math.inf), Reading()])
zero_gaps = st.sampled_from([Reading(-math.inf, True), Reading(math.inf, True)])


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A tree of any shape: leaves are split in two, one after another."""
    count = draw(st.integers(0, 7))
    readings = draw(st.sampled_from([gaps, zero_gaps]))
    of_code = Reading(draw(st.sampled_from([-1.0, 3.0])), is_code=True)
    left, right = list[int](), list[int]()
    features, told, thresholds, members = list[int](), list[Reading](), list[float](), list[int]()
    for split in range(count):
        # Of a tree with split leaves, one leaf becomes this split.
        sides = [*((left, n) for n in range(split)), *((right, n) for n in range(split))]
        leaves = [(side, n) for side, n in sides if side[n] < 0]
        if leaves:
            side, n = draw(st.sampled_from(leaves))
            side[n] = split
        left.append(-1)
        right.append(-1)
        features.append(draw(st.integers(0, 2)))
        is_code = features[-1] == 2
        told.append(of_code if is_code else draw(readings))
        thresholds.append(0.0 if is_code else draw(st.sampled_from([-1.0, 0.0, 0.5, 2.0, 1e308])))
        members.append(draw(st.integers(0, 1023)) if is_code else 0)
    numbers = itertools.count()
    for side in (left, right):
        side[:] = [child if child >= 0 else ~next(numbers) for child in side]
    values = draw(st.lists(st.floats(-5, 5), min_size=count + 1, max_size=count + 1))
    covers = ([1.0] * count, [1.0] * (count + 1))
    return Tree(features, told, thresholds, members, left, right, *covers, values)


@settings(max_examples=150, deadline=None)
@given(forest=st.lists(trees(), min_size=1, max_size=3), rows=some_rows, background=some_rows)
def test_any_trees_at_all_are_explained_by_the_definition(
    forest: list[Tree], rows: list[tuple[float, ...]], background: list[tuple[float, ...]]
) -> None:
    hold(forest, walked(forest), np.array(rows), np.array(background))


def test_one_feature_asked_again_and_again_gets_all_of_the_difference() -> None:
    kernel = BackgroundKernel([a_tree()], np.array([[-2.0], [-0.5], [1.0], [1.0]]))
    assert kernel.base == (1.0 + 2.0 + 5.0 + 5.0) / 4
    for value, score in ((-2.0, 1.0), (-0.5, 2.0), (1.0, 5.0)):
        for amounts, scores in in_every_way(kernel, np.full((LANES + 1, 1), value)):
            assert scores.tolist() == [score] * (LANES + 1)
            assert np.abs(amounts - (score - kernel.base)).max() <= 1e-12


def test_a_tree_of_one_leaf_adds_to_the_base_alone() -> None:
    stump = Tree([], [], [], [], [], [], [], [1.0], [0.25])
    kernel = BackgroundKernel([stump, a_tree()], np.array([[1.0]]))
    assert kernel.base == 5.25
    amounts, scores = kernel.split(np.array([[1.0], [-2.0]]))
    assert amounts.tolist() == [[0.0], [-4.0]]
    assert scores.tolist() == [5.25, 1.25]


def test_a_forest_of_too_many_leaves_is_refused_before_time_is_spent_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forest, background = read_lightgbm(remembered().model_to_string()), drawn(5, 30)
    monkeypatch.setattr(leaf_tables, "LISTED_LEAVES_MAX", 20)
    assert not len(tabulate(forest, background, interventional).listed)
    with pytest.raises(UnsupportedForestError, match="leaves are too many"):
        tabulate(forest, background, interventional, 0)
    monkeypatch.setattr(leaf_tables, "LEAVES_MAX", 20)
    with pytest.raises(UnsupportedForestError, match="leaves are too many"):
        tabulate(forest, background, interventional)


def test_what_takes_too_much_room_keeps_sums_and_then_a_list_of_the_background() -> None:
    forest, background = read_lightgbm(remembered().model_to_string()), drawn(5, 30)
    leaves = [leaf for tree in forest for leaf in cut(tree).leaves if all(leaf.allowed.values())]
    sums = sum(1 << len(leaf.allowed) for leaf in leaves)
    counts = []
    for most in (leaf_tables.TABLE_NUMBERS_MAX, 2 * sums, sums, 0):
        tables = tabulate(forest, background, interventional, most)
        assert tables.table.size <= most + LANES
        counts.append([len(tables.pools), len(tables.summed), len(tables.listed)])
    (pools, *others), (fewer, some, _), (_, more, rest), last = counts
    assert others == [0, 0]
    assert 0 < fewer < pools
    assert 0 < some < more
    assert last == [0, 0, len(leaves)]
    assert rest < len(leaves)


@pytest.mark.parametrize("spoil", [1.0, 1.001])
def test_sums_that_do_not_say_what_features_get_are_not_used(spoil: float) -> None:
    class Kernel:
        """The compiled code, told somewhat other weights."""

        add_leaf = staticmethod(interventional.add_leaf)

        @staticmethod
        def add_sums(room: Any, features: int, away: Any, shares: Any, known: Any) -> Any:
            return interventional.add_sums(room, features, away, shares, known * spoil)

    forest, background = read_lightgbm(remembered().model_to_string()), drawn(5, 30)
    if spoil == 1.0:
        assert len(tabulate(forest, background, Kernel, 500).summed)
        return
    with pytest.raises(UnsupportedForestError, match="the sums of a leaf"):
        tabulate(forest, background, Kernel, 500)


@pytest.mark.parametrize("splits", [1, 8, 13, 25, FEATURES_MAX])
def test_a_leaf_of_more_features_than_a_table_holds_is_explained_exactly(splits: int) -> None:
    forest = read_lightgbm(chain(splits))
    chance = np.random.default_rng(1)
    background, rows = chance.normal(0.8, 1, (60, splits)), chance.normal(0.8, 1, (20, splits))
    kernel = BackgroundKernel(forest, background)
    assert kernel.tables.table.nbytes <= 8 * (leaf_tables.TABLE_NUMBERS_MAX + LANES)
    wanted = plainly(forest, rows, background)
    for amounts, scores in in_every_way(kernel, rows):
        assert np.abs(amounts - wanted).max() <= 1e-11
        assert np.abs(kernel.base + amounts.sum(axis=1) - scores).max() <= 1e-11
    if splits <= 8:
        by_hand = [by_definition(walked(forest), row, background) for row in rows]
        assert np.abs(wanted - by_hand).max() <= 1e-11


def test_a_path_of_more_features_than_a_key_holds_is_refused() -> None:
    with pytest.raises(UnsupportedForestError, match=f"{FEATURES_MAX + 1} features"):
        BackgroundKernel(read_lightgbm(chain(FEATURES_MAX + 1)), np.zeros((2, FEATURES_MAX + 1)))


def test_splits_that_read_a_feature_in_ways_without_common_bins_are_refused() -> None:
    tree = a_tree(readings=[Reading(), Reading(is_code=True)], members=[0, 3])
    with pytest.raises(UnsupportedForestError, match="feature 0 is read"):
        BackgroundKernel([tree], np.zeros((2, 1)))


def test_it_equals_shap_where_shap_is_right() -> None:
    rows = np.nan_to_num(drawn(20, 600))
    bad = rows[:, 0] + rows[:, 1] * rows[:, 2] > 0.3
    told = {"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(told, lightgbm.Dataset(rows, bad.astype(int)), 30)
    background = rows[:150]
    kernel = BackgroundKernel(read_lightgbm(booster.model_to_string()), background)
    masker = shap.maskers.Independent(background, max_samples=150)
    explainer = shap.TreeExplainer(booster, masker, feature_perturbation="interventional")
    assert explainer.data.shape[0] == 150
    wanted = np.asarray(explainer.shap_values(rows[200:260]))
    amounts, _ = kernel.split(rows[200:260])
    assert np.abs(amounts - wanted).max() <= 1e-6, "shap works in single precision"
    assert abs(kernel.base - float(np.ravel(explainer.expected_value)[0])) <= 1e-6


BLOCK = LANES * interventional.GROUPS
NUMBERS_OF_ROWS = {1, ALONE_MAX, ALONE_MAX + 1, LANES, LANES + 1, LANES + ALONE_MAX + 1}
NUMBERS_OF_ROWS |= {BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + LANES, 2 * BLOCK}


@pytest.mark.parametrize("rows", sorted(NUMBERS_OF_ROWS))
def test_every_number_of_rows_is_answered_in_order(rows: int) -> None:
    kernel = BackgroundKernel(read_lightgbm(remembered().model_to_string()), drawn(5, 40))
    matrix = drawn(9, 2 * BLOCK)[:rows]
    (block, block_scores), (alone, alone_scores) = in_every_way(kernel, matrix)
    assert np.abs(block - alone).max() <= 1e-12
    assert np.abs(block_scores - alone_scores).max() <= 1e-12


def test_rows_may_lie_anyhow_and_short_ones_are_refused() -> None:
    kernel = BackgroundKernel(read_lightgbm(remembered().model_to_string()), drawn(5, 40))
    matrix = drawn(10, 40)
    amounts, scores = kernel.split(matrix)
    for same in (np.asfortranarray(matrix), np.repeat(matrix, 2, axis=0)[::2]):
        again, again_scores = kernel.split(same)
        assert (again == amounts).all()
        assert (again_scores == scores).all()
    assert kernel.split(matrix[:0])[0].shape == (0, FEATURES)
    for rows in (matrix[:, :3], matrix[:1, :3]):
        with pytest.raises(ValueError, match="rows have 3 features, the trees ask for 6"):
            kernel.split(rows)


def test_the_order_and_the_number_of_equal_background_rows_change_nothing() -> None:
    forest, background = read_lightgbm(remembered().model_to_string()), drawn(5, 40)
    rows = drawn(11, 30)
    wanted, _ = BackgroundKernel(forest, background).split(rows)
    again, _ = BackgroundKernel(forest, np.repeat(background[::-1], 3, axis=0)).split(rows)
    assert np.abs(wanted - again).max() <= 1e-12


def read_family(family: str, content: bytes) -> Sequence[Tree]:
    """The trees in a model file of this family."""
    if family == "xgboost":
        return read_xgboost(content.decode(), LEVELS)
    if family == "catboost":
        return read_catboost(parsed(content.decode()), families.named(LEVELS))
    if family == "xgboost-ubj":
        return read_xgboost(json_of_ubj(content, family), LEVELS)
    return read_trees(skops.io.loads(content, skops.io.get_untrusted_types(data=content)), LEVELS)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_explained_by_the_definition(family: str) -> None:
    train = families.drawn(5, 800, gaps=0.0 if family == "gradient" else 0.1)
    single = np.float32  # as all but one of these libraries compare
    rows, background = (
        families.drawn(seed, 12, gaps=0.0).astype(single).astype(np.float64) for seed in (6, 7)
    )
    content, score = FAMILIES[family][2](train, families.labels(train), LEVELS)
    kernel = BackgroundKernel(read_family(family, content), background)
    near = 2e-5 if family.startswith("xgboost") else 1e-11
    wanted = np.array([by_definition(score, row, background) for row in rows])
    for amounts, scores in in_every_way(kernel, rows):
        assert np.abs(amounts - wanted).max() <= near
        assert np.abs(scores - score(rows)).max() <= near
        assert np.abs(kernel.base + amounts.sum(axis=1) - scores).max() <= 1e-9
    assert abs(kernel.base - score(background).mean()) <= near


def test_without_numba_every_leaf_is_played_and_the_answer_is_the_same(
    trees: Bundle, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, _ = trees.parts_in_memory()
    model = cast("TreeModel", adapter)
    fast = background_explainer(model, rows[:300], "model.txt")
    assert isinstance(fast, KernelExplainer)
    check_explainer(adapter, fast, rows[300:330])
    monkeypatch.setitem(sys.modules, "explain.attribution.interventional", None)
    monkeypatch.delattr("explain.attribution.interventional", raising=False)
    slow = background_explainer(model, rows[:300], "model.txt")
    assert isinstance(slow, PlainBackgroundExplainer)
    assert slow.method == fast.method == "tree_interventional"
    check_explainer(adapter, slow, rows[300:303])
    pairs = zip(slow.attribute(rows[300:340]), fast.attribute(rows[300:340]), strict=True)
    for theirs, ours in pairs:
        assert abs(theirs.score - ours.score) <= 1e-12
        assert abs(theirs.base - ours.base) <= 1e-12
        assert np.abs(np.subtract(theirs.amounts, ours.amounts)).max() <= 1e-12


def test_trees_that_cannot_be_cut_say_what_to_do(trees: Bundle, rows: list[Row]) -> None:
    class Deep(LightGbmModel):
        """A model whose paths are too rich."""

        def trees(self) -> tuple[Tree, ...]:
            return read_lightgbm(chain(FEATURES_MAX + 1))

    text = (trees.directory / "model.txt").read_text(encoding="utf-8")
    deep = Deep(text, trees.contract, "model.txt")
    with pytest.raises(BundleInvalid, match="51 features: train fewer or shallower trees"):
        background_explainer(deep, rows[:5], "model.txt")
