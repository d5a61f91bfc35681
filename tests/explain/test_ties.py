"""Reasons made of sampled contributions: order and direction only as far as errors bear them."""

import math

import pytest

from explain.errors import NonsenseScore, NotFaithful
from explain.explainers import Parts
from explain.values import LOG_ODDS, Attribution, Contribution, Explanation
from explain.verdicts import explanation_of
from tests.explain.test_reasons import ROW, concept, wording

WORDING = wording(concept("R22", "a"), concept("R23", "b"), concept("R24", "c"))


def test_reasons_whose_order_the_error_bars_do_not_support_are_tied() -> None:
    adverse, *_ = WORDING.reasons([0.9, 0.8, 0.3], ROW, [0.03, 0.03, 0.01])
    assert [(r.concept, r.tied) for r in adverse] == [("R22", False), ("R23", True), ("R24", False)]
    assert [r.error for r in adverse] == [0.03, 0.03, 0.01]


def test_reasons_further_apart_than_their_error_bars_are_not_tied() -> None:
    adverse, *_ = WORDING.reasons([0.9, 0.8, 0.3], ROW, [0.024, 0.024, 0.01])
    assert [r.tied for r in adverse] == [False, False, False]


def test_sides_are_not_tied_with_each_other() -> None:
    adverse, favourable, *_ = WORDING.reasons([0.9, -0.9, 0.3], ROW, [0.2, 0.2, 0.01])
    assert [r.tied for r in adverse + favourable] == [False, False, False]


def test_a_concept_whose_error_bar_reaches_zero_is_no_reason() -> None:
    adverse, _, pushes, _ = WORDING.reasons([0.9, 0.1, 0.3], ROW, [0.01, 0.05, 0.01])
    assert [r.concept for r in adverse] == ["R22", "R24"]
    assert [p.concept for p in pushes] == ["R22", "R24"]


def test_errors_inside_a_concept_are_taken_at_their_worst() -> None:
    both = wording(concept("R22", "a", "b"), concept("R24", "c"))
    adverse, *_ = both.reasons([0.5, 0.4, 0.8], ROW, [0.02, 0.02, 0.02])
    assert [(r.concept, r.error, r.tied) for r in adverse] == [
        ("R22", 0.04, False),
        ("R24", 0.02, True),
    ]


def test_exact_contributions_have_neither_errors_nor_ties() -> None:
    adverse, *_ = WORDING.reasons([0.9, 0.9, 0.3], ROW)
    assert [(r.error, r.tied) for r in adverse] == [(0.0, False)] * 3


def explained(parts: Parts) -> Explanation | Exception:
    return explanation_of(
        parts,
        ROW,
        bundle="test",
        features=("a", "b", "c"),
        wording=WORDING,
        scale=LOG_ODDS,
        method="sampled_interventional",
        background_sha256="0" * 64,
    )


def test_an_explanation_keeps_the_error_of_every_contribution() -> None:
    found = explained(Parts(1.0, -0.2, (0.5, 0.4, 0.3), (0.1, 0.1, 0.01)))
    assert isinstance(found, Explanation)
    assert found.attribution.errors == (0.1, 0.1, 0.01)
    assert [r.tied for r in found.adverse] == [False, True, True]


@pytest.mark.parametrize("errors", [(0.1,), (0.1, 0.1, 0.1, 0.1)])
def test_another_number_of_errors_than_features_is_nonsense(errors: tuple[float, ...]) -> None:
    assert isinstance(explained(Parts(1.0, -0.2, (0.5, 0.4, 0.3), errors)), NonsenseScore)


def test_an_error_that_is_no_number_is_not_believed() -> None:
    with pytest.raises(NotFaithful):
        Attribution(0.5, 0.0, (Contribution("a", 0.5, None),), (math.nan,))
