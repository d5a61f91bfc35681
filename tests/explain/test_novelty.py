"""How far an applicant is from the pinned ones, held against counting and measuring by hand."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.bundle import Bundle
from explain.changes.likeness import Likeness
from explain.changes.novelty import novelty_of
from explain.declared.contract import Contract, Field
from explain.declared.policy_schema import NoveltySpec
from explain.values import Row, Scalar

CONTRACT = Contract(
    [
        Field(name="months", label="Months", type="integer", missing="allow"),
        Field(name="amount", label="Amount", type="money"),
        Field(name="home", label="Home", type="category", levels={"own": "own", "rent": "rented"}),
        Field(name="phone", label="Phone", type="boolean", missing="allow"),
    ]
)
ROWS = st.fixed_dictionaries(
    {
        "months": st.one_of(st.none(), st.integers(0, 6).map(float)),
        "amount": st.integers(0, 6).map(lambda n: n * 100.0),
        "home": st.sampled_from(["own", "rent"]),
        "phone": st.sampled_from([None, 0.0, 1.0]),
    }
)


def apart(one: Row, other: Row, pinned: Sequence[Row]) -> float:
    """Gower's distance by its text, field by field."""
    total = 0.0
    for field in CONTRACT.features:
        a, b = one[field.name], other[field.name]
        if a is None or b is None:
            total += a is not b
        elif field.type in ("integer", "money"):
            known = [row[field.name] for row in pinned]
            numbers = [n for n in known if isinstance(n, float)]
            spread = (max(numbers) - min(numbers) if numbers else 0.0) or 1.0
            assert isinstance(a, float)
            assert isinstance(b, float)
            total += abs(a - b) / spread
        else:
            total += a != b
    return total / len(CONTRACT.features)


@given(st.lists(ROWS, min_size=3, max_size=8), ROWS)
@settings(max_examples=60)
def test_distances_and_ranks_are_those_of_the_definition(pinned: list[Row], row: Row) -> None:
    likeness = Likeness(CONTRACT, pinned)
    told = [apart(row, other, pinned) for other in pinned]
    assert likeness.to_pinned(row).tolist() == pytest.approx(told)
    assert likeness.to_others(row, [*pinned, row]).tolist() == pytest.approx([*told, 0.0])
    own = [
        min(apart(one, other, pinned) for n, other in enumerate(pinned) if n != m)
        for m, one in enumerate(pinned)
    ]
    assert likeness.apart.tolist() == pytest.approx(own)
    near = likeness.nearest(row, 2, range(len(pinned)))
    best = sorted(range(len(pinned)), key=lambda n: (round(told[n], 12), n))[:2]
    assert [round(one.distance, 12) for one in near] == [round(told[n], 12) for n in best]
    found = novelty_of(row, CONTRACT, likeness, NoveltySpec())
    assert found.nearest == pytest.approx(min(told))
    assert found.farther == sum(one >= min(told) - 1e-9 for one in own)


def test_equals_come_in_the_order_in_which_they_are_pinned() -> None:
    row: Row = {"months": 1.0, "amount": 0.0, "home": "own", "phone": None}
    likeness = Likeness(CONTRACT, [row] * 5)
    assert [near.place for near in likeness.nearest(row, 3, (4, 2, 0))] == [0, 2, 4]


def applicant(**changed: Scalar) -> Row:
    """Somebody usual, changed as told."""
    return {"months": 3.0, "amount": 300.0, "home": "own", "phone": 1.0, **changed}


def pinned_hundred() -> list[Row]:
    """A hundred of whom one rents, and one asks for 900."""
    rows = [applicant(months=float(n % 7), amount=float(n % 7) * 100) for n in range(98)]
    return [*rows, applicant(home="rent"), applicant(amount=900.0)]


@pytest.mark.parametrize(
    ("changed", "kind", "alike"),
    [
        ({"amount": 901.0}, "outside", 0),
        ({"amount": -1.0}, "outside", 0),
        ({"amount": 900.0}, "rare", 1),
        ({"amount": 700.0}, "rare", 1),
        ({"home": "rent"}, "rare", 1),
        ({"phone": 0.0}, "unseen", 0),
        ({"months": None}, "unseen", 0),
    ],
)
def test_an_unusual_value_is_named_with_how_many_are_alike(
    changed: dict[str, Scalar], kind: str, alike: int
) -> None:
    likeness = Likeness(CONTRACT, pinned_hundred())
    found = novelty_of(applicant(**changed), CONTRACT, likeness, NoveltySpec(rare="0.02"))
    assert [(one.field, one.kind, one.alike) for one in found.fields] == [
        (next(iter(changed)), kind, alike)
    ]
    assert found.of == 100


def test_what_is_called_rare_and_far_is_what_the_policy_says() -> None:
    likeness = Likeness(CONTRACT, pinned_hundred())
    rare = applicant(home="rent")
    assert not novelty_of(rare, CONTRACT, likeness, NoveltySpec(rare="0.01")).any
    assert novelty_of(rare, CONTRACT, likeness, NoveltySpec(rare="0.02")).fields
    assert not novelty_of(applicant(), CONTRACT, likeness, NoveltySpec()).any
    odd = applicant(home="rent", phone=0.0, amount=5000.0)
    found = novelty_of(odd, CONTRACT, likeness, NoveltySpec())
    assert (found.far, found.farther) == (True, 0)


def test_a_pinned_row_is_like_itself_and_strangers_are_told_from_others(
    trees: Bundle, rows: list[Row]
) -> None:
    likeness, contract = trees.likeness, trees.contract
    assert len(likeness.rows) == 200
    found = novelty_of(trees.reference[0], contract, likeness, NoveltySpec())
    assert (found.nearest, found.far) == (0.0, False)
    usual = sum(novelty_of(row, contract, likeness, NoveltySpec()).far for row in rows)
    assert usual <= 0.03 * len(rows), "at a declared share of 1 % among the pinned"
    for row in rows[:20]:
        before = novelty_of(row, contract, likeness, NoveltySpec())
        odd = {**row, "credit_amount": 40_000.0, "duration_months": 100.0}
        after = novelty_of(odd, contract, likeness, NoveltySpec())
        assert {"credit_amount", "duration_months"} <= {one.field for one in after.fields}
        assert after.nearest > before.nearest
        assert after.farther <= before.farther
