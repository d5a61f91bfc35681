"""What an application says is read in one way, and each thing wrong with it has its place."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decision_service.applications import Application, Party, read_application
from decision_service.decimals import decimal_text, decimal_texts, recorded
from decision_service.errors import InvalidRequest
from overrides.values import Money

PLAIN: dict[str, Any] = {"application_id": "A-1", "fields": {"age": 30}}
PAIR = [{"ref": "x", "role": "applicant"}, {"ref": "y", "role": "guarantor"}]


def faults(**changes: Any) -> set[str]:
    with pytest.raises(InvalidRequest) as refused:
        read_application({**PLAIN, **changes})
    return {fault.pointer for fault in refused.value.faults}


def test_little_is_enough() -> None:
    assert read_application(PLAIN) == Application(application_id="A-1", fields={"age": 30})


def test_everything_can_be_said() -> None:
    read = read_application(
        PLAIN
        | {
            "bundle": "b",
            "branch": "north",
            "channel": "web",
            "product": "car",
            "jurisdiction": "DE",
            "amount": {"minor": 5, "currency": "EUR"},
            "received_at": "2026-01-01T00:00:00Z",
            "completed_at": "2026-01-02T01:00:00.5+01:00",
            "parties": PAIR,
            "fields_meta": {"age": {"as_of": "2025-12-31", "source": "form"}},
        }
    )
    assert read.amount == Money(5, "EUR")
    assert read.received_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert read.completed_at == datetime(2026, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)
    assert read.parties == (Party("x", "applicant"), Party("y", "guarantor"))
    assert read.fields_meta == {"age": {"as_of": "2025-12-31", "source": "form"}}


@pytest.mark.parametrize("application_id", [" A-1", "A-1 ", " ", " A-1 "])
def test_blanks_around_an_id_are_refused_and_never_cut_off(application_id: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_application({**PLAIN, "application_id": application_id})
    (fault,) = refused.value.faults
    assert fault.pointer == "/application_id"
    assert fault.detail == "Leave out the blanks before and after it."
    assert read_application({**PLAIN, "application_id": "A 1"}).application_id == "A 1"


def test_the_applicant_is_the_party_of_that_role_or_else_the_first() -> None:
    turned = read_application(PLAIN | {"parties": PAIR[::-1]})
    assert turned.applicant == Party("x", "applicant")
    guarantors = [{"ref": "z", "role": "guarantor"}]
    assert read_application(PLAIN | {"parties": guarantors}).applicant == Party("z", "guarantor")
    assert read_application(PLAIN).applicant is None


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("application_id", None, "/application_id"),
        ("application_id", 7, "/application_id"),
        ("application_id", "a\nb", "/application_id"),
        ("application_id", "x" * 129, "/application_id"),
        ("fields", None, "/fields"),
        ("bundle", ["x"], "/bundle"),
        ("branch", "x" * 65, "/branch"),
        *(("jurisdiction", said, "/jurisdiction") for said in ("us", "USA", "us-ca", "U.S.", "*")),
        ("received_at", "yesterday", "/received_at"),
        ("received_at", "0001-01-01T00:00:00Z", "/received_at"),
        ("completed_at", "1969-12-31T23:59:59Z", "/completed_at"),
        ("completed_at", "9999-12-31T23:59:59-05:00", "/completed_at"),
        ("received_at", "2026-13-01T00:00:00Z", "/received_at"),
        ("completed_at", 1700000000, "/completed_at"),
        ("amount", 5, "/amount"),
        ("amount", {"minor": 5}, "/amount"),
        ("amount", {"minor": "5", "currency": "EUR"}, "/amount/minor"),
        ("amount", {"minor": 10**16, "currency": "EUR"}, "/amount/minor"),
        ("amount", {"minor": 5, "currency": "eur"}, "/amount/currency"),
        ("parties", {}, "/parties"),
        ("parties", [], "/parties"),
        ("parties", PAIR[:1] * 11, "/parties"),
        ("parties", PAIR[:1] * 2, "/parties"),
        ("parties", ["x"], "/parties/0"),
        ("parties", [{"ref": "", "role": "applicant"}], "/parties/0/ref"),
        ("parties", [*PAIR, {"ref": "z", "role": "uncle"}], "/parties/2/role"),
        ("fields_meta", [], "/fields_meta"),
        ("fields_meta", {"age": {"said_by": "him"}}, "/fields_meta/age"),
        ("fields_meta", {"age": {"source": 5}}, "/fields_meta/age/source"),
        ("sequence", 5, "/sequence"),
    ],
)
def test_a_fault_is_named_by_its_place(member: str, value: Any, place: str) -> None:
    assert faults(**{member: value}) == {place}


def test_all_faults_are_named_at_once() -> None:
    assert faults(application_id="", fields=1, more=1) == {"/application_id", "/fields", "/more"}


def test_an_application_is_not_complete_before_it_is_received() -> None:
    earlier = {"received_at": "2026-01-02T00:00:00Z", "completed_at": "2026-01-01T00:00:00Z"}
    assert faults(**earlier) == {"/completed_at"}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_recorded_number_reads_back_as_itself_and_is_plain_in_between(number: float) -> None:
    text = decimal_text(number)
    assert float(text) == number
    if 1e-5 <= abs(number) < 1e16:
        assert "e" not in text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.5, "0.5"),
        (24.0, "24.0"),
        (1e-5, "0.00001"),
        (5e-5, "0.00005"),
        (9.9e-6, "9.9e-06"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_recorded_numbers_look_like_this(number: float, text: str) -> None:
    assert decimal_text(number) == text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
@example([0.0, -0.0, 1e-4, 9.999e-5, -1e-4, 1e15, 1e16, -1e16, 5e-324, 1.7976931348623157e308])
def test_many_numbers_are_recorded_as_each_alone(numbers: list[float]) -> None:
    assert decimal_texts(numbers) == [decimal_text(number) for number in numbers]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_among_many_what_is_no_number_is_refused_too(number: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        decimal_texts([0.5, number, 2.0])


def test_what_is_no_number_is_not_recorded() -> None:
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            decimal_text(number)
    assert recorded("a level") == "a level"
    assert recorded(None) is None
