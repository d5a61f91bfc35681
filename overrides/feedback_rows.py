"""One row of a feedback set: what was scored, decided and seen of one closed case.

Persons and cases are keyed pseudonyms; notes, evidence and names never leave the ledger.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from overrides.instants import instant_text
from overrides.journal import Json, VersionStamp
from overrides.labels import Label, Observation, OutcomeDefinition, label, standing
from overrides.reading import ActRow, DecisionRow, FeedbackFact
from overrides.values import OverrideSide

# Officers take cases from a shared queue, unless one was drawn by chance and decided the case.
SELF_SELECTED, DRAWN = "self_selected", "drawn_by_chance"
PSEUDONYM_CHARS = 32
HUMAN_ACTS = frozenset(
    {"review_recorded", "override_recorded", "approval_recorded", "case_withdrawn", "case_reopened"}
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
    p_routed: str | None  # chance that a case like this comes to a person
    p_assigned: str | None  # chance that it comes to this person
    p_random_accept: str | None
    p_approve_est: str | None  # chance of an approval, where one was estimated
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
    observations: tuple[Mapping[str, Json], ...]  # of the loan, corrections applied
    acts: tuple[Mapping[str, Json], ...]  # everything people decided on the case, in order
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
    acts: Callable[[str], Iterable[ActRow]]  # of a case


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
    drawn = decision.assigned_to != "" and decision.assigned_to == fact.reviewer
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
        assignment_policy=DRAWN if drawn else SELF_SELECTED,
        p_routed=decision.sampled.get("p_routed"),
        p_assigned=decision.p_assigned if drawn else None,
        p_random_accept=decision.sampled.get("p_random_accept"),
        p_approve_est=None,
        random_accept=ending.random_accept,
        reasons_reliable=fact.reliable,
        principal_reasons=decision.adverse,
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
        observations=tuple(_observation(seen) for seen in standing(fact.observations, cut.as_of)),
        acts=tuple(
            _act(act, cut)
            for act in cut.acts(fact.case_ref)
            if act.type in HUMAN_ACTS and act.at <= cut.as_of
        ),
        ledger_seq=decision.seq,
        ledger_entry_hash=closed.leaf_hash.hex(),
        simulated=fact.simulated,
        features=cut.features(decision.event_id),
    )


def _observation(seen: Observation) -> dict[str, Json]:
    """One thing the books said."""
    return {
        "kind": seen.kind.value,
        "value": seen.value,
        "observed_at": instant_text(seen.observed_at),
        "months_on_book": seen.months_on_book,
    }


def _act(act: ActRow, cut: Cut) -> dict[str, Json]:
    """One act of a person, by its codes: no notes and no evidence leave the ledger."""
    data = act.data
    return {
        "kind": act.type,
        "at": instant_text(act.at),
        "person_pseudonym": _pseudonym(cut, "person", act.actor),
        "role": act.role,
        "decision": data.get("to", data.get("decision")),
        "justification_code": data.get("code"),
        "verdict": data.get("verdict"),
        "reasons": list(data.get("concepts", ())),
        "dwell_ms": data.get("dwell_ms"),
        "ledger_seq": act.seq,
    }


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
