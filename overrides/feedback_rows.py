"""One row of a feedback set: what was scored, decided and seen of one closed case.

Persons and cases are keyed pseudonyms; notes, evidence and names never leave the ledger.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from overrides.appeals import appeals_in
from overrides.feedback_columns import AT_ONCE, HUMAN_ACTS
from overrides.feedback_design import RANDOM_METHOD, WEIGHT_METHOD, Chance, Design
from overrides.instants import instant_text
from overrides.journal import Json, VersionStamp
from overrides.labels import Label, LabelStatus, Observation, OutcomeDefinition, label, standing
from overrides.reading import ActRow, DecisionRow, FeedbackFact
from overrides.values import OverrideSide

# Officers take cases from a shared queue, unless one was drawn by chance and decided the case.
SELF_SELECTED, DRAWN = "self_selected", "drawn_by_chance"
PSEUDONYM_CHARS = 32

_FLAGS = {
    OverrideSide.APPROVED_AGAINST_MODEL: 1,
    OverrideSide.DECLINED_AGAINST_MODEL: -1,
    None: 0,
}
_LABELS = {LabelStatus.OBSERVED_BAD: 1, LabelStatus.OBSERVED_GOOD: 0}


class Own(NamedTuple):
    """The model's own columns of a row, as written. Rows of one version share their names."""

    names: tuple[str, ...]
    values: Sequence[Json]


Features = Callable[[Sequence[FeedbackFact]], Mapping[str, Own | None]]
"""Of cases: by the decision's event what its row has of its own; None once erased."""
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
    approve_up_to: str | None
    decline_above: str | None
    recommendation: str
    case_status: str
    final_decision: str | None
    decided_by: str | None  # person or policy
    override_flag: int
    justification_code: str | None
    reviewer_pseudonym: str | None
    approver_pseudonym: str | None
    appealed: bool
    appeal_result: str | None  # of the latest appeal
    queue: str
    routing: tuple[str, ...]
    knockouts: tuple[str, ...]
    audit_sample: bool
    assignment_policy: str
    assignment_seed: str | None
    eligible_reviewers: tuple[str, ...]
    p_routed: str | None  # chance that a case like this comes to a person
    p_assigned: str | None  # chance that it comes to this person
    p_random_accept: str | None
    p_approve_est: str | None  # chance of an approval, where one can be estimated
    p_approve_est_method: str | None
    p_approve_est_reason: str | None  # why there is none
    random_accept: bool
    reasons_reliable: bool
    principal_reasons: tuple[str, ...]
    product: str
    branch: str
    channel: str
    jurisdiction: str
    amount_minor: int
    currency: str
    label: int | None  # 1 bad, 0 good, of loans whose window has closed
    label_status: str
    label_unmanaged: str
    label_source: str | None
    label_reason: str
    label_matures_at: str | None
    cohort_closed: bool
    outcome_definition_id: str
    weight: str | None
    weight_method: str | None
    split: str | None
    observations: tuple[Mapping[str, Json], ...]  # of the loan, corrections applied
    acts: tuple[Mapping[str, Json], ...]  # everything people decided on the case, in order
    ledger_seq: int
    ledger_entry_hash: str
    simulated: bool
    features: Own | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a feedback set is made from, besides the cases themselves."""

    as_of: datetime
    definitions: Callable[[str], OutcomeDefinition]
    features: Features
    pseudonym: Pseudonym
    design: Design


def feedback_rows(facts: Iterable[FeedbackFact], cut: Cut) -> Iterator[FeedbackRow]:
    """A row for each closed case, in the order given."""
    left = iter(facts)
    while batch := list(islice(left, AT_ONCE)):
        features = cut.features(batch)
        for closed in batch:
            found = label(
                cut.definitions(closed.fact.bundle),
                closed.fact.ending,
                closed.fact.observations,
                cut.as_of,
            )
            yield _row(closed, found, cut, features.get(closed.decision.event_id))


def _row(closed: FeedbackFact, found: Label, cut: Cut, features: Own | None) -> FeedbackRow:
    """One row."""
    fact, decision, ending = closed.fact, closed.decision, closed.fact.ending
    closed_at = ending.at or decision.made_at
    return FeedbackRow(
        case_pseudonym=_pseudonym(cut, "case", fact.case_ref) or "",
        bundle=fact.bundle,
        **_versions(decision),
        observed_at=instant_text(decision.made_at),
        closed_at=instant_text(closed_at),
        attempt=decision.attempt,
        pd_at_decision=decision.probability,
        raw_score=decision.raw,
        approve_up_to=decision.approve_up_to,
        decline_above=decision.decline_above,
        recommendation=decision.recommendation.value,
        case_status=ending.status.value,
        final_decision=ending.decision.value if ending.decision else None,
        decided_by=None if ending.decision is None else "person" if fact.by_person else "policy",
        override_flag=_FLAGS[fact.side],
        justification_code=fact.code or None,
        reviewer_pseudonym=_pseudonym(cut, "person", fact.reviewer),
        approver_pseudonym=_pseudonym(cut, "person", fact.approver),
        **_appealed(closed, cut),
        queue=decision.queue,
        routing=decision.routing,
        knockouts=decision.knockouts,
        audit_sample=bool(decision.sampled.get("audit")),
        **_assigned(closed, cut),
        random_accept=ending.random_accept,
        reasons_reliable=fact.reliable,
        principal_reasons=decision.adverse,
        product=decision.product,
        branch=decision.branch,
        channel=decision.channel,
        jurisdiction=decision.jurisdiction,
        amount_minor=fact.amount.minor,
        currency=fact.amount.currency,
        **_labelled(closed, found, cut),
        split=cut.design.part(closed_at),
        observations=tuple(_observation(seen) for seen in standing(fact.observations, cut.as_of)),
        acts=tuple(
            _act(act, cut) for act in closed.acts if act.type in HUMAN_ACTS and act.at <= cut.as_of
        ),
        ledger_seq=decision.seq,
        ledger_entry_hash=closed.entry.leaf_hash.hex(),
        simulated=fact.simulated,
        features=features,
    )


def _assigned(closed: FeedbackFact, cut: Cut) -> dict[str, Any]:
    """How the case came to whoever decided it, with the chances that were drawn."""
    decision = closed.decision
    drawn = decision.assigned_to != "" and decision.assigned_to == closed.fact.reviewer
    p_random = decision.sampled.get("p_random_accept")
    return {
        "assignment_policy": DRAWN if drawn else SELF_SELECTED,
        "assignment_seed": decision.sampled.get("seed"),
        "eligible_reviewers": tuple(
            _pseudonym(cut, "person", ref) or "" for ref in decision.eligible
        ),
        "p_routed": decision.sampled.get("p_routed"),
        "p_assigned": decision.p_assigned if drawn else None,
        "p_random_accept": p_random,
    }


def _appealed(closed: FeedbackFact, cut: Cut) -> dict[str, Any]:
    """Whether the applicant contested a decision by the cut, and what the latest appeal came to."""
    appeals = appeals_in([act for act in closed.acts if act.at <= cut.as_of])
    return {
        "appealed": bool(appeals),
        "appeal_result": appeals[-1].result.value if appeals else None,
    }


def _labelled(closed: FeedbackFact, found: Label, cut: Cut) -> dict[str, Any]:
    """The label, and what weight it has against selection."""
    fact, decision = closed.fact, closed.decision
    chance = cut.design.chance(fact.bundle, decision.recommendation.value, decision.probability)
    value = _LABELS.get(found.status) if found.closed(cut.as_of) else None
    p_random = decision.sampled.get("p_random_accept") if fact.ending.random_accept else None
    weight, method = _weight(value, chance, p_random)
    return {
        "p_approve_est": chance.value,
        "p_approve_est_method": chance.method,
        "p_approve_est_reason": chance.reason,
        "label": value,
        "label_status": found.status.value,
        "label_unmanaged": found.unmanaged.value,
        "label_source": found.source.value or None,
        "label_reason": found.reason,
        "label_matures_at": instant_text(found.matures_at) if found.matures_at else None,
        "cohort_closed": found.closed(cut.as_of),
        "outcome_definition_id": cut.definitions(fact.bundle).id,
        "weight": weight,
        "weight_method": method,
    }


def _weight(
    value: int | None, chance: Chance, p_random: str | None
) -> tuple[str | None, str | None]:
    """The weight of a labelled row, with its method; of others none."""
    known = p_random or chance.value
    if value is None or known is None or float(known) == 0:
        return None, None
    return repr(1 / float(known)), RANDOM_METHOD if p_random else WEIGHT_METHOD


def _observation(seen: Observation) -> dict[str, Json]:
    """One thing the books said."""
    return {
        "kind": seen.kind.value,
        "value": seen.value,
        "observed_at": instant_text(seen.observed_at),
        "months_on_book": seen.months_on_book,
        "account": seen.account,
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


def _versions(decision: DecisionRow) -> dict[str, Any]:
    """The three versions the decision rests on."""
    found: dict[str, Any] = {}
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
