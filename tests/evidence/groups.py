"""Groups against single commands: whatever comes together must end as if it had come in turn.

The same requests go to a writer that takes them in one group and to one that takes them singly:
requests twice in one group, two applications of one id, the same key with another request, commands
that refuse, that fail half-written, beside the ledger, in a projection at once or only when the
rows of the group are put. Every answer must be the same, and so must every row of both databases.
"""

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Column, Connection, Integer, MetaData, Table, delete, insert, select

from overrides.errors import LedgerUnavailable
from overrides.journal import Decided, Event, Opened, Receipt
from overrides.stores.case_tables import TABLES
from overrides.stores.engine import open_engine, reading, writing
from overrides.stores.hot_path import HotPath
from overrides.stores.ledger_tables import DataKey, Idempotency, LedgerPayload
from tests.evidence import postgres_crashes
from tests.evidence.grouping import submit_grouped
from tests.evidence.lots import Lot, Part, Tally, scratch
from tests.evidence.office import START, Office, open_office, prepare, sqlite_url
from tests.evidence.sabotage import ROWS_UNSEEN, SPOILED_WHOLE, sabotaged
from tests.evidence.soundness import examined, stale_tables
from tests.evidence.tasks import SPOILING, Task, Tasks

GROUP_MAX = 24
LOT = 100
STUMBLES = ("stumbles", "stumbles late")
JUMPS = tuple(timedelta(seconds=n) for n in (1, 1, 1, 30, 4000, -1, -5, -4000))
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

_ONCE = Idempotency.__table__  # type: ignore[attr-defined]
_KEYS = DataKey.__table__  # type: ignore[attr-defined]
_PARTS = LedgerPayload.__table__  # type: ignore[attr-defined]
_METADATA = MetaData()
STEPS = Table("evidence_steps", _METADATA, Column("seq", Integer, primary_key=True))
_INSERT_STEP = insert(STEPS)
_QUERIES = {
    **{table.name: select(table) for table in (*TABLES, STEPS, _ONCE)},
    "data_key": select(_KEYS.c.subject_ref),
    "ledger_payload": select(_PARTS.c.seq, _PARTS.c.slot),
}


class Stumbling:
    """A projection that fails over some entries: at once, or when its rows are put."""

    def tables(self) -> Sequence[str]:
        """The one table."""
        return [STEPS.name]

    def clear(self, connection: Connection) -> None:
        """Empty it."""
        connection.execute(delete(STEPS))

    def apply(self, path: HotPath, event: Event, opened: Opened) -> None:
        """Note a step, or stumble."""
        del opened
        what = event.data.get("what")
        path.later(_INSERT_STEP, {"seq": event.seq})
        if what == "stumbles":
            raise ZeroDivisionError
        if what == "stumbles late":
            path.later(_INSERT_STEP, {"seq": event.seq})  # the same key twice


@dataclass
class Standing:
    """A clock that stands still until it is moved."""

    at: datetime = START

    def __call__(self) -> datetime:
        """The time."""
        return self.at


@dataclass(slots=True)
class Side:
    """One of the two ledgers, and the requests made for it."""

    office: Office
    tasks: Tasks
    clock: Standing

    def task(self, number: int, kind: str) -> Task:
        """A request, the same on both sides."""
        if kind in STUMBLES:
            task = self.tasks.task(number, "view")
            draft = replace(self.tasks.viewed(number), data={"person": "p", "what": kind})
            return replace(task, kind=kind, command=lambda _: Decided((draft,)))
        return self.tasks.task(number, kind)


def plan(chance: Random, number: int) -> Iterator[tuple[int, str, str]]:
    """Numbers, kinds and repetition of the requests of one group."""
    size = chance.randint(1, GROUP_MAX)
    bad = chance.choice((0.0, 0.1, 0.4))
    made: list[int] = []
    for _ in range(size):
        lot = chance.random()
        if made and lot < 0.12:
            yield chance.choice(made), "", chance.choice(("again", "other"))
        else:
            kind = chance.choice(SPOILING + STUMBLES) if lot > 1 - bad else ""
            made.append(number + len(made))
            yield made[-1], kind, ""


@dataclass(slots=True)
class Match:
    """The two sides, and what was found."""

    together: Side
    in_turn: Side
    tally: Tally
    kinds: dict[int, str] = field(default_factory=dict)
    next_number: int = 0

    def play(self, chance: Random, name: str) -> None:
        """One group on both sides."""
        jump = chance.choice(JUMPS)
        for side in (self.together, self.in_turn):
            side.clock.at += jump
        planned = list(plan(chance, self.next_number))
        self.kinds |= {number: kind for number, kind, again in planned if not again}
        self.next_number += sum(not again for *_, again in planned)
        answers = [
            self._answers(side, planned, grouped=grouped)
            for side, grouped in ((self.together, True), (self.in_turn, False))
        ]
        self.tally.counts["requests"] += len(planned)
        for (number, kind, again), one, other in zip(planned, *answers, strict=True):
            self.tally.counts[f"answered: {one[0]}"] += 1
            if one != other:
                what = f"{name}, request {number} {kind} {again}"
                self.tally.fail("differs", f"{what}: together {one}, in turn {other}")

    def _answers(
        self, side: Side, planned: Sequence[tuple[int, str, str]], *, grouped: bool
    ) -> list[tuple[str, ...]]:
        """What each request was answered, without what may differ."""
        tasks = []
        for number, _, again in planned:
            task = side.task(number, self.kinds[number])
            if again:
                task = side.tasks.again(task, other=again == "other")
            tasks.append(task)
        if grouped:
            futures = submit_grouped(side.office.journal, tasks, lambda _: None)
        else:
            side.office.journal.submit(lambda _: Decided(())).result()  # as the one that holds
            futures = [side.office.journal.submit(t.command, once=t.once) for t in tasks]
        return [_answer(future) for future in futures]

    def compare(self) -> None:
        """Every row must be the same but for ids and what chance gave."""
        ours, theirs = (_rows(side.office) for side in (self.together, self.in_turn))
        for table in ours:
            if ours[table] != theirs[table]:
                pairs = zip(ours[table], theirs[table], strict=False)
                first = next((pair for pair in pairs if pair[0] != pair[1]), "one is longer")
                self.tally.fail("differs", f"the rows of {table}: {str(first)[:600]}")
        for side in (self.together, self.in_turn):
            if wrong := examined(side.office) or stale_tables(side.office):
                self.tally.fail("unsound", wrong)


def _answer(future: Future[Receipt]) -> tuple[str, ...]:
    """An answer without ids."""
    failure = future.exception(60)
    if isinstance(failure, LedgerUnavailable):
        return ("LedgerUnavailable",)
    if failure is not None:
        return (type(failure).__name__, IDS.sub("#", str(failure)))
    receipt = future.result()
    kinds = ",".join(f"{entry.seq} {entry.type}" for entry in receipt.entries)
    said = IDS.sub("#", json.dumps(receipt.answer, sort_keys=True))
    return ("told again" if receipt.replayed else "told", kinds, said)


def _rows(office: Office) -> dict[str, list[str]]:
    """Every row of the ledger and its projections, ids numbered in the order in which they come."""
    numbers: dict[str, str] = {}

    def numbered(text: str) -> str:
        return IDS.sub(lambda m: numbers.setdefault(m[0], f"#{len(numbers)}"), text)

    bodies = []
    for entry in office.book.entries(0, 1_000_000):
        body = json.loads(entry.body)
        body["commit"] = sorted(body["commit"])
        bodies.append(numbered(json.dumps(body, sort_keys=True)))
    found = {"ledger_event": bodies}
    with reading(office.engine) as connection:
        for name, query in _QUERIES.items():
            rows = connection.execute(query)
            found[name] = sorted(numbered(repr(tuple(row))) for row in rows)
    return found


@contextmanager
def side(url: str, lot: Lot, *, grouped: bool) -> Iterator[Side]:
    """One of the two ledgers."""
    prepare(url)
    clock = Standing()
    engine = open_engine(url)
    with writing(engine) as connection:
        _METADATA.create_all(connection)
    engine.dispose()
    chance = lot.chance("side", grouped)
    with open_office(url, chance, grouped=grouped, clock=clock, more=[Stumbling()]) as office:
        yield Side(office, Tasks(lot.seed, office.new_id, office.vault.lookup_hash), clock)


def _run(lot: Lot, together: str, in_turn: str) -> Tally:
    """So many groups over two databases."""
    tally = Tally()
    with (
        sabotaged(lot.sabotage),
        side(together, lot, grouped=True) as one,
        side(in_turn, lot, grouped=False) as other,
    ):
        match = Match(one, other, tally)
        for number in range(lot.units):
            match.play(lot.chance("group", number), f"group {number}")
            tally.units += 1
        match.compare()
    return tally


def run(lot: Lot) -> Tally:
    """So many groups on SQLite."""
    with scratch() as folder:
        for name in ("together", "in-turn"):
            (folder / name).mkdir()
        return _run(lot, sqlite_url(folder / "together"), sqlite_url(folder / "in-turn"))


def run_postgres(lot: Lot) -> Tally:
    """So many groups on PostgreSQL."""
    with postgres_crashes.server() as server:
        return _run(lot, server.database("together"), server.database("in_turn"))


PART = Part(
    name="groups",
    shows="Requests that are written together end as if they had come one after the other",
    unit="groups",
    run=run,
    release=20_000,
    small=80,
    red=25,
    lot=LOT,
    rate=20,
    sabotages=(SPOILED_WHOLE, ROWS_UNSEEN),
)
POSTGRES = replace(
    PART,
    name="groups_postgres",
    run=run_postgres,
    release=2_000,
    small=8,
    red=15,
    rate=8,
    sabotages=(SPOILED_WHOLE,),
    missing=postgres_crashes.missing,
    jobs_max=2,
)
