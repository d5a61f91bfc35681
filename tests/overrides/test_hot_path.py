"""Rows kept back are put before anything could miss them, each exactly once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import bindparam, delete, func, insert, select

from overrides.stores.engine import reading, writing
from overrides.stores.hot_path import HotPath, Lookup
from tests.ledgers import SEEN, TestLedger, ledger_at

PUT = insert(SEEN)
COUNT = select(func.count()).select_from(SEEN)
ONE = select(SEEN.c.type).where(SEEN.c.seq == bindparam("seq"))
OF_KIND = Lookup((SEEN.c.seq, SEEN.c.slots), SEEN.c.type)
OF_KIND_AND_SLOTS = Lookup((SEEN.c.seq,), SEEN.c.type, SEEN.c.slots)
DROP = delete(SEEN).where(SEEN.c.seq == bindparam("place"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestLedger]:
    """Tables in a database of either kind."""
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    if request.param == "postgres":
        new_postgres: Callable[[], str] = request.getfixturevalue("new_postgres")
        url = new_postgres()
    with ledger_at(url, tmp_path / "keys") as opened:
        yield opened


def row(seq: int) -> dict[str, object]:
    return {"seq": seq, "type": f"kind {seq}", "slots": ""}


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 31, 32, 33, 64, 73])
def test_every_row_kept_back_is_put_once_and_in_its_own_columns(
    ledger: TestLedger, count: int
) -> None:
    with writing(ledger.engine) as connection, HotPath(connection) as path:
        for seq in range(count):
            path.later(PUT, row(seq))
    with reading(ledger.engine) as connection:
        expected = [(seq, f"kind {seq}", "") for seq in range(count)]
        assert ledger.seen.rows(connection) == expected


def test_a_question_sees_the_rows_kept_back_and_a_peek_does_not(ledger: TestLedger) -> None:
    with writing(ledger.engine) as connection, HotPath(connection) as path:
        path.later(PUT, row(3))
        assert path.peek(ONE, {"seq": 3}) is None
        assert path.first(ONE, {"seq": 3}) == ("kind 3",)
        path.later(PUT, row(4))
        assert path.connection.execute(COUNT).scalar_one() == 2


def test_a_change_meets_the_rows_kept_back(ledger: TestLedger) -> None:
    with writing(ledger.engine) as connection, HotPath(connection) as path:
        path.later(PUT, row(5))
        path.run(DROP, {"place": 5})
    with reading(ledger.engine) as connection:
        assert ledger.seen.rows(connection) == []


def test_nothing_kept_back_is_put_after_a_failure(ledger: TestLedger) -> None:
    def fail(path: HotPath) -> None:
        with path:
            path.later(PUT, row(6))
            raise ZeroDivisionError

    with writing(ledger.engine) as connection, pytest.raises(ZeroDivisionError):
        fail(HotPath(connection))
    with reading(ledger.engine) as connection:
        assert ledger.seen.rows(connection) == []


@pytest.mark.parametrize("count", [0, 1, 2, 8, 9, 64, 65, 130])
def test_what_is_asked_ahead_is_what_would_be_asked_one_by_one(
    ledger: TestLedger, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [f"kind {seq}" for seq in range(count)]
    with writing(ledger.engine) as connection, HotPath(connection) as path:
        for seq in range(0, count, 2):
            path.later(PUT, row(seq))
        path.settle()
        path.ahead(OF_KIND, kinds)
        expected = [(seq, "") if seq % 2 == 0 else None for seq in range(count)]
        assert [path.peek(OF_KIND.one, {"type": kind}) for kind in kinds] == expected
        if count % 64 != 1:  # one alone is asked when it is needed
            monkeypatch.setattr(path, "_run", None)  # all is known: the tables are not asked
            assert [path.peek(OF_KIND.one, {"type": kind}) for kind in kinds] == expected


def test_what_was_asked_ahead_is_asked_again_after_a_change(ledger: TestLedger) -> None:
    with writing(ledger.engine) as connection, HotPath(connection) as path:
        path.later(PUT, row(3))
        path.settle()
        path.ahead(OF_KIND, ["kind 3", "kind 4"])
        path.run(DROP, {"place": 3})
        assert path.peek(OF_KIND.one, {"type": "kind 3"}) is None
        path.ahead(OF_KIND, ["kind 3", "kind 4"])
        path.connection.execute(PUT, row(4))
        assert path.peek(OF_KIND.one, {"type": "kind 4"}) == (4, "")


def test_one_question_does_not_answer_another(ledger: TestLedger) -> None:
    with writing(ledger.engine) as connection, HotPath(connection) as path:
        path.later(PUT, row(3))
        path.settle()
        path.ahead(OF_KIND_AND_SLOTS, ["kind 3", "kind 4"], {"slots": "others"})
        assert path.peek(OF_KIND_AND_SLOTS.one, {"slots": "others", "type": "kind 3"}) is None
        assert path.peek(OF_KIND_AND_SLOTS.one, {"slots": "", "type": "kind 3"}) == (3,)
        assert path.peek(OF_KIND.one, {"type": "kind 3"}) == (3, "")
