"""The data contract names every faulty field, says what to do, and never repeats what was sent."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.declared.contract import Contract, Field
from explain.errors import ContractBroken

NOW = datetime(2026, 11, 22, tzinfo=UTC)

CONTRACT = Contract(
    [
        Field(name="income", label="Income", type="number", minimum=0, maximum=1e6, unit="EUR"),
        Field(name="term", label="Term", type="integer", minimum=1, maximum=120, unit="months"),
        Field(name="amount", label="Amount", type="money", minimum=0, unit="DM"),
        Field(
            name="housing",
            label="Housing",
            type="category",
            levels={"own": "an own home", "rent": "a rented home"},
            freshness_days_max=30,
        ),
        Field(name="insured", label="Insured", type="boolean", missing="refer"),
        Field(name="note", label="Note", type="text", role="context", missing="allow"),
        Field(
            name="age", label="Age", type="integer", role="monitor_only", missing="allow", minimum=0
        ),
    ]
)
GOOD: dict[str, Any] = {
    "income": 1200.5,
    "term": 24,
    "amount": 3000,
    "housing": "own",
    "insured": True,
    "note": "A note.",
    "age": 33,
}


def problems(**changed: object) -> dict[str, str]:
    """Code by field for the good application with some fields changed."""
    try:
        CONTRACT.check({**GOOD, **changed})
    except ContractBroken as broken:
        return {p.field: p.code for p in broken.problems}
    return {}


def test_a_good_application_comes_back_in_three_parts_in_contract_order() -> None:
    checked = CONTRACT.check(dict(reversed(GOOD.items())))
    assert list(checked.features.items()) == [
        ("income", 1200.5),
        ("term", 24.0),
        ("amount", 3000.0),
        ("housing", "own"),
        ("insured", 1.0),
    ]
    assert checked.context == {"note": "A note."}
    assert checked.monitor == {"age": 33.0}
    assert checked.warnings == ()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("income", "12", "wrong_type"),
        ("income", True, "wrong_type"),
        ("income", [1], "wrong_type"),
        ("income", math.nan, "not_finite"),
        ("income", math.inf, "not_finite"),
        ("income", -1, "out_of_range"),
        ("income", 1000001, "out_of_range"),
        ("income", 10**400, "out_of_range"),
        ("income", None, "missing"),
        ("term", 1.5, "wrong_type"),
        ("term", 0, "out_of_range"),
        ("amount", "DM 5", "wrong_type"),
        ("amount", -0.01, "out_of_range"),
        ("housing", "castle", "unknown_level"),
        ("housing", 1, "wrong_type"),
        ("housing", None, "missing"),
        ("insured", 1, "wrong_type"),
        ("insured", "true", "wrong_type"),
        ("note", 5, "wrong_type"),
        ("note", "x" * 501, "out_of_range"),
        ("age", "33", "wrong_type"),
        ("shoe_size", 43, "unknown_field"),
    ],
)
def test_each_kind_of_fault_is_found_and_coded(field: str, value: object, code: str) -> None:
    assert problems(**{field: value}) == {field: code}


def test_every_faulty_field_is_named_at_once() -> None:
    found = problems(income="x", term=0, housing="castle", shoe_size=1, hat_size=2)
    assert found == {
        "income": "wrong_type",
        "term": "out_of_range",
        "housing": "unknown_level",
        "shoe_size": "unknown_field",
        "hat_size": "unknown_field",
    }
    with pytest.raises(ContractBroken) as caught:
        CONTRACT.check({})
    assert [p.field for p in caught.value.problems] == ["income", "term", "amount", "housing"]


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.one_of(st.text(), st.floats(), st.none())))
def test_advice_never_repeats_the_submitted_value(changed: dict[str, object]) -> None:
    marked = {k: f"<<{v}>>" if isinstance(v, str) else v for k, v in changed.items()}
    try:
        CONTRACT.check({**GOOD, **marked})
    except ContractBroken as broken:
        for problem in broken.problems:
            assert "<<" not in problem.detail
            assert problem.detail.endswith(".")


def test_a_missing_value_is_refused_referred_or_allowed_as_the_field_says() -> None:
    checked = CONTRACT.check({k: v for k, v in GOOD.items() if k not in ("insured", "note", "age")})
    assert checked.features["insured"] is None
    assert [(w.field, w.code) for w in checked.warnings] == [("insured", "missing")]


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        ("2026-10-20", "stale"),
        ("2026-10-20T10:00:00Z", "stale"),
        ("2026-11-20", None),
        ("2026-10-23T00:00:00+00:00", None),
        ("2026-12-24", "from_future"),
    ],
)
def test_a_field_older_than_agreed_is_a_warning(as_of: str, code: str | None) -> None:
    checked = CONTRACT.check(GOOD, {"housing": {"as_of": as_of}, "term": {"as_of": as_of}}, NOW)
    assert [w.code for w in checked.warnings] == ([code] if code else [])


def test_a_date_nobody_can_read_and_meta_for_no_field_are_problems() -> None:
    meta = {"housing": {"as_of": "yesterday"}, "shoe_size": {"as_of": "2026-01-01"}}
    with pytest.raises(ContractBroken) as caught:
        CONTRACT.check(GOOD, meta, NOW)
    assert {(p.field, p.code) for p in caught.value.problems} == {
        ("housing", "wrong_type"),
        ("shoe_size", "unknown_field"),
    }


def test_minus_zero_is_zero_so_that_equal_rows_are_equal() -> None:
    checked = CONTRACT.check({**GOOD, "income": -0.0})
    assert math.copysign(1.0, float(checked.features["income"] or 0.0)) == 1.0


def test_text_cells_become_what_the_contract_asks_for_and_bad_ones_stay_text() -> None:
    cells = {"income": "1200.5", "term": "24", "insured": "true", "housing": "own", "age": ""}
    assert CONTRACT.from_text(cells) == {
        "income": 1200.5,
        "term": 24,
        "insured": True,
        "housing": "own",
    }
    assert CONTRACT.from_text({"term": "1_0", "income": "nan", "amount": "much"}) == {
        "term": "1_0",
        "income": "nan",
        "amount": "much",
    }


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("term", 24.0, "24 months"),
        ("amount", 5951.0, "DM 5,951"),
        ("amount", 5951.5, "DM 5,951.50"),
        ("housing", "rent", "a rented home"),
        ("insured", 0.0, "no"),
        ("insured", None, "not given"),
        ("note", "free words", "free words"),
    ],
)
def test_values_are_put_into_words(field: str, value: float | str | None, words: str) -> None:
    assert CONTRACT[field].in_words(value) == words


def test_one_month_is_not_one_months() -> None:
    term = Field(name="t", label="T", type="integer", unit="months", unit_one="month")
    assert (term.in_words(1.0), term.in_words(2.0)) == ("1 month", "2 months")


def test_a_field_nothing_could_satisfy_is_refused() -> None:
    with pytest.raises(ValueError, match="levels"):
        Field(name="a", label="A", type="category")
    with pytest.raises(ValueError, match="above"):
        Field(name="a", label="A", type="number", minimum=2, maximum=1)
    with pytest.raises(ValueError, match="never scored"):
        Field(name="a", label="A", type="text")
    with pytest.raises(ValueError, match="twice"):
        Contract([CONTRACT["age"], CONTRACT["age"]])
