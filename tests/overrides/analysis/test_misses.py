"""What marks overrides that go better than equal scores do is found, and chance is not."""

import math
from random import Random

from overrides.analysis.misses import Clue, Marked, Remedy, clues_named, misses
from overrides.analysis.verdicts import Loan, compared
from overrides.statistics import chance_of, logit

CLUES = tuple(Clue(name) for name in ("C1", "C2", "C3", "C4"))


def overrides(seed: int, *, of: int, effect: float, shock: float = 0.0) -> list[Marked]:
    """Overrides with one code each; the odds of those with C1 are ``effect`` times the others'."""
    chance = Random(seed)
    made = []
    for _ in range(of):
        score = chance_of(chance.gauss(logit(0.3), 0.4))
        code = chance.choice(CLUES).name
        truth = logit(score) + shock + (math.log(effect) if code == "C1" else 0.0)
        made.append(Marked(Loan(score, chance.random() < chance_of(truth)), frozenset({code})))
    return made


def test_the_clue_of_better_loans_comes_first_and_stands() -> None:
    found = misses(overrides(1, of=800, effect=0.4), CLUES)
    assert found[0].clue.name == "C1"
    assert found[0].stands
    assert found[0].gain is not None
    assert found[0].gain > 5
    assert found[0].of + found[0].without == 800


def test_the_clue_of_worse_loans_comes_last_and_stands_with_a_loss() -> None:
    found = misses(overrides(2, of=800, effect=3.0), CLUES)
    assert found[-1].clue.name == "C1"
    assert found[-1].stands
    assert found[-1].interval is not None
    assert found[-1].interval[1] < 0


def test_clues_that_tell_nothing_are_seldom_taken_for_findings() -> None:
    false = sum(
        any(miss.stands for miss in misses(overrides(seed, of=140, effect=1.0), CLUES))
        for seed in range(10)
    )
    assert false <= 2


def test_a_bad_year_for_all_is_no_finding_about_any() -> None:
    calm = misses(overrides(5, of=800, effect=0.5), CLUES)
    bad = misses(overrides(5, of=800, effect=0.5, shock=0.8), CLUES)
    assert calm[0].clue == bad[0].clue == Clue("C1")
    assert not any(miss.stands for miss in bad[1:] if miss.gain is not None and miss.gain > 0)


def test_a_gain_is_the_odds_ratio_told_in_loans_and_keeps_its_order() -> None:
    marked = overrides(3, of=800, effect=0.5)
    (first,) = [miss for miss in misses(marked, CLUES) if miss.clue.name == "C1"]
    mine = [each.loan for each in marked if "C1" in each.clues]
    others = [each.loan for each in marked if "C1" not in each.clues]
    assert first.against == compared(mine, others)
    assert first.interval is not None
    assert first.gain is not None
    assert first.interval[0] < first.gain < first.interval[1]


def test_too_few_loans_say_nothing_and_come_last() -> None:
    marked = [*overrides(4, of=400, effect=1.0), Marked(Loan(0.3, bad=False), frozenset({"rare"}))]
    found = misses(marked, (Clue("rare"), *CLUES))
    assert found[-1].clue.name == "rare"
    assert (found[-1].gain, found[-1].interval, found[-1].stands) == (None, None, False)
    assert misses([], CLUES)[0].gain is None


def test_only_names_that_are_common_enough_are_clues() -> None:
    found = clues_named({"b": 3, "a": 9, "c": 10}, Remedy.FEATURE, 9)
    assert found == (Clue("a", Remedy.FEATURE), Clue("c", Remedy.FEATURE))
