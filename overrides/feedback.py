"""The feedback set: one row per closed case, with what was scored, decided, and seen since.

A row says why its outcome is or is not observed; nothing is imputed. Persons and cases are keyed
pseudonyms. The same cut gives the same rows in the same order, and ``row_hash`` over their
canonical form survives a change of file format; only an erasure takes features away, and the
manifest counts those rows.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from overrides.canonical import canonical
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Json, VersionStamp
from overrides.labels import Label, LabelStatus, OutcomeDefinition, label
from overrides.reading import DecisionRow, FeedbackFact
from overrides.values import Actor, NewId, OverrideSide

FORMAT = "countermand-feedback/1"
ASSIGNMENT = "self_selected"  # officers take cases from a shared queue; nothing is randomised
PSEUDONYM_CHARS = 32

CAVEATS = (
    "Outcomes exist only for approved loans. Rows of declined applications have no label.",
    "An early bad is final; a good is known when its window has closed: see cohort_closed.",
    "override_flag is a person's decision, not an outcome. Never train a risk model on it.",
    "Officers choose their cases, so differences between reviewers are not effects of reviewers.",
)

_FLAGS = {
    OverrideSide.APPROVED_AGAINST_MODEL: 1,
    OverrideSide.DECLINED_AGAINST_MODEL: -1,
    None: 0,
}

Features = Callable[[str], Mapping[str, Json] | None]  # decision event: fields as scored
Pseudonym = Callable[[str, str], str]  # purpose and reference: keyed hash in hex


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRow:
    """One closed case. Numbers are the recorded decimal strings, instants text, empty is None.

    ``override_flag`` is 1 for approved against the model, -1 for declined against it, else 0.
    ``features`` is None when they can no longer be read.
    """

    case_pseudonym: str
    bundle: str
    model_version: str | None
    model_sha256: str | None
    policy_version: str | None
    policy_sha256: str | None
    codebook_version: str | None
    codebook_sha256: str | None
    observed_at: str  # when it was scored: features are as known then
    closed_at: str
    attempt: int
    pd_at_decision: str | None
    raw_score: str | None
    recommendation: str
    case_status: str
    final_decision: str | None
    decided_by: str | None  # person or policy
    override_flag: int
    justification_code: str | None
    reviewer_pseudonym: str | None
    approver_pseudonym: str | None
    queue: str
    routing: tuple[str, ...]
    knockouts: tuple[str, ...]
    audit_sample: bool
    assignment_policy: str
    decision_propensity: str | None
    random_accept_propensity: str | None
    random_accept: bool
    reasons_reliable: bool
    principal_reasons: tuple[str, ...]
    product: str
    branch: str
    channel: str
    jurisdiction: str
    amount_minor: int
    currency: str
    label_status: str
    label_unmanaged: str
    label_source: str | None
    label_reason: str
    label_matures_at: str | None
    cohort_closed: bool
    outcome_definition_id: str
    ledger_seq: int
    ledger_entry_hash: str
    simulated: bool
    features: Mapping[str, Json] | None

    def as_json(self) -> dict[str, Json]:
        """The row as canonical JSON can hold it."""
        values = {column: getattr(self, column) for column in COLUMNS}
        plain = {
            column: list(value) if isinstance(value, tuple) else value
            for column, value in values.items()
        }
        features = None if self.features is None else dict(self.features)
        return {**plain, "features": features}


COLUMNS = tuple(field.name for field in fields(FeedbackRow) if field.name != "features")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a feedback set is made from, besides the cases themselves."""

    as_of: datetime
    definitions: Callable[[str], OutcomeDefinition]
    features: Features
    pseudonym: Pseudonym


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


def feedback_rows(facts: Iterable[FeedbackFact], cut: Cut) -> Iterator[FeedbackRow]:
    """A row for each closed case, in the order given."""
    for closed in facts:
        found = label(
            cut.definitions(closed.fact.bundle),
            closed.fact.ending,
            closed.fact.observations,
            cut.as_of,
        )
        yield _row(closed, found, cut)


def _row(closed: FeedbackFact, found: Label, cut: Cut) -> FeedbackRow:
    """One row."""
    fact, decision, ending = closed.fact, closed.decision, closed.fact.ending
    return FeedbackRow(
        case_pseudonym=_pseudonym(cut, "case", fact.case_ref) or "",
        bundle=fact.bundle,
        **_versions(decision),
        observed_at=instant_text(decision.made_at),
        closed_at=instant_text(ending.at or decision.made_at),
        attempt=decision.attempt,
        pd_at_decision=decision.probability,
        raw_score=decision.raw,
        recommendation=decision.recommendation.value,
        case_status=ending.status.value,
        final_decision=ending.decision.value if ending.decision else None,
        decided_by=None if ending.decision is None else "person" if fact.by_person else "policy",
        override_flag=_FLAGS[fact.side],
        justification_code=fact.code or None,
        reviewer_pseudonym=_pseudonym(cut, "person", fact.reviewer),
        approver_pseudonym=_pseudonym(cut, "person", fact.approver),
        queue=decision.queue,
        routing=decision.routing,
        knockouts=decision.knockouts,
        audit_sample=bool(decision.sampled.get("audit")),
        assignment_policy=ASSIGNMENT,
        decision_propensity=decision.sampled.get("p_routed"),
        random_accept_propensity=decision.sampled.get("p_random_accept"),
        random_accept=ending.random_accept,
        reasons_reliable=fact.reliable,
        principal_reasons=tuple(concept for concept, _ in decision.adverse),
        product=decision.product,
        branch=decision.branch,
        channel=decision.channel,
        jurisdiction=decision.jurisdiction,
        amount_minor=fact.amount.minor,
        currency=fact.amount.currency,
        label_status=found.status.value,
        label_unmanaged=found.unmanaged.value,
        label_source=found.source.value or None,
        label_reason=found.reason,
        label_matures_at=instant_text(found.matures_at) if found.matures_at else None,
        cohort_closed=found.closed(cut.as_of),
        outcome_definition_id=cut.definitions(fact.bundle).id,
        ledger_seq=decision.seq,
        ledger_entry_hash=closed.leaf_hash.hex(),
        simulated=fact.simulated,
        features=cut.features(decision.event_id),
    )


def _versions(decision: DecisionRow) -> dict[str, str | None]:
    """The three versions the decision rests on."""
    found: dict[str, str | None] = {}
    for part in ("model", "policy", "codebook"):
        stamp: VersionStamp | None = getattr(decision, part)
        found[f"{part}_version"] = stamp.version if stamp else None
        found[f"{part}_sha256"] = stamp.sha256 if stamp else None
    return found


def _pseudonym(cut: Cut, kind: str, reference: str) -> str | None:
    """A keyed pseudonym; None for nobody."""
    if not reference:
        return None
    return cut.pseudonym(f"feedback-{kind}", reference)[:PSEUDONYM_CHARS]


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
