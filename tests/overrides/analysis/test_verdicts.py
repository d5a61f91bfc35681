"""Overrides are judged by what their loans did, and only once enough of them did."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from overrides.analysis.groups import group_verdicts
from overrides.analysis.verdicts import (
    Conclusion,
    Loan,
    Terms,
    compared,
    concentration,
    effective_cutoff,
    natural_error_rate,
    shift_to,
    value_of,
    verdict,
)
from overrides.statistics import chance_of, logit

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
COMING = [AS_OF + timedelta(days=30 * k) for k in range(1, 13)]


def loans(chance: float, bad: int, of: int) -> list[Loan]:
    return [Loan(chance, k < bad) for k in range(of)]


def drawn(seed: int, of: int, times: float, low: float = 0.2, high: float = 0.4) -> list[Loan]:
    """Loans whose odds of going bad are so many times what their scores say."""
    chance = Random(seed)
    scores = [chance.uniform(low, high) for _ in range(of)]
    by = math.log(times)
    return [Loan(s, chance.random() < chance_of(logit(s) + by)) for s in scores]


def test_the_golden_numbers() -> None:
    scores = (0.20, 0.25, 0.30, 0.22, 0.18, 0.35, 0.28, 0.24, 0.26, 0.21)
    bad = (0, 0, 1, 0, 0, 1, 0, 0, 1, 0)
    found = verdict([Loan(s, bool(b)) for s, b in zip(scores, bad, strict=True)], [], [], [], AS_OF)
    assert found.outcome.ratio == pytest.approx(1.2048, abs=1e-4)
    assert found.outcome.z == pytest.approx(0.3753, abs=1e-4)
    assert found.conclusion is Conclusion.NOT_YET
    bands = (0.05, 0.10, 0.20, 0.30, 0.35)
    assert natural_error_rate(bands, bands[::-1], 0.1) == pytest.approx(0.17, abs=1e-4)


def test_few_overrides_give_no_conclusion_but_the_day_on_which_there_will_be_enough() -> None:
    found = verdict(loans(0.2, 18, 100), [], [], COMING, AS_OF)
    assert found.conclusion is Conclusion.NOT_YET
    assert (found.enough.needed, found.enough.by) == (109, COMING[8])


def test_a_striking_interval_is_no_conclusion_before_there_are_enough() -> None:
    found = verdict(loans(0.2, 0, 60), [], [], COMING, AS_OF)
    assert found.outcome.interval is not None
    assert found.outcome.interval[1] < 1
    assert found.conclusion is Conclusion.NOT_YET


@pytest.mark.parametrize(
    ("bad", "conclusion"),
    [(12, Conclusion.BETTER), (40, Conclusion.ALIKE), (80, Conclusion.WORSE)],
)
def test_enough_overrides_are_judged_by_their_interval(bad: int, conclusion: Conclusion) -> None:
    found = verdict(loans(0.2, bad, 200), [], [], [], AS_OF)
    assert found.conclusion is conclusion
    assert not found.separable


def test_scores_that_are_wrong_everywhere_alike_do_not_blame_the_overrides() -> None:
    """The portfolio's odds are twice the scores', in a bad year: the overrides did no worse."""
    found = verdict(drawn(1, 900, 2.0), drawn(2, 3000, 2.0, 0.02, 0.19), [], [], AS_OF)
    assert found.conclusion is Conclusion.WORSE
    assert found.against_agreed is not None
    low, high = found.against_agreed.interval
    assert low < 1 < high
    assert not found.separable


def test_loans_that_chance_let_in_make_judgement_separable() -> None:
    found = verdict(drawn(3, 600, 0.5), drawn(4, 900, 1.0, 0.02, 0.19), drawn(5, 300, 1), [], AS_OF)
    assert found.separable
    assert found.against_chance is not None
    assert found.against_chance.interval[1] < 1


def test_too_few_bad_loans_on_either_side_are_not_compared() -> None:
    plenty = drawn(6, 400, 1.0)
    assert compared(loans(0.2, 4, 200), plenty) is None
    assert compared(plenty, loans(0.2, 20, 24)) is None
    assert compared(plenty, []) is None


def test_equal_scores_are_compared_by_their_odds_ratio() -> None:
    found = compared(loans(0.3, 40, 100), loans(0.3, 30, 150))
    assert found is not None
    assert found.odds_ratio == pytest.approx((40 / 60) / (30 / 120))
    plain = stats.contingency.odds_ratio([[40, 60], [30, 120]], kind="sample")
    assert found.interval == pytest.approx(tuple(plain.confidence_interval(0.95)), rel=0.12)


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_shifted_scores_expect_what_was_asked_for(scores: list[float], share: float) -> None:
    logits = [logit(score) for score in scores]
    wanted = share * len(scores)

    def gap(by: float) -> float:
        return sum(chance_of(at + by) for at in logits) - wanted

    assert shift_to(logits, wanted) == pytest.approx(optimize.brentq(gap, -40, 40), abs=1e-6)


def test_a_group_is_pulled_towards_all_and_named_in_the_order_of_names() -> None:
    groups = {f"officer-{k:02}": drawn(10 + k, 40, 1.0) for k in range(9)}
    groups["officer-50"] = drawn(99, 150, 4.0)
    found = group_verdicts(groups)
    assert [group.name for group in found] == sorted(groups)
    assert {group.name for group in found if group.differs} == {"officer-50"}
    for group in found[:-1]:
        low, high = group.shrunk.interval
        assert low < group.shrunk.ratio < high
        raw = group.shrunk.observed / group.shrunk.expected
        pooled = sum(g.shrunk.observed for g in found) / sum(g.shrunk.expected for g in found)
        assert min(raw, pooled) - 1e-9 <= group.shrunk.ratio <= max(raw, pooled) + 1e-9


def test_groups_without_any_bad_loan_are_told_apart_by_nothing() -> None:
    found = group_verdicts({"a": loans(0.2, 0, 50), "b": loans(0.2, 0, 60), "c": []})
    assert not any(group.differs for group in found)
    assert group_verdicts({}) == ()


def test_a_common_error_of_the_scores_makes_nobody_differ() -> None:
    found = group_verdicts({f"o{k}": drawn(200 + k, 100, 3.0) for k in range(12)})
    assert not any(group.differs for group in found)


def test_money_is_margin_less_loss_and_currencies_stay_apart() -> None:
    rows = [(False, 1000, "EUR")] * 30 + [(True, 1000, "EUR")] * 10 + [(True, 500, "INR")] * 3
    euro, rupee = value_of(rows, Terms(margin=0.1, loss_given_default=0.5))
    assert (euro.currency, euro.of) == ("EUR", 40)
    assert euro.minor == pytest.approx(30 * 100 - 10 * 500)
    each = [100.0] * 30 + [-500.0] * 10
    half = 1.959964 * math.sqrt(40) * float(stats.tstd(each))
    assert euro.interval == pytest.approx((euro.minor - half, euro.minor + half))
    assert (rupee.minor, rupee.interval) == (-750, None)


def plain_curve(decisions: Sequence[tuple[float, bool]]) -> float:
    """The cut-off of the highest likelihood, found by a general search on unrounded scores."""

    def cost(at: list[float]) -> float:
        return sum(
            math.log1p(math.exp((1 - 2 * yes) * (at[0] + at[1] * logit(s)))) for s, yes in decisions
        )

    constant, slope = optimize.minimize(cost, [0.0, -1.0], method="Nelder-Mead").x
    return chance_of(-constant / slope)


def test_the_effective_cutoff_is_where_people_approve_half() -> None:
    chance = Random(5)
    scores = [chance.uniform(0.05, 0.6) for _ in range(400)]
    decisions = [(s, chance.random() < chance_of(-4 * (logit(s) - logit(0.3)))) for s in scores]
    found = effective_cutoff(decisions)
    assert found is not None
    assert found.probability == pytest.approx(plain_curve(decisions), abs=2e-3)
    assert found.interval[0] < 0.3 < found.interval[1]
    assert found.of == 400


def test_people_who_follow_the_score_to_the_letter_have_no_cutoff_of_their_own() -> None:
    assert effective_cutoff([(k / 100, k <= 30) for k in range(1, 100)]) is None
    assert effective_cutoff([(k / 100, k > 30) for k in range(1, 100)]) is None
    assert effective_cutoff([(0.1, True)] * 10) is None


def test_concentration_is_one_where_a_single_person_has_them_all() -> None:
    assert concentration([7]) == 1
    assert concentration([5, 5, 0, 5, 5]) == 0.25
    assert concentration([0, 0]) is None


def test_a_group_is_held_against_the_others_and_does_not_hide_in_the_whole() -> None:
    mine = [Loan(0.1, bad=k < 13) for k in range(253)]
    others = {f"{n:02}": [Loan(0.1, bad=k < 5) for k in range(40)] for n in range(6)}
    told = {group.name: group for group in group_verdicts({"mine": mine, **others})}
    assert told["mine"].differs
    assert not any(told[name].differs for name in others)
