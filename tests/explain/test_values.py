"""No explanation of some other number can exist."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.errors import NotFaithful
from explain.values import Attribution, Contribution, Explanation, Reason, probability_of


def attribution(score: float, base: float, *amounts: float) -> Attribution:
    parts = tuple(Contribution(f"f{i}", amount, 1.0) for i, amount in enumerate(amounts))
    return Attribution(score, base, parts)


def reason() -> Reason:
    return Reason("R22", "Amount", "The amount raises the risk.", 0.4, "DM 5", "strong", ("a",))


def test_parts_that_add_up_are_accepted_and_say_how_well() -> None:
    assert attribution(0.3, 0.1, 0.1, 0.1).residual <= 1e-9


@pytest.mark.parametrize(
    ("score", "base", "amount"),
    [
        (1.0, 0.5, 0.4),
        (1.0, 0.5, 0.5 + 2e-9),
        (math.nan, 0.5, 0.5),
        (math.inf, math.inf, 0.0),
        (1.0, math.nan, 0.5),
        (1.0, 0.5, math.nan),
        (1.0, math.inf, -math.inf),
        (math.inf, 0.5, 0.5),
    ],
)
def test_parts_that_do_not_add_up_are_refused(score: float, base: float, amount: float) -> None:
    with pytest.raises(NotFaithful):
        attribution(score, base, amount)


def test_the_tolerance_grows_with_the_score_and_not_below_one() -> None:
    assert attribution(1e6, 1e6, 5e-4).score == 1e6
    with pytest.raises(NotFaithful):
        attribution(1e-6, 1e-6, 2e-9)


def test_an_unreliable_explanation_gives_its_problem_and_no_reasons() -> None:
    whole = attribution(0.0, 0.0)
    assert not Explanation(0.5, whole, (), (), "m", None, False, "why").reasons
    with pytest.raises(ValueError, match="says why"):
        Explanation(0.5, whole, (), (), "m", None, False, "")
    with pytest.raises(ValueError, match="says why"):
        Explanation(0.5, whole, (reason(),), (), "m", None, False, "why")
    with pytest.raises(ValueError, match="says why"):
        Explanation(0.5, whole, (), (), "m", None, True, "why")


@pytest.mark.parametrize("chance", [-0.1, 1.1, math.nan])
def test_a_chance_outside_nought_and_one_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Explanation(chance, attribution(0.0, 0.0), (), (), "m", None, True)


def test_a_reason_without_words_or_with_an_unknown_strength_is_refused() -> None:
    for text, strength in (("", "strong"), ("A text.", "enormous")):
        with pytest.raises(ValueError, match="R22"):
            Reason("R22", "Amount", text, 0.4, "DM 5", strength, ("a",))


@given(st.floats(-800, 800))
def test_the_chance_of_log_odds_is_never_out_of_range_and_is_symmetric(raw: float) -> None:
    chance = probability_of(raw)
    assert 0.0 <= chance <= 1.0
    assert math.isclose(chance + probability_of(-raw), 1.0, abs_tol=1e-15)
