"""The writer when things go wrong: nothing half-written, nobody left waiting, and then on."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, select

from overrides.checks import check_entries_follow_each_other, writes
from overrides.errors import KeyReused, LedgerUnavailable, SlotErased
from overrides.events import read_event
from overrides.journal import Decided, Event, OnceOnly, Opened, State
from overrides.stores import writer
from overrides.stores.engine import reading, writing
from overrides.stores.hot_path import HotPath
from overrides.stores.ledger_tables import DataKey
from overrides.stores.rebuild import rebuild
from overrides.stores.writer import SqlJournal, _Job
from tests.ledgers import LOG, NOON, SEEN, SeenProjector, SteadyClock, TestLedger, ledger_at


@pytest.fixture(params=[False, True], ids=["inline", "grouped"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestLedger]:
    """A ledger that gives up waiting soon."""
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys", grouped=request.param, busy_seconds=0.2) as opened:
        opened.begin()
        yield opened


@contextmanager
def turned_clock(folder: Path) -> Iterator[tuple[TestLedger, SteadyClock]]:
    clock = SteadyClock()
    url = f"sqlite:///{folder}/countermand.sqlite3"
    with ledger_at(url, folder / "keys", clock=clock) as opened:
        opened.begin()
        yield opened, clock


def database_of(ledger: TestLedger) -> str:
    return ledger.engine.url.database or ""


def refusal(ledger: TestLedger) -> LedgerUnavailable:
    outcome = ledger.journal.submit(writes(ledger.open.viewed())).exception()
    assert isinstance(outcome, LedgerUnavailable), outcome
    return outcome


def test_a_locked_database_is_said_and_nothing_is_written(ledger: TestLedger) -> None:
    with closing(sqlite3.connect(database_of(ledger), isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        assert refusal(ledger).cause == "another program is writing and does not finish"
        stranger.execute("ROLLBACK")
    assert ledger.book.head().size == 1
    check_entries_follow_each_other(ledger.open)


def test_a_full_disk_is_said_and_writing_goes_on_when_there_is_room(ledger: TestLedger) -> None:
    with reading(ledger.engine) as connection:
        room = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 5

    def limit(raw: sqlite3.Connection, *_: object) -> None:
        raw.execute(f"PRAGMA max_page_count={room}").close()

    event.listen(ledger.engine, "connect", limit)
    ledger.engine.dispose()
    written = 0
    while True:
        outcome = ledger.journal.submit(writes(ledger.open.viewed("x" * 9000))).exception()
        if outcome is not None:
            break
        written += 1
        assert written < 100
    assert isinstance(outcome, LedgerUnavailable)
    assert outcome.cause == "the disk is full"
    assert ledger.book.head().size == 1 + written
    again = ledger.journal.submit(writes(ledger.open.viewed("x" * 9000))).exception()
    assert isinstance(again, LedgerUnavailable)
    event.remove(ledger.engine, "connect", limit)
    ledger.engine.dispose()
    check_entries_follow_each_other(ledger.open)


def test_a_projection_that_fails_for_one_command_harms_no_other(
    ledger: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = SeenProjector.apply

    def trip(self: SeenProjector, path: HotPath, event: Event, opened: Opened) -> None:
        apply(self, path, event, opened)
        if event.data.get("what") == "stumble":
            apply(self, path, event, opened)  # the same key twice

    monkeypatch.setattr(SeenProjector, "apply", trip)
    futures = [
        ledger.journal.submit(writes(ledger.open.viewed(what)))
        for what in ("a", "stumble", "b", "stumble", "c")
    ]
    outcomes = [future.exception() for future in futures]
    assert [type(o) for o in outcomes[1::2]] == [LedgerUnavailable] * 2
    assert outcomes[::2] == [None] * 3
    assert ledger.book.head().size == 4
    with reading(ledger.engine) as connection:
        assert [seq for seq, *_ in ledger.seen.rows(connection)] == [0, 1, 2, 3]


def test_what_a_command_writes_beside_the_ledger_shares_its_fate(ledger: TestLedger) -> None:
    row = {"seq": 1000, "type": "beside", "slots": ""}

    def beside(connection: Connection) -> None:
        connection.execute(insert(SEEN), row)

    def broken(_connection: Connection) -> None:
        raise ZeroDivisionError

    command = Decided((ledger.open.viewed(),), also=(beside, broken))
    outcome = ledger.journal.submit(lambda _state: command).exception()
    assert isinstance(outcome, ZeroDivisionError)
    with reading(ledger.engine) as connection:
        assert len(ledger.seen.rows(connection)) == 1
    ledger.journal.submit(lambda _state: Decided((ledger.open.viewed(),), also=(beside,))).result()
    with reading(ledger.engine) as connection:
        assert ledger.seen.rows(connection)[-1] == (1000, "beside", "")


def test_after_closing_everything_submitted_is_answered(ledger: TestLedger) -> None:
    futures = [ledger.journal.submit(writes(ledger.open.viewed(str(n)))) for n in range(200)]
    ledger.journal.close()
    assert [future.result(timeout=0).entries[0].seq for future in futures] == list(range(1, 201))
    assert refusal(ledger).cause == "the ledger is closed"
    ledger.journal.close()


def test_a_request_nobody_waits_for_any_more_is_not_carried_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys", grouped=True) as ledger:
        started, go_on = threading.Event(), threading.Event()

        def wait(_state: State) -> Decided:
            started.set()
            go_on.wait()
            return Decided((ledger.open.viewed("first"),))

        first = ledger.journal.submit(wait)
        started.wait()
        second = ledger.journal.submit(writes(ledger.open.viewed("second")))
        third = ledger.journal.submit(writes(ledger.open.viewed("third")))
        assert second.cancel()
        assert not first.cancel()
        go_on.set()
        assert third.result().entries[0].seq == 1
        assert ledger.book.head().size == 2


def test_more_waiting_requests_than_the_queue_holds_are_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "QUEUE_MAX", 5)
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys", grouped=True) as ledger:
        started, go_on = threading.Event(), threading.Event()

        def wait(_state: State) -> Decided:
            started.set()
            go_on.wait()
            return Decided(())

        ledger.journal.submit(wait)
        started.wait()
        waiting = [ledger.journal.submit(writes(ledger.open.viewed())) for _ in range(5)]
        assert refusal(ledger).cause == "too many requests wait"
        go_on.set()
        assert [future.result().entries[0].seq for future in waiting] == [0, 1, 2, 3, 4]


def test_the_same_request_twice_in_one_group_is_carried_out_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    with ledger_at(url, tmp_path / "keys", grouped=True) as ledger:
        started, go_on = threading.Event(), threading.Event()

        def wait(_state: State) -> Decided:
            started.set()
            go_on.wait()
            return Decided(())

        ledger.journal.submit(wait)
        started.wait()
        once = OnceOnly("svc", "POST /v1/decisions", "key", "same")
        futures = [
            ledger.journal.submit(writes(ledger.open.viewed("x")), once=once),
            ledger.journal.submit(writes(ledger.open.viewed("between"))),
            ledger.journal.submit(writes(ledger.open.viewed("x")), once=once),
            ledger.journal.submit(
                writes(ledger.open.viewed("y")), once=replace(once, fingerprint="other")
            ),
        ]
        go_on.set()
        first, between, again = (future.result() for future in futures[:3])
        assert (first.replayed, between.replayed, again.replayed) == (False, False, True)
        assert again.entries == first.entries
        assert isinstance(futures[3].exception(), KeyReused)
        assert ledger.book.head().size == 2


def test_a_group_is_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/countermand.sqlite3"
    groups: list[int] = []
    write = SqlJournal._write

    def counted(self: SqlJournal, jobs: Any) -> Any:
        groups.append(len(jobs))
        return write(self, jobs)

    monkeypatch.setattr(SqlJournal, "_write", counted)
    with ledger_at(url, tmp_path / "keys", grouped=True) as ledger:
        started, go_on = threading.Event(), threading.Event()

        def wait(_state: State) -> Decided:
            started.set()
            go_on.wait()
            return Decided(())

        ledger.journal.submit(wait)
        started.wait()
        waiting = [ledger.journal.submit(writes(ledger.open.viewed())) for _ in range(130)]
        go_on.set()
        for future in waiting:
            future.result()
    assert groups == [1, 64, 64, 2]


def test_a_clock_turned_back_a_little_is_waited_for(tmp_path: Path) -> None:
    with turned_clock(tmp_path) as (ledger, clock):
        last = ledger.book.head().last_at
        clock.at -= timedelta(seconds=1)
        entry = ledger.write(ledger.open.viewed()).entries[0]
        assert entry.recorded_at == last
        assert read_event(entry.body).clock == "adjusted"
        clock.at += timedelta(seconds=5)
        entry = ledger.write(ledger.open.viewed()).entries[0]
        assert read_event(entry.body).clock == "ok"


def test_a_clock_turned_back_far_is_recorded_once(tmp_path: Path) -> None:
    with turned_clock(tmp_path) as (ledger, clock):
        clock.at -= timedelta(hours=1)
        for _ in range(3):
            ledger.write(ledger.open.viewed())
        types = [entry.type for entry in ledger.book.entries(0, 10)]
        assert types == ["ledger_opened", "clock_adjusted", *["record_viewed"] * 3]
        adjusted = read_event(ledger.book.entries(1, 1)[0].body)
        assert 3_590_000_000 < adjusted.data["behind_us"] < 3_600_000_000
        times = [entry.recorded_at for entry in ledger.book.entries(0, 10)]
        assert times == sorted(times)
        clock.at += timedelta(hours=2)
        ledger.write(ledger.open.viewed())
        clock.at -= timedelta(hours=3)
        ledger.write(ledger.open.viewed())
        assert [e.type for e in ledger.book.latest(None, 10)].count("clock_adjusted") == 2


def test_the_state_and_the_entry_agree_on_the_time(ledger: TestLedger) -> None:
    seen = []

    def look(state: State) -> Decided:
        seen.append(state.now)
        return Decided((ledger.open.viewed(),))

    entry = ledger.journal.submit(look).result().entries[0]
    assert seen == [entry.recorded_at]
    assert entry.recorded_at > NOON


def test_an_answer_is_kept_for_thirty_days(tmp_path: Path) -> None:
    with turned_clock(tmp_path) as (ledger, clock):
        once = OnceOnly("caller", "POST /things", "key", "fingerprint")
        replayed = []
        for days in (0, 29, 2):
            clock.at += timedelta(days=days)
            outcome = ledger.journal.submit(writes(ledger.open.viewed()), once=once)
            replayed.append(outcome.result().replayed)
        assert replayed == [False, True, False]


def test_projections_can_be_dropped_and_filled_again(ledger: TestLedger) -> None:
    for n in range(5):
        ledger.write(ledger.open.withdrawn(f"case-{n}", f"note {n}"), ledger.open.viewed())
    with reading(ledger.engine) as connection:
        before = ledger.seen.rows(connection)
    assert before[1] == (1, "case_withdrawn", "note")
    with writing(ledger.engine) as connection:
        connection.execute(SEEN.delete())
    projectors = [ledger.seen]
    assert rebuild(ledger.engine, log=LOG, vault=ledger.vault, projectors=projectors) == 11
    with reading(ledger.engine) as connection:
        assert ledger.seen.rows(connection) == before


def test_what_was_erased_stays_away_in_a_rebuild(ledger: TestLedger) -> None:
    ledger.write(ledger.open.withdrawn("case-1", "gone"), ledger.open.withdrawn("case-2", "kept"))
    with writing(ledger.engine) as connection:
        keys = DataKey.__table__  # type: ignore[attr-defined]
        assert connection.execute(select(keys.c.subject_ref)).scalars().all()
        connection.execute(keys.delete().where(keys.c.subject_ref == "party-of-case-1"))
    rebuild(ledger.engine, log=LOG, vault=ledger.vault, projectors=[ledger.seen])
    with reading(ledger.engine) as connection:
        assert [slots for _, _, slots in ledger.seen.rows(connection)] == ["", "", "note"]


def test_a_projection_is_told_the_same_when_written_and_when_rebuilt(
    ledger: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[Event, Opened]] = []
    monkeypatch.setattr(SeenProjector, "apply", lambda _self, _path, *what: told.append(what))
    tuples = replace(
        ledger.open.withdrawn("case-1", "note"), cause=("e-1",), data={"reason": ("a", ("b",))}
    )
    ledger.write(tuples, ledger.open.viewed())
    live = list(told)
    told.clear()
    rebuild(ledger.engine, log=LOG, vault=ledger.vault, projectors=[ledger.seen])
    assert told[1:] == live
    assert live[0][0].data == {"reason": ["a", ["b"]]}


def test_a_party_has_one_key_however_often_it_is_met(ledger: TestLedger) -> None:
    for n in range(3):
        ledger.write(
            ledger.open.withdrawn("case-1", f"{n}"), ledger.open.withdrawn("case-1", f"again {n}")
        )
    with reading(ledger.engine) as connection:
        keys = DataKey.__table__  # type: ignore[attr-defined]
        assert connection.execute(select(keys.c.subject_ref)).scalars().all() == ["party-of-case-1"]


def test_a_refused_command_leaves_no_key_behind(ledger: TestLedger) -> None:
    wrong = replace(ledger.open.withdrawn("case-1", "note"), data={})
    assert ledger.journal.submit(writes(wrong)).exception() is not None
    with reading(ledger.engine) as connection:
        keys = DataKey.__table__  # type: ignore[attr-defined]
        assert not connection.execute(select(keys.c.subject_ref)).scalars().all()


def test_the_key_of_a_request_is_not_in_the_ledger_but_its_keyed_hash_is(
    ledger: TestLedger,
) -> None:
    once = OnceOnly("caller", "POST /things", "the very key", "fingerprint")
    receipt = ledger.journal.submit(writes(ledger.open.viewed()), once=once).result()
    event = read_event(receipt.entries[0].body)
    expected = ledger.vault.lookup_hash("request", "caller\0POST /things\0the very key")
    assert event.req == expected
    stored = Path(database_of(ledger)).read_bytes()
    assert b"the very key" not in stored


def test_what_is_recorded_after_an_erasure_in_the_same_group_can_be_read(tmp_path: Path) -> None:
    """The key that the group used before is gone by then, and another must be made."""
    with ledger_at(f"sqlite:///{tmp_path}/countermand.sqlite3", tmp_path / "keys") as ledger:
        ledger.begin()
        before, after = (ledger.open.withdrawn("c-1", note) for note in ("before", "after"))

        def erase(_state: State) -> Decided:
            return Decided((), also=(lambda connection: connection.execute(delete(DataKey)),))

        jobs = [
            _Job(writes(before), None),
            _Job(erase, None),
            _Job(writes(after), None),
        ]
        ledger.journal._run(jobs)
        assert all(job.future.result(5) for job in jobs)
        gone, read = (ledger.book.open_slots(one.event_id)["note"] for one in (before, after))
        assert isinstance(gone, SlotErased)
        assert not isinstance(read, SlotErased)
