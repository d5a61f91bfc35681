"""Every journal keeps the same promises: grouped or not, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from overrides import checks
from tests.ledgers import TestLedger, ledger_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/countermand.sqlite3"
    new_postgres: Callable[[], str] = request.getfixturevalue("new_postgres")
    return new_postgres()


@pytest.fixture(params=[False, True], ids=["inline", "grouped"])
def ledger(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[TestLedger]:
    """An open ledger, its journal of either kind."""
    with ledger_at(url, tmp_path / "keys", grouped=request.param) as opened:
        yield opened


@pytest.mark.parametrize(
    "check",
    [
        checks.check_entries_follow_each_other,
        checks.check_a_refusal_leaves_nothing,
        checks.check_a_request_acts_once,
        checks.check_personal_parts,
        checks.check_reading,
        checks.check_one_winner,
        checks.check_journal,
    ],
    ids=lambda check: check.__name__.removeprefix("check_"),
)
def test_the_journal_keeps_its_promise(
    ledger: TestLedger, check: Callable[[checks.OpenLedger], None]
) -> None:
    check(ledger.open)


def test_two_writers_never_fork_the_ledger(ledger: TestLedger, url: str, tmp_path: Path) -> None:
    with ledger_at(url, tmp_path / "keys", busy_seconds=30) as other:
        checks.check_two_writers(ledger.open, other.open)
