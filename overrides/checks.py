"""The promises every journal keeps, whatever lies under it. Shipped, so that yours can be held to.

Each check is given an open ledger of its own, empty or not, and raises ``AssertionError`` with
what was not kept.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from overrides.canonical import canonical
from overrides.errors import (
    EventTooLarge,
    KeyReused,
    LedgerError,
    NotCanonical,
    OverridesError,
    UnknownKind,
)
from overrides.events import BODY_BYTES_MAX, read_event
from overrides.journal import Command, Committed, Decided, Draft, Journal, OnceOnly, Slot, State
from overrides.ledger import LedgerBook
from overrides.merkle import leaf_hash, verify_consistency, verify_inclusion
from overrides.values import NewId

REFUSED = "the command refuses"


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """A journal with the book that reads it and a source of ids."""

    journal: Journal
    book: LedgerBook
    new_id: NewId

    def viewed(self, what: str = "case") -> Draft:
        """A small entry without personal data."""
        return Draft(
            event_id=self.new_id(),
            type="record_viewed",
            actor="person-1",
            role="compliance",
            data={"person": "person-1", "what": what},
        )

    def withdrawn(self, case_ref: str, note: str) -> Draft:
        """An entry about a case, with a personal part."""
        return Draft(
            event_id=self.new_id(),
            type="case_withdrawn",
            actor="person-1",
            role="officer",
            case=case_ref,
            data={"reason": "applicant"},
            slots=(Slot("note", f"party-of-{case_ref}", {"text": note}),),
        )


def check_journal(ledger: OpenLedger) -> None:
    """Everything below, except what needs two writers."""
    check_entries_follow_each_other(ledger)
    check_a_refusal_leaves_nothing(ledger)
    check_a_request_acts_once(ledger)
    check_personal_parts(ledger)
    check_the_tree_proves_every_entry(ledger)
    check_reading(ledger)


def writes(*drafts: Draft) -> Command:
    """A command that writes these drafts, whatever the state."""
    return lambda _state: Decided(drafts)


def check_entries_follow_each_other(ledger: OpenLedger) -> None:
    """A command's entries are neighbours, in its order, and time never falls."""
    before = ledger.book.head()
    drafts = [ledger.viewed(str(n)) for n in range(3)]
    receipt = ledger.journal.submit(writes(*drafts)).result()
    head = ledger.book.head()
    assert not receipt.replayed
    assert [e.seq for e in receipt.entries] == list(range(before.size, before.size + 3))
    assert [e.event_id for e in receipt.entries] == [d.event_id for d in drafts]
    assert head.size == before.size + 3
    assert list(ledger.book.entries(before.size, 10)) == list(receipt.entries)
    for entry, draft in zip(receipt.entries, drafts, strict=True):
        assert entry.leaf_hash == leaf_hash(entry.body), "the hash is not of the bytes"
        event = read_event(entry.body)
        assert (event.log, event.seq, event.recorded_at) == (
            ledger.book.log,
            entry.seq,
            entry.recorded_at,
        )
        assert (event.type, event.data) == (draft.type, draft.data)
        assert before.last_at is None or entry.recorded_at >= before.last_at


def check_a_refusal_leaves_nothing(ledger: OpenLedger) -> None:
    """A command that raises, or wants what cannot be written, changes nothing and harms nobody."""
    before = ledger.book.head()

    def refuse(_state: State) -> Decided:
        raise ZeroDivisionError(REFUSED)

    def half(_state: State) -> Decided:
        wrong = replace(ledger.viewed(), data={"person": "p", "unheard_of": 1})
        return Decided((ledger.viewed(), wrong))

    def float_in(_state: State) -> Decided:
        return Decided((replace(ledger.viewed(), data={"person": "p", "what": 0.5}),))

    def too_large(_state: State) -> Decided:
        return Decided((ledger.viewed("x" * BODY_BYTES_MAX),))

    def unknown(_state: State) -> Decided:
        return Decided((replace(ledger.viewed(), type="unheard_of"),))

    expected: list[tuple[Command, type[Exception]]] = [
        (refuse, ZeroDivisionError),
        (half, NotCanonical),
        (float_in, NotCanonical),
        (too_large, EventTooLarge),
        (unknown, UnknownKind),
    ]
    futures = [(ledger.journal.submit(command), error) for command, error in expected]
    good = ledger.journal.submit(writes(ledger.viewed("good")))
    for future, error in futures:
        assert isinstance(future.exception(), error), f"expected {error.__name__}"
    assert good.result().entries[0].seq == before.size, "a refusal left something behind"
    assert ledger.book.head().size == before.size + 1


def check_a_request_acts_once(ledger: OpenLedger) -> None:
    """The same request again is answered the same and writes nothing; another one is refused."""
    once = OnceOnly("caller", "POST /things", ledger.new_id(), "fingerprint")
    answer = {"case": "c-1", "count": 1}
    first = ledger.journal.submit(
        lambda _state: Decided((ledger.viewed(),), answer), once=once
    ).result()
    size = ledger.book.head().size

    def never(_state: State) -> Decided:
        raise AssertionError(REFUSED)

    again = ledger.journal.submit(never, once=once).result()
    assert again.replayed
    assert (again.entries, again.answer) == (first.entries, answer)
    other = ledger.journal.submit(never, once=replace(once, fingerprint="another"))
    assert isinstance(other.exception(), KeyReused)
    assert ledger.book.head().size == size
    for elsewhere in (replace(once, route="POST /others"), replace(once, actor="another")):
        receipt = ledger.journal.submit(writes(ledger.viewed()), once=elsewhere).result()
        assert not receipt.replayed, "a key belongs to one caller and one route"
    nothing = replace(once, key=ledger.new_id())
    for replayed in (False, True):
        empty = ledger.journal.submit(lambda _state: Decided((), {"changed": 0}), once=nothing)
        assert (empty.result().replayed, empty.result().entries) == (replayed, ())

    failing = replace(once, key=ledger.new_id())
    refused = ledger.journal.submit(never, once=failing)
    assert isinstance(refused.exception(), AssertionError)
    retried = ledger.journal.submit(writes(ledger.viewed()), once=failing).result()
    assert not retried.replayed, "a refused request did not act, so it may come again"


def check_personal_parts(ledger: OpenLedger) -> None:
    """A slot comes back as it went in, and the entry itself says nothing of it."""
    case, note = ledger.new_id(), "a note that nobody else may read"
    receipt = ledger.journal.submit(writes(ledger.withdrawn(case, note))).result()
    entry = receipt.entries[0]
    assert note.encode() not in entry.body
    assert read_event(entry.body).commit.keys() == {"note"}
    opened = ledger.book.open_slots(entry.event_id)
    assert opened == {"note": {"text": note}}
    assert ledger.book.open_slots(entry.event_id, ["unheard_of"]) == {}
    assert ledger.book.open_slots("unheard of") == {}
    many = ledger.book.open_many([entry.event_id, "unheard of"], ["note"])
    assert many == {entry.event_id: {"note": {"text": note}}}
    commit = read_event(entry.body).commit
    read = Committed(entry.seq, entry.event_id, entry.leaf_hash, commit)
    assert ledger.book.unsealed([read], ["note"]) == {
        entry.event_id: {"note": canonical({"text": note})}
    }
    assert ledger.book.unsealed([read], ["unheard_of"]) == {entry.event_id: {}}
    assert ledger.book.unsealed([]) == {}


def check_the_tree_proves_every_entry(ledger: OpenLedger) -> None:
    """Each entry is proved to be in the tree, and each older tree to be its beginning."""
    book, head = ledger.book, ledger.book.head()
    for entry in book.entries(0, head.size):
        path = book.inclusion(entry.seq, head.size)
        verify_inclusion(entry.leaf_hash, entry.seq, head.size, path, head.root)
    for size in range(1, head.size + 1):
        older = book.frontier(size).root()
        verify_consistency(size, head.size, older, head.root, book.consistency(size, head.size))
    for wrong in (lambda: book.inclusion(head.size, head.size), lambda: book.consistency(0, 1)):
        assert _refuses(wrong), "a proof of what is not there"


def check_reading(ledger: OpenLedger) -> None:
    """Entries are found by place, id, case and kind, in order, and never more than asked for."""
    case = ledger.new_id()
    about = [ledger.withdrawn(case, "one"), ledger.viewed(), ledger.withdrawn(case, "two")]
    entries = ledger.journal.submit(writes(*about)).result().entries
    book, last = ledger.book, entries[-1]
    assert book.entry(last.seq) == book.entry_of(last.event_id) == last
    assert book.entry(last.seq + 1) is None
    assert book.entry_of("unheard of") is None
    assert [e.seq for e in book.entries_of_case(case)] == [entries[0].seq, entries[2].seq]
    assert [e.seq for e in book.latest(None, 2)] == [last.seq, last.seq - 1]
    assert [e.seq for e in book.latest(last.seq, 1, ["case_withdrawn"])] == [entries[0].seq]
    after = book.changes(entries[0].seq - 1, 10, ["case_withdrawn"])
    assert [e.seq for e in after] == [entries[0].seq, entries[2].seq]
    assert [e.seq for e in book.changes(-1, 2)] == [0, 1]


def check_two_writers(first: OpenLedger, second: OpenLedger, *, commands_each: int = 40) -> None:
    """Two journals over one ledger at once: nothing is lost, doubled, or out of its place."""
    before = first.book.head().size

    def write(ledger: OpenLedger, name: str) -> list[int]:
        places = []
        for n in range(commands_each):
            drafts = (ledger.viewed(f"{name} {n} a"), ledger.viewed(f"{name} {n} b"))
            places += [e.seq for e in ledger.journal.submit(writes(*drafts)).result().entries]
        return places

    with ThreadPoolExecutor() as writers:
        places = list(writers.map(write, (first, second), ("left", "right")))
    after = before + 4 * commands_each
    assert sorted(places[0] + places[1]) == list(range(before, after))
    assert first.book.head() == second.book.head()
    entries = first.book.entries(before, after - before)
    said = [str(read_event(entry.body).data["what"]) for entry in entries]
    for name in ("left", "right"):
        mine = [words for words in said if words.startswith(name)]
        assert mine == [f"{name} {n} {half}" for n in range(commands_each) for half in "ab"]
    check_the_tree_proves_every_entry(first)


def check_one_winner(ledger: OpenLedger, *, rivals: int = 8) -> None:
    """The same request from many sides at once acts once, and everybody is told the same."""
    once = OnceOnly("caller", "POST /races", ledger.new_id(), "fingerprint")
    before = ledger.book.head().size

    def compete(_rival: int) -> tuple[bool, tuple[int, ...]]:
        receipt = ledger.journal.submit(writes(ledger.viewed()), once=once).result()
        return receipt.replayed, tuple(entry.seq for entry in receipt.entries)

    with ThreadPoolExecutor(rivals) as crowd:
        outcomes = list(crowd.map(compete, range(rivals)))
    assert sorted(outcomes) == [(False, (before,)), *[(True, (before,))] * (rivals - 1)]
    assert ledger.book.head().size == before + 1


def _refuses(question: Callable[[], object]) -> bool:
    """Whether the ledger refuses the question."""
    try:
        question()
    except LedgerError as refusal:
        assert isinstance(refusal, OverridesError)
        return True
    return False
