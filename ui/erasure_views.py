"""What the pages are told about erasures and legal holds. Read as ``ui.views``."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureLine:
    """One request for erasure. ``settled_at`` is None while it waits."""

    request_id: str
    seq: int
    what: str
    count: int
    ground: str
    standing: str  # "waiting", "erased" or "refused"
    standing_words: str
    why: str  # of a refusal
    asked_by: str
    asked_at: datetime
    settled_by: str = ""
    settled_at: datetime | None = None
    mine: bool = False  # whether the viewer asked


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLine:
    """One legal hold. ``lifted_at`` is None while it stands."""

    hold_id: str
    seq: int
    what: str
    ground: str
    set_by: str
    set_at: datetime
    lifted_by: str = ""
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasuresView:
    """Everything about erasures and holds, newest first."""

    waiting: tuple[ErasureLine, ...]
    settled: tuple[ErasureLine, ...]
    holds: tuple[HoldLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a form offers: codes with their words."""

    grounds: tuple[tuple[str, str, str], ...]  # code, words, law
    classes: tuple[tuple[str, str], ...]
    hold_grounds: tuple[tuple[str, str], ...]
    lift_grounds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureTyped:
    """What was typed into a form about an erasure or a hold."""

    application: str = ""
    bundle: str = ""
    case: str = ""
    party: str = ""
    classes: tuple[str, ...] = ()
    ground: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """One request, with what it would take or took."""

    line: ErasureLine
    classes: tuple[str, ...]
    root: str
    parts: tuple[tuple[int, str, str], ...]  # entry, what happened, part; the first of them
    more: int  # parts that are not listed
    note: str
    may_approve: bool = False
    may_refuse: bool = False
    cannot: str = ""  # why the viewer cannot approve, or why nothing would be erased now
    certified: bool = False  # whether there is a certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class DueView:
    """What the retention schedule says is due."""

    as_of: datetime
    as_of_text: str  # for the form, exact
    schedule: str  # its hash
    own_schedule: bool
    cases: int
    parts: int
    held: int  # records that a hold keeps
    groups: tuple[
        tuple[str, str, str, int, int, str], ...
    ]  # class, place, ending, cases, parts, law
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePlace:
    """One entry that a certificate rests on."""

    what: str
    seq: int
    at: datetime
    who: str
    leaf_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateView:
    """Everything that a certificate says."""

    log: str
    request_id: str
    what: str
    classes: tuple[str, ...]
    count: int
    destroyed: int
    ground: str
    law: str
    root: str
    places: tuple[CertificatePlace, ...]
    key_words: str
    covered_words: str
    checkpoint: str
    parts: tuple[tuple[int, str, str], ...]
    more: int
    stays: tuple[str, ...]
    not_reached: tuple[str, ...]
    sets: tuple[tuple[str, str, datetime, int, bool], ...]  # folder, who, when, entry, here
    exports: tuple[tuple[str, str, datetime, int], ...]  # what, who, when, entry
    issued_at: datetime
