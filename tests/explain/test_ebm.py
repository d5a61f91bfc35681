"""Explainable boosting machines: read from their JSON alone, scored and taken apart exactly."""

import itertools
import json
import math
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pandas as pd
import pytest
from interpret.glassbox import ExplainableBoostingClassifier

from explain.adapters import Encoder
from explain.additive import Table
from explain.attribution.table_games import AdditiveExplainer
from explain.bundle import describe, load
from explain.checks import check_bundle, check_explainer, check_model_adapter
from explain.declared.bundle_files import seal
from explain.declared.contract import Contract, Field
from explain.errors import BundleInvalid, FileAltered, FileTooLarge, NotProven
from explain.libraries import ebm_json
from explain.libraries.ebm_json import EbmModel
from explain.notebook.wrapping import wrap
from explain.values import LOG_ODDS, Explanation, Row
from sample_models.samples import german
from tests.explain.families import put_model
from tests.explain.test_linear_models import contract, drawn, frame, labels
from tests.sample_models.trained import sample_bundles

QUICK = {"outer_bags": 2, "max_rounds": 40, "n_jobs": 1, "random_state": 0}
SETTINGS: dict[str, dict[str, Any]] = {
    "mains": {"interactions": 0},
    "pairs": {"interactions": 4, "max_interaction_bins": 8},
    "one pair coarsely": {"interactions": [(0, 3)], "max_bins": 8, "max_interaction_bins": 4},
    "three together": {"interactions": [(0, 1, 3), (1, 2)], "max_interaction_bins": 5},
    "numbers as categories": {
        "interactions": 3,
        "feature_types": ["nominal", "continuous", "ordinal", "nominal", "ordinal"],
    },
}


def fitted(rows: Sequence[Row], **settings: Any) -> Any:
    """A small model of interpret."""
    model = ExplainableBoostingClassifier(**QUICK, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # on gaps, and on what it does not draw
        return model.fit(frame(rows), labels(rows))


def json_of(model: Any, folder: Path, detail: str = "interpretable") -> str:
    """What interpret writes of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "JSON formats are in beta")
        model.to_json(str(folder / "model.json"), detail=detail)
    return (folder / "model.json").read_text(encoding="utf-8")


def by_definition(model: EbmModel, row: Row, background: Sequence[Row]) -> list[float]:
    """Shapley values, coalition by coalition: scores of the row put into every background row."""
    names = model.features

    @cache
    def worth(known: frozenset[str]) -> float:
        """What is expected where these fields are the applicant's."""
        own = {name: row[name] for name in known}
        return math.fsum(model.score([{**other, **own} for other in background])) / len(background)

    amounts = []
    for name in names:
        others = [other for other in names if other != name]
        told = [
            (worth(known | {name}) - worth(known)) / math.comb(len(others), len(known))
            for size in range(len(names))
            for known in map(frozenset, itertools.combinations(others, size))
        ]
        amounts.append(math.fsum(told) / len(names))
    return amounts


@pytest.mark.parametrize("name", SETTINGS)
def test_scores_are_interprets_and_contributions_are_shapley_values(
    name: str, tmp_path: Path
) -> None:
    model = fitted(drawn(1, 300), **SETTINGS[name])
    detail = {"mains": "minimal", "pairs": "all"}.get(name, "interpretable")
    ours = EbmModel(json_of(model, tmp_path, detail), contract(), "model.json")
    fresh = drawn(2, 200, gaps=0.3)
    fresh[0] = {**fresh[0], "income": 1e9}
    theirs = model.decision_function(frame(fresh))
    assert np.abs(np.array(ours.score(fresh)) - theirs).max() <= 1e-12
    background = drawn(3, 25)
    explainer = AdditiveExplainer(ours.additive, ours.features, background)
    for row, parts in zip(fresh[:4], explainer.attribute(fresh[:4]), strict=True):
        assert parts.amounts == pytest.approx(by_definition(ours, row, background), abs=1e-12)
    check_model_adapter(ours, fresh[:20])
    check_explainer(ours, explainer, fresh[:20])


def test_in_a_notebook_it_is_explained_against_the_rows_at_hand() -> None:
    table = frame(drawn(1, 300), gap=None)
    bad = (table["income"].fillna(0.0) + (table["home"] == "own") > 3.0).astype(int)
    model = ExplainableBoostingClassifier(**QUICK, interactions=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.fit(table, bad)
    explained = wrap(model, table)
    assert explained.method == "additive_interventional"
    told = explained.explain(table.head(20))
    parts = told.filter(like="contribution_").sum(axis=1) + told["base"]
    assert np.abs(parts - told["raw_score"]).max() <= 1e-12
    assert np.abs(told["raw_score"] - model.decision_function(table.head(20))).max() <= 1e-12


def test_a_field_alone_gets_its_cell_less_the_mean_of_the_background(tmp_path: Path) -> None:
    ours = EbmModel(
        json_of(fitted(drawn(1, 200), interactions=0), tmp_path), contract(), "model.json"
    )
    background, row = drawn(4, 30), drawn(5, 1)[0]
    (parts,) = AdditiveExplainer(ours.additive, ours.features, background).attribute([row])
    for table in ours.additive.tables:
        (axis,), cells = table.axes, table.cells
        name = ours.additive.readings[axis][0]
        found = [cells[ours.additive.bins(one)[axis]] for one in (row, *background)]
        wanted = found[0] - math.fsum(found[1:]) / len(background)
        assert parts.amounts[ours.features.index(name)] == pytest.approx(wanted, abs=1e-12)


def written() -> dict[str, Any]:
    """A model on every field of the contract, as interpret would write it."""
    numbers = [
        {"name": name, "type": "continuous", "cuts": [[1.0, 2.5], [2.0]]}
        for name in ("income", "debts", "months")
    ]
    categories = [
        {"name": "home", "type": "nominal", "categories": [["own", ["rent", "other"]]]},
        {
            "name": "work",
            "type": "nominal",
            "categories": [
                ["clerk", "driver", "nurse", "none"],
                [["clerk", "nurse", "none"], "driver"],
            ],
        },
    ]
    terms = [
        {"term_features": ["income"], "scores": [0.5, 1.0, -2.0, 0.25, 0.0]},
        {"term_features": ["home"], "scores": [0.125, 1.5, -1.0, 0.0]},
        {
            "term_features": ["debts", "work"],
            "scores": [[0.0, 1.0, 2.0, 0.5]] * 2 + [[3.0, -1.0, 0.0, 0.5]] + [[0.0] * 4],
        },
    ]
    output = {"task": "classification", "classes": [0, 1], "link": "logit", "link_param": "nan"}
    model = {"outputs": [output], "intercept": [-0.5]}
    return {"version": "1.0", "ebm": {**model, "features": numbers + categories, "terms": terms}}


def read(told: Any, own: Contract | None = None) -> EbmModel:
    """The model as a bundle reads it."""
    return EbmModel(json.dumps(told), own or contract(), "model.json")


@pytest.mark.parametrize(
    ("change", "score"),
    [
        ({}, -0.5 - 2.0 + 1.5 + 1.0),
        ({"income": 0.999}, -0.5 + 1.0 + 1.5 + 1.0),
        ({"income": 1.0}, -0.5 - 2.0 + 1.5 + 1.0),
        ({"income": 2.5}, -0.5 + 0.25 + 1.5 + 1.0),
        ({"income": None}, -0.5 + 0.5 + 1.5 + 1.0),
        ({"home": "other"}, -0.5 - 2.0 - 1.0 + 1.0),
        ({"home": None}, -0.5 - 2.0 + 0.125 + 1.0),
        ({"debts": 2.0}, -0.5 - 2.0 + 1.5 - 1.0),
        ({"work": "driver"}, -0.5 - 2.0 + 1.5 + 2.0),
        ({"debts": None, "work": None}, -0.5 - 2.0 + 1.5 + 0.0),
    ],
    ids=str,
)
def test_bounds_belong_to_the_bin_above_and_gaps_have_their_own(
    change: dict[str, Any], score: float
) -> None:
    row: Row = {"income": 2.0, "home": "own", "debts": 1.9, "work": "nurse", "months": None}
    assert read(written()).score([{**row, **change}]) == [score]


def test_numbers_that_training_took_for_categories_are_found_by_their_number() -> None:
    told = written()
    told["ebm"]["features"][0] = {
        "name": "income",
        "type": "nominal",
        "categories": [["1", "2.5", "False"]],
    }
    row: Row = {"home": "own", "debts": 0.0, "work": "nurse", "months": None}
    values = (1.0, 2.5, 0.0, 7.0, None)
    found = [read(told).score([{**row, "income": value}])[0] for value in values]
    assert [one - found[3] for one in found] == [1.0, -2.0, 0.25, 0.0, 0.5]


def test_a_boolean_may_be_told_as_true_and_false() -> None:
    fields = [Field(name="married", label="Married", type="boolean", missing="allow")]
    told = written()
    told["ebm"]["features"] = [
        {"name": "married", "type": "nominal", "categories": [["False", "True"]]}
    ]
    told["ebm"]["terms"] = [{"term_features": ["married"], "scores": [0.0, 1.0, 2.0, 9.0]}]
    model = read(told, Contract(fields))
    assert model.score([{"married": 0.0}, {"married": 1.0}, {"married": None}]) == [0.5, 1.5, -0.5]
    told["ebm"]["features"][0]["categories"] = [["True", "x"]]
    with pytest.raises(BundleInvalid, match="married must be continuous"):
        read(told, Contract(fields))
    told["ebm"]["features"][0]["categories"] = [["True", "2"]]
    with pytest.raises(BundleInvalid, match=r"married: 0.0 of the contract was never met"):
        read(told, Contract(fields))


Change = Callable[[Any], object]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: t.update(version="2.0"), "version '2.0' of the format is not known, 1.0 is"),
        (lambda t: t.pop("ebm"), "this is no EBM in JSON: write it with to_json"),
        (lambda t: t["ebm"].pop("terms"), "no EBM in JSON"),
        (lambda t: t["ebm"].update(terms=[3]), "no EBM in JSON"),
        (lambda t: t["ebm"].update(intercept=[0.1, 0.2]), "must have one output"),
        (lambda t: t["ebm"].update(intercept=["nan"]), "the intercept is no finite number"),
        (lambda t: t["ebm"]["outputs"][0].update(task="regression"), "it is for 'regression'"),
        (lambda t: t["ebm"]["outputs"][0].update(link="identity"), "link must be 'logit', not"),
        (lambda t: t["ebm"]["outputs"][0].update(classes=["bad", "good"]), "classes must be 0 and"),
        (lambda t: t["ebm"]["features"].pop(0), "the model has no feature income"),
        (lambda t: t["ebm"]["features"][0].update(name="incme"), "incme is no feature of the"),
        (lambda t: t["ebm"]["features"].append(t["ebm"]["features"][0]), "income is told twice"),
        (lambda t: t["ebm"]["features"][0].update(type="ignore"), "type 'ignore' cannot be read"),
        (lambda t: t["ebm"]["features"][0].update(cuts=[[2.0, 1.0]]), "income: cuts must rise"),
        (lambda t: t["ebm"]["features"][0].update(cuts=[["+inf"]]), "income: a cut is no finite"),
        (lambda t: t["ebm"]["features"][0].update(cuts=[]), "no EBM in JSON"),
        (
            lambda t: t["ebm"]["features"][0].update(type="nominal", categories=[["low"]]),
            "income must be continuous in the model",
        ),
        (
            lambda t: t["ebm"]["features"][3].update(type="continuous", cuts=[[1.0]]),
            "home must be nominal in the model",
        ),
        (
            lambda t: t["ebm"]["features"][3].update(categories=[["own", "rent"]]),
            "home: other of the contract was never met in training",
        ),
        (
            lambda t: t["ebm"]["features"][3].update(
                categories=[["own", ["rent", "own"], "other"]]
            ),
            "home: own lies in two bins",
        ),
        (lambda t: t["ebm"]["terms"][0].update(term_features=[]), "must be of one to 4 features"),
        (
            lambda t: t["ebm"]["terms"][2].update(term_features=["debts", "debts"]),
            "term debts x debts must be of one to 4",
        ),
        (lambda t: t["ebm"]["terms"][0].update(term_features=["shoes"]), "no EBM in JSON"),
        (lambda t: t["ebm"]["terms"][0]["scores"].pop(), "term income: its scores do not fit"),
        (lambda t: t["ebm"]["terms"][2]["scores"][0].append(1.0), "term debts x work: its scores"),
        (lambda t: t["ebm"]["terms"][0].update(scores=3), "term income: its scores do not fit"),
        (lambda t: t["ebm"]["terms"][0]["scores"].__setitem__(1, "-inf"), "income: a score is no"),
        (lambda t: t["ebm"]["terms"][0]["scores"].__setitem__(1, True), "a score is no finite"),
        (lambda t: t["ebm"]["terms"][0]["scores"].__setitem__(1, 10**400), "no EBM in JSON"),
    ],
    ids=itertools.count(),
)
def test_a_file_of_something_else_is_refused_by_name(change: Change, why: str) -> None:
    told = written()
    change(told)
    with pytest.raises(BundleInvalid, match=why):
        read(told)


def test_tables_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(written()).features
    monkeypatch.setattr(ebm_json, "CELLS_MAX", 20)
    with pytest.raises(BundleInvalid, match="more than 20 cells: train with fewer bins"):
        read(written())
    monkeypatch.setattr(ebm_json, "TEXT_CHARS_MAX", 20)
    with pytest.raises(FileTooLarge):
        read(written())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"version": []}', "[" * 100_000])
def test_what_is_no_json_of_an_ebm_is_refused(text: str) -> None:
    with pytest.raises(BundleInvalid, match="no EBM in JSON"):
        EbmModel(text, contract(), "model.json")


@pytest.fixture(scope="module")
def applicants() -> list[Row]:
    """Real applications, checked."""
    own = describe(sample_bundles() / "german-credit").contract
    return [own.check(own.from_text(one.cells)).features for one in german()[:300]]


@pytest.fixture(scope="module")
def folder(applicants: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The German bundle with a model of interpret in it, explained against all applicants."""
    place = tmp_path_factory.mktemp("ebm")
    folder = Path(copytree(sample_bundles() / "german-credit", place / "german-credit"))
    own = describe(folder).contract
    columns = [field.name for field in own.features]
    # What is learned does not matter here, only that it is learned from every field.
    sums = Encoder(own).encode(applicants).sum(axis=1)
    model = ExplainableBoostingClassifier(**QUICK, interactions=5)
    model.fit(pd.DataFrame(applicants)[columns], (sums > np.median(sums)).astype(int))
    told = {
        "file": "model.json",
        "format": "ebm-json",
        "scale": LOG_ODDS,
        "explainer": "additive_interventional",
        "background": "background.csv",
        "background_population": "all",
    }
    lines = (folder / "reference.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "background.csv").write_text("".join(lines[:101]), encoding="utf-8")
    content = json_of(model, place).encode()
    put_model(
        folder,
        told,
        content,
        own,
        lambda some: model.decision_function(pd.DataFrame(some)[columns]),
    )
    return folder


def test_a_bundle_of_it_keeps_every_promise_without_the_library(
    folder: Path, applicants: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "interpret", None)  # as where it is not installed
    assert [finding.text for finding in check_bundle(folder) if not finding.ok] == []
    bundle = load(folder)
    for answer in bundle.explain(applicants[:5]):
        assert isinstance(answer, Explanation)
        assert answer.reliable
        assert answer.method == "additive_interventional"
        assert answer.background_sha256
        assert answer.attribution.residual <= 1e-12


def test_one_cell_that_was_edited_is_not_proven(folder: Path, tmp_path: Path) -> None:
    spoiled = Path(copytree(folder, tmp_path / "german-credit"))
    told = json.loads((spoiled / "model.json").read_text())
    scores = told["ebm"]["terms"][0]["scores"]
    told["ebm"]["terms"][0]["scores"] = [score + 1e-6 for score in scores]
    (spoiled / "model.json").write_text(json.dumps(told))
    with pytest.raises(FileAltered):
        load(spoiled)
    seal(spoiled, "german-credit")
    with pytest.raises(NotProven, match="the prediction is the recorded one"):
        load(spoiled)


def test_its_background_says_whose_it_is(folder: Path, tmp_path: Path) -> None:
    silent = Path(copytree(folder, tmp_path / "german-credit"))
    text = (silent / "model.yaml").read_text(encoding="utf-8")
    (silent / "model.yaml").write_text(text.replace(', "background_population": "all"', ""))
    seal(silent, "german-credit")
    with pytest.raises(BundleInvalid, match="additive_interventional needs background_population"):
        load(silent)


def test_a_table_that_is_not_of_its_axes_is_none() -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        Table((0, 1), (2, 3), (0.0,) * 5)
