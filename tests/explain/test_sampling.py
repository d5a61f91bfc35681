"""Sampled contributions: exact where nothing is left to chance, and near the truth by their error.

The truth is counted out over all coalitions of the features.
"""

import itertools
import math
import random
from collections.abc import Callable, Sequence

import pytest

from explain.attribution.sampling import Order, SampledExplainer, fine_enough
from explain.checks import check_explainer
from explain.errors import BundleInvalid, NotFaithful
from explain.explainers import Parts
from explain.values import PROBABILITY, Attribution, Contribution, Row, Scale

NAMES = ("a", "b", "c", "d", "e")
Score = Callable[[Row], float]


class Box:
    """A model that only answers, and counts how often and for how many rows."""

    features = NAMES
    precision = 1e-9
    scale: Scale = PROBABILITY

    def __init__(self, score: Score) -> None:
        self._score = score
        self.calls: list[int] = []

    def score(self, rows: Sequence[Row]) -> list[float]:
        """One number per row."""
        self.calls.append(len(rows))
        return [self._score(row) for row in rows]


class Plain(SampledExplainer):
    """The same without walking back: two orders that have nothing to do with each other."""

    def orders(self, turn: int, place: int) -> tuple[Order, Order]:
        """Two orders drawn one by one."""
        return super().orders(2 * turn, place)[0], super().orders(2 * turn + 1, place)[0]


def number(row: Row, name: str) -> float:
    """A value that is a number."""
    value = row[name]
    assert isinstance(value, float)
    return value


def tangled(row: Row) -> float:
    """A score in which everything hangs together."""
    a, b, c, d, e = (number(row, name) for name in NAMES)
    return math.tanh(a * b - c) + 0.5 * max(d, a) * e - 0.3 * (b > d) * c


def drawn(seed: int, count: int) -> list[Row]:
    """Rows of numbers, some repeated."""
    chance = random.Random(seed)
    return [{name: round(chance.gauss(0.0, 1.0), 1) for name in NAMES} for _ in range(count)]


def truth(score: Score, row: Row, background: Sequence[Row]) -> list[float]:
    """Shapley values by their definition."""
    worth: dict[frozenset[str], float] = {}
    for size in range(len(NAMES) + 1):
        for known in itertools.combinations(NAMES, size):
            mixed = [score({**other, **{n: row[n] for n in known}}) for other in background]
            worth[frozenset(known)] = math.fsum(mixed) / len(mixed)
    values = []
    for name in NAMES:
        others = [n for n in NAMES if n != name]
        values.append(
            math.fsum(
                (worth[frozenset({*known, name})] - worth[frozenset(known)])
                / (len(NAMES) * math.comb(len(others), size))
                for size in range(len(NAMES))
                for known in itertools.combinations(others, size)
            )
        )
    return values


def sampled(
    score: Score, background: Sequence[Row], turns: int, kind: type[SampledExplainer]
) -> SampledExplainer:
    """An explainer that may take so many turns."""
    turn = 1 + len(background) * (2 * len(NAMES) - 1)
    return kind(Box(score), background, "remote.yaml", rows_max=turns * turn)


def misses(kind: type[SampledExplainer], turns: int = 2) -> tuple[float, list[float], list[float]]:
    """Root mean square error, and how many standard errors each value is off, and the errors."""
    off, apart, told = [], [], []
    for seed in range(60):
        background = drawn(1000 + seed, 12)
        row = drawn(seed, 1)[0]
        (parts,) = sampled(tangled, background, turns, kind).attribute([row])
        for one, ours, error in zip(
            truth(tangled, row, background), parts.amounts, parts.errors, strict=True
        ):
            off.append((ours - one) ** 2)
            apart.append(abs(ours - one) / error if error else 0.0)
            told.append(error)
    return math.sqrt(math.fsum(off) / len(off)), apart, told


def test_the_truth_lies_inside_the_error_bar_as_often_as_is_said() -> None:
    _, apart, _ = misses(SampledExplainer)
    inside = sum(distance <= 2.0 for distance in apart) / len(apart)
    assert len(apart) == 300
    assert 0.92 <= inside <= 0.985  # 95 of 100, as nearly as 300 values of 60 draws can tell
    assert sum(distance <= 1.0 for distance in apart) / len(apart) <= 0.85


def test_walking_back_is_nearer_than_drawing_twice_at_the_same_cost() -> None:
    there_and_back, _, _ = misses(SampledExplainer)
    twice, apart, _ = misses(Plain)
    assert there_and_back < 0.5 * twice
    assert sum(distance <= 2.0 for distance in apart) / len(apart) >= 0.90


def test_more_turns_are_nearer() -> None:
    few, _, _ = misses(SampledExplainer, 2)
    more, _, _ = misses(SampledExplainer, 8)
    assert more < 0.7 * few


def test_features_that_do_not_interact_are_exact_and_have_no_error() -> None:
    def additive(row: Row) -> float:
        return math.exp(number(row, "a")) - number(row, "b") ** 3 + abs(number(row, "e"))

    background = drawn(5, 20)
    for row in drawn(6, 5):
        (parts,) = sampled(additive, background, 4, SampledExplainer).attribute([row])
        for ours, exact in zip(parts.amounts, truth(additive, row, background), strict=True):
            assert abs(ours - exact) <= 1e-12
        assert max(parts.errors) <= 1e-12


def test_contributions_add_up_whatever_was_drawn() -> None:
    background = drawn(5, 7)
    for row in drawn(8, 20):
        (parts,) = sampled(tangled, background, 2, SampledExplainer).attribute([row])
        assert abs(parts.base + math.fsum(parts.amounts) - parts.score) <= 1e-12
        assert abs(parts.base - math.fsum(map(tangled, background)) / 7) <= 1e-12


def test_the_same_bytes_come_out_again_and_in_any_company() -> None:
    background, rows = drawn(5, 9), drawn(8, 4)
    together = sampled(tangled, background, 3, SampledExplainer).attribute(rows)
    alone = [sampled(tangled, background, 3, SampledExplainer).attribute([r])[0] for r in rows]
    assert repr(together) == repr(alone)
    box = Box(tangled)
    check_explainer(box, SampledExplainer(box, background, "remote.yaml"), rows)
    explainer = SampledExplainer(box, background, "remote.yaml")
    orders = [explainer.orders(turn, place)[0] for turn, place in ((0, 0), (2, 8))]
    assert orders == [(3, 4, 0, 2, 1), (0, 2, 3, 4, 1)]


def test_the_model_is_asked_once_a_turn_and_never_beyond_the_budget() -> None:
    background = drawn(5, 10)
    box = Box(tangled)
    explainer = SampledExplainer(box, background, "remote.yaml", rows_max=500)
    box.calls.clear()
    (parts,) = explainer.attribute(drawn(8, 1))
    alone, *turns = box.calls
    assert alone == 1
    assert 2 <= len(turns) <= 500 // 91
    assert sum(turns) <= 500
    assert max(parts.errors) > 0.0


def test_nothing_is_asked_twice_where_values_are_the_same_already() -> None:
    background = [{**drawn(8, 1)[0], "a": 3.0}] * 5
    box = Box(tangled)
    explainer = SampledExplainer(box, background, "remote.yaml")
    box.calls.clear()
    (parts,) = explainer.attribute(drawn(8, 1))
    assert box.calls == [1, 6, 6]  # the applicant, and the background once more
    assert parts.amounts[1:] == (0.0, 0.0, 0.0, 0.0)


def test_sampling_stops_as_soon_as_the_order_is_plain() -> None:
    assert fine_enough([4.0, -2.0, 0.01], [0.1, 0.1, 0.1])
    assert not fine_enough([4.0, -3.9, 0.01], [0.1, 0.1, 0.1])
    assert fine_enough([4.0, -3.9, 0.01], [0.01, 0.01, 0.01])
    assert fine_enough([4.0, -2.0, 0.1, 0.09], [0.1, 0.1, 0.03, 0.03])


def test_a_background_too_large_for_two_turns_is_refused_with_the_number_that_is_not() -> None:
    with pytest.raises(BundleInvalid, match="has 100 rows, at most 55 can be sampled from"):
        SampledExplainer(Box(tangled), drawn(5, 100), "remote.yaml", rows_max=1000)
    SampledExplainer(Box(tangled), drawn(5, 55), "remote.yaml", rows_max=1000)


def test_a_model_that_changes_while_it_is_asked_is_not_explained() -> None:
    drift = iter(range(10**6))
    explainer = sampled(
        lambda row: tangled(row) + next(drift) * 1e-6, drawn(5, 6), 2, SampledExplainer
    )
    (parts,) = explainer.attribute(drawn(8, 1))
    with pytest.raises(NotFaithful):
        faithful(parts)


def faithful(parts: Parts) -> Attribution:
    """The parts, held against their sum."""
    told = zip(NAMES, parts.amounts, strict=True)
    contributions = tuple(Contribution(name, amount, None) for name, amount in told)
    return Attribution(parts.score, parts.base, contributions, parts.errors)
