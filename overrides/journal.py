"""The one way to write: a command decides inside the writer's transaction and returns events.

A command is a function of the state it sees, and writes nothing itself. The journal runs it in the
transaction that will hold its events, gives each event its place and time, encrypts its personal
slots, applies the projections, keeps the answer for a repeated request, and commits. Where that
fails it may run the command again, in another transaction and on the state as it then is. The
future resolves after the commit is on disk, never before.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable

from overrides.cases import Case
from overrides.letter_rows import LetterRow

Json = Any  # None, bool, int, str, lists and string-keyed mappings of these; never a float
SideWrite = Callable[[Any], None]  # given the open SQLAlchemy connection


@dataclass(frozen=True, slots=True)
class VersionStamp:
    """Which version of a model, policy or codebook an event rests on."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The personal part of an event: encrypted under ``party``'s key, committed to in the body."""

    name: str
    party: str
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event before it has a place in the ledger and a time."""

    event_id: str
    type: str
    actor: str
    role: str
    data: Mapping[str, Json]
    case: str | None = None
    cause: tuple[str, ...] = ()
    model: VersionStamp | None = None
    policy: VersionStamp | None = None
    codebook: VersionStamp | None = None
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event with its place: ``seq`` is the 0-based leaf index in ``log``."""

    log: str
    seq: int
    event_id: str
    type: str
    recorded_at: datetime
    leaf_hash: bytes
    body: bytes


class Committed(NamedTuple):
    """Which entry personal parts are of, and what it commits to: slots with a hash in hex."""

    seq: int
    event_id: str
    leaf_hash: bytes
    commit: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry read back from its own bytes: what a projection is told. No personal data."""

    log: str
    seq: int
    event_id: str
    recorded_at: datetime
    type: str
    actor: str
    role: str
    data: Mapping[str, Json]
    case: str | None = None
    cause: tuple[str, ...] = ()
    model: VersionStamp | None = None
    policy: VersionStamp | None = None
    codebook: VersionStamp | None = None
    commit: Mapping[str, str] = field(default_factory=dict)  # slot: commitment in hex
    req: str | None = None
    clock: str = "ok"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command wants written.

    ``answer`` is kept for a repeated request, so it holds references and no personal data.
    ``also`` are writes to tables beside the ledger that must commit with the events. ``unplaced``
    are entries that were made ready before, which come first.
    """

    drafts: tuple[Draft, ...] = ()
    answer: Mapping[str, Json] = field(default_factory=dict)
    also: tuple[SideWrite, ...] = ()
    unplaced: tuple[Any, ...] = ()  # of ``sealing.Unplaced``, which knows the vault


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was written, or what had been written when the same request came before."""

    entries: tuple[Entry, ...]
    answer: Mapping[str, Json]
    replayed: bool


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """Identity of a request: the same caller, route and key act once; ``fingerprint`` is keyed."""

    actor: str
    route: str
    key: str
    fingerprint: str


def request_words(once: OnceOnly) -> str:
    """What the keyed hash of a request is made of."""
    return f"{once.actor}\0{once.route}\0{once.key}"


class About(NamedTuple):
    """What an observation of the lender's books is of: later ones of the same replace it."""

    case_ref: str
    kind: str
    observed_at: str  # an instant as the ledger spells it
    account: int = 0  # of the case, in the order they were heard of; 0 for the loan as a whole


@dataclass(frozen=True, slots=True)
class Told:
    """A value, and the file or interface that reported it."""

    value: str
    source: str


class State(Protocol):
    """What a command may look at, inside the writer's transaction."""

    @property
    def now(self) -> datetime:
        """The time the events will carry at the earliest."""

    def case(self, case_ref: str) -> Case | None:
        """The case as it stands."""

    def case_of_application(self, bundle: str, application_key: str) -> Case | None:
        """The case that an application opened, by the keyed hash of its id."""

    def outcome_told(self, about: About, told: Told) -> bool:
        """Whether this source has reported this value of this before."""

    def outcome_at(self, about: About) -> tuple[str, str] | None:
        """Event id and value of the latest observation of this, if any."""

    def outcome_accounts(self, case_ref: str) -> Mapping[str, int]:
        """The accounts that were heard of: their numbers, from 1 on, by their keyed hashes."""

    def shown_before(self, case_ref: str, person: str, decision_id: str) -> bool:
        """Whether this person was already shown the reasons of this decision."""

    def tried_before(self, case_ref: str, person: str, decision_id: str) -> int:
        """How many sets of other values this person has tried on this decision."""

    def letter(self, case_ref: str) -> LetterRow | None:
        """The letter of a case as it stands; None where none is called for."""

    def rare_events(self, about: str, after: int) -> Sequence[Event]:
        """What was recorded after a place, oldest first, of the kinds ``RARE_KINDS`` has for it."""


Command = Callable[[State], Decided]
Opened = Mapping[str, Mapping[str, Json]]  # slot name: payload, of one event


class Projector(Protocol):
    """Tables that can be dropped and filled again from the ledger."""

    def tables(self) -> Sequence[str]:
        """Names of the tables this projector fills, and nobody else writes."""

    def apply(self, path: Any, event: Event, opened: Opened) -> None:
        """Take in one event, in ledger order, inside the transaction that holds it.

        ``path`` is the transaction's ``HotPath``. ``opened`` has the slots that can still be
        read: all of them when the event is written, the surviving ones when projections are
        rebuilt, so nothing that must outlive an erasure may rest on a slot. Payloads are as JSON
        gives them back: lists, not tuples.
        """

    def clear(self, connection: Any) -> None:
        """Empty the tables, before a rebuild."""


class StateReader(Protocol):
    """Makes the state a command decides on."""

    def ahead(self, path: Any, commands: Sequence[Command]) -> None:
        """Look at once for what the commands of a transaction will look for one by one.

        A command with an ``application_key`` will look for the case of that application.
        """

    def state(self, path: Any, now: datetime) -> State:
        """A view of the projections through the writer's own transaction."""


class Journal(Protocol):
    """Where commands go."""

    def submit(self, command: Command, *, once: OnceOnly | None = None) -> Future[Receipt]:
        """Run ``command`` in the writer's transaction; resolves when its events are on disk.

        Raises through the future whatever the command raised, ``KeyReused`` for the same key with
        another request, and ``LedgerUnavailable`` when nothing could be written.
        """


@runtime_checkable
class GroupJournal(Journal, Protocol):
    """A journal that a whole group of commands can be handed to."""

    def submit_group(
        self, asked: Sequence[tuple[Command, OnceOnly | None]]
    ) -> "list[Receipt | Exception]":
        """Run them in their order, in one transaction in the caller's thread; what became of each.

        In the place of one that was refused or failed is why, as ``submit`` would raise it.
        """
