"""Reasons are tried: do other values of what they name turn the decision, do they stand still."""

import math
from collections.abc import Sequence
from random import Random

import pytest

from explain.declared.codebook import Concept
from explain.declared.contract import Contract, Field
from explain.measures.fidelity import DRAWS, NOISE, disturbed, fidelity, nearest_passing
from explain.values import Row

NAMES = tuple("abcdef")
CONTRACT = Contract(
    [
        *(
            Field(name=n, label=n, type="number", minimum=0.0, maximum=10.0, missing="allow")
            for n in NAMES
        ),
        Field(name="job", label="Job", type="category", levels={"x": "one", "y": "two"}),
    ]
)
CONCEPTS = [
    Concept.model_validate(
        {
            "id": f"R{place:02d}",
            "title": "T",
            "features": [name],
            "sign": "+",
            "actionable": "yes",
            "adverse": {"en": f"{{{name}}}."},
            "favourable": {"en": f"{{{name}}}."},
            "why": "Because.",
        }
    )
    for place, name in enumerate(NAMES)
]


def row(**changed: float) -> Row:
    return {**dict.fromkeys(NAMES, 1.0), "job": "x", **changed}


def score(rows: Sequence[Row]) -> list[float]:
    """Only ``a`` and ``b`` count."""
    return [float(told["a"] or 0) + float(told["b"] or 0) for told in rows]


def test_values_of_what_counts_turn_every_decision_and_of_anything_else_none() -> None:
    refused, donors = [row(a=5.0)] * 40, [row(a=0.5, b=0.5)]
    right, wrong = [["R00"]] * 40, [["R05"]] * 40
    assert fidelity(score, CONCEPTS, refused, right, donors, 2.0, Random(1)).named == 1.0
    assert fidelity(score, CONCEPTS, refused, wrong, donors, 2.0, Random(1)).named == 0.0


def test_the_lot_hits_what_counts_as_often_as_chance_does() -> None:
    refused, donors, count = [row(a=5.0)] * 2000, [row(a=0.5, b=0.5)], 3
    reasons = [["R00", "R01", "R02"]] * 2000
    found = fidelity(score, CONCEPTS, refused, reasons, donors, 2.0, Random(1))
    expected = count / len(NAMES)  # concepts drawn without putting back
    error = math.sqrt(expected * (1 - expected) / (found.rows * DRAWS))
    assert found.rows == 2000
    assert abs(found.drawn - expected) < 5 * error


def test_the_same_seed_gives_the_same_trial() -> None:
    refused, donors = [row(a=5.0, b=n / 10) for n in range(30)], [row(a=0.1 * n) for n in range(9)]
    reasons = [["R00", "R03"]] * 30
    runs = [fidelity(score, CONCEPTS, refused, reasons, donors, 1.5, Random(7)) for _ in range(2)]
    assert runs[0] == runs[1]


@pytest.mark.parametrize(("refused", "donors"), [([], [row()]), ([row()], [])])
def test_a_trial_without_anybody_is_refused(refused: list[Row], donors: list[Row]) -> None:
    with pytest.raises(ValueError, match="nobody"):
        fidelity(score, CONCEPTS, refused, [["R00"]] * len(refused), donors, 2.0, Random(1))


def test_donors_are_those_who_pass_nearest_to_the_cut_off_first() -> None:
    rows = [row(a=float(n)) for n in range(6)]
    found = nearest_passing(rows, score(rows), passing=4.0, count=2)
    assert [told["a"] for told in found] == [3.0, 2.0]


def test_noise_is_small_held_in_range_and_on_numbers_that_are_there() -> None:
    rows: list[Row] = [{**row(a=10.0, b=5.0), "c": None} for _ in range(500)]
    noisy = disturbed(rows, CONTRACT, Random(3))
    ratios = [float(told["b"] or 0) / 5.0 for told in noisy]
    spread = math.sqrt(sum((r - 1) ** 2 for r in ratios) / len(ratios))
    assert NOISE * 0.85 < spread < NOISE * 1.15
    assert max(float(told["a"] or 0) for told in noisy) == 10.0
    assert {told["c"] for told in noisy} == {None}
    assert {told["job"] for told in noisy} == {"x"}
    assert rows[0]["b"] == 5.0
