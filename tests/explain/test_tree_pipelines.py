"""Trees behind transformers: told by field, scored as the library does, explained by field."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from explain.attribution.background_trees import background_explainer
from explain.attribution.trees import Kernel, tree_explainer
from explain.declared.contract import Contract, Field
from explain.errors import BundleInvalid
from explain.explainers import LibraryTreeExplainer
from explain.libraries.tree_pipelines import SklearnTreePipeline
from explain.tree import UnsupportedForestError
from explain.values import Row
from tests.explain.test_linear_models import (
    FIELDS,
    by_column,
    contract,
    drawn,
    frame,
    labels,
    numbers,
    shapley,
    texts,
)

DENSE = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
CODED = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=9, encoded_missing_value=8)
ENDS: dict[str, Callable[[], Any]] = {
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=15, random_state=0),
    "histogram with codes": lambda: HistGradientBoostingClassifier(
        max_iter=15, categorical_features=[3, 4], random_state=0
    ),
    "gradient": lambda: GradientBoostingClassifier(n_estimators=15, random_state=0),
    "forest": lambda: RandomForestClassifier(15, max_depth=6, random_state=0),
    "extra": lambda: ExtraTreesClassifier(15, max_depth=6, random_state=0),
}
TABLES: dict[str, Callable[[], Any]] = {
    "numbered": lambda: by_column("passthrough", CODED),
    "one-hot": lambda: by_column(numbers(StandardScaler()), texts(DENSE)),
    "gaps told apart": lambda: by_column(SimpleImputer(add_indicator=True), texts(DENSE)),
    "bins by number": lambda: by_column(
        numbers(MinMaxScaler(), KBinsDiscretizer(5, encode="ordinal", strategy="uniform")),
        texts(DENSE),
    ),
}
PAIRS = [
    (table, end)
    for table in TABLES
    for end in ENDS
    if (end != "histogram with codes" or table == "numbered")
    and (table, end) != ("numbered", "gradient")  # which takes no gaps
]


def fitted(table: Any, end: Any, rows: Sequence[Row]) -> Any:
    """A pipeline of both."""
    return Pipeline([("table", table), ("trees", end)]).fit(frame(rows), labels(rows))


def library(model: Any, rows: Sequence[Row]) -> Any:
    """The library's own raw scores."""
    if hasattr(model, "decision_function"):
        return model.decision_function(frame(rows))
    return model.predict_proba(frame(rows))[:, 1]


@pytest.mark.parametrize(("table", "end"), PAIRS)
def test_trees_told_by_field_score_as_the_library_does(table: str, end: str) -> None:
    rows = drawn(1, 400)
    model = fitted(TABLES[table](), ENDS[end](), rows)
    told = SklearnTreePipeline(model, contract(), "model.skops")
    fresh = drawn(2, 400, gaps=0.3)
    kernel = Kernel(told.trees())
    amounts, scores = kernel.split(told.encoder.encode(fresh))
    expected = library(model, fresh)
    assert np.abs(scores - expected).max() <= 1e-9
    assert np.abs(np.array(told.score(fresh)) - expected).max() == 0.0
    assert np.abs(amounts.sum(axis=1) + kernel.base - expected).max() <= 1e-9


@pytest.mark.parametrize(
    ("table", "end"), [("one-hot", "histogram"), ("gaps told apart", "forest")]
)
def test_numbers_next_to_a_threshold_go_where_the_library_sends_them(table: str, end: str) -> None:
    rows = drawn(1, 300)
    model = fitted(TABLES[table](), ENDS[end](), rows)
    told = SklearnTreePipeline(model, contract(), "model.skops")
    trees = told.trees()
    tried: list[Row] = []
    for tree in trees[1:]:
        for feature, at, reading in zip(tree.features, tree.thresholds, tree.readings, strict=True):
            if not reading.is_code and abs(at) < 1e30:
                near = (math.nextafter(at, -math.inf), at, math.nextafter(at, math.inf))
                tried += [{**rows[0], FIELDS[feature]: value} for value in near]
    _, scores = Kernel(trees).split(told.encoder.encode(tried))
    assert len(tried) > 50
    assert np.abs(scores - library(model, tried)).max() <= 1e-9


@pytest.mark.parametrize(
    ("table", "end"), [("one-hot", "histogram"), ("gaps told apart", "forest")]
)
def test_contributions_are_the_shapley_values_of_fields(table: str, end: str) -> None:
    rows = drawn(1, 300)
    model = fitted(TABLES[table](), ENDS[end](), rows)
    told = SklearnTreePipeline(model, contract(), "model.skops")
    background = drawn(5, 10)
    explainer = background_explainer(told, background, "model.skops")
    for row in drawn(6, 2, gaps=0.4):
        (parts,) = explainer.attribute([row])
        exact = shapley(told.score, row, background)
        assert max(abs(a - b) for a, b in zip(parts.amounts, exact, strict=True)) <= 1e-9


def test_booleans_are_asked_about_too() -> None:
    told = Contract(
        [
            Field(name="own", label="Own", type="boolean", missing="allow"),
            Field(name="years", label="Years", type="number"),
        ]
    )
    given = np.array([[o, y] for o, y in itertools.product([0.0, 1.0, math.nan], range(40))])
    bad = (given[:, 0] == 0.0).astype(int)
    table = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    model = Pipeline([("t", table), ("e", ENDS["gradient"]())]).fit(given, bad)
    read = SklearnTreePipeline(model, told, "model.skops")
    rows: list[Row] = [{"own": o, "years": 3.0} for o in (0.0, 1.0, None)]
    _, scores = Kernel(read.trees()).split(read.encoder.encode(rows))
    assert np.abs(scores - read.score(rows)).max() <= 1e-9


def test_a_number_in_columns_of_single_bins_cannot_be_asked_about() -> None:
    rows = drawn(1, 300)
    bins = KBinsDiscretizer(5, encode="onehot-dense", strategy="uniform")
    model = fitted(by_column(numbers(bins), texts(DENSE)), ENDS["gradient"](), rows)
    told = SklearnTreePipeline(model, contract(), "model.skops")
    with pytest.raises(UnsupportedForestError, match="is a number made into columns"):
        told.trees()
    with pytest.raises(BundleInvalid, match="keep it a number, or let sampled_interventional"):
        tree_explainer(told).attribute(rows[:1])


def test_without_numba_it_says_what_to_install() -> None:
    rows = drawn(1, 200)
    model = fitted(TABLES["one-hot"](), ENDS["gradient"](), rows)
    told = SklearnTreePipeline(model, contract(), "model.skops")
    with pytest.raises(BundleInvalid, match="install numba"):
        LibraryTreeExplainer(told).attribute(rows[:1])


def test_a_pipeline_that_ends_in_something_else_is_refused() -> None:
    rows = drawn(1, 100)
    model = fitted(TABLES["one-hot"](), LogisticRegression(max_iter=2000), rows)
    with pytest.raises(BundleInvalid, match="is no classifier of boosted or averaged trees"):
        SklearnTreePipeline(model, contract(), "model.skops")
