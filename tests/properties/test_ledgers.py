"""Any history of commands, against a plain list: order, once-only, time, tree, verification."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from overrides.checks import check_the_tree_proves_every_entry
from overrides.countermand_verify import Verdict
from overrides.errors import KeyReused
from overrides.events import read_event
from overrides.examination import Trust
from overrides.journal import Decided, Draft, OnceOnly, State
from overrides.merkle import leaf_hash
from overrides.signing import sign_checkpoint
from overrides.stores.engine import reading, writing
from overrides.stores.rebuild import rebuild
from overrides.verify import SAME_HOST, verify_database
from tests import plain_trees
from tests.ledgers import LOG, SEEN, SteadyClock, TestLedger, ledger_at


@dataclass
class Oracle:
    """What a ledger should hold, kept the plain way."""

    words: list[str] = field(default_factory=list)  # what each entry says
    answers: dict[str, tuple[str, list[int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One thing a test does to a ledger."""

    writes: int  # how many entries the command wants
    refuses: bool  # whether it then fails
    key: str  # "" for a request without a key
    fingerprint: str
    turn: int  # seconds the clock is turned before


STEPS = st.builds(
    Step,
    writes=st.integers(0, 4),
    refuses=st.sampled_from([False, False, True]),
    key=st.sampled_from(["", "", "k1", "k2"]),
    fingerprint=st.sampled_from(["f1", "f1", "f2"]),
    turn=st.sampled_from([0, 0, 0, 1, 3600, -1, -3600]),
)


class RefusedError(Exception):
    """What a refusing command raises."""


def take(step: Step, number: int, ledger: TestLedger, oracle: Oracle) -> None:
    """Do the step to both, and compare what came of it."""
    words = [f"{number}.{n}" for n in range(step.writes)]

    def command(_state: State) -> Decided:
        drafts: list[Draft] = [
            ledger.open.withdrawn(f"case-{word}", word) if n % 2 else ledger.open.viewed(word)
            for n, word in enumerate(words)
        ]
        if step.refuses:
            raise RefusedError
        return Decided(tuple(drafts), {"wrote": len(drafts)})

    once = OnceOnly("caller", "route", step.key, step.fingerprint) if step.key else None
    outcome = ledger.journal.submit(command, once=once)
    before = oracle.answers.get(step.key) if step.key else None
    if before is not None and before[0] != step.fingerprint:
        assert isinstance(outcome.exception(), KeyReused)
    elif before is not None:
        receipt = outcome.result()
        assert receipt.replayed
        assert [entry.seq for entry in receipt.entries] == before[1]
        assert receipt.answer == {"wrote": len(before[1])}
    elif step.refuses:
        assert isinstance(outcome.exception(), RefusedError)
    else:
        receipt = outcome.result()
        assert not receipt.replayed
        oracle.words += words
        if step.key:
            places = [entry.seq for entry in receipt.entries]
            oracle.answers[step.key] = (step.fingerprint, places)


@given(st.lists(STEPS, max_size=12), st.sampled_from(["inline", "grouped"]))
@settings(max_examples=25)
def test_any_history_leaves_the_ledger_it_should(steps: list[Step], kind: str) -> None:
    clock, oracle = SteadyClock(), Oracle()
    with (
        TemporaryDirectory() as folder,
        ledger_at(
            f"sqlite:///{folder}/l.sqlite3",
            Path(folder) / "keys",
            grouped=kind == "grouped",
            clock=clock,
        ) as ledger,
    ):
        ledger.begin()
        for number, step in enumerate(steps):
            clock.at += timedelta(seconds=step.turn)
            take(step, number, ledger, oracle)
        compare(ledger, oracle)
        signed = sign_checkpoint(ledger.book, ledger.signer, ledger.clock)
        assert signed is not None
        trust = Trust(keys=[ledger.signer.key], keys_from=SAME_HOST, vault=ledger.vault)
        found = verify_database(Path(folder) / "l.sqlite3", trust)
        assert found.verdict == Verdict.CLEAN, found.sentences()


def compare(ledger: TestLedger, oracle: Oracle) -> None:
    """The ledger says what the plain list says."""
    head = ledger.book.head()
    entries = ledger.book.entries(0, head.size)
    assert head.root == plain_trees.root([leaf_hash(entry.body) for entry in entries])
    times = [entry.recorded_at for entry in entries]
    assert times == sorted(times)
    said = []
    for entry in entries:
        event = read_event(entry.body)
        if event.type == "record_viewed":
            said.append(event.data["what"])
        elif event.type == "case_withdrawn":
            said.append(ledger.book.open_slots(event.event_id)["note"]["text"])  # type: ignore[index]
    assert said == oracle.words
    check_the_tree_proves_every_entry(ledger.open)
    with reading(ledger.engine) as connection:
        seen = ledger.seen.rows(connection)
    with writing(ledger.engine) as connection:
        connection.execute(SEEN.delete())
    rebuild(ledger.engine, log=LOG, vault=ledger.vault, projectors=[ledger.seen])
    with reading(ledger.engine) as connection:
        assert ledger.seen.rows(connection) == seen
