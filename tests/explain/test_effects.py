"""The shape of one field's effect: every pinned applicant counted once, the own value marked."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from explain.changes.effects import STRETCHES, effect_of
from explain.declared.contract import Field
from explain.values import Row

AMOUNT = Field(name="amount", label="Amount", type="number")
KIND = Field(name="kind", label="Kind", type="category", levels={"a": "A", "b": "B", "c": "C"})
NUMBERS = st.floats(-1e6, 1e6).map(lambda number: number + 0.0)


def twice(rows: Sequence[Row]) -> list[float]:
    """A contribution that says which value was asked."""
    return [2 * float(row["amount"] or 0.0) for row in rows]


@given(own=st.none() | NUMBERS, pinned=st.lists(st.none() | NUMBERS, max_size=60))
def test_every_pinned_applicant_lies_in_one_stretch_and_the_own_value_in_one(
    own: float | None, pinned: list[float | None]
) -> None:
    found = effect_of(AMOUNT, {"amount": own}, [{"amount": one} for one in pinned], twice)
    assert sum(one.pinned for one in found) == len(pinned)
    assert [one.asked for one in found if one.own] == [own]
    assert len(found) <= STRETCHES + 1
    for one in found:
        assert one.contribution == 2 * float(one.asked or 0.0)
        if one.asked is not None:
            low, high, asked = (float(str(value)) for value in (one.low, one.high, one.asked))
            assert low <= asked <= high
            inside = [value for value in pinned if value is not None and low <= value <= high]
            assert len(inside) == one.pinned
    known = [one for one in found if one.low is not None]
    ends = [float(str(end)) for one in known for end in (one.low, one.high)]
    assert ends == sorted(ends)


@given(own=st.sampled_from("abc"), pinned=st.lists(st.sampled_from("abc"), max_size=20))
def test_each_level_is_told_with_its_count_and_asked_even_where_nobody_has_it(
    own: str, pinned: list[str]
) -> None:
    asked: list[Row] = []

    def ask(rows: Sequence[Row]) -> list[float]:
        asked.extend(rows)
        return [0.5] * len(rows)

    found = effect_of(KIND, {"kind": own, "x": 1.0}, [{"kind": one} for one in pinned], ask)
    assert [(one.low, one.pinned, one.own) for one in found] == [
        (level, pinned.count(level), level == own) for level in "abc"
    ]
    assert asked == [{"kind": level, "x": 1.0} for level in "abc"]
