"""What the pages are told about the ledger, the models and the numbers. Read as ``ui.views``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ui.memory_views import TailView


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One entry in the list of entries."""

    seq: int
    at: datetime
    type: str
    type_words: str
    case_id: str
    who: str
    summary: str
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """How far the ledger is, and how far it is signed."""

    log: str
    size: int
    root: str
    checkpoint: str  # the signed note, "" when there is none
    checkpoint_size: int
    checkpoint_at: datetime | None
    unsigned: int
    demo: bool
    rows: tuple[LedgerRow, ...] = ()
    next_cursor: str = ""
    tail: TailView | None = None  # what nobody remembers yet, on the first page of the list


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry and its proof."""

    row: LedgerRow
    body: str  # the exact bytes, indented copy is made by the page
    pretty: str
    leaf_hash: str
    proof: tuple[str, ...]
    proof_size: int
    root: str
    opened: tuple[tuple[str, str], ...]  # personal slots the viewer may read: name, text
    sealed: tuple[str, ...]  # names of slots not shown, with the reason
    application: str = ""  # the applicant's own number, "" when there is none or it was erased
    signed_size: int = 0  # entries under the newest signed checkpoint
    signed_at: datetime | None = None
    people: tuple[tuple[str, str], ...] = ()  # reference in the entry, name
    shown_at: int | None = None  # for what a person decided: the entry of what they had seen


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationView:
    """What a verification run found, in sentences."""

    ok: bool
    headline: str
    steps: tuple[tuple[str, str], ...]  # "checked", "broken" or "note", and a sentence
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the board, never without its denominator."""

    label: str
    value: str
    interval: str
    denominator: str
    meaning: str
    baseline: str = ""
    target: str = ""
    owner: str = ""
    state: str = "none"  # "good", "watch", "bad", "none", "not enough"
    low: float | None = None
    high: float | None = None
    point: float | None = None
    reference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSection:
    """A group of numbers one owner answers for."""

    title: str
    lead: str
    figures: tuple[Figure, ...]
    table: tuple[tuple[str, ...], ...] = ()  # first row is the heading
    table_caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """The shared board of one bundle. ``later_entries`` of the ledger are not counted yet."""

    bundle: str
    bundles: tuple[str, ...]
    as_of: datetime
    simulated: bool
    sections: tuple[BoardSection, ...]
    later_entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLine:
    """One model in the list."""

    name: str
    title: str
    version: str
    status: str
    status_words: str
    owner: str
    registered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleView:
    """A model's card."""

    line: BundleLine
    # Blocks: kind ("h2", "p", "li", "pre", "cells") and text; cells have
    # tabs between, and those that come first in a run are the heading.
    card: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str, str, str], ...]  # part, version, date, sha256
    fields: tuple[tuple[str, ...], ...]  # heading row first
    concepts: tuple[tuple[str, ...], ...]
    codes: tuple[tuple[str, ...], ...]
    kpis: tuple[tuple[str, ...], ...]
    surprises: tuple[tuple[str, ...], ...] = ()  # per concept: how often it surprised people
    surprises_words: str = ""  # over what that was counted; "" where nothing was
    watch: tuple[tuple[str, ...], ...] = ()  # looks at matured loans, heading row first
    watch_words: str = ""  # what was declared of that, and how it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackView:
    """What a feedback set would hold now, and the ones made before."""

    bundle: str
    bundles: tuple[str, ...]
    counts: tuple[tuple[str, int, str], ...]  # label status, rows, what it means
    total: int
    exports: tuple[tuple[datetime, str, int, str], ...]  # when, who, rows, folder name
    caveats: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # per folder, to download
