"""What is measured of reasons and backgrounds, and what a bundle may say of it."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from explain.attribution.kernels import KernelExplainer
from explain.bundle import Bundle, card, describe, load
from explain.checks import check_bundle
from explain.declared.bundle_contents import EXPECTED_COLUMN, MEASURED_FILE
from explain.declared.bundle_files import seal
from explain.declared.measured import MEASURES
from explain.errors import BundleInvalid
from explain.explainers import Parts
from explain.measures.measuring import ROWS_MAX, ROWS_MIN, measure, similar, write_measured
from explain.measures.similarity import similarity
from explain.values import Explanation, Row, probability_of

NAME = "german-credit"


class Told:
    """Amounts as they are told, row after row."""

    method = "tree_path_dependent"

    def __init__(self, *amounts: Sequence[float]) -> None:
        self._amounts = amounts

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """As many as there are rows."""
        told = [self._amounts[place % len(self._amounts)] for place in range(len(rows))]
        return [Parts(sum(amounts), 0.0, tuple(amounts)) for amounts in told]


def amounts(trees: Bundle, **pushes: float) -> list[float]:
    """Amounts that are all 0 but for these features."""
    names = [f.name for f in trees.contract.features]
    assert set(pushes) <= set(names)
    return [pushes.get(name, 0.0) for name in names]


@pytest.fixture(scope="module")
def features(trees: Bundle) -> list[str]:
    """One feature of each concept."""
    return [concept.features[0] for concept in trees.concepts]


def test_similarity_counts_concepts_that_speak_against(
    trees: Bundle, rows: list[Row], features: list[str]
) -> None:
    a, b, c, d, e, f = features[:6]
    one = Told(
        amounts(trees, **{a: 5, b: 4, c: 3, d: 2, e: 1, f: -9}),
        amounts(trees, **{a: 5, b: 4}),
        amounts(trees, **{a: -1}),
    )
    other = Told(
        amounts(trees, **{b: 5, a: 4, c: 3, d: 2, f: 1}),  # another first, the same four
        amounts(trees, **{a: 5, c: 4}),  # the same first, one of three in common
        amounts(trees, **{b: -1}),  # nothing speaks against, by both
    )
    found = similarity(one, other, trees.wording, rows[:3])
    assert found[:3] == (3, 2 / 3, 2 / 3)
    assert abs(found.jaccard - (1 + 1 / 3 + 1) / 3) <= 1e-12
    assert similarity(one, one, trees.wording, rows[:3]) == (3, 1.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="no rows"):
        similarity(one, other, trees.wording, [])


def test_path_dependent_reasons_are_measured_on_whom_policy_does_not_approve(
    trees: Bundle,
) -> None:
    found = {told.id: told for told in measure(trees)}
    assert set(found) == set(MEASURES)
    highest = float(trees.policy_spec.approve_up_to)
    scores = trees.score(trees.reference)
    refused = sum(probability_of(raw, trees.scale) > highest for raw in scores)
    assert ROWS_MIN <= refused <= ROWS_MAX
    assert {told.rows for told in found.values()} == {refused}
    assert all(told.kept for told in found.values())
    assert float(found["similarity_jaccard"].value) >= 0.9


def test_scorecards_have_no_other_method_to_be_like(scorecard: Bundle) -> None:
    found = {told.id for told in measure(scorecard)}
    assert found == {name for name in MEASURES if not name.startswith("similarity")}


def test_reasons_of_the_samples_are_what_refusals_hang_by_and_stay(
    trees: Bundle, scorecard: Bundle
) -> None:
    for bundle in (trees, scorecard):
        found = {told.id: float(told.value) for told in measure(bundle)}
        assert found["fidelity_named"] >= 0.7
        assert found["fidelity_gap"] >= 0.4
        assert found["stability_jaccard"] >= 0.9


def test_reasons_by_which_nothing_hangs_are_not_fit_for_use(folder: Path) -> None:
    bundle = load(folder)
    adapter, explainer = bundle.parts_in_memory()
    weakest = min(
        range(len(bundle.contract.features)),
        key=lambda place: sum(
            abs(parts.amounts[place]) for parts in explainer.attribute(bundle.reference)
        ),
    )
    name = [f.name for f in bundle.contract.features][weakest]
    bundle.use(adapter, Told(amounts(bundle, **{name: 1.0})))
    found = {told.id: told for told in measure(bundle)}
    assert not found["fidelity_gap"].kept


def test_a_method_that_gives_other_reasons_is_not_fit_for_use(
    folder: Path, features: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load(folder)
    (folder / MEASURED_FILE).unlink()
    seal(folder, NAME)
    adapter, _ = bundle.parts_in_memory()
    bundle.use(adapter, Told(amounts(bundle, **{features[-1]: 1.0})))
    found = {told.id: told for told in measure(bundle)}
    assert not found["similarity_jaccard"].kept
    assert "(at least 0.80)" in str(found["similarity_jaccard"])
    monkeypatch.setattr("explain.checks.measure", lambda _: list(found.values()))
    broken = [told for told in found.values() if not told.kept]
    assert [f.text for f in check_bundle(folder) if not f.ok] == [str(told) for told in broken]


def test_what_was_measured_is_in_the_card_and_measured_again(folder: Path) -> None:
    (folder / MEASURED_FILE).unlink()
    seal(folder, NAME)
    assert "measured of its reasons" not in card(describe(folder))
    write_measured(load(folder), folder)
    told = {one.id: one for one in describe(folder).measured}
    assert f"- {told['similarity_jaccard']}" in card(describe(folder)).splitlines()
    assert [f.text for f in check_bundle(folder) if not f.ok] == []

    sheet = json.loads((folder / MEASURED_FILE).read_text(encoding="utf-8"))
    sheet["measured"][2]["value"] = "0.9999"
    sheet["measured"][1]["rows"] += 1
    (folder / MEASURED_FILE).write_text(json.dumps(sheet), encoding="utf-8")
    seal(folder, NAME)
    broken = [f.text for f in check_bundle(folder) if not f.ok]
    assert len(broken) == 2
    assert all("measured.yaml says" in text for text in broken)

    sheet["measured"].append(sheet["measured"][0])
    (folder / MEASURED_FILE).write_text(json.dumps(sheet), encoding="utf-8")
    seal(folder, NAME)
    with pytest.raises(BundleInvalid, match="listed twice"):
        describe(folder)


def near_the_cutoff(bundle: Bundle) -> Callable[[float], bool]:
    """Whether a raw score passes, but by little."""
    highest = float(bundle.policy_spec.approve_up_to)
    return lambda raw: highest / 2 <= probability_of(raw) <= highest


def told_of(folder: Path, keep: Callable[[float], bool], **told: object) -> Path:
    """The bundle with other members of ``model``, and those reference rows as a background."""
    with (folder / "reference.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    kept = [line for line in lines if keep(float(line.pop(EXPECTED_COLUMN)))]
    with (folder / "background.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(kept)
    text = (folder / "model.yaml").read_text(encoding="utf-8")
    found = re.search(r"^model: (?P<told>\{.*\})$", text, re.MULTILINE)
    assert found is not None
    before: dict[str, Any] = json.loads(found["told"])
    members = before | {"background": "background.csv", **told}
    members = {name: value for name, value in members.items() if value is not None}
    text = text.replace(found[0], f"model: {json.dumps(members)}")
    (folder / MEASURED_FILE).unlink()  # of another method, or of other rows
    (folder / "model.yaml").write_text(text, encoding="utf-8")
    seal(folder, NAME)
    return folder


def interventional(folder: Path, keep: Callable[[float], bool], population: str) -> Path:
    """The bundle, explained against these of its reference rows."""
    told = {"explainer": "tree_interventional", "background_population": population}
    return told_of(folder, keep, **told)


@pytest.mark.parametrize("population", ["passing", "all"])
def test_a_bundle_may_be_explained_against_either_population(
    folder: Path, population: str, rows: list[Row]
) -> None:
    passing = near_the_cutoff(load(folder))
    interventional(folder, passing if population == "passing" else lambda _: True, population)
    findings = check_bundle(folder)
    assert [f.text for f in findings if not f.ok] == []
    assert any("300 are recommended" in finding.text for finding in findings)
    bundle = load(folder)
    assert isinstance(bundle.parts_in_memory()[1], KernelExplainer)
    scores = bundle.score(bundle.background)
    assert len(scores) >= 30
    for answer in bundle.explain(rows[:20]):
        assert isinstance(answer, Explanation)
        assert answer.reliable
        assert answer.method == "tree_interventional"
        assert answer.background_sha256 == bundle.background_sha256 is not None
        assert abs(answer.attribution.base - sum(scores) / len(scores)) <= 1e-9
    words = {"passing": "who pass, near the cut-off", "all": "all applicants"}
    assert f"measured from {'applicants ' * (population == 'passing')}" in card(bundle)
    assert words[population] in card(bundle)


@pytest.mark.parametrize(
    ("keep", "population", "why"),
    [
        (lambda raw: raw > -1.5, "passing", "does not pass"),
        (lambda raw: raw < -1, "passing", "passes by far"),
        (lambda raw: raw < -1, "all", "one side of the cut-off"),
        (lambda raw: raw > 1, "all", "fewer than 30"),
    ],
)
def test_a_background_that_is_not_what_it_says_is_not_fit_for_use(
    folder: Path, keep: Callable[[float], bool], population: str, why: str
) -> None:
    broken = [f.text for f in check_bundle(interventional(folder, keep, population)) if not f.ok]
    assert len(broken) == 1
    assert broken[0].startswith("the background is ")
    assert why in broken[0]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"explainer": "tree_interventional"}, "needs background_population"),
        ({"explainer": "tree_interventional", "background": None}, "needs a background file"),
        ({"background": None, "background_population": "all"}, "is said of a background file"),
        ({"background_population": "some"}, "'passing' or 'all'"),
    ],
    ids=str,
)
def test_what_does_not_go_together_in_model_yaml_is_refused(
    folder: Path, told: dict[str, object], why: str
) -> None:
    told_of(folder, lambda _: True, **told)
    with pytest.raises(BundleInvalid, match=why):
        describe(folder)


def test_path_dependent_reasons_may_be_compared_with_a_background_but_are_not_measured_from_it(
    folder: Path, rows: list[Row]
) -> None:
    before = measure(load(folder))
    bundle = load(told_of(folder, near_the_cutoff(load(folder)), background_population="passing"))
    assert bundle.background_sha256 is None
    (answer,) = bundle.explain(rows[:1])
    assert isinstance(answer, Explanation)
    assert answer.background_sha256 is None
    assert measure(bundle) != before
    assert "measured from" not in card(bundle)


def test_forests_of_too_many_leaves_are_held_against_an_estimate(
    trees: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_model: object, _rows: object, path: str) -> None:
        raise BundleInvalid(path, ("too many leaves",))

    exact = {told.id: told for told in measure(trees)}
    monkeypatch.setattr("explain.measures.measuring.background_explainer", refuse)
    monkeypatch.setattr("explain.measures.measuring.ROWS_MIN", 10)
    monkeypatch.setattr("explain.measures.measuring.SAMPLED_BACKGROUND", 40)
    found = {told.id: told for told in similar(trees, trees.score(trees.reference))}
    assert {told.rows for told in found.values()} == {10}
    assert set(found) == {name for name in exact if name.startswith("similarity")}
    assert found["similarity_jaccard"].kept
