"""Chances of approval and weights say how they were made, or why they are missing."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from overrides.feedback_blocks import exact_lines
from overrides.feedback_columns import RowHash, exact_numbers
from overrides.feedback_design import ScoredCase, design, sensitivity
from overrides.labels import OutcomeDefinition
from tests.evidence.plain_rows import exact_number, row_bytes

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DEFINITION = OutcomeDefinition(id="d", window_months=12)


def case(days_ago: int, *, approved: bool | None = True, probability: str = "0.11") -> ScoredCase:
    """A case closed so many days ago."""
    closed = NOW - timedelta(days=days_ago)
    return ScoredCase("german-credit", "approve", probability, approved, closed)


def test_the_chance_of_an_approval_is_the_share_among_at_least_thirty_cases_alike() -> None:
    cases = [case(400, approved=number < 24) for number in range(30)]
    cases += [case(400, probability="0.31") for _ in range(29)]
    cases += [case(400, approved=None, probability="0.31") for _ in range(9)]
    found = design(cases, lambda _: DEFINITION, NOW)
    alike = found.chance("german-credit", "approve", "0.149")
    assert (alike.value, alike.reason) == ("0.8", None)
    assert alike.method
    for asked in (("german-credit", "approve", "0.31"), ("other", "approve", "0.11")):
        few = found.chance(*asked)
        assert (few.value, few.method) == (None, None)
        assert few.reason == "fewer than 30 decided cases alike"
    assert found.chance("german-credit", "refer", None).reason == "no score was made"


def test_the_split_is_by_time_and_no_day_is_in_two_parts() -> None:
    cases = [case(days) for days in range(370, 470)]
    found = design(cases, lambda _: DEFINITION, NOW)
    parts = [found.part(one.closed_at) for one in sorted(cases, key=lambda c: c.closed_at)]
    assert parts == ["train"] * 70 + ["validation"] * 15 + ["test"] * 15
    bounds = found.as_json()["split"]["bounds"]
    assert all(bound.endswith("T00:00:00.000000Z") for bound in bounds.values())


def test_young_loans_move_no_bound_of_the_split_while_there_are_matured_ones() -> None:
    matured = [case(days) for days in range(370, 470)]
    young = [case(days) for days in range(300)]
    assert (
        design(matured + young, lambda _: DEFINITION, NOW).bounds
        == design(matured, lambda _: DEFINITION, NOW).bounds
    )
    assert design([], lambda _: DEFINITION, NOW).part(NOW) is None


def test_the_band_multiplies_the_bad_rate_of_the_declined_and_prints_its_denominators() -> None:
    found = sensitivity(bad=20, labelled=100, declined=50)
    assert [band["bad_rate_of_declined"] for band in found["bands"]] == ["0.4", "0.8", "1.0"]
    assert [band["bad_rate_of_all"] for band in found["bands"]] == [
        "0.266667",
        "0.4",
        "0.466667",
    ]
    assert found["interval"] == ["0.133367", "0.288829"]


@pytest.mark.parametrize(("bad", "labelled"), [(4, 100), (20, 29), (0, 0)])
def test_too_few_loans_give_no_band_and_say_so(bad: int, labelled: int) -> None:
    found = sensitivity(bad, labelled, declined=50)
    assert found["bands"] == []
    assert "not enough data yet" in found["result"]


values = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**53), 2**53),
    st.booleans(),
    st.lists(st.dictionaries(st.text("abc"), st.none() | st.text("é\x7f\n") | st.integers(0, 9))),
)


@given(st.lists(st.dictionaries(st.text("abcdeé", min_size=1), values), min_size=1, max_size=5))
def test_the_exact_form_of_each_row_is_that_of_plain_json(rows: list[dict[str, object]]) -> None:
    names = {name for row in rows for name in row} | {"f"}
    found = exact_lines({name: [row.get(name) for row in rows] for name in names})
    kept = [{name: value for name, value in row.items() if value not in (None, "")} for row in rows]
    plain = [
        json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for row in kept
    ]
    assert found == [line.encode() for line in plain] == [row_bytes(row) for row in rows]


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
@example([1e-05, 9.999e-05, 0.0001, 1e15, 1e16, 1.5e300, 5e-324, -0.0, 2.0**53, 10.00001])
def test_a_column_of_numbers_is_written_as_python_writes_each(numbers: list[float | None]) -> None:
    recorded = [None if number is None else format(Decimal(number), "f") for number in numbers]
    assert exact_numbers(recorded) == [exact_number(text) for text in recorded]
    short = [None if number is None else repr(number) for number in numbers]
    assert exact_numbers(short) == short


@given(st.lists(st.binary(), min_size=2, max_size=9))
def test_the_row_hash_does_not_depend_on_the_order_of_rows(rows: list[bytes]) -> None:
    forward, backward, fewer = RowHash(), RowHash(), RowHash()
    for row in rows:
        forward.add(row)
    for row in reversed(rows):
        backward.add(row)
    for row in rows[1:]:
        fewer.add(row)
    assert forward.hexdigest() == backward.hexdigest() != fewer.hexdigest()
