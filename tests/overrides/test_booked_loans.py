"""A file of booked loans is read in one way or refused with what to declare."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overrides.booked_loans import DATES, BookedFile, Declared, read_booked
from overrides.booking_errors import BookedFileRefused
from overrides.values import Money

HEAD = "loan_id,booked_on,amount,currency,branch,application_id"


def read(*lines: str, head: str = HEAD, **declared: str) -> BookedFile:
    """What a file of these lines says."""
    return read_booked("\n".join([head, *lines]).encode(), Declared(**declared))  # type: ignore[arg-type] # texts


def test_a_line_becomes_a_loan() -> None:
    (loan,) = read("L1,2026-11-22,1200.50,EUR,north,A-1").loans
    assert (loan.loan_id, loan.booked_on, loan.line) == ("L1", date(2026, 11, 22), 2)
    assert loan.amount == Money(120_050, "EUR")
    assert (loan.branch, loan.application_id, loan.kind) == ("north", "A-1", "new")


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["2026-11-22"], "year-first"),
        (["20261122"], "year-first"),
        (["22.11.2026"], "day-first"),
        (["22/11/2026", "03/04/2026"], "day-first"),
        (["11/22/2026", "03/04/2026"], "month-first"),
        (["22-Nov-2026"], "day-first"),
    ],
)
def test_an_order_of_day_and_month_that_alone_holds_for_the_column_is_found(
    days: list[str], order: str
) -> None:
    found = read(*(f"L{n},{day},100,EUR,," for n, day in enumerate(days)))
    assert found.read_as["dates"] == order
    assert found.loans[0].booked_on == date(2026, 11, 22)


def test_dates_that_can_be_read_in_two_ways_are_refused_until_the_order_is_declared() -> None:
    line = "L1,03/04/2026,100,EUR,,"
    with pytest.raises(BookedFileRefused, match="day-first and month-first: declare the order"):
        read(line)
    assert read(line, dates="day-first").loans[0].booked_on == date(2026, 4, 3)
    assert read(line, dates="month-first").loans[0].booked_on == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("cell", "declared", "minor"),
    [
        ("1200", "", 120_000),
        ("1200.5", "", 120_050),
        ('"1,200.50"', "", 120_050),
        ('"1.200,50"', "", 120_050),
        ('"1200,5"', "", 120_050),
        ("1.200", "comma", 120_000),
        ("1.200", "point", 120),
    ],
)
def test_amounts_are_read_in_the_one_way_they_can_be(cell: str, declared: str, minor: int) -> None:
    found = read(f"L1,2026-11-22,{cell},EUR,,", decimal=declared)
    assert found.loans[0].amount.minor == minor


def test_an_amount_that_can_be_two_is_refused_until_declared() -> None:
    with pytest.raises(BookedFileRefused, match="amount can be read as point and comma"):
        read("L1,2026-11-22,1.200,EUR,,")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_recognized_or_have_to_be_declared(encoding: str) -> None:
    content = f"{HEAD}\nL1,2026-11-22,100,EUR,Köln,\n".encode(encoding)
    if encoding == "cp1252":
        with pytest.raises(BookedFileRefused, match="line 2 is not utf-8-sig: declare"):
            read_booked(content, Declared())
    declared = Declared(encoding=encoding if encoding == "cp1252" else "")
    assert read_booked(content, declared).loans[0].branch == "Köln"


@pytest.mark.parametrize(
    ("cell", "currency", "minor"),
    [
        ("250000", "XOF", 250_000),
        ("250000", "ISK", 250_000),
        ("250000", "JPY", 250_000),
        ("1200.5", "EUR", 120_050),
        ("1200.5", "TND", 1_200_500),
        ("1200.5", "KWD", 1_200_500),
        ("1200.5", "UYW", 12_005_000),
    ],
)
def test_amounts_have_the_minor_units_of_their_own_currency(
    cell: str, currency: str, minor: int
) -> None:
    found = read(f"L1,2026-11-22,{cell},{currency},,")
    assert found.loans[0].amount == Money(minor, currency)


def test_columns_under_other_names_are_declared() -> None:
    head = "Konto;Datum;Betrag"
    columns = {"loan_id": "Konto", "booked_on": "datum", "amount": "BETRAG"}
    content = f"{head}\n7;22.11.2026;1.200,50\n".encode()
    (loan,) = read_booked(content, Declared(columns=columns, currency="eur")).loans
    assert (loan.loan_id, loan.amount) == ("7", Money(120_050, "EUR"))
    with pytest.raises(BookedFileRefused, match="names no loan_id, booked_on, amount"):
        read_booked(content, Declared())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (",2026-11-22,100,EUR,,", "loan_id must have"),
        ("L2,yesterday,100,EUR,,", "booked_on is no date"),
        ("L2,2026-02-30,100,EUR,,", "booked_on is no date"),
        ("L2,2026-11-22,much,EUR,,", "amount is no number"),
        ("L2,2026-11-22,-5,EUR,,", "amount is no amount"),
        ("L2,2026-11-22,1.005,EUR,,", "amount is no amount"),
        ("L2,2026-11-22,100,,,", "currency is missing"),
        ("L2,2026-11-22,100,EUX,,", "currency EUX is none that ISO 4217 lists"),
        ("L2,2026-11-22,100.50,XAF,,", "amount is no amount of XAF"),
        ("L2,2026-11-22,100", "has 3 cells"),
        ("L2", "has 1 cells"),
        ('L2,2026-11-22,"100,EUR,,', "has 0 cells"),
        ("L1,2026-11-22,999,EUR,,", "stands in line 2 already"),
    ],
)
def test_a_broken_line_is_named_and_the_rest_goes_through(line: str, problem: str) -> None:
    good = ["L1,2026-11-22,100.50,EUR,,", line, "L3,2026-11-23,100.50,EUR,,"]
    found = read(*good, decimal="point")
    assert [loan.loan_id for loan in found.loans] == ["L1", "L3"]
    (broken,) = found.broken
    assert broken.line == 3
    assert problem in broken.problem


def test_the_same_line_twice_is_one_loan() -> None:
    line = "L1,2026-11-22,100,EUR,,"
    found = read(line, line)
    assert (len(found.loans), found.broken) == (1, ())


@pytest.mark.parametrize("content", [b"", b"\n\n", b"loan_id", b"a;b,c\n", b"loan_id,loan_id\n"])
def test_a_file_without_a_heading_that_can_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(BookedFileRefused):
        read_booked(content, Declared())


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(sorted(DATES)))
def test_a_declared_order_reads_back_every_date_written_so(day: date, order: str) -> None:
    for form in DATES[order]:
        cell = day.strftime(form)
        found = read(f'L1,"{cell}",100,EUR,,', dates=order)
        assert found.loans[0].booked_on == day
