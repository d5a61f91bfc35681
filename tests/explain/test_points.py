"""Points scorecards: points mean what the industry says, and add up exactly."""

import csv
import json
import math
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explain.bundle import Bundle, load
from explain.checks import check_bundle
from explain.declared.contract import Contract
from explain.declared.plain_yaml import read as read_yaml
from explain.errors import BundleInvalid
from explain.libraries.points import PointsScorecard, PointsSpec
from explain.values import Explanation, Row
from tests.explain.families import put_model
from tests.sample_models.trained import sample_bundles


def written(contract: Contract) -> dict[str, Any]:
    """A scorecard over every feature of the contract."""
    told: dict[str, Any] = {}
    for place, field in enumerate(contract.features):
        if field.levels:
            levels = {level: 3 * n - place for n, level in enumerate(field.levels)}
            told[field.name] = {"levels": levels, "missing": 1}
        else:
            bins = [{"below": 12, "points": 30}, {"below": 24.5, "points": 20.25}, {"points": -7}]
            told[field.name] = {"bins": bins, "missing": 0}
    scaled = {"base_points": 600, "base_odds": 30, "points_to_double": 20}
    return {"format": "1", **scaled, "initial_points": 400, "characteristics": told}


def read(told: Mapping[str, Any], contract: Contract) -> PointsScorecard:
    """The scorecard as a bundle reads it: JSON is plain YAML."""
    return PointsScorecard(json.dumps(told), contract, "points.yaml")


@pytest.fixture(scope="module")
def contract(scorecard: Bundle) -> Contract:
    """The sample's contract."""
    return scorecard.contract


def test_base_points_are_base_odds_and_some_points_more_double_them(contract: Contract) -> None:
    told = written(contract)
    for one in told["characteristics"].values():
        nothing = {"levels": dict.fromkeys(one.get("levels", ()), 0), "bins": [{"points": 0}]}
        one.update({kind: nothing[kind] for kind in nothing if kind in one})
    row: Row = {f.name: next(iter(f.levels), 1.0) for f in contract.features}
    for initial, odds in ((600, 30), (620, 60), (640, 120), (580, 15)):
        card = read({**told, "initial_points": initial}, contract)
        assert card.points(row) == initial
        assert math.isclose(math.exp(-card.score([row])[0]), odds, rel_tol=1e-12)


def test_points_are_those_of_the_bin_a_number_lies_in(contract: Contract) -> None:
    card, name = read(written(contract), contract), "duration_months"
    row: Row = {f.name: next(iter(f.levels), 1.0) for f in contract.features}
    values = (11.999, 12.0, 24.4, 24.5, 1e9, -1e9, None)
    points = [card.points({**row, name: value}) for value in values]
    first = points[0]
    wanted = [0.0, -9.75, -9.75, -37.0, -37.0, 0.0, -30.0]
    assert [p - first for p in points] == pytest.approx(wanted, abs=1e-9)
    with pytest.raises(TypeError):
        card.points({**row, name: "12"})


@pytest.fixture
def folder(tmp_path: Path, contract: Contract) -> Path:
    """The scorecard bundle with points instead of a pipeline."""
    folder = Path(shutil.copytree(sample_bundles() / "german-scorecard", tmp_path / "card"))
    told = written(contract)
    file = {"file": "points.yaml", "format": "points-yaml"}
    put_model(folder, file, json.dumps(told).encode(), contract, read(told, contract).score)
    return folder


def test_a_bundle_of_points_keeps_every_promise(folder: Path) -> None:
    findings = check_bundle(folder)
    assert [f.text for f in findings if not f.ok] == []
    assert len(findings) == 13


def test_contributions_are_points_against_the_background_s_mean(
    folder: Path, contract: Contract, rows: list[Row]
) -> None:
    bundle, card = load(folder), read(written(contract), contract)
    background = list(
        csv.DictReader((folder / "background.csv").read_text(encoding="utf-8").splitlines())
    )
    per_point = math.log(2) / 20
    (answer,) = bundle.explain(rows[:1])
    assert isinstance(answer, Explanation)
    for name, amount, value in answer.attribution.contributions:
        told = written(contract)["characteristics"][name]
        other = [contract.check(contract.from_text(dict(line))).features for line in background]
        mean = math.fsum(_points(told, row[name]) for row in other) / len(other)
        assert amount == pytest.approx(per_point * (mean - _points(told, value)), abs=1e-9)
    assert answer.attribution.score == pytest.approx(card.score(rows[:1])[0], abs=1e-12)


def _points(told: Mapping[str, Any], value: object) -> float:
    """The points of a value, read off the file."""
    if "levels" in told:
        return float(told["levels"][value])
    assert isinstance(value, float)
    return float(next(b["points"] for b in told["bins"] if value < b.get("below", math.inf)))


def test_the_scorecard_of_the_reference_is_one() -> None:
    page = Path(__file__).parents[2] / "docs/reference/bundle.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (text,) = (block for block in blocks if "base_points" in block)
    spec = PointsSpec.model_validate(read_yaml(text))
    assert spec.characteristics["duration_months"].missing == 15


Change = Callable[[Any], object]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: c.pop("duration_months"), "duration_months has no points"),
        (lambda c: c.update(shoe_size={"bins": [{"points": 1}]}), "shoe_size is no feature"),
        (lambda c: c["purpose"].update(levels={"car": 1}), "level .* has no points"),
        (lambda c: c["purpose"]["levels"].update(yacht=4), "yacht is no level"),
        (lambda c: c.update(purpose={"bins": [{"points": 1}]}), "purpose needs levels"),
        (lambda c: c.update(duration_months={"levels": {"a": 1}}), "duration_months needs bins"),
        (lambda c: c.update(duration_months={}), "give bins or levels"),
        (lambda c: c["duration_months"]["bins"].reverse(), "above that of the bin before"),
        (lambda c: c["duration_months"]["bins"].pop(), "each bin but the last has a bound"),
        (lambda c: c["duration_months"]["bins"][0].update(below=30), "above that of the bin"),
        (lambda c: c["duration_months"]["bins"][0].update(points="many"), "bins.0.points"),
        (lambda c: c["duration_months"]["bins"][0].update(points=1e9), "less than or equal"),
        (lambda c: c["duration_months"].update(colour="red"), "colour"),
    ],
)
def test_what_a_scorecard_lacks_is_named(contract: Contract, change: Change, why: str) -> None:
    told = written(contract)
    change(told["characteristics"])
    with pytest.raises(BundleInvalid, match=why):
        read(told, contract)


@pytest.mark.parametrize("name", ["base_odds", "points_to_double"])
@pytest.mark.parametrize("value", [0, -1, "nan", "inf"])
def test_a_scale_that_is_none_is_refused(contract: Contract, name: str, value: object) -> None:
    with pytest.raises(BundleInvalid, match=name):
        read({**written(contract), name: value}, contract)


@pytest.mark.parametrize("text", ["", "[]", "{", "a: &b c", "null"])
def test_what_is_no_scorecard_is_refused(contract: Contract, text: str) -> None:
    with pytest.raises(BundleInvalid):
        PointsScorecard(text, contract, "points.yaml")


def test_a_field_that_may_be_missing_needs_points_for_that(contract: Contract) -> None:
    may = Contract([replace(f, missing="allow") for f in contract.features])
    told = written(may)
    assert read(told, may).points({f.name: None for f in may.features})
    for one in told["characteristics"].values():
        del one["missing"]
    assert read(told, contract).features
    with pytest.raises(BundleInvalid, match="duration_months may be missing"):
        read(told, may)
