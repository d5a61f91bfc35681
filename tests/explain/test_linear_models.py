"""Logistic regressions behind all kinds of transformers: one rule per field, equal to the library.

The scores are held against scikit-learn's own, the contributions against Shapley values counted out
over all coalitions of fields.
"""

import itertools
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from explain.declared.contract import Contract, Field, WhenMissing
from explain.errors import BundleInvalid, UnsafeModelFile
from explain.explainers import LinearExplainer
from explain.libraries.column_rules import StepError
from explain.libraries.linear_models import SklearnLinear
from explain.values import Row
from explain.worker.messages import card_of, card_told

NUMBERS = ("income", "debts", "months")
LEVELS = {"home": ("own", "rent", "other"), "work": ("clerk", "driver", "nurse", "none")}
FIELDS = (*NUMBERS, *LEVELS)


def contract(missing: WhenMissing = "allow") -> Contract:
    """Three numbers and two categories, all of which may be missing or none."""
    numbers = [Field(name=n, label=n, type="number", missing=missing) for n in NUMBERS]
    told = [
        Field(name=n, label=n, type="category", missing=missing, levels={lv: lv for lv in levels})
        for n, levels in LEVELS.items()
    ]
    return Contract([*numbers, *told])


def drawn(seed: int, count: int, gaps: float = 0.15) -> list[Row]:
    """Rows with repeated numbers, every level and gaps."""
    chance = np.random.default_rng(seed)
    rows: list[Row] = []
    for _ in range(count):
        row: dict[str, Any] = {n: round(float(chance.normal(3.0, 2.0)), 1) for n in NUMBERS}
        row |= {n: str(chance.choice(levels)) for n, levels in LEVELS.items()}
        rows.append({n: None if chance.random() < gaps else v for n, v in row.items()})
    return rows


def frame(rows: Sequence[Row], gap: float | None = math.nan) -> pd.DataFrame:
    """The rows as a table, texts as objects."""
    table = {n: np.array([math.nan if r[n] is None else r[n] for r in rows]) for n in NUMBERS}
    words = {n: [gap if r[n] is None else r[n] for r in rows] for n in LEVELS}
    return pd.DataFrame(table | {n: pd.Series(told, dtype=object) for n, told in words.items()})


def labels(rows: Sequence[Row]) -> Any:
    """Which of them went bad."""
    chance = np.random.default_rng(7)
    told = [(r["income"] or 1.0) + (r["home"] == "rent") - (r["work"] == "nurse") for r in rows]  # type: ignore[operator] # a number or a gap
    return (np.array(told) + chance.normal(size=len(rows)) > 3.0).astype(int)


def numbers(*steps: Any) -> Any:
    """What is done to the numbers, after filling gaps with the median."""
    return make_pipeline(SimpleImputer(strategy="median"), *steps)


def texts(*steps: Any) -> Any:
    """What is done to the categories, after naming gaps."""
    return make_pipeline(SimpleImputer(strategy="constant", fill_value="unsaid"), *steps)


def by_column(number: Any, text: Any) -> Any:
    """Numbers and categories each their own way."""
    return ColumnTransformer([("n", number, list(NUMBERS)), ("t", text, list(LEVELS))])


ONE_HOT = OneHotEncoder(handle_unknown="ignore")
TABLES: dict[str, Callable[[], Any]] = {
    "scaled and one-hot": lambda: by_column(numbers(StandardScaler()), texts(ONE_HOT)),
    "gaps told apart": lambda: by_column(
        make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), texts(ONE_HOT)
    ),
    "filled by constants": lambda: by_column(
        make_pipeline(SimpleImputer(strategy="constant", fill_value=-1.0), RobustScaler()),
        make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(drop="first")),
    ),
    "first dropped, infrequent together": lambda: by_column(
        numbers(MinMaxScaler(clip=True)),
        texts(OneHotEncoder(drop="if_binary", min_frequency=80, handle_unknown="ignore")),
    ),
    "unknown goes with the infrequent": lambda: by_column(
        numbers(MaxAbsScaler()),
        texts(OneHotEncoder(max_categories=3, handle_unknown="infrequent_if_exist")),
    ),
    "gaps are levels": lambda: by_column(numbers(MinMaxScaler()), OneHotEncoder()),
    "numbered": lambda: by_column(
        numbers("passthrough"),
        make_pipeline(
            OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
            ),
            StandardScaler(),
        ),
    ),
    "numbered with gaps filled after": lambda: by_column(
        numbers(StandardScaler()),
        make_pipeline(OrdinalEncoder(), SimpleImputer(strategy="most_frequent")),
    ),
    "numbered, infrequent together": lambda: by_column(
        numbers(), OrdinalEncoder(max_categories=3, encoded_missing_value=-1)
    ),
    "binned": lambda: by_column(
        numbers(
            StandardScaler(),
            KBinsDiscretizer(4, strategy="quantile", quantile_method="averaged_inverted_cdf"),
        ),
        texts(ONE_HOT),
    ),
    "bins by number": lambda: by_column(
        numbers(KBinsDiscretizer(3, encode="ordinal", strategy="uniform"), StandardScaler()),
        texts(ONE_HOT),
    ),
    "scaled once more after all": lambda: make_pipeline(
        by_column(numbers(), texts(OneHotEncoder(handle_unknown="ignore", sparse_output=False))),
        StandardScaler(with_mean=False),
    ),
    "the rest passes, some is dropped": lambda: ColumnTransformer(
        [
            ("fill", SimpleImputer(), ["months", "income"]),
            ("gone", "drop", make_column_selector(pattern="work")),
            ("home", texts(ONE_HOT), ["home"]),
            ("none", StandardScaler(), []),
            ("debts", make_pipeline(SimpleImputer(), FunctionTransformer()), slice(1, 2)),
        ],
        remainder="passthrough",
    ),
}


def fitted(table: Any, rows: Sequence[Row], *, named: bool = True, gap: Any = math.nan) -> Any:
    """A pipeline of this table and a logistic regression."""
    given: Any = frame(rows, gap)
    model = Pipeline([("table", table), ("logit", LogisticRegression(max_iter=2000))])
    return model.fit(given if named else given.to_numpy(dtype=object), labels(rows))


def read(model: Any, told: Contract) -> SklearnLinear:
    """The model out of its file."""
    return SklearnLinear(skops.io.dumps(model), told, "model.skops")


def worst(ours: Sequence[float], theirs: Any) -> float:
    """The largest distance between two lists of scores."""
    return float(np.abs(np.array(ours) - theirs).max())


@pytest.mark.parametrize("name", TABLES)
def test_the_card_scores_as_the_library_does_with_gaps_and_every_level(name: str) -> None:
    rows = drawn(1, 400)
    model = fitted(TABLES[name](), rows)
    linear = read(model, contract())
    fresh = drawn(2, 500, gaps=0.3)
    expected = model.decision_function(frame(fresh))
    assert worst([linear.card.score(row) for row in fresh], expected) <= 1e-9
    assert worst(linear.score(fresh), expected) == 0.0


@pytest.mark.parametrize("name", TABLES)
def test_a_card_is_the_same_after_it_was_told_between_processes(name: str) -> None:
    rows = drawn(1, 300)
    card = read(fitted(TABLES[name](), rows), contract()).card
    told = json.loads(json.dumps(card_told(card)))
    again = card_of(told, tuple(card.rules))
    assert [again.amounts(row) for row in rows] == [card.amounts(row) for row in rows]


def test_bounds_of_bins_fall_where_the_library_lets_them_fall() -> None:
    rows = drawn(3, 400)
    model = fitted(TABLES["binned"](), rows)
    linear = read(model, contract())
    scaler, bins = model[0].transformers_[0][1][1:]
    tried: list[Row] = []
    for place, name in enumerate(NUMBERS):
        for edge in bins.bin_edges_[place]:
            at = float(edge * scaler.scale_[place] + scaler.mean_[place])
            near = (math.nextafter(at, -math.inf), at, math.nextafter(at, math.inf))
            tried += [{**rows[0], name: value} for value in near]
    expected = model.decision_function(frame(tried))
    assert worst([linear.card.score(row) for row in tried], expected) <= 1e-9


def test_a_model_trained_by_place_is_read_by_place() -> None:
    rows = drawn(1, 300)
    told = TABLES["scaled and one-hot"]()
    told.transformers = [
        (name, step, [0, 1, 2] if name == "n" else [3, 4]) for name, step, _ in told.transformers
    ]
    model = fitted(told, rows, named=False)
    linear = read(model, contract())
    expected = model.decision_function(frame(rows).to_numpy(dtype=object))
    assert worst([linear.card.score(row) for row in rows], expected) <= 1e-9


def test_gaps_are_none_where_the_model_calls_them_so() -> None:
    rows = drawn(1, 300)
    imputer = SimpleImputer(missing_values=None, strategy="constant", fill_value="unsaid")
    told = by_column(numbers(StandardScaler()), make_pipeline(imputer, ONE_HOT))
    model = fitted(told, rows, gap=None)
    linear = read(model, contract())
    expected = model.decision_function(frame(rows, None))
    assert worst([linear.card.score(row) for row in rows], expected) <= 1e-9
    levels = fitted(by_column(numbers(), OneHotEncoder()), rows, gap=None)
    assert read(levels, contract()).score(rows[:3])


@pytest.mark.parametrize(
    "last",
    [
        LogisticRegression(),
        LogisticRegressionCV(
            Cs=2, cv=2, l1_ratios=(0,), scoring="neg_log_loss", use_legacy_attributes=False
        ),
    ],
)
def test_a_regression_alone_is_read_too(last: Any) -> None:
    told = Contract([Field(name=n, label=n, type="number") for n in NUMBERS])
    rows = [{n: row[n] for n in NUMBERS} for row in drawn(4, 200, gaps=0.0)]
    matrix = np.array([list(row.values()) for row in rows])
    model = last.fit(matrix, (matrix[:, 0] > 3.0).astype(int))
    linear = read(model, told)
    assert worst([linear.card.score(r) for r in rows], model.decision_function(matrix)) <= 1e-9


def shapley(
    score: Callable[[list[Row]], list[float]], row: Row, background: list[Row]
) -> list[float]:
    """By the definition: over all coalitions, with the rest of the fields from the background."""
    worth = {}
    for size in range(len(FIELDS) + 1):
        for known in itertools.combinations(FIELDS, size):
            mixed: list[Row] = [{**other, **{n: row[n] for n in known}} for other in background]
            worth[frozenset(known)] = math.fsum(score(mixed)) / len(background)
    values = []
    for name in FIELDS:
        others = [n for n in FIELDS if n != name]
        total = 0.0
        for size in range(len(FIELDS)):
            weight = 1 / (len(FIELDS) * math.comb(len(others), size))
            for known in itertools.combinations(others, size):
                total += weight * (worth[frozenset({*known, name})] - worth[frozenset(known)])
        values.append(total)
    return values


@pytest.mark.parametrize("name", ["gaps told apart", "binned", "gaps are levels"])
def test_contributions_are_the_shapley_values_of_fields(name: str) -> None:
    rows = drawn(1, 400)
    linear = read(fitted(TABLES[name](), rows), contract())
    background = drawn(5, 12)
    explainer = LinearExplainer(linear.card, background)
    for row in drawn(6, 3, gaps=0.4):
        (parts,) = explainer.attribute([row])
        assert worst(parts.amounts, shapley(linear.score, row, background)) <= 1e-9


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "mixing": (lambda: make_pipeline(SimpleImputer(), PCA(2)), r"step pca \(PCA\).*sampled_interv"),
    "crossing": (
        lambda: make_pipeline(SimpleImputer(), PolynomialFeatures(2)),
        r"step polynomialfeatures \(PolynomialFeatures\)",
    ),
    "odd gaps": (
        lambda: SimpleImputer(missing_values=-1.0, keep_empty_features=True),
        "missing_values must be NaN",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_step_that_mixes_fields_is_refused_by_name_with_the_cure(name: str) -> None:
    number, words = REFUSED[name]
    rows = drawn(1, 300, gaps=0.0)
    model = fitted(by_column(number(), ONE_HOT), rows)
    with pytest.raises(BundleInvalid, match=words):
        read(model, contract())


def test_a_function_is_code_and_refused() -> None:
    rows = drawn(1, 300)
    model = fitted(by_column(numbers(FunctionTransformer(np.abs)), texts(ONE_HOT)), rows)
    with pytest.raises(UnsafeModelFile, match=r"numpy\.absolute"):
        read(model, contract())


def test_a_gap_that_nothing_fills_is_refused_where_the_contract_has_gaps() -> None:
    rows = drawn(1, 300, gaps=0.0)
    model = fitted(by_column(StandardScaler(), ONE_HOT), rows)
    with pytest.raises(
        BundleInvalid, match="income: a gap stands where a number is needed: impute"
    ):
        read(model, contract("allow"))
    assert read(model, contract("refuse")).score(rows[:1])


def test_a_level_that_training_never_met_is_refused_unless_the_model_ignores_it() -> None:
    rows = [row for row in drawn(1, 300, gaps=0.0) if row["work"] != "none"]
    strict = fitted(by_column(StandardScaler(), OneHotEncoder()), rows)
    with pytest.raises(BundleInvalid, match=r"step t .*work: 'none' was never met in training"):
        read(strict, contract("refuse"))
    lenient = read(fitted(by_column(StandardScaler(), ONE_HOT), rows), contract("refuse"))
    unmet: Row = {**rows[0], "work": "none"}
    assert worst([lenient.card.score(unmet)], lenient.score([unmet])) <= 1e-9


def test_text_that_reaches_the_regression_is_refused() -> None:
    told = Contract([Field(name="home", label="Home", type="category", levels={"own": "own"})])
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(BundleInvalid, match="home: the text 'own' stands where a number"):
        read(model, told)


def test_numbers_may_be_levels_too_and_others_are_refused_as_the_library_refuses_them() -> None:
    told = Contract([Field(name="late", label="Late", type="integer", missing="allow")])
    table = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    given = pd.DataFrame({"late": [2.0, 3.0, 5.0, math.nan] * 20})
    model = make_pipeline(table, LogisticRegression()).fit(given, [0, 1, 1, 0] * 20)
    linear = read(model, told)
    rows: list[Row] = [{"late": value} for value in (2.0, 3.0, 5.0, None)]
    assert worst([linear.card.score(row) for row in rows], linear.score(rows)) <= 1e-9
    with pytest.raises(StepError, match="never met"):
        linear.card.score({"late": 4.0})
    with pytest.raises(ValueError, match="unknown categor"):
        linear.score([{"late": 4.0}])


@pytest.mark.parametrize("last", [LinearRegression(), RidgeClassifier()])
def test_a_number_that_is_no_log_odds_is_refused(last: Any) -> None:
    told = Contract([Field(name="a", label="A", type="number")])
    model = last.fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(BundleInvalid, match=f"{type(last).__name__} gives no log-odds"):
        read(model, told)


def test_half_the_log_odds_and_other_classes_are_refused() -> None:
    told = Contract([Field(name="a", label="A", type="number")])
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    model.multi_class = "multinomial"
    with pytest.raises(BundleInvalid, match="half the log-odds"):
        read(model, told)
    with pytest.raises(BundleInvalid, match="classes 0 and 1"):
        read(LogisticRegression().fit([[0.0], [1.0]], ["bad", "good"]), told)


def test_a_field_that_was_renamed_is_named() -> None:
    rows = drawn(1, 200)
    given = frame(rows).rename(columns={"income": "salary"})[["salary", "debts"]].fillna(0.0)
    model = LogisticRegression().fit(given, labels(rows))
    with pytest.raises(BundleInvalid, match="needs salary, which the contract lacks"):
        read(model, contract())


def test_weights_that_the_library_reads_otherwise_are_found_at_levels_that_no_sample_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [row for row in drawn(1, 300, gaps=0.0) if row["work"] != "none"]
    model = fitted(by_column(StandardScaler(), ONE_HOT), rows)
    honest = SklearnLinear.score

    def another(self: SklearnLinear, some: Sequence[Row]) -> list[float]:
        scores = honest(self, some)
        return [s + (r["work"] == "none") for s, r in zip(scores, some, strict=True)]

    monkeypatch.setattr(SklearnLinear, "score", another)
    with pytest.raises(BundleInvalid, match="scikit-learn scores"):
        read(model, contract("refuse"))
