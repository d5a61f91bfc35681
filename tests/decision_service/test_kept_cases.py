"""Columns are kept in step by what is new: an entry, a window that closes, another definition."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from decision_service import kept_cases
from decision_service.board_counts import board_of
from decision_service.case_columns import CaseColumns
from decision_service.errors import NotReady
from decision_service.kept_cases import KeptCases
from overrides.labels import LabelStatus, OutcomeDefinition
from overrides.metrics import Board
from overrides.reading import BoardFact
from overrides.stores.ledger_book import SqlLedgerBook
from tests.overrides.case_house import LOG, House, house_at

BUNDLE = "german-credit"
SHORT = OutcomeDefinition(id="short", window_months=3)
YEAR = OutcomeDefinition(id="year", window_months=12)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_url")
    with house_at(url) as made:
        yield made


@contextmanager
def columns(
    house: House, kept: KeptCases, definition: OutcomeDefinition = SHORT
) -> Iterator[CaseColumns]:
    ledger = SqlLedgerBook(house.engine, log=LOG, vault=house.vault)
    with kept.now(BUNDLE, definition, house.book, ledger, house.now) as found:
        yield found


def now(house: House, kept: KeptCases, definition: OutcomeDefinition = SHORT) -> Board:
    with columns(house, kept, definition) as found:
        return board_of(found)


def lent(house: House, **facts: str) -> str:
    ref = house.apply_for("approve", amount_minor=400_000, **facts)
    house.show(ref)
    house.review(ref, "approve")
    return ref


def test_a_loan_that_goes_bad_is_bad_at_once_and_counts_when_its_window_closes(
    house: House,
) -> None:
    kept, ref = KeptCases(), lent(house)
    assert now(house, kept).labels == {LabelStatus.IMMATURE: 1}
    house.now += timedelta(days=40)
    house.observe(ref, "120", at=house.now, months=1)
    early = now(house, kept)
    assert (early.labels, early.quality.outcome.of) == ({LabelStatus.OBSERVED_BAD: 1}, 0)
    house.now += timedelta(days=70)
    assert now(house, kept).quality.outcome.observed == 1, "no entry came, only time"


def test_a_correction_and_news_of_the_future_are_told_when_they_hold(house: House) -> None:
    kept, ref = KeptCases(), lent(house)
    at = house.now + timedelta(days=1)
    house.now += timedelta(days=2)
    house.observe(ref, "120", at=at, months=1)
    assert now(house, kept).labels == {LabelStatus.OBSERVED_BAD: 1}
    house.observe(ref, "0", at=at, months=1)
    assert now(house, kept).labels == {LabelStatus.IMMATURE: 1}


def test_what_is_not_new_is_not_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptCases()
    lent(house)
    now(house, kept)
    read: list[list[str]] = []
    facts_of = house.book.facts_of

    def noted(refs: Sequence[str], as_of: datetime, bundle: str) -> Iterator[BoardFact]:
        read.append(list(refs))
        return facts_of(refs, as_of, bundle)

    monkeypatch.setattr(house.book, "facts_of", noted)
    monkeypatch.setattr(house.book, "board_facts", lambda *_, **__: pytest.fail("read whole"))
    now(house, kept)
    second = house.apply_for("decline")
    assert now(house, kept).cases == 2
    assert read == [[], [second]]


def test_another_definition_of_good_and_bad_makes_all_of_it_anew(house: House) -> None:
    kept, ref = KeptCases(), lent(house)
    house.now += timedelta(days=120)
    house.observe(ref, "120", at=house.now - timedelta(days=60), months=2)
    assert now(house, kept).quality.outcome.of == 1
    assert now(house, kept, YEAR).quality.outcome.of == 0


def test_whoever_looks_during_a_long_first_reading_is_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_cases, "WAIT_SECONDS", 0.0)
    kept = KeptCases()
    with columns(house, kept), pytest.raises(NotReady, match="read for the first time"):
        now(house, kept)


@pytest.mark.parametrize("facts", [{}, {"cause": "model_error"}], ids=["scored", "unscored"])
def test_a_loan_in_several_accounts_is_told_when_each_window_closes(
    house: House, facts: dict[str, str]
) -> None:
    """The first account's window closes before the second's, which was closed early."""
    kept, ref = KeptCases(), lent(house, **facts)
    start = house.now
    house.observe(ref, "400000", at=start, months=0, kind="disbursed", account="first")
    house.now += timedelta(days=60)
    house.observe(ref, "400000", at=house.now, months=0, kind="disbursed", account="second")
    house.observe(ref, "", at=house.now, months=0, kind="closed_early", account="second")
    house.observe(ref, "40", at=house.now, months=2, account="first")
    assert now(house, kept).labels == {LabelStatus.IMMATURE: 1}
    house.now = start + timedelta(days=100)
    assert now(house, kept).labels == {LabelStatus.INDETERMINATE: 1}, "no entry came, only time"


def test_what_breaks_half_way_is_made_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptCases()
    lent(house)
    now(house, kept)
    lent(house)
    with monkeypatch.context() as broken:
        broken.setattr(house.book, "facts_of", lambda *_: iter([None]))
        with pytest.raises(AttributeError):
            now(house, kept)
    assert now(house, kept).cases == 2
