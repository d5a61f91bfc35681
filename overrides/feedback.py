"""The feedback set: one row per closed case, with what was scored, decided, and seen since.

A row says why its outcome is or is not observed; nothing is imputed. Persons and cases are keyed
pseudonyms. The same cut gives the same rows, and ``row_hash`` over their exact form survives a
change of file format; a row whose application was erased is in no later set, and is counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Protocol

from overrides.feedback_blocks import PackedRows, RowBlock, block_of
from overrides.feedback_columns import AT_ONCE, COLUMNS, RowHash
from overrides.feedback_design import sensitivity
from overrides.feedback_rows import Cut, FeedbackRow, feedback_rows
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json
from overrides.labels import LabelStatus
from overrides.reading import FeedbackFact
from overrides.values import Actor, NewId

__all__ = [
    "COLUMNS",
    "Cut",
    "FeedbackRow",
    "Made",
    "Origin",
    "RowWriter",
    "WrittenFile",
    "decide_export",
    "feedback_rows",
    "make_feedback",
]

FORMAT = "countermand-feedback/2"
CAVEATS = (
    "Outcomes exist only for approved loans. Rows of declined applications have no label.",
    "An early bad is final; a good is known when its window has closed: see cohort_closed.",
    "override_flag is a person's decision, not an outcome. Never train a risk model on it.",
    "Officers choose their cases, so differences between reviewers are not effects of reviewers.",
)
MATURITY = {
    "rule": "closed_windows_only",
    "means": "label is empty until the performance window of the loan has closed, for good and bad"
    " alike; an early bad shows in label_status before that and is held back from label",
}


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the set: its name, SHA-256 in hex, bytes and rows."""

    name: str
    sha256: str
    size: int
    rows: int
    columns: Mapping[str, str] = field(default_factory=dict)  # name and kind, in order


class RowWriter(Protocol):
    """Where the rows go."""

    @property
    def version(self) -> str:
        """Format and its library with version: the same one writes the same bytes."""

    def write(self, packed: Iterable[PackedRows]) -> tuple[WrittenFile, ...]:
        """Write every row; at least one file, even for no rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in the ledger the cut lies, and what has been erased since."""

    log: str
    size: int
    root: str  # hex
    checkpoint: str | None
    erasure_epoch: int
    keys: tuple[str, ...] = ()  # public keys of the log, as signed notes name them


class Tally:
    """Counts of rows on their way to the writer."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.gone: Counter[str] = Counter()
        self.values: Counter[int | None] = Counter()
        self.rows = self.simulated = self.held_back = self.declined = 0
        self.weights: list[float] = []
        self.definitions: set[str] = set()
        self.hash = RowHash()

    def add(self, other: "Tally") -> None:
        """Take in the counts of rows that come after."""
        for mine, theirs in ((self.labels, other.labels), (self.gone, other.gone)):
            mine.update(theirs)
        self.values.update(other.values)
        self.rows += other.rows
        self.simulated += other.simulated
        self.held_back += other.held_back
        self.declined += other.declined
        self.weights += other.weights
        self.definitions |= other.definitions
        self.hash.update(other.hash)

    def take(self, row: FeedbackRow) -> None:
        """Count a row that can be read."""
        self.rows += 1
        self.labels[row.label_status] += 1
        self.values[row.label] += 1
        self.held_back += row.label_status == LabelStatus.OBSERVED_BAD and row.label is None
        self.declined += row.label_status == LabelStatus.UNOBSERVED_DECLINED
        self.simulated += row.simulated
        self.definitions.add(row.outcome_definition_id)
        if row.weight is not None:
            self.weights.append(float(row.weight))

    @property
    def labelled(self) -> int:
        """Rows with a label."""
        return self.values[0] + self.values[1]

    @property
    def effective(self) -> str | None:
        """Kish's effective number of the weighted rows: (Σw)² / Σw²; None without weights."""
        squares = sum(weight * weight for weight in self.weights)
        return repr(round(sum(self.weights) ** 2 / squares, 3)) if squares else None


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: the manifest without its files, and the files."""

    about: Mapping[str, Json]
    files: tuple[WrittenFile, ...]


Batch = tuple[Tally, Sequence[PackedRows]]
Pack = Callable[[RowBlock], Sequence[PackedRows]]


def feedback_batches(facts: Iterable[FeedbackFact], cut: Cut, pack: Pack) -> Iterator[Batch]:
    """The rows of cases, some at a time: counted, and packed unless they cannot be read any more.

    What becomes of some cases depends on no others, so they may be given to several processes.
    """
    left = feedback_rows(facts, cut)
    while rows := list(islice(left, AT_ONCE)):
        tally, kept = Tally(), [row for row in rows if row.features is not None]
        tally.gone.update(row.label_status for row in rows if row.features is None)
        for row in kept:
            tally.take(row)
        block = block_of(kept)
        for exact in block.exact:
            tally.hash.add(exact)
        yield tally, pack(block)


def make_feedback(
    batches: Iterable[Batch],
    cut: Cut,
    writer: RowWriter,
    origin: Origin,
    *,
    bundle: str | None,
    purpose: str,
) -> Made:
    """Write the rows; what the manifest says of them. Nothing in it depends on when it was made."""
    tally = Tally()

    def counted() -> Iterator[PackedRows]:
        """The rows on their way."""
        for of_these, packed in batches:
            tally.add(of_these)
            yield from packed

    files = writer.write(counted())
    about = {
        "format": FORMAT,
        "as_of": instant_text(cut.as_of),
        "bundle": bundle,
        "purpose": purpose,
        "rows": tally.rows,
        "label_status": {status.value: tally.labels[status] for status in LabelStatus},
        "labels": {"good": tally.values[0], "bad": tally.values[1]},
        "maturity": {**MATURITY, "early_bads_held_back": tally.held_back},
        "erased_rows": tally.gone.total(),
        "erased_label_status": dict(sorted(tally.gone.items())),
        "simulated_rows": tally.simulated,
        "outcome_definitions": sorted(tally.definitions),
        "design": {
            **cut.design.as_json(),
            "weighted_rows": len(tally.weights),
            "effective_rows": tally.effective,
        },
        "sensitivity": sensitivity(tally.values[1], tally.labelled, tally.declined),
        "columns": list(COLUMNS),
        "row_hash": tally.hash.hexdigest(),
        "erasure_epoch": origin.erasure_epoch,
        "ledger": {
            "log": origin.log,
            "size": origin.size,
            "root": origin.root,
            "checkpoint": origin.checkpoint,
            "keys": list(origin.keys),
        },
        "writer": writer.version,
        "caveats": list(CAVEATS),
    }
    return Made(about, files)


def decide_export(
    manifest: Mapping[str, Json],
    manifest_bytes: bytes,
    folder: str,
    actor: Actor,
    new_id: NewId,
) -> Decided:
    """Write down that a feedback set was made, so that every set in use is known."""
    data = {
        "folder": folder,
        "manifest_sha256": sha256(manifest_bytes).hexdigest(),
        "rows": manifest["rows"],
        "counts": manifest["label_status"],
        "as_of": manifest["as_of"],
        "purpose": manifest["purpose"],
        "erasure_epoch": manifest["erasure_epoch"],
    }
    if manifest["bundle"] is not None:
        data["bundle"] = manifest["bundle"]
    draft = Draft(
        event_id=new_id(),
        type="feedback_exported",
        actor=actor.ref,
        role=actor.role.value,
        data=data,
    )
    return Decided((draft,), {"event_id": draft.event_id, "folder": folder})
