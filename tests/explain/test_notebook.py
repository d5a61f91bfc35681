"""A model in a notebook: exact contributions from frames of any kind, by bundles' readers."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xgboost
from catboost import CatBoostClassifier
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from explain.bundle import Bundle
from explain.declared.contract import Contract, Field
from explain.errors import NotExplainable, NotFaithful
from explain.explainers import Parts
from explain.notebook.wrapping import Explained, wrap

COUNT = 400
HOUSING = ("rent", "own", "free")
"""Not in the order of the alphabet."""


def drawn(seed: int, *, gaps: bool) -> pd.DataFrame:
    """Rows with numbers, a flag and a category."""
    chance = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "income": chance.normal(3_000, 900, COUNT).round(1),
            "months": chance.integers(6, 72, COUNT),
            "owner": chance.random(COUNT) < 0.4,
            "housing": pd.Categorical(chance.choice(HOUSING, COUNT), HOUSING),
            "debt": chance.exponential(500, COUNT).round(1),
        }
    )
    if gaps:
        frame.loc[chance.random(COUNT) < 0.15, "income"] = np.nan
        frame.loc[chance.random(COUNT) < 0.1, "housing"] = None
    return frame


def bad(frame: pd.DataFrame) -> Any:
    pull = (
        frame["debt"] / 400 + (frame["housing"] == "rent") - frame["income"].fillna(2_500) / 3_000
    )
    noise = np.random.default_rng(7).normal(0, 0.5, len(frame))
    return (pull + noise > 0.6).astype(int).to_numpy()


WITH_GAPS, WHOLE = drawn(1, gaps=True), drawn(2, gaps=False)
NUMBERS = ["income", "months", "owner", "debt"]


def lightgbm_model(frame: pd.DataFrame, labels: Any) -> Any:
    return lightgbm.LGBMClassifier(n_estimators=15, verbosity=-1, n_jobs=1).fit(frame, labels)


def xgboost_model(frame: pd.DataFrame, labels: Any) -> Any:
    settings = {"n_estimators": 15, "max_depth": 4, "n_jobs": 1, "enable_categorical": True}
    return xgboost.XGBClassifier(**settings).fit(frame, labels)


def histogram(frame: pd.DataFrame, labels: Any) -> Any:
    model = HistGradientBoostingClassifier(max_iter=15, categorical_features="from_dtype")
    return model.fit(frame, labels)


def behind_encoders(last: Any) -> Callable[[pd.DataFrame, Any], Any]:
    def fit(frame: pd.DataFrame, labels: Any) -> Any:
        columns = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), ["income", "months", "debt"]),
            (OneHotEncoder(handle_unknown="ignore"), ["housing"]),
            remainder="passthrough",
        )
        return make_pipeline(columns, last).fit(frame, labels)

    return fit


MODELS: dict[str, tuple[Callable[[pd.DataFrame, Any], Any], pd.DataFrame]] = {
    "LGBMClassifier": (lightgbm_model, WITH_GAPS),
    "lightgbm.Booster": (lambda x, y: lightgbm_model(x, y).booster_, WITH_GAPS),
    "XGBClassifier": (xgboost_model, WITH_GAPS),
    "xgboost.Booster": (lambda x, y: xgboost_model(x, y).get_booster(), WITH_GAPS),
    "HistGradientBoosting": (histogram, WITH_GAPS),
    "GradientBoosting": (
        lambda x, y: GradientBoostingClassifier(n_estimators=15).fit(x, y),
        WHOLE[NUMBERS],
    ),
    "RandomForest": (
        lambda x, y: RandomForestClassifier(15, max_depth=5, random_state=0).fit(x, y),
        WHOLE[NUMBERS],
    ),
    "ExtraTrees": (
        lambda x, y: ExtraTreesClassifier(15, max_depth=5, random_state=0).fit(x, y),
        WHOLE[NUMBERS],
    ),
    "CatBoost": (
        lambda x, y: CatBoostClassifier(
            iterations=15, depth=4, verbose=0, thread_count=1, allow_writing_files=False
        ).fit(x, y),
        WITH_GAPS[NUMBERS],
    ),
    "a linear pipeline": (behind_encoders(LogisticRegression()), WHOLE),
    "trees behind encoders": (
        behind_encoders(GradientBoostingClassifier(n_estimators=10)),
        WHOLE,
    ),
}


@pytest.fixture(scope="module", params=list(MODELS))
def trained(request: pytest.FixtureRequest) -> tuple[Any, pd.DataFrame]:
    """Each kind of model with its frame."""
    fit, frame = MODELS[request.param]
    return fit(frame, bad(WITH_GAPS if frame["income"].isna().any() else WHOLE)), frame


def amounts(told: Any) -> Any:
    """Contributions as a matrix."""
    return np.column_stack(
        [told[name] for name in told.columns if name.startswith("contribution_")]
    )


def near(model: Any) -> float:
    """How near its library works to exact numbers."""
    return 2e-5 if "xgboost" in type(model).__module__ else 1e-9


def own_chances(model: Any, frame: pd.DataFrame) -> Any:
    if isinstance(model, lightgbm.Booster):
        return model.predict(frame)
    if isinstance(model, xgboost.Booster):
        return model.predict(xgboost.DMatrix(frame, enable_categorical=True))
    return model.predict_proba(frame)[:, 1]


def test_contributions_add_up_to_what_the_model_itself_predicts(
    trained: tuple[Any, pd.DataFrame],
) -> None:
    model, frame = trained
    one = wrap(model, frame)
    told = one.explain(frame)
    assert list(told.columns[:3]) == ["probability", "raw_score", "base"]
    assert [n.removeprefix("contribution_") for n in told.columns[3:]] == list(frame.columns)
    assert np.abs(told["base"] + amounts(told).sum(axis=1) - told["raw_score"]).max() <= 1e-9
    expected = own_chances(model, frame)
    assert np.abs(told["probability"] - expected).max() <= near(model)
    assert np.abs(one.predict_proba(frame)[:, 1] - expected).max() <= near(model)
    assert np.abs(amounts(told)).sum(axis=0).min() >= 0
    assert (np.abs(amounts(told)).sum(axis=0) > 0).sum() >= 3


def test_frames_of_every_kind_are_answered_alike_and_in_kind(
    trained: tuple[Any, pd.DataFrame],
) -> None:
    model, frame = trained
    one = wrap(model, frame)
    indexed = frame.set_index(np.arange(COUNT) * 2)
    expected = one.explain(indexed)
    assert expected.index.equals(indexed.index)
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    by_arrow, by_polars = one.explain(arrow), one.explain(pl.from_arrow(arrow))
    assert isinstance(by_arrow, pa.Table)
    assert isinstance(by_polars, pl.DataFrame)
    for name in expected.columns:
        assert by_arrow.column(name).to_pylist() == expected[name].to_list()
        assert by_polars[name].to_list() == expected[name].to_list()
    turned = frame[list(frame.columns[::-1])].assign(shoe_size=43)
    again = one.explain(turned)
    assert again["raw_score"].to_list() == expected["raw_score"].to_list()


def test_it_is_a_classifier_to_scikit_learn(trained: tuple[Any, pd.DataFrame]) -> None:
    model, frame = trained
    one = wrap(model, frame)
    assert is_classifier(one)
    assert clone(one) is one
    assert one.fit(frame, bad(WHOLE)) is one
    assert one.get_params()["model"] is model
    assert one.set_params(model=model) is one
    assert list(one.classes_) == [0, 1]
    assert list(one.feature_names_in_) == list(frame.columns)
    assert one.n_features_in_ == len(frame.columns)
    chances = one.predict_proba(frame)
    assert np.allclose(chances.sum(axis=1), 1.0)
    assert np.array_equal(one.predict(frame), (chances[:, 1] > 0.5).astype(int))
    labels = one.predict(frame)
    assert np.all(cross_val_score(one, frame, labels, cv=3, error_score="raise") == 1.0)
    with pytest.raises(ValueError, match="depth is none of: model, columns, background"):
        one.set_params(depth=3)


def test_contributions_are_those_of_the_library() -> None:
    model = lightgbm_model(WITH_GAPS, bad(WITH_GAPS))
    theirs = np.asarray(model.predict(WITH_GAPS, pred_contrib=True))
    told = wrap(model, WITH_GAPS).explain(WITH_GAPS)
    assert np.abs(amounts(told) - theirs[:, :-1]).max() <= 1e-9
    assert np.abs(told["base"] - theirs[:, -1]).max() <= 1e-9


@pytest.mark.parametrize("fit", [lightgbm_model, histogram])
def test_categories_have_the_order_of_training_whatever_a_frame_has(fit: Any) -> None:
    model = fit(WITH_GAPS, bad(WITH_GAPS))
    expected = wrap(model, WITH_GAPS).explain(WITH_GAPS)
    turned = WITH_GAPS["housing"].cat.reorder_categories(HOUSING[::-1])
    other = WITH_GAPS.assign(housing=turned)
    pd.testing.assert_frame_equal(wrap(model, other).explain(other), expected)
    appeared = pl.from_pandas(other).with_columns(pl.col("housing").cast(pl.String))
    told = wrap(model, appeared.with_columns(pl.col("housing").cast(pl.Categorical)))
    assert told.explain(appeared)["raw_score"].to_list() == expected["raw_score"].to_list()


def test_another_order_than_that_of_training_is_found_and_refused() -> None:
    model = xgboost_model(WITH_GAPS, bad(WITH_GAPS))
    turned = WITH_GAPS["housing"].cat.reorder_categories(HOUSING[::-1])
    with pytest.raises(NotExplainable, match="columns and categories of training"):
        wrap(model, WITH_GAPS.assign(housing=turned))


def test_with_a_background_they_are_measured_from_it() -> None:
    model = lightgbm_model(WITH_GAPS, bad(WITH_GAPS))
    sample = WITH_GAPS.iloc[:50]
    one = wrap(model, WITH_GAPS, background=sample)
    assert one.method == "tree_interventional"
    told = one.explain(WITH_GAPS)
    assert np.abs(told["base"] + amounts(told).sum(axis=1) - told["raw_score"]).max() <= 1e-9
    mean = model.predict(sample, raw_score=True).mean()
    assert abs(told["base"].iloc[0] - mean) <= 1e-9


def test_a_black_box_is_sampled_and_says_how_well() -> None:
    boxed = CalibratedClassifierCV(GaussianNB(), cv=2).fit(WHOLE[NUMBERS], bad(WHOLE))
    one = wrap(boxed, WHOLE[NUMBERS], background=WHOLE[NUMBERS].iloc[:20])
    told = one.explain(WHOLE[NUMBERS].iloc[:3])
    assert np.abs(told["base"] + amounts(told).sum(axis=1) - told["raw_score"]).max() <= 1e-9
    assert [n for n in told.columns if n.startswith("error_")] == [f"error_{n}" for n in NUMBERS]


def test_matrices_go_by_place() -> None:
    matrix = WHOLE[NUMBERS].to_numpy(np.float64)
    for model in (
        lightgbm.LGBMClassifier(n_estimators=9, verbosity=-1, n_jobs=1).fit(matrix, bad(WHOLE)),
        RandomForestClassifier(9, random_state=0).fit(matrix, bad(WHOLE)),
        xgboost.XGBClassifier(n_estimators=9, n_jobs=1).fit(matrix, bad(WHOLE)),
    ):
        one = wrap(model, matrix)
        told = one.explain(matrix)
        assert isinstance(told, pa.Table)
        theirs = np.asarray(model.predict_proba(matrix))[:, 1]
        assert np.abs(told["probability"].to_numpy() - theirs).max() <= near(model)
        named = wrap(model, WHOLE[NUMBERS].astype(float)).explain(WHOLE[NUMBERS].astype(float))
        assert "contribution_income" in named.columns


def test_a_contract_tells_the_columns_as_well_as_a_frame(trees: Bundle) -> None:
    booster = lightgbm.Booster(model_str=(trees.directory / "model.txt").read_text())
    one = wrap(booster, trees.contract)
    told = one.explain(pa.Table.from_pylist([dict(row) for row in trees.reference[:5]]))
    by_bundle = trees.explain(trees.reference[:5])
    for line, explained in zip(told.to_pylist(), by_bundle, strict=True):
        assert line["raw_score"] == pytest.approx(explained.attribution.score, abs=1e-12)  # type: ignore[union-attr]


def test_a_model_that_predicts_something_else_than_was_read_of_it_is_refused() -> None:
    model = lightgbm_model(WITH_GAPS, bad(WITH_GAPS))
    other = lightgbm_model(WITH_GAPS, 1 - bad(WITH_GAPS))
    model._Booster, kept = other.booster_, model.booster_
    model.predict_proba = lambda frame: np.column_stack([1 - (p := kept.predict(frame)), p])
    with pytest.raises(NotExplainable, match=r"it predicts 0\.\d+ for row \d+, what was read"):
        wrap(model, WITH_GAPS)


def test_what_cannot_be_explained_is_named_with_what_to_do() -> None:
    model = lightgbm_model(WITH_GAPS, bad(WITH_GAPS))
    one = wrap(model, WITH_GAPS)
    with pytest.raises(
        NotExplainable, match="the frame cannot be explained: it has no column debt"
    ):
        one.explain(WITH_GAPS.drop(columns="debt"))
    with pytest.raises(NotExplainable, match=r"row 1: housing: Use one of: rent, own, free"):
        one.explain(WITH_GAPS.assign(housing=["rent", "castle", *["own"] * (COUNT - 2)]))
    with pytest.raises(NotExplainable, match="it has no column months"):
        wrap(model, WITH_GAPS.drop(columns="months"))
    with pytest.raises(NotExplainable, match=r"it is a builtins\.str, known are classifiers of"):
        wrap("a model", WITH_GAPS)
    with pytest.raises(NotExplainable, match="neither numbers nor categories"):
        wrap(model, WITH_GAPS.assign(debt=pd.Timestamp("2026-01-01")))
    linear = behind_encoders(LogisticRegression())(WHOLE, bad(WHOLE))
    contract = Contract([Field(name=n, label=n, type="number") for n in WHOLE.columns])
    with pytest.raises(NotExplainable, match="needs a frame to measure from: background="):
        wrap(linear, contract)


def test_what_does_not_add_up_is_never_told() -> None:
    one = wrap(lightgbm_model(WITH_GAPS, bad(WITH_GAPS)), WITH_GAPS)
    whole = one._explainer

    class Wrong:
        method = whole.method

        def attribute(self, rows: Any) -> list[Parts]:
            parts = whole.attribute(rows)
            return [Parts(p.score, p.base + 1e-6, p.amounts) for p in parts]

    one._explainer = Wrong()
    with pytest.raises(NotFaithful):
        one.explain(WITH_GAPS)


def test_no_rows_give_a_frame_of_no_rows() -> None:
    one = wrap(lightgbm_model(WITH_GAPS, bad(WITH_GAPS)), WITH_GAPS)
    told = one.explain(WITH_GAPS.iloc[:0])
    assert told.shape == (0, 8)
    assert one.predict_proba(WITH_GAPS.iloc[:0]).shape == (0, 2)


def test_ordinal_codes_in_a_column_of_numbers_are_categories_where_the_model_says_so() -> None:
    codes = OrdinalEncoder().fit_transform(WHOLE[["housing"]].astype(str))[:, 0]
    frame = WHOLE[NUMBERS].astype(float).assign(housing=codes)
    model = HistGradientBoostingClassifier(max_iter=9, categorical_features=[4])
    told = wrap(model.fit(frame, bad(WHOLE)), frame).explain(frame)
    assert np.abs(told["probability"] - model.predict_proba(frame)[:, 1]).max() <= 1e-9


def test_wrap_is_at_hand_and_importing_its_package_costs_nothing() -> None:
    script = """
import sys
sys.modules["explain"] = None  # as in a notebook, where only one name of ours is found
from countermand import wrap
light = {"numpy", "pandas", "pyarrow", "sklearn", "pydantic"} & set(sys.modules)
assert not light, light
import lightgbm, numpy
rows = numpy.random.default_rng(0).normal(size=(100, 3))
model = lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1},
                       lightgbm.Dataset(rows, rows[:, 0] > 0), 3)
one = wrap(model, rows)
print(one.explain(rows).num_rows, type(one._explainer).__name__)
"""
    wrap(lightgbm_model(WITH_GAPS, bad(WITH_GAPS)), WITH_GAPS)  # compiled under the other name
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "100 KernelExplainer\n"), ran.stderr


def test_what_wrap_gives_has_a_name() -> None:
    assert Explained.__name__ == "Explained"
