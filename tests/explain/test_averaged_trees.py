"""Forests are explained on the probability, the scale on which their trees add up."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shap
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from explain.attribution.trees import Kernel
from explain.bundle import Bundle, card, load
from explain.declared.bundle_files import seal
from explain.errors import BundleInvalid, NonsenseScore
from explain.explainers import Parts
from explain.libraries.sklearn_trees import read_trees, tree_problems
from explain.libraries.tree_models import SklearnTrees
from explain.values import PROBABILITY, Explanation, Row, probability_of
from tests.explain.families import LEVELS, bundle_of, drawn, labels

NUMBERS = (0,) * len(LEVELS)


@pytest.mark.parametrize("gaps", [0.0, 0.1])
@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(15, max_depth=6, random_state=0),
        RandomForestClassifier(15, class_weight="balanced", min_samples_leaf=3, random_state=0),
        ExtraTreesClassifier(15, max_depth=7, random_state=0),
    ],
    ids=str,
)
def test_averaged_trees_are_explained_as_shap_explains_them(model: Any, gaps: float) -> None:
    train, rows = drawn(3, 900, gaps=gaps), drawn(4, 150, gaps=gaps)
    model.fit(train, labels(train))
    assert tree_problems(model, NUMBERS) == ()
    kernel = Kernel(read_trees(model, NUMBERS))
    amounts, scores = kernel.split(rows.astype(np.float32).astype(np.float64))
    assert np.abs(scores - model.predict_proba(rows)[:, 1]).max() <= 1e-12
    assert np.abs(amounts.sum(axis=1) + kernel.base - scores).max() <= 1e-9
    explainer = shap.TreeExplainer(model)
    assert np.abs(amounts - explainer.shap_values(rows)[..., 1]).max() <= 1e-9
    assert abs(kernel.base - float(explainer.expected_value[1])) <= 1e-9


@pytest.fixture(scope="module")
def forest(trees: Bundle, rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The German bundle with a forest in it."""
    folder = tmp_path_factory.mktemp("forest") / "german-credit"
    return bundle_of("forest", folder, trees.contract, rows[:400])


def test_a_forest_s_score_is_its_probability(forest: Path, rows: list[Row]) -> None:
    bundle = load(forest)
    told = bundle.score(rows[400:440])
    for answer, score in zip(bundle.explain(rows[400:440]), told, strict=True):
        assert isinstance(answer, Explanation)
        assert answer.reliable
        assert answer.probability == pytest.approx(score, abs=1e-12)
        assert answer.attribution.score == pytest.approx(score, abs=1e-12)
    assert "on the probability" in card(bundle)


def test_a_scale_that_is_not_the_model_s_is_refused_by_name(forest: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(forest, tmp_path / "german-credit"))
    text = (folder / "model.yaml").read_text()
    (folder / "model.yaml").write_text(text.replace(PROBABILITY, "log-odds-of-bad"))
    seal(folder, "german-credit")
    with pytest.raises(BundleInvalid, match=f"scale must be {PROBABILITY}"):
        load(folder)


def test_a_forest_answers_on_one_thread_however_it_was_trained(
    trees: Bundle, tmp_path: Path
) -> None:
    train = np.nan_to_num(drawn(9, 200))[:, [0] * len(trees.contract.features)]
    model = RandomForestClassifier(3, n_jobs=2, random_state=0).fit(train, labels(drawn(9, 200)))
    read = SklearnTrees(model, trees.contract, str(tmp_path))
    assert read._model.n_jobs == 1


class Beyond:
    """Explains a score that is no probability."""

    method = "tree_path_dependent"

    def __init__(self, score: float, features: int) -> None:
        self._parts = Parts(score, score, (0.0,) * features)

    def attribute(self, rows: list[Row]) -> list[Parts]:
        """The same for every row."""
        return [self._parts for _ in rows]


@pytest.mark.parametrize("score", [-0.01, 1.01, 1.0 + 1e-8])
def test_a_score_outside_all_probabilities_is_nonsense(
    forest: Path, rows: list[Row], score: float
) -> None:
    bundle = load(forest)
    adapter, _ = bundle.parts_in_memory()
    bundle.use(adapter, Beyond(score, len(adapter.features)))  # type: ignore[arg-type] # it will do
    (answer,) = bundle.explain(rows[:1])
    assert isinstance(answer, NonsenseScore)


def test_what_rounding_adds_to_a_probability_is_taken_off() -> None:
    assert probability_of(1.0 + 1e-12, PROBABILITY) == 1.0
    assert probability_of(-1e-12, PROBABILITY) == 0.0
    assert probability_of(0.25, PROBABILITY) == 0.25
