"""Contributions are summed inside a concept, ranked without luck, and worded truly."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.bundle import Bundle
from explain.declared.codebook import Concept
from explain.declared.contract import Contract, Field
from explain.reasons import EPSILON, Quartiles, Wording, quartiles, strength_of
from explain.values import Explanation, Row

CONTRACT = Contract(
    [
        Field(name="a", label="A", type="number", unit="points"),
        Field(name="b", label="B", type="number"),
        Field(name="c", label="C", type="money", unit="DM"),
    ]
)
ROW: Row = {"a": 4.0, "b": 2.5, "c": 1000.0}


def concept(name: str, *features: str, sign: str = "±") -> Concept:
    places = " and ".join(f"{{{f}}}" for f in features)
    return Concept.model_validate(
        {
            "id": name,
            "title": f"Title {name}",
            "features": features,
            "sign": sign,
            "actionable": "yes",
            "adverse": {"en": f"{places} raises the risk."},
            "favourable": {"en": f"{places} lowers the risk."},
            "why": "Because.",
        }
    )


def wording(*concepts: Concept, usual: dict[str, Quartiles] | None = None) -> Wording:
    return Wording(concepts, CONTRACT, "en", usual or {})


def test_two_features_of_one_concept_are_one_reason_with_their_sum() -> None:
    adverse, favourable, *_ = wording(concept("R22", "a", "b"), concept("R23", "c")).reasons(
        [0.5, -0.2, 0.1], ROW
    )
    assert [(r.concept, r.text) for r in adverse] == [
        ("R22", "4 points and 2.50 raises the risk."),
        ("R23", "DM 1,000 raises the risk."),
    ]
    assert math.isclose(adverse[0].contribution, 0.3)
    assert adverse[0].features == ("a", "b")
    assert favourable == ()


def test_parts_that_cancel_inside_a_concept_are_no_reason_at_all() -> None:
    adverse, favourable, *_ = wording(concept("R22", "a", "b"), concept("R23", "c")).reasons(
        [0.5, -0.5, EPSILON / 2], ROW
    )
    assert adverse == favourable == ()


def test_equal_pushes_go_by_concept_id_whatever_order_the_codebook_has() -> None:
    concepts = [concept("R30", "a"), concept("R10", "b"), concept("R20", "c")]
    for seed in range(6):
        shuffled = random.Random(seed).sample(concepts, 3)
        adverse, *_ = wording(*shuffled).reasons([0.2, 0.2, 0.2], ROW)
        assert [r.concept for r in adverse] == ["R10", "R20", "R30"]


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_every_push_beyond_epsilon_counts_and_each_side_tells_its_strongest(
    amounts: list[float],
) -> None:
    concepts = (concept(f"R1{f}", f"{n}") for f, n in enumerate("abc"))
    adverse, favourable, pushes, _ = wording(*concepts).reasons(amounts, ROW)
    assert sorted(p.amount for p in pushes) == sorted(a for a in amounts if abs(a) > EPSILON)
    for side, sign in ((adverse, 1), (favourable, -1)):
        told = [sign * reason.contribution for reason in side]
        strongest = sorted((p.amount * sign for p in pushes if p.amount * sign > 0), reverse=True)
        assert told == strongest[: len(told)]
        assert bool(told) == bool(strongest)


def test_slight_reasons_are_told_until_nine_tenths_of_their_side_are() -> None:
    words = wording(
        concept("R10", "a"), concept("R11", "b"), concept("R12", "b"), concept("R30", "c")
    )

    def told(first: float, second: float) -> list[str]:
        found = words.reasons([first, second, -100.0], ROW).adverse
        return [reason.concept for reason in found]

    assert told(0.92, 0.04) == ["R10"]
    assert told(0.84, 0.08) == ["R10", "R11"]
    assert told(0.50, 0.25) == ["R10", "R11", "R12"]


def test_no_moderate_reason_is_left_out_for_what_is_told_already() -> None:
    worded = wording(concept("R10", "a"), concept("R11", "b")).reasons([0.91, 0.09, 0.0], ROW)
    assert [r.concept for r in worded.adverse] == ["R10", "R11"]


def test_four_reasons_a_side_are_worded_and_the_pushes_behind_them_are_complete() -> None:
    concepts = [concept(f"R{10 + place}", "a") for place in range(6)]
    worded = wording(*concepts, concept("R30", "b")).reasons([0.1, -0.2, 0.0], ROW)
    assert [r.concept for r in worded.adverse] == ["R10", "R11", "R12", "R13"]
    assert [p.concept for p in worded.pushes] == ["R30", *(c.id for c in concepts)]


def test_a_surprise_behind_the_worded_reasons_is_named() -> None:
    concepts = [concept(f"R{10 + place}", "a", sign="+") for place in range(6)]
    worded = wording(*concepts, usual={"a": Quartiles(5.0, 7.0)}).reasons([0.1, 0.0, 0.0], ROW)
    assert len(worded.adverse) == 4
    assert worded.surprises == tuple(c.id for c in concepts)


def test_the_strongest_reason_of_a_weak_side_is_not_called_strong() -> None:
    worded = wording(concept("R22", "a"), concept("R23", "b")).reasons([0.95, -0.05, 0.0], ROW)
    assert [(r.concept, r.strength) for r in worded.adverse] == [("R22", "strong")]
    assert [(r.concept, r.strength) for r in worded.favourable] == [("R23", "slight")]


def test_strength_goes_by_the_share_of_all_push() -> None:
    assert [strength_of(s) for s in (1.0, 0.20, 0.19, 0.08, 0.07)] == [
        "strong",
        "strong",
        "moderate",
        "moderate",
        "slight",
    ]


@pytest.mark.parametrize(
    ("sign", "value", "amount", "surprises"),
    [
        ("+", 1.0, 0.5, True),
        ("+", 9.0, 0.5, False),
        ("+", 9.0, -0.5, True),
        ("+", 1.0, -0.5, False),
        ("-", 9.0, 0.5, True),
        ("-", 1.0, 0.5, False),
        ("±", 1.0, 0.5, False),
        ("+", 5.0, 0.5, False),
    ],
)
def test_a_reason_against_the_declared_direction_is_marked_for_a_person(
    sign: str, value: float, amount: float, *, surprises: bool
) -> None:
    usual = {"a": Quartiles(3.0, 7.0)}
    sides = wording(concept("R22", "a", sign=sign), concept("R23", "b", "c"), usual=usual).reasons(
        [amount, 0.0, 0.0], {**ROW, "a": value}
    )
    (reason,) = sides.adverse + sides.favourable
    assert reason.counter_intuitive is surprises
    assert sides.surprises == (("R22",) if surprises else ())


def test_quartiles_are_of_the_rows_that_have_the_value() -> None:
    some: list[Row] = [{"a": float(v), "b": None, "c": 1.0} for v in range(9)]
    assert quartiles(CONTRACT, some) == {"a": Quartiles(2.0, 6.0), "c": Quartiles(1.0, 1.0)}


def test_reasons_of_real_applications_add_up_to_the_score(bundle: Bundle, rows: list[Row]) -> None:
    for answer in bundle.explain(rows[:200]):
        assert isinstance(answer, Explanation)
        total = math.fsum([answer.attribution.base, *(push.amount for push in answer.pushes)])
        # Concepts within epsilon of zero are told on neither side.
        assert abs(total - answer.attribution.score) <= EPSILON * len(bundle.concepts)
