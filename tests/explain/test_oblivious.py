"""Tables of oblivious trees say what the kernels say and the definition."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.attribution.background_trees import BackgroundKernel
from explain.attribution.oblivious import DEPTH_MAX, TABLE_NUMBERS_MAX, all_oblivious, oblivious
from explain.attribution.oblivious_kernel import ObliviousKernel
from explain.attribution.oblivious_tables import BLOCK
from explain.attribution.row_blocks import ALONE_MAX
from explain.attribution.trees import Kernel
from explain.libraries.lightgbm_text import read_lightgbm
from explain.tree import Reading, Tree
from tests.explain.test_interventional import by_definition, walked

FEATURES = 4
CODES = Reading(5.0, is_code=True)
READINGS = (Reading(-math.inf), Reading(math.inf), Reading(), Reading(zero_is_gap=True))


def grown(chance: Any, depth: int) -> Tree:
    """An oblivious tree of drawn questions, among them some twice and some on codes."""
    questions = []
    for _ in range(depth):
        feature = int(chance.integers(0, FEATURES))
        codes = feature == FEATURES - 1
        reading = CODES if codes else READINGS[feature]
        members = int(chance.integers(1, 63)) if codes else 0
        questions.append((feature, reading, round(float(chance.normal()), 1), members))
    splits, leaves = 2**depth - 1, 2**depth
    asked = [questions[(split + 1).bit_length() - 1] for split in range(splits)]
    covers = [0.0] * splits + [float(n) for n in chance.integers(0, 9, leaves)]
    for split in reversed(range(splits)):
        covers[split] = covers[2 * split + 1] + covers[2 * split + 2]
    children = [child if child < splits else ~(child - splits) for child in range(2 * splits + 1)]
    return Tree(
        features=[q[0] for q in asked],
        readings=[q[1] for q in asked],
        thresholds=[q[2] for q in asked],
        members=[q[3] for q in asked],
        left=children[1::2],
        right=children[2::2],
        split_covers=covers[:splits],
        leaf_covers=covers[splits:] if splits else [1.0],
        values=chance.normal(size=leaves).tolist(),
    )


def some_rows(chance: Any, count: int) -> Any:
    """Rows with gaps, zeros, and codes that no tree knows."""
    rows = chance.normal(size=(count, FEATURES)).round(1)
    rows[:, -1] = chance.integers(-1, 7, count)
    rows[chance.random(rows.shape) < 0.2] = np.nan
    rows[chance.random(rows.shape) < 0.1] = 0.0
    return rows


def kernel_of(trees: Sequence[Tree], background: Any = None) -> ObliviousKernel:
    """Tables of trees that are oblivious."""
    same = all_oblivious(trees)
    assert same is not None
    return ObliviousKernel(same, background)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    depths=st.lists(st.integers(0, DEPTH_MAX), min_size=1, max_size=4).filter(any),
)
def test_tables_say_what_the_kernels_say(seed: int, depths: list[int]) -> None:
    chance = np.random.default_rng(seed)
    trees = [grown(chance, depth) for depth in depths]
    rows, background = some_rows(chance, 19), some_rows(chance, 7)
    pairs = (
        (kernel_of(trees), Kernel(trees)),
        (kernel_of(trees, background), BackgroundKernel(trees, background)),
    )
    for tables, plain in pairs:
        amounts, scores = tables.split(rows)
        wanted, reached = plain.split(rows)
        assert np.abs(scores - reached).max() <= 1e-12
        assert np.abs(amounts - wanted).max() <= 1e-11
        assert abs(tables.base - plain.base) <= 1e-12
        assert np.abs(amounts.sum(axis=1) + tables.base - scores).max() <= 1e-12


def test_tables_against_a_background_hold_the_definition() -> None:
    chance = np.random.default_rng(5)
    trees = [grown(chance, depth) for depth in (1, 3, 5)]
    rows, background = some_rows(chance, 12), some_rows(chance, 6)
    amounts, scores = kernel_of(trees, background).split(rows)
    score = walked(trees)
    wanted = np.array([by_definition(score, row, background) for row in rows])
    assert np.abs(scores - score(rows)).max() <= 1e-12
    assert np.abs(amounts - wanted).max() <= 1e-12


@pytest.mark.parametrize(
    "count", [1, ALONE_MAX, 8, 9, 8 + ALONE_MAX, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 13]
)
def test_a_row_says_the_same_alone_and_among_any_number(count: int) -> None:
    chance = np.random.default_rng(count)
    kernel = kernel_of([grown(chance, depth) for depth in (2, DEPTH_MAX, 4)])
    rows = some_rows(chance, count)
    wide = np.column_stack([rows, np.ones(count)])  # a feature that no tree asks for
    amounts, scores = kernel.split(wide)
    alone = [kernel.split(row[None, :]) for row in wide]
    assert np.abs(amounts - np.vstack([a for a, _ in alone])).max() <= 1e-13
    assert np.abs(scores - np.concatenate([s for _, s in alone])).max() <= 1e-13
    assert not amounts[:, FEATURES].any()
    with pytest.raises(ValueError, match="features"):
        kernel.split(rows[:, :1])


def test_trees_of_other_shapes_are_not_taken_for_oblivious() -> None:
    tree = grown(np.random.default_rng(0), 3)
    assert oblivious(tree) is not None
    changes: tuple[tuple[str, Any], ...] = (
        ("features", [*tree.features[:-1], tree.features[-1] + 1]),
        ("thresholds", [*tree.thresholds[:-1], tree.thresholds[-1] + 0.5]),
        ("members", [*tree.members[:-1], tree.members[-1] ^ 1]),
        ("readings", [*tree.readings[:-1], Reading(1.5)]),
    )
    for name, other in changes:
        assert oblivious(replace(tree, **{name: other})) is None, name
    uneven = Tree(
        [0, 0], [Reading()] * 2, [0.0, 1.0], [0, 0], [1, -1], [-3, -2], [2, 1], [1] * 3, [1] * 3
    )
    assert oblivious(uneven) is None
    assert oblivious(grown(np.random.default_rng(0), DEPTH_MAX + 1)) is None


def test_what_has_no_splits_or_too_much_room_is_left_to_others() -> None:
    tree = grown(np.random.default_rng(0), DEPTH_MAX)
    assert all_oblivious([grown(np.random.default_rng(0), 0)]) is None
    assert (
        all_oblivious([tree] * (TABLE_NUMBERS_MAX // 2**DEPTH_MAX // (DEPTH_MAX + 1) + 1)) is None
    )


def test_stumps_of_any_library_are_looked_up() -> None:
    chance = np.random.default_rng(2)
    train, rows = some_rows(chance, 400), some_rows(chance, 50)
    train, rows = np.nan_to_num(train), np.nan_to_num(rows)
    told = {"objective": "binary", "num_leaves": 2, "verbosity": -1, "num_threads": 1}
    data = lightgbm.Dataset(train, train[:, 0] + train[:, 1] > 0)
    booster = lightgbm.train(told, data, 10)
    kernel = kernel_of(read_lightgbm(booster.model_to_string()))
    amounts, _ = kernel.split(rows)
    wanted = booster.predict(rows, pred_contrib=True, num_threads=1)
    assert np.abs(amounts - np.asarray(wanted)[:, :-1]).max() <= 1e-12
