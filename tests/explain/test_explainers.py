"""Contributions are exact: equal to the library's and to shap's, on rows with gaps too."""

import math
import random
from typing import Any

import lightgbm
import numpy as np
import pytest
import shap

from explain.bundle import Bundle
from explain.explainers import LibraryTreeExplainer
from explain.libraries.tree_models import LightGbmModel
from explain.values import Explanation, Row

# shap tells once more that its answer for LightGBM became a list.
pytestmark = pytest.mark.filterwarnings("ignore:LightGBM binary classifier:UserWarning")


def with_gaps(rows: list[Row], seed: int) -> list[Row]:
    """The rows with about one value in six missing."""
    chance = random.Random(seed)
    return [{k: None if chance.random() < 1 / 6 else v for k, v in row.items()} for row in rows]


def model_of(bundle: Bundle) -> LightGbmModel:
    adapter, _ = bundle.parts_in_memory()
    assert isinstance(adapter, LightGbmModel)
    return adapter


def test_tree_contributions_equal_shap_to_1e_9(trees: Bundle, rows: list[Row]) -> None:
    model = model_of(trees)
    some = rows[:200] + with_gaps(rows[200:400], seed=1)
    matrix = model.encoder.encode(some)
    oracle: Any = shap.TreeExplainer(lightgbm.Booster(model_str=model.text))
    expected = oracle.shap_values(matrix)
    expected = expected[1] if isinstance(expected, list) else expected
    base = float(oracle.expected_value)
    _, explainer = trees.parts_in_memory()
    for line, parts in zip(expected, explainer.attribute(some), strict=True):
        assert abs(parts.base - base) <= 1e-9
        assert max(abs(a - b) for a, b in zip(line, parts.amounts, strict=True)) <= 1e-9


def test_tree_contributions_equal_the_librarys_own(trees: Bundle, rows: list[Row]) -> None:
    some = rows + with_gaps(rows, seed=2)
    library = LibraryTreeExplainer(model_of(trees)).attribute(some)
    _, explainer = trees.parts_in_memory()
    for theirs, ours in zip(library, explainer.attribute(some), strict=True):
        assert abs(theirs.score - ours.score) <= 1e-9
        assert abs(theirs.base - ours.base) <= 1e-9
        worst = max(abs(a - b) for a, b in zip(theirs.amounts, ours.amounts, strict=True))
        assert worst <= 1e-9


def test_linear_contributions_equal_shap_over_the_encoded_columns(
    scorecard: Bundle, rows: list[Row]
) -> None:
    adapter, explainer = scorecard.parts_in_memory()
    pipeline: Any = vars(adapter)["_model"]
    columns, logit = pipeline.named_steps.values()
    background = scorecard._rows("background.csv")

    def encoded(some: list[Row]) -> Any:
        cells = [[row[f] for f in adapter.features] for row in some]
        return columns.transform(np.array(cells, dtype=object)).astype(float)

    masker = shap.maskers.Independent(encoded(background), max_samples=len(background))
    oracle = shap.LinearExplainer(logit, masker)
    split = oracle.shap_values(encoded(rows[:100]))
    owner = [str(name).partition("__")[2] for name in columns.get_feature_names_out()]
    for line, parts in zip(split, explainer.attribute(rows[:100]), strict=True):
        for place, amount in enumerate(parts.amounts):
            mine = [v for v, o in zip(line, owner, strict=True) if o.startswith(f"x{place}_")]
            mine += [v for v, o in zip(line, owner, strict=True) if o == f"x{place}"]
            assert abs(math.fsum(mine) - amount) <= 1e-9


def test_the_background_is_named_by_its_hash_and_trees_have_none(
    trees: Bundle, scorecard: Bundle, rows: list[Row]
) -> None:
    (tree,), (linear,) = trees.explain(rows[:1]), scorecard.explain(rows[:1])
    assert isinstance(tree, Explanation)
    assert isinstance(linear, Explanation)
    assert tree.method == "tree_path_dependent"
    assert tree.background_sha256 is None
    assert linear.method == "linear_independent"
    assert linear.background_sha256 == scorecard._files.hashes["background.csv"]


def test_the_linear_base_is_the_mean_score_of_the_background(scorecard: Bundle) -> None:
    background = scorecard._rows("background.csv")
    (parts,) = scorecard.parts_in_memory()[1].attribute(background[:1])
    assert abs(parts.base - math.fsum(scorecard.score(background)) / len(background)) <= 1e-9
    assert len(background) == 500
