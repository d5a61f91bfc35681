"""Classifiers that are only asked: their probabilities are the library's own, and sampled."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from explain.adapters import Encoder
from explain.attribution.sampling import SampledExplainer
from explain.bundle import load
from explain.checks import check_explainer, check_model_adapter
from explain.errors import BundleInvalid
from explain.libraries.sklearn_boxes import SklearnBox
from explain.values import PROBABILITY, Explanation
from tests.explain.families import put_model
from tests.explain.test_linear_models import (
    by_column,
    contract,
    drawn,
    frame,
    labels,
    numbers,
    texts,
)
from tests.sample_models.trained import sample_bundles

DENSE = OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def table() -> Any:
    """What most models need before them."""
    return by_column(numbers(StandardScaler()), texts(DENSE))


def calibrated(method: str) -> Any:
    """Trees that take text through the table, calibrated."""
    trees = make_pipeline(table(), HistGradientBoostingClassifier(max_iter=8, random_state=0))
    return CalibratedClassifierCV(trees, method=method, cv=2)


BOXES: dict[str, Callable[[], Any]] = {
    "calibrated by sigmoid": lambda: calibrated("sigmoid"),
    "calibrated by steps": lambda: calibrated("isotonic"),
    "stacked": lambda: make_pipeline(
        table(),
        StackingClassifier(
            [
                ("nb", GaussianNB()),
                ("trees", RandomForestClassifier(5, max_depth=4, random_state=0)),
            ],
            cv=2,
        ),
    ),
    "voting": lambda: make_pipeline(
        table(),
        VotingClassifier(
            [("logit", LogisticRegression(max_iter=1000)), ("nb", GaussianNB())], voting="soft"
        ),
    ),
    "mixed": lambda: make_pipeline(table(), PCA(4), LogisticRegression()),
    "neurons": lambda: make_pipeline(
        table(), MLPClassifier((5,), solver="adam", max_iter=3000, random_state=0, tol=0.01)
    ),
}


@pytest.mark.parametrize("name", BOXES)
def test_any_classifier_is_asked_and_sampled(name: str) -> None:
    rows = drawn(1, 300)
    model = BOXES[name]().fit(frame(rows), labels(rows))
    box = SklearnBox(skops.io.dumps(model), contract(), "model.skops")
    fresh = drawn(2, 20, gaps=0.3)
    expected = model.predict_proba(frame(fresh))[:, 1]
    assert np.abs(np.array(box.score(fresh)) - expected).max() <= 1e-12
    check_model_adapter(box, fresh[:3])
    check_explainer(box, SampledExplainer(box, drawn(3, 12), "model.skops"), fresh[:2])


def test_a_model_that_takes_no_text_is_given_codes() -> None:
    rows = drawn(1, 300)
    trees = HistGradientBoostingClassifier(max_iter=8, categorical_features=[3, 4], random_state=0)
    model = CalibratedClassifierCV(trees, cv=2)
    matrix = Encoder(contract()).encode(rows)
    model.fit(matrix, labels(rows))
    box = SklearnBox(skops.io.dumps(model), contract(), "model.skops")
    assert np.abs(np.array(box.score(rows)) - model.predict_proba(matrix)[:, 1]).max() == 0.0


def test_a_classifier_without_probabilities_is_refused_with_the_cure() -> None:
    rows = drawn(1, 100)
    model = make_pipeline(table(), RidgeClassifier()).fit(frame(rows), labels(rows))
    with pytest.raises(BundleInvalid, match="gives no probabilities: calibrate it"):
        SklearnBox(skops.io.dumps(model), contract(), "model.skops")


@pytest.mark.parametrize("apart", [False, True])
def test_a_bundle_of_a_calibrated_model_is_proven_and_explained(
    tmp_path: Path, *, apart: bool
) -> None:
    folder = sample_bundles() / "german-scorecard"
    copied = Path(copytree(folder, tmp_path / "box"))
    told = load(folder, prove=False)
    rows, features = told.reference, told.contract.features
    given = np.array([[row[f.name] for f in features] for row in rows], dtype=object)
    words = [place for place, f in enumerate(features) if f.levels]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    trees = HistGradientBoostingClassifier(max_iter=5, random_state=0)
    columns = ColumnTransformer([("words", encoder, words)], remainder="passthrough")
    model = CalibratedClassifierCV(make_pipeline(columns, trees), cv=2)
    model.fit(given, np.arange(len(rows)) % 3 == 0)
    model.classes_ = np.array([0, 1])
    member = {
        "file": "model.skops",
        "format": "sklearn-skops",
        "scale": PROBABILITY,
        "explainer": "sampled_interventional",
    }
    lines = (copied / "background.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copied / "background.csv").write_text("".join(lines[:21]), encoding="utf-8")
    content = skops.io.dumps(model)
    put_model(copied, member, content, told.contract, lambda _: model.predict_proba(given)[:, 1])
    (one,) = load(copied, apart=apart).explain(rows[:1])
    assert isinstance(one, Explanation)
    assert one.reliable
    assert one.attribution.residual <= 1e-12
