"""Groups are held against each other at equal scores, in both directions, or not at all."""

import math
from random import Random

import pytest

from overrides.analysis.disparity import CASES_MIN, EVENTS_MIN
from overrides.analysis.fairness import Treated, disparities, poor_fit
from overrides.reading import BoardFact
from overrides.statistics import chance_of, logit
from overrides.values import Money, OverrideSide
from tests.overrides.test_metrics import fact

LOW, HIGH = OverrideSide.APPROVED_AGAINST_MODEL, OverrideSide.DECLINED_AGAINST_MODEL


def people(
    seed: int, of: int, group: str, *, side: OverrideSide, times: float = 1.0, scores: float = 0.3
) -> list[Treated]:
    """Cases of a group whose odds of an override are so many times one in four."""
    chance = Random(seed)
    advice, against = ("decline", "approve") if side is LOW else ("approve", "decline")
    found = []
    for k in range(of):
        score = chance.uniform(scores - 0.1, scores + 0.1)
        odds = chance_of(logit(0.2) + math.log(times) + 10 * (score - 0.3))
        decided = against if chance.random() < odds else advice
        case: BoardFact = fact(
            advice,
            decided,
            probability=score,
            reviewer=f"p-{k % 15}",
            amount=Money(chance.randrange(1, 10**6), "EUR"),
        )
        found.append(Treated(group, case))
    return found


def test_a_group_that_is_turned_away_more_often_at_equal_scores_is_found() -> None:
    cases = people(1, 400, "a", side=HIGH) + people(2, 300, "b", side=HIGH, times=3)
    (found,) = [each for each in disparities(cases) if each.side is HIGH]
    assert (found.group, found.reference, found.stands) == ("b", "a", True)
    assert found.stratified is not None
    assert found.stratified.interval[0] > 1
    assert found.adjusted is not None
    assert math.exp(found.adjusted.value) == pytest.approx(3, rel=0.4)
    assert not poor_fit([found])


def test_worse_scores_alone_are_no_disparity() -> None:
    cases = people(3, 500, "a", side=HIGH, scores=0.25)
    cases += people(4, 400, "b", side=HIGH, scores=0.33)
    (found,) = [each for each in disparities(cases) if each.side is HIGH]
    assert found.stratified is not None
    low, high = found.stratified.interval
    assert low < 1.2 < high
    assert not found.stands


def test_more_overrides_in_both_directions_point_to_scores_that_fit_badly() -> None:
    cases = [
        case
        for k, side in enumerate((LOW, HIGH))
        for case in people(10 + k, 500, "a", side=side)
        + people(20 + k, 400, "b", side=side, times=3)
    ]
    assert poor_fit(disparities(cases)) == ("b",)


def test_small_cells_say_nothing_and_do_not_pass() -> None:
    cases = people(5, 400, "a", side=HIGH) + people(6, CASES_MIN - 1, "b", side=HIGH, times=9)
    for found in disparities(cases):
        assert not found.sufficient
        assert (found.ratio, found.stratified, found.stands) == (None, None, False)
    never = [case for case in people(7, 90, "b", side=LOW) if case.fact.side is None]
    few = disparities(people(8, 400, "a", side=LOW) + never)[0]
    assert few.table.with_it < EVENTS_MIN
    assert not few.sufficient


def test_few_reviewers_give_no_clustered_error() -> None:
    cases = [
        case
        for case in people(9, 900, "a", side=HIGH) + people(10, 900, "b", side=HIGH)
        if case.fact.reviewer in ("p-1", "p-2", "p-3")
    ]
    (found,) = [each for each in disparities(cases) if each.side is HIGH]
    assert found.stratified is not None
    assert found.adjusted is None


def test_one_group_has_nothing_to_be_held_against() -> None:
    assert disparities(people(11, 90, "a", side=LOW)) == ()
    assert disparities([]) == ()


def test_groups_that_fare_alike_stand_out_in_few_of_many_runs() -> None:
    """Four findings are tested in a run; one run of twenty may find something."""
    runs = 30
    false = 0
    for seed in range(runs):
        cases = [
            case
            for group in "abc"
            for side in (LOW, HIGH)
            for case in people(1000 * seed + ord(group) + 7 * (side is LOW), 80, group, side=side)
        ]
        false += any(each.stands for each in disparities(cases))
    assert false <= 0.05 * runs + 2 * math.sqrt(0.05 * 0.95 * runs)
