"""A small bank in one thread: people, services, a network that loses things, and a clock that lies.

Everything follows from one seed. Each asking goes to the real deciders over a ledger, and to the
oracle; what they say must agree, and so must the case afterwards.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from overrides.cases import Case
from overrides.errors import OverridesError
from overrides.ids import id_maker
from overrides.journal import Command, OnceOnly
from overrides.values import NewId
from overrides.vault import Vault
from tests.evidence.asks import Ask, Desk
from tests.evidence.memory_ledger import MemoryJournal, Store
from tests.evidence.office import LOG, START, vault_of
from tests.evidence.oracle import Oracle
from tests.evidence.restated import Model

PASSING = tuple(timedelta(seconds=n) for n in (0, 0, 0, 0, 0, 1, 2, 5, 20))
JUMPS = tuple(
    timedelta(**how)
    for how in (
        *({"seconds": -1}, {"seconds": -3}, {"hours": -1}, {"days": -40}, {"days": -365}),
        *({"hours": 1}, {"days": 1}, {"days": 31}, {"days": 365}),
    )
)
JUMP_SHARE = 0.002  # of the steps
TRIES = 5


@dataclass
class Diverged(Exception):
    """The ledger and the oracle do not agree."""

    about: object
    found: object
    expected: object

    def __str__(self) -> str:
        """What differs."""
        return f"{self.found!r}, expected {self.expected!r}, of {self.about}"


class Server(Protocol):
    """What serves askings: the ledger in memory, or the real one."""

    def run(self, command: Command, once: OnceOnly) -> tuple[int, int]:
        """Place and number of the entries that the asking led to; raises its refusal."""

    def case(self, ref: str) -> Case | None:
        """The case as it stands."""

    def restart(self) -> None:
        """Stop at once and start again."""

    def size(self) -> int:
        """Entries in the ledger."""


@dataclass(slots=True)
class MemoryServer:
    """Serves from memory."""

    store: Store
    clock: Callable[[], datetime]
    new_id: NewId
    eager: bool
    journal: MemoryJournal = field(init=False)

    def __post_init__(self) -> None:
        """Start."""
        self.restart()

    def run(self, command: Command, once: OnceOnly) -> tuple[int, int]:
        """Place and number of the entries that the asking led to."""
        answer, _ = self.journal.run(command, once)
        return answer.first, answer.entries

    def case(self, ref: str) -> Case | None:
        """The case as it stands."""
        return self.store.case(ref)

    def restart(self) -> None:
        """Lose what is not in the store."""
        self.journal = MemoryJournal(
            self.store, clock=self.clock, new_id=self.new_id, eager=self.eager
        )

    def size(self) -> int:
        """Entries in the ledger."""
        return len(self.store.placed)


class World:
    """The bank. ``steps`` counts what happened: a look, a thought, a message, a fault."""

    def __init__(self, seed: int, serve: "Callable[[World], Server]") -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.now = START
        self.oracle = Oracle()
        self.vault: Vault = vault_of(self.chance)
        self.new_id: NewId = id_maker(lambda: self.now, self.chance.randbytes)
        self.desk = Desk(self.new_id, self.vault.lookup_hash)
        self.cases: list[str] = []
        self.late: list[Ask] = []  # messages that are still on their way
        self.steps = 0
        self.asked = 0
        self.faults = 0
        self._keys = 0
        self.server = serve(self)
        self.oracle.size = self.server.size()

    def key(self) -> str:
        """A fresh idempotency key."""
        self._keys += 1
        return f"key-{self._keys}"

    def run(self, actors: list[Iterator[None]], steps: int) -> None:
        """Let people act in turns that chance gives, until so many things have happened."""
        chance, draw, count = self.chance, self.chance.random, len(actors)
        for _ in range(steps):
            lot = draw()
            if lot < JUMP_SHARE:
                self.now += chance.choice(JUMPS)
                self.faults += 1
            else:
                self.now += PASSING[int(lot * 1e6) % 9]
                next(actors[int(draw() * count)])
        self.steps += steps

    def ask(self, ask: Ask) -> Iterator[None]:
        """Send an asking, again and again, until there is an answer or nobody cares any more."""
        for _ in range(TRIES):
            yield  # on its way there
            answered = self._deliver(ask)
            yield  # the answer on its way back
            if answered:
                return
            yield  # nothing comes

    def _deliver(self, ask: Ask) -> bool:
        """Send it once over a bad line to a server that may fall; whether an answer came back."""
        fate = self.chance.random()
        if fate > 0.14:
            self.serve(ask)
            return True
        self.faults += 1
        if fate < 0.05:  # lost: half of them on the way there, half on the way back
            if fate < 0.025:
                self.serve(ask)
        elif fate < 0.08:  # the server falls: before it did anything, or between commit and reply
            if fate < 0.07:
                self.serve(ask)
            self.server.restart()
            self.oracle.restart()
        elif fate < 0.11:  # sent twice at once
            self.serve(ask)
            self.serve(ask)
            return True
        else:  # comes later, when the sender has long tried again
            self.late.append(ask)
        return False

    def deliver_late(self) -> None:
        """One of the messages on their way arrives."""
        if self.late:
            self.serve(self.late.pop(int(self.chance.random() * len(self.late))))

    def serve(self, ask: Ask) -> None:
        """Carry an asking out and compare what came of it."""
        self.asked += 1
        command = self.desk.command(ask)
        expected, first, count = self.oracle.answer(ask, self.now)
        try:
            done = self.server.run(command, ask.once)
        except OverridesError as refusal:
            if type(refusal).__name__ != expected:
                raise Diverged(ask, refusal, expected or "success") from refusal
            return
        if expected or done[1] != count or (count and done[0] != first):
            raise Diverged(ask, done, expected or (first, count))
        if count:
            self.compare(ask.case)

    def compare(self, ref: str) -> None:
        """The case must stand as the oracle says."""
        model = self.oracle.cases.get(ref)
        case = self.server.case(ref)
        if model is None or case is None:
            if model is not case:  # type: ignore[comparison-overlap]
                raise Diverged(ref, case, model)
            return
        if _seen(case) != _expected(model):
            raise Diverged(ref, _seen(case), _expected(model))

    def compare_all(self) -> None:
        """Every case and the size of the ledger must be as the oracle says."""
        for ref in self.oracle.cases:
            self.compare(ref)
        if self.server.size() != self.oracle.size:
            raise Diverged(self.server, self.server.size(), self.oracle.size)


def in_memory(world: World, *, eager: bool) -> MemoryServer:
    """A server in memory for a world."""
    store = Store(LOG, world.vault)
    return MemoryServer(store, lambda: world.now, world.new_id, eager)


def _seen(case: Case) -> tuple[object, ...]:
    """What the product says of a case."""
    claim, proposal = case.claim, case.proposal
    return (
        case.status,
        case.version,
        case.attempt,
        case.recommendation,
        (claim.person, claim.until) if claim else ("", None),
        (proposal.person, proposal.decision, proposal.needs) if proposal else ("", "", ""),
        case.final or "",
        case.excluded,
    )


def _expected(model: Model) -> tuple[object, ...]:
    """The same of the oracle."""
    return (
        model.status,
        model.version,
        model.attempt,
        "refer" if model.score.milli is None else model.score.recommendation,
        (model.holder, model.until),
        (model.proposer, model.proposed, model.needs),
        model.final,
        tuple(model.excluded),
    )
