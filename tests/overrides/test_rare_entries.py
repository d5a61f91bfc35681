"""Following entries of rare kinds costs what there is of them, not what the ledger holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from overrides.checks import writes
from tests.ledgers import TestLedger, ledger_at

RARE = ("bundle_registered", "bundle_promoted")


@contextmanager
def asked(ledger: TestLedger) -> Iterator[list[tuple[str, Any]]]:
    """Statements with their parameters, as the driver is handed them."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    event.listen(ledger.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(ledger.engine, "before_cursor_execute", note)


def test_entries_of_a_kind_are_found_by_their_kind_and_not_by_walking_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys") as ledger:
        ledger.begin()
        ledger.journal.submit(writes(ledger.open.viewed())).result()
        with asked(ledger) as statements:
            assert ledger.book.changes(-1, 10, RARE) == []
        [(statement, parameters)] = [one for one in statements if "ledger_event" in one[0]]
        with ledger.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        assert "ledger_event_by_type" in plan[0][-1], plan


def test_entries_of_several_kinds_come_in_their_order(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys") as ledger:
        ledger.begin()
        for _ in range(3):
            ledger.journal.submit(writes(ledger.open.viewed())).result()
        kinds = sorted({entry.type for entry in ledger.book.entries(0, 10)})
        found = ledger.book.changes(0, 2, kinds)
        assert found == ledger.book.entries(1, 2)
