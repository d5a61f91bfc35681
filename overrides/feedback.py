"""The feedback set: one row per closed case, with what was scored, decided, and seen since.

A row says why its outcome is or is not observed; nothing is imputed. Persons and cases are keyed
pseudonyms. The same cut gives the same rows in the same order, and ``row_hash`` over their
canonical form survives a change of file format; only an erasure takes features away, and the
manifest counts those rows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from overrides.canonical import canonical
from overrides.feedback_rows import COLUMNS, Cut, FeedbackRow, feedback_rows
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json
from overrides.labels import LabelStatus
from overrides.reading import FeedbackFact
from overrides.values import Actor, NewId

__all__ = [
    "COLUMNS",
    "Cut",
    "FeedbackRow",
    "Origin",
    "RowWriter",
    "WrittenFile",
    "decide_export",
    "feedback_rows",
    "make_feedback",
]

FORMAT = "countermand-feedback/1"
CAVEATS = (
    "Outcomes exist only for approved loans. Rows of declined applications have no label.",
    "An early bad is final; a good is known when its window has closed: see cohort_closed.",
    "override_flag is a person's decision, not an outcome. Never train a risk model on it.",
    "Officers choose their cases, so differences between reviewers are not effects of reviewers.",
)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the set: its name, SHA-256 in hex, bytes and rows."""

    name: str
    sha256: str
    size: int
    rows: int


class RowWriter(Protocol):
    """Where the rows go."""

    @property
    def version(self) -> str:
        """Format and its library with version: the same one writes the same bytes."""

    def write(self, rows: Iterable[FeedbackRow]) -> tuple[WrittenFile, ...]:
        """Write every row; at least one file, even for no rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where in the ledger the cut lies, and what has been erased since."""

    log: str
    size: int
    root: str  # hex
    checkpoint: str | None
    erasure_epoch: int


class _Tally:
    """Counts rows on their way to the writer."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.rows = self.erased = self.simulated = 0
        self.definitions: set[str] = set()
        self.digest = sha256()

    def count(self, rows: Iterable[FeedbackRow]) -> Iterator[FeedbackRow]:
        """The same rows, counted."""
        for row in rows:
            self.rows += 1
            self.labels[row.label_status] += 1
            self.erased += row.features is None
            self.simulated += row.simulated
            self.definitions.add(row.outcome_definition_id)
            self.digest.update(canonical(row.as_json()) + b"\n")
            yield row


def make_feedback(
    facts: Iterable[FeedbackFact],
    cut: Cut,
    writer: RowWriter,
    origin: Origin,
    *,
    bundle: str | None,
    purpose: str,
) -> dict[str, Json]:
    """Write the rows and return the manifest. Nothing in it depends on when it was made."""
    tally = _Tally()
    files = writer.write(tally.count(feedback_rows(facts, cut)))
    return {
        "format": FORMAT,
        "as_of": instant_text(cut.as_of),
        "bundle": bundle,
        "purpose": purpose,
        "rows": tally.rows,
        "label_status": {status.value: tally.labels[status] for status in LabelStatus},
        "erased_rows": tally.erased,
        "simulated_rows": tally.simulated,
        "outcome_definitions": sorted(tally.definitions),
        "columns": [*COLUMNS, "features"],
        "row_hash": tally.digest.hexdigest(),
        "erasure_epoch": origin.erasure_epoch,
        "ledger": {
            "log": origin.log,
            "size": origin.size,
            "root": origin.root,
            "checkpoint": origin.checkpoint,
        },
        "writer": writer.version,
        "files": {
            file.name: {"sha256": file.sha256, "bytes": file.size, "rows": file.rows}
            for file in files
        },
        "caveats": list(CAVEATS),
    }


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
