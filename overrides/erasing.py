"""Values of erasures and legal holds: what is to go, what stands against it, and where it stands.

An erasure names parts of entries by (entry, slot). What it took is bound by the root of a hash
tree over those pairs, so that a list of any length can be checked against one entry.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from overrides.canonical import canonical
from overrides.journal import SideWrite, State
from overrides.merkle import Frontier, leaf_hash
from overrides.retention import Ending, Schedule

Pair = tuple[str, str]  # event id, slot
INLINE_MAX = 100  # pairs that an entry names itself; more are named by their root alone


class Scope(StrEnum):
    """What an erasure or a hold is about."""

    PARTY = "party"
    CASE = "case"
    SCHEDULE = "schedule"  # whatever a retention schedule says is due
    RESTORE = "restore"  # what had been erased before an older backup was put back


class Standing(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    ERASED = "erased"
    REFUSED = "refused"


class Why(StrEnum):
    """Why a request was refused."""

    HOLD = "legal_hold"
    KEPT_BY_LAW = "kept_by_law"
    DECLINED = "declined"  # the second person said no
    TAKEN_BACK = "taken_back"  # by whoever asked


@dataclass(frozen=True, slots=True)
class Ground:
    """Why an erasure is asked for. ``beats_law``: a period of retention does not stand against."""

    words: str
    law: str
    beats_law: bool = False


GROUNDS: Mapping[str, Ground] = {
    "person_asked": Ground("The person asked for it", "GDPR Art. 17(1); DPDP Act s. 12(3)"),
    "consent_withdrawn": Ground("Consent was withdrawn", "GDPR Art. 17(1)(b); DPDP Act s. 6(6)"),
    "no_longer_needed": Ground("It is no longer needed", "GDPR Art. 17(1)(a); DPDP Act s. 8(7)"),
    "unlawful": Ground("It should never have been recorded", "GDPR Art. 17(1)(d)", beats_law=True),
    "ordered": Ground("A court or an authority ordered it", "GDPR Art. 17(1)(e)", beats_law=True),
}
BY_SCHEDULE = "retention_ended"
RESTORED = "erased_before_restore"
GROUND_WORDS: Mapping[str, str] = {
    **{code: ground.words for code, ground in GROUNDS.items()},
    BY_SCHEDULE: "The retention schedule says that it is due",
    RESTORED: "It had been erased before, and was there again",
}
HOLD_GROUNDS: Mapping[str, str] = {
    "litigation": "A lawsuit, or one to be expected",
    "investigation": "An investigation by an authority",
    "examination": "A supervisory examination or an audit",
    "complaint": "A complaint that is not settled",
}
LIFT_GROUNDS: Mapping[str, str] = {
    "ended": "What it was set for has ended",
    "set_in_error": "It was set in error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A personal part that can still be read, and the key that opens it."""

    seq: int
    event_id: str
    slot: str
    dek_id: str
    subject: str
    case: str  # "" for an entry about no case
    record_class: str
    epoch: int = 0  # of the key above the data key

    @property
    def pair(self) -> Pair:
        """The part's name."""
        return self.event_id, self.slot


@dataclass(frozen=True, slots=True)
class Sifted:
    """What can go of named parts: rows, and data keys that open them and nothing else.

    ``closed`` are data keys that nobody can open, so nobody can say whose they are: they stay, and
    lock nothing that is readable. ``stays`` says why parts stay, and whether their key is theirs.
    """

    parts: list[Part] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    closed: list[str] = field(default_factory=list)
    stays: list[tuple[str, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What decides how long a case's records are kept. ``ending`` is None while it is open."""

    case_ref: str
    jurisdiction: str
    ending: Ending | None
    since: datetime | None  # when the periods began


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a request is about. ``subject`` is a party's reference in the ledger."""

    scope: Scope
    classes: tuple[str, ...]
    subject: str = ""
    case: str = ""
    as_of: datetime | None = None  # of a schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for erasure as it stands, without anything personal."""

    request_id: str
    seq: int
    target: Target
    ground: str
    root: str
    count: int
    schedule: str
    standing: Standing
    asked_by: str
    asked_at: datetime
    why: str = ""  # of a refusal
    refusal_ground: str = ""
    kept_until: datetime | None = None
    settled_by: str = ""
    settled_at: datetime | None = None
    erased_event: str = ""
    erased_seq: int | None = None
    destroyed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold, set and perhaps lifted."""

    hold_id: str
    seq: int
    scope: Scope
    subject: str
    case: str
    ground: str
    set_by: str
    set_at: datetime
    lifted_by: str = ""
    lifted_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it still holds."""
        return self.lifted_at is None

    def covers(self, part: Part) -> bool:
        """Whether the part must stay because of it."""
        if self.scope is Scope.PARTY:
            return self.subject == part.subject
        return self.case == part.case


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The records of one class of one case whose time is over; ``held`` ones stay all the same."""

    case_ref: str
    record_class: str
    jurisdiction: str
    ending: str
    since: datetime
    due_at: datetime
    law: str
    parts: tuple[Part, ...]
    held: tuple[str, ...] = ()  # holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one erasure took of one case."""

    seq: int
    at: datetime
    actor: str
    parts: int


class ErasureState(Protocol):
    """What is known of erasures, at one state of the database."""

    def parts(self, target: Target) -> list[Part]:
        """What a request of a party or a case would take, in ledger order."""

    def parts_named(self, pairs: Sequence[Pair]) -> list[Part]:
        """Those of the named parts that are still there, in ledger order."""

    def parts_under(self, keys: Collection[str]) -> list[Part]:
        """Every part that these data keys lock, in ledger order."""

    def events_there(self, events: Collection[str]) -> set[str]:
        """Those of these events that the ledger has."""

    def check_opening(self, parts: Sequence[Part], subject: str = "") -> None:
        """Open these parts, and all that lies here of the cases that they and the subject are of.

        Raises ``DataKeyAltered`` or ``LedgerAltered`` for what is not what it says it is.
        """

    def sift(self, pairs: Sequence[Pair]) -> Sifted:
        """What can go of the named parts that are still there, opened to see whose they are."""

    def due(self, schedule: Schedule, as_of: datetime) -> list[Due]:
        """What a schedule says is due, by case and class."""

    def facts(self, cases: Iterable[str]) -> Mapping[str, CaseFacts]:
        """What is known of these cases."""

    def people_since(self, seq: int) -> set[str]:
        """Whoever was added after this entry."""

    def standing_holds(self) -> list[Hold]:
        """Every hold that is not lifted, oldest first."""

    def hold(self, hold_id: str) -> Hold | None:
        """One hold."""

    def request(self, request_id: str) -> Request | None:
        """One request."""


class Erasures(Protocol):
    """Where erasures are kept."""

    def within(self, state: State) -> ErasureState:
        """What is known of them, as the transaction of this state sees it."""

    def now(self) -> AbstractContextManager[ErasureState]:
        """What is known of them now."""

    def destroy(self, erasure: str, pairs: Sequence[Pair], keys: Collection[str]) -> SideWrite:
        """Destroy these parts and these data keys, and keep the list of what went."""

    def requests(self, *, limit: int = 50, standing: Standing | None = None) -> list[Request]:
        """Requests, newest first."""

    def holds(self, *, limit: int = 200) -> list[Hold]:
        """Holds, those that stand first, newest first."""

    def list_of(self, erasure: str) -> list[Pair]:
        """What an erasure took, in the order of its tree."""

    def returned(self) -> Mapping[str, list[Pair]]:
        """Parts that lie here although an erasure lists them as taken, by that erasure."""

    def entries_of(self, erasure: str, *, limit: int) -> list[tuple[int, str, str]]:
        """Place and kind of the entries whose parts an erasure took, and the slot of each."""

    def places_of(self, erasure: str, slots: Collection[str]) -> set[int]:
        """Places of the entries of which an erasure took one of these slots."""

    def of_case(self, case_ref: str) -> list[Took]:
        """Erasures that took something of a case, in ledger order."""


def pairs_root(pairs: Iterable[Pair]) -> str:
    """Root of the hash tree (RFC 6962) over the pairs in this order, in hex."""
    tree = Frontier()
    for event_id, slot in pairs:
        tree.append(leaf_hash(canonical([event_id, slot])))
    return tree.root().hex()
