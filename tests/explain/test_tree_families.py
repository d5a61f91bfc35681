"""XGBoost and scikit-learn's boosted trees are explained exactly, whatever their libraries say."""

import itertools
import json
import math
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import shap
import xgboost
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from explain.adapters import TreeModel
from explain.attribution.forest import lay_out
from explain.attribution.kernels import KernelExplainer
from explain.attribution.trees import Kernel, tree_explainer
from explain.bundle import Bundle, load
from explain.checks import check_bundle, check_explainer
from explain.declared.bundle_files import seal
from explain.errors import BundleInvalid, ExplainError, NotProven, UnsafeModelFile
from explain.explainers import LibraryTreeExplainer
from explain.libraries.sklearn_trees import read_trees, tree_problems
from explain.libraries.tree_models import SINGLE_PRECISION, XgboostModel
from explain.libraries.xgboost_json import read_xgboost
from explain.tree import UnsupportedForestError
from explain.values import Explanation, Row
from tests.explain.families import (
    FAMILIES,
    LEVELS,
    bundle_of,
    drawn,
    labels,
    skops_bytes,
    xgboost_bytes,
    xgboost_matrix,
)

NUMBERS = (0,) * len(LEVELS)


def split(kernel: Kernel, rows: Any) -> tuple[Any, Any]:
    """Contributions and scores of a block, which are those of its rows one by one."""
    amounts, scores = kernel.split(rows)
    alone = [kernel.split(row[None, :]) for row in rows[:40]]
    assert np.abs(np.vstack([a for a, _ in alone]) - amounts[:40]).max() <= 1e-12
    assert np.abs(amounts.sum(axis=1) + kernel.base - scores).max() <= 1e-9
    return amounts, scores


@pytest.mark.parametrize("levels", [LEVELS, NUMBERS], ids=["categories", "numbers"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"booster": "dart", "rate_drop": 0.3},
        {"max_cat_to_onehot": 100},
        {"base_score": 0.2},
        {"num_parallel_tree": 3, "subsample": 0.5},
        {"max_depth": 1},
        {"max_depth": 12, "min_child_weight": 0},
        {"tree_method": "exact"},
    ],
    ids=str,
)
def test_xgboost_is_explained_as_it_explains_itself(
    settings: Mapping[str, object], levels: tuple[int, ...]
) -> None:
    if settings.get("tree_method") == "exact" and any(levels):
        levels = NUMBERS  # that method knows no categories
    train, rows = drawn(1, 1500), drawn(2, 200)
    content = xgboost_bytes(train, labels(train), levels, **settings)
    booster = xgboost.Booster(params={"nthread": 1})
    booster.load_model(bytearray(content))
    data = xgboost_matrix(rows, levels)
    wanted = booster.predict(data, pred_contribs=True)
    kernel = Kernel(read_xgboost(content.decode(), levels))
    amounts, scores = split(kernel, rows.astype(np.float32).astype(np.float64))
    assert np.abs(scores - booster.predict(data, output_margin=True)).max() <= SINGLE_PRECISION
    assert np.abs(amounts - wanted[:, :-1]).max() <= SINGLE_PRECISION
    assert abs(kernel.base - wanted[0, -1]) <= SINGLE_PRECISION


@pytest.mark.parametrize(
    "model",
    [
        HistGradientBoostingClassifier(max_iter=25, random_state=0),
        GradientBoostingClassifier(n_estimators=25, random_state=0),
        GradientBoostingClassifier(n_estimators=25, subsample=0.5, max_depth=6, random_state=0),
    ],
    ids=str,
)
def test_boosted_trees_on_numbers_are_explained_as_shap_explains_them(model: Any) -> None:
    gaps = 0.1 if isinstance(model, HistGradientBoostingClassifier) else 0.0
    train, rows = drawn(3, 1500, gaps=gaps), drawn(4, 200, gaps=gaps)
    model.fit(train, labels(train))
    seen = rows if gaps else rows.astype(np.float32).astype(np.float64)
    kernel = Kernel(read_trees(model, NUMBERS))
    amounts, scores = split(kernel, seen)
    explainer = shap.TreeExplainer(model)
    assert np.abs(scores - model.decision_function(rows)).max() <= 1e-12
    assert np.abs(amounts - explainer.shap_values(rows)).max() <= 1e-9
    assert abs(kernel.base - float(np.ravel(explainer.expected_value)[0])) <= 1e-9


def test_boosted_trees_that_begin_at_zero_are_read_too() -> None:
    train = drawn(3, 800, gaps=0.0)
    model = GradientBoostingClassifier(n_estimators=5, init="zero").fit(train, labels(train))
    _, scores = split(Kernel(read_trees(model, NUMBERS)), train.astype(np.float32) + 0.0)
    assert np.abs(scores - model.decision_function(train)).max() <= 1e-12


def test_an_ensemble_that_begins_with_another_model_is_refused() -> None:
    train = drawn(3, 300, gaps=0.0)
    model = GradientBoostingClassifier(n_estimators=5, init=LogisticRegression())
    with pytest.raises(UnsupportedForestError, match="begins with another model"):
        read_trees(model.fit(train, labels(train)), NUMBERS)


class Plain:
    """A histogram-based model with categories, read off scikit-learn's own nodes, slowly."""

    def __init__(self, model: Any) -> None:
        self.model = model
        encoder = model._preprocessor.named_transformers_["encoder"]
        codes = [feature for feature, code in enumerate(model.is_categorical_) if code]
        self.features = [*codes, *(f for f in range(len(LEVELS)) if f not in codes)]
        self.met = [{value: n for n, value in enumerate(told)} for told in encoder.categories_]

    def left(self, predictor: Any, node: Any, row: Any) -> bool:
        """Where a row goes at a split."""
        place = int(node["feature_idx"])
        value = row[self.features[place]]
        code = self.met[place].get(value) if node["is_categorical"] else None
        if math.isnan(value) or (node["is_categorical"] and code is None):
            return bool(node["missing_go_to_left"])
        if code is None:
            return bool(value <= node["num_threshold"])
        words = predictor.raw_left_cat_bitsets[node["bitset_idx"]]
        return bool(int(words[code // 32]) >> (code % 32) & 1)

    def worth(self, predictor: Any, place: int, row: Any, known: frozenset[int]) -> float:
        """What a tree says on average when only some features are known."""
        node = predictor.nodes[place]
        if node["is_leaf"]:
            return float(node["value"])
        sides = [int(node["left"]), int(node["right"])]
        if self.features[int(node["feature_idx"])] in known:
            side = sides[0 if self.left(predictor, node, row) else 1]
            return self.worth(predictor, side, row, known)
        counts = [float(predictor.nodes[side]["count"]) for side in sides]
        said = [self.worth(predictor, side, row, known) for side in sides]
        return (counts[0] * said[0] + counts[1] * said[1]) / sum(counts)

    def shapley(self, row: Any) -> list[float]:
        """Shapley values by their definition, coalition by coalition."""
        everyone = range(len(row))
        sizes = range(len(row) + 1)
        coalitions = [frozenset(c) for n in sizes for c in itertools.combinations(everyone, n)]
        trees = [predictor for (predictor,) in self.model._predictors]
        whole = {c: sum(self.worth(tree, 0, row, c) for tree in trees) for c in coalitions}
        amounts = [0.0] * len(row)
        for known, feature in itertools.product(coalitions, everyone):
            if feature not in known:
                ways = math.factorial(len(known)) * math.factorial(len(row) - len(known) - 1)
                step = whole[known | {feature}] - whole[known]
                amounts[feature] += ways / math.factorial(len(row)) * step
        return amounts


def test_categories_that_shap_gets_wrong_are_explained_by_the_definition() -> None:
    train, rows = drawn(5, 1500), drawn(6, 60)
    train[train[:, 5] == 33, 5] = 34  # a level of the contract that was never met
    rows[0, 5], rows[1, 1] = 33.0, np.nan
    model = HistGradientBoostingClassifier(max_iter=4, categorical_features=[1, 5], random_state=0)
    model.fit(train, labels(train))
    amounts, scores = split(Kernel(read_trees(model, LEVELS)), rows)
    assert np.abs(scores - model.decision_function(rows)).max() <= 1e-12
    wanted = np.array([Plain(model).shapley(row) for row in rows[:12]])
    assert np.abs(amounts[:12] - wanted).max() <= 1e-12
    theirs = shap.TreeExplainer(model).shap_values(rows)
    assert np.abs(theirs - amounts).max() > 0.1, "shap takes codes for numbers"


@pytest.fixture(scope="module", params=FAMILIES)
def other(
    request: pytest.FixtureRequest,
    trees: Bundle,
    rows: list[Row],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The German bundle with a model of each other family in it."""
    folder = tmp_path_factory.mktemp(request.param) / "german-credit"
    return bundle_of(request.param, folder, trees.contract, rows[:400])


def test_a_bundle_of_any_family_keeps_every_promise(other: Path) -> None:
    findings = check_bundle(other, apart=False)  # test_worker.py holds each library apart to them
    assert [f.text for f in findings if not f.ok] == []
    assert sum("by tree_path_dependent and tree_interventional" in f.text for f in findings) == 1


def test_a_bundle_of_any_family_is_explained_by_the_kernel(other: Path, rows: list[Row]) -> None:
    bundle = load(other)
    assert isinstance(bundle.parts_in_memory()[1], KernelExplainer)
    for answer in bundle.explain(rows[400:440]):
        assert isinstance(answer, Explanation)
        assert answer.reliable
        assert answer.attribution.residual <= 1e-9


def test_without_numba_the_library_explains_or_says_that_it_cannot(
    other: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, fast = load(other).parts_in_memory()
    for compiled in ("treeshap", "oblivious_tables"):
        monkeypatch.setitem(sys.modules, f"explain.attribution.{compiled}", None)
        monkeypatch.delattr(f"explain.attribution.{compiled}", raising=False)
    slow = tree_explainer(cast("TreeModel", adapter))
    assert isinstance(slow, LibraryTreeExplainer)
    if other.parent.name.startswith("histogram"):
        with pytest.raises(BundleInvalid, match="install numba"):
            slow.attribute(rows[:1])
        return
    check_explainer(adapter, slow, rows[:10])
    for theirs, ours in zip(slow.attribute(rows[:10]), fast.attribute(rows[:10]), strict=True):
        near = 10 * adapter.precision
        assert abs(theirs.base - ours.base) <= near
        assert max(abs(a - b) for a, b in zip(theirs.amounts, ours.amounts, strict=True)) <= near


@pytest.mark.parametrize("family", ["xgboost", "gradient", "catboost"])
def test_a_number_is_compared_as_precisely_as_the_library_does(
    trees: Bundle, rows: list[Row], tmp_path: Path, family: str
) -> None:
    contract = trees.contract
    folder = bundle_of(family, tmp_path / "german-credit", contract, rows[:400])
    adapter, explainer = load(folder).parts_in_memory()
    forest = lay_out(cast("TreeModel", adapter).trees()).forest
    asked = forest.columns["feature"][forest.asked[: len(forest.splits)]]
    place = int(np.bincount(asked).argmax())
    name, thresholds = adapter.features[place], forest.thresholds[: len(asked)][asked == place]
    near = [{**row, name: float(t) * (1 + 1e-12)} for row in rows[:20] for t in thresholds[:50]]
    for told, parts in zip(adapter.score(near), explainer.attribute(near), strict=True):
        assert abs(told - parts.score) <= adapter.precision


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda m: m["objective"].update(name="reg:squarederror"), "objective"),
        (lambda m: m.update(feature_names=["a", "b"]), "feature_names"),
        (lambda m: m["learner_model_param"].update(num_feature="3"), "num_feature"),
        (lambda m: m["learner_model_param"].update(num_class="3"), "num_class"),
        (lambda m: m.update(feature_types=["float"] * 20), "feature_types"),
        (lambda m: m.pop("gradient_booster"), "no XGBoost model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_xgboost_model_of_something_else_is_refused_by_name(
    trees: Bundle, rows: list[Row], tmp_path: Path, change: Callable[[Any], object], why: str
) -> None:
    folder = bundle_of("xgboost", tmp_path / "german-credit", trees.contract, rows[:200])
    told = json.loads((folder / "model.json").read_text())
    change(told["learner"])
    with pytest.raises(BundleInvalid, match=why):
        XgboostModel(json.dumps(told), trees.contract, "model.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"learner": 3}', "[" * 100_000])
def test_what_is_no_xgboost_model_is_refused(trees: Bundle, text: str) -> None:
    with pytest.raises(BundleInvalid, match="no XGBoost model"):
        XgboostModel(text, trees.contract, "model.json")


@pytest.mark.parametrize("kept", [0, 3, 100, -200])
def test_a_cut_file_of_xgboosts_binary_format_is_refused_by_name(
    trees: Bundle, rows: list[Row], tmp_path: Path, kept: int
) -> None:
    folder = bundle_of("xgboost-ubj", tmp_path / "german-credit", trees.contract, rows[:200])
    (folder / "model.ubj").write_bytes((folder / "model.ubj").read_bytes()[:kept])
    seal(folder, folder.name)
    whole, refused = check_bundle(folder)  # in a process apart: the library may die of it
    assert whole.ok
    assert not refused.ok
    assert "model.ubj" in refused.text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda b: b.update(name="gblinear"), "no trees"),
        (lambda b: b["model"]["trees"][0]["tree_param"].update(size_leaf_vector="2"), "several"),
        (lambda b: b["model"]["trees"][0]["sum_hessian"].pop(), "do not belong together"),
        (lambda b: b["model"]["trees"][0]["left_children"].__setitem__(0, 9999), "none of its"),
        (lambda b: b["model"]["trees"][0]["left_children"].__setitem__(0, 2), "two ways lead"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_trees_that_are_none_are_refused(change: Callable[[Any], object], why: str) -> None:
    train = drawn(7, 400)
    told = json.loads(xgboost_bytes(train, labels(train), LEVELS))
    change(told["learner"]["gradient_booster"])
    with pytest.raises(UnsupportedForestError, match=why):
        lay_out(read_xgboost(json.dumps(told), LEVELS))


def test_a_model_whose_leaf_was_edited_does_not_give_the_recorded_scores(
    trees: Bundle, rows: list[Row], tmp_path: Path
) -> None:
    folder = bundle_of("xgboost", tmp_path / "german-credit", trees.contract, rows[:200])
    told = json.loads((folder / "model.json").read_text())
    tree = told["learner"]["gradient_booster"]["model"]["trees"][0]
    for node, left in enumerate(tree["left_children"]):
        if left == -1:
            tree["split_conditions"][node] += 0.01
            tree["base_weights"][node] += 0.01
    (folder / "model.json").write_text(json.dumps(told))
    seal(folder, "german-credit")
    with pytest.raises(NotProven, match="recorded"):
        load(folder)


def test_a_model_of_the_wrong_classes_features_or_kind_is_refused() -> None:
    train = drawn(8, 300, gaps=0.0)
    other = GradientBoostingClassifier(n_estimators=2).fit(train, labels(train) + 1)
    assert "classes 0 and 1" in tree_problems(other, NUMBERS)[0]
    fitting = GradientBoostingClassifier(n_estimators=2).fit(train, labels(train))
    assert tree_problems(fitting, NUMBERS) == ()
    assert "3 features" in tree_problems(fitting, (0, 0, 0))[0]
    assert "LogisticRegression is no" in tree_problems(LogisticRegression(), NUMBERS)[0]
    steep = GradientBoostingClassifier(n_estimators=2, loss="exponential")
    assert "log_loss" in tree_problems(steep.fit(train, labels(train)), NUMBERS)[0]
    codes = HistGradientBoostingClassifier(max_iter=2, categorical_features=[1])
    assert "feature 1 is" in tree_problems(codes.fit(train, labels(train)), NUMBERS)[0]


def test_an_archive_with_another_function_than_the_known_one_is_not_loaded(
    trees: Bundle, rows: list[Row], tmp_path: Path
) -> None:
    folder = bundle_of("histogram", tmp_path / "german-credit", trees.contract, rows[:200])
    (folder / "model.skops").write_bytes(skops_bytes(FunctionTransformer(func=np.linalg.norm)))
    seal(folder, "german-credit")
    with pytest.raises(UnsafeModelFile, match="norm"):
        load(folder)


def test_a_cut_model_file_is_refused_in_words(other: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(other, tmp_path / "german-credit"))
    file = next(
        path
        for path in folder.iterdir()
        if path.name.startswith("model.") and path.suffix != ".yaml"
    )
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ExplainError):
        load(folder)
    seal(folder, "german-credit")
    with pytest.raises(ExplainError):
        load(folder)
