"""The ledger that the simulation writes to keeps the promises that every journal keeps."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from overrides import checks
from overrides.checks import OpenLedger
from overrides.ids import id_maker
from tests.evidence.memory_book import MemoryBook
from tests.evidence.memory_ledger import MemoryJournal, Store
from tests.evidence.office import LOG, Ticking, vault_of


def memory_ledger(*, eager: bool) -> tuple[OpenLedger, OpenLedger]:
    chance, clock = Random(1), Ticking()
    store = Store(LOG, vault_of(chance))
    new_id = id_maker(clock, chance.randbytes)
    book: Any = MemoryBook(store)
    first, second = (
        MemoryJournal(store, clock=clock, new_id=new_id, eager=eager) for _ in range(2)
    )
    return OpenLedger(first, book, new_id), OpenLedger(second, book, new_id)


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
def test_the_ledger_in_memory_keeps_the_promise(check: Callable[[OpenLedger], None]) -> None:
    check(memory_ledger(eager=True)[0])


def test_two_servers_over_one_memory_never_fork_it() -> None:
    checks.check_two_writers(*memory_ledger(eager=True))


def test_bytes_made_later_are_those_made_at_once() -> None:
    hurried, patient = (memory_ledger(eager=eager)[0] for eager in (True, False))
    for ledger in (hurried, patient):
        drafts = [ledger.viewed("a"), ledger.withdrawn("case", "note"), ledger.viewed("b")]
        ledger.journal.submit(checks.writes(*drafts)).result()
    bodies = [[entry.body for entry in one.book.entries(0, 9)] for one in (hurried, patient)]
    assert bodies[0] == bodies[1]
