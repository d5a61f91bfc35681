"""Every model and explainer keeps the shipped promises; those that do not are caught."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from explain.bundle import load
from explain.checks import check_bundle, check_explainer, check_model_adapter
from explain.declared.bundle_files import MANIFEST
from explain.explainers import LinearExplainer, Parts
from explain.libraries.column_rules import Listed, Scaled, Sloped
from explain.scorecard import LinearCard
from explain.values import LOG_ODDS, Row, Scale
from tests.sample_models.trained import sample_bundles

CARD = LinearCard(
    0.5, {"a": Sloped((Scaled(1.0, 1.0),), 0.25), "b": Listed((), {"x": 0.1, "y": -0.4})}
)
ROWS: list[Row] = [{"a": float(n), "b": "xy"[n % 2]} for n in range(6)]


class Plain:
    """A model in memory: the smallest adapter that keeps the promises."""

    features = ("a", "b")
    precision = 1e-9
    scale: Scale = LOG_ODDS

    def score(self, rows: Sequence[Row]) -> list[float]:
        """The card's score of each row."""
        return [CARD.score(row) for row in rows]


class Restless(Plain):
    """Scores each row a little higher than the one before."""

    calls = 0

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Never the same twice."""
        self.calls += 1
        return [score + self.calls * 1e-6 for score in super().score(rows)]


class Curious(Plain):
    """Reads a field it does not name."""

    def score(self, rows: Sequence[Row]) -> list[float]:
        """Counts fields."""
        return [score + len(row) for score, row in zip(super().score(rows), rows, strict=True)]


class Forgetful(Plain):
    """Loses the last row."""

    def score(self, rows: Sequence[Row]) -> list[float]:
        """One score too few."""
        return super().score(rows)[:-1]


class Shifted:
    """Explains another number than the model's."""

    method = "linear_independent"

    def __init__(self, score: float, base: float, amount: float) -> None:
        self._by = (score, base, amount)
        self._honest = LinearExplainer(CARD, ROWS)

    def attribute(self, rows: Sequence[Row]) -> list[Parts]:
        """Honest parts with something added to each."""
        score, base, amount = self._by
        return [
            Parts(p.score + score, p.base + base, (p.amounts[0] + amount, *p.amounts[1:]))
            for p in self._honest.attribute(rows)
        ]


@pytest.mark.parametrize("name", ["german-credit", "german-scorecard"])
def test_the_sample_bundles_keep_every_promise(name: str) -> None:
    findings = check_bundle(sample_bundles() / name)
    assert len(findings) == {"german-credit": 17, "german-scorecard": 16}[name]
    assert [f.text for f in findings if not f.ok] == []


@pytest.mark.parametrize("name", ["german-credit", "german-scorecard"])
def test_the_sample_models_keep_the_promises_of_their_ports(name: str) -> None:
    bundle = load(sample_bundles() / name)
    adapter, explainer = bundle.parts_in_memory()
    check_model_adapter(adapter, bundle.reference[:20])
    check_explainer(adapter, explainer, bundle.reference[:20])


def test_the_smallest_model_keeps_the_promises_too() -> None:
    check_model_adapter(Plain(), ROWS)
    check_explainer(Plain(), LinearExplainer(CARD, ROWS), ROWS)


@pytest.mark.parametrize("adapter", [Restless(), Curious(), Forgetful()])
def test_a_model_that_breaks_a_promise_is_caught(adapter: Plain) -> None:
    with pytest.raises(AssertionError):
        check_model_adapter(adapter, ROWS)


@pytest.mark.parametrize(
    "by", [(1e-6, 0.0, 0.0), (0.0, 1e-6, 0.0), (0.0, 0.0, 1e-6), (0.0, 1e-6, -2e-6)]
)
def test_an_explainer_of_another_number_is_caught(by: tuple[float, float, float]) -> None:
    with pytest.raises(AssertionError):
        check_explainer(Plain(), Shifted(*by), ROWS)


def test_a_broken_bundle_is_reported_and_not_raised(tmp_path: Path) -> None:
    findings = check_bundle(tmp_path)
    assert [f.ok for f in findings] == [False]
    (tmp_path / MANIFEST).write_text(json.dumps({"format": 1, "name": "a", "files": {}}))
    assert [f.ok for f in check_bundle(tmp_path)] == [False]
