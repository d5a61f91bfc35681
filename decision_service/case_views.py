"""A case as its page shows it. Every sentence rests on what the record has."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from decision_service import wording
from decision_service.authority_words import needs_words
from decision_service.case_choices import (
    codes,
    concepts,
    opposite,
    override_side,
    returned,
)
from decision_service.case_history import EVIDENCE_WORDS, history
from decision_service.case_rights import Rights, rights
from decision_service.data_quality import weak_words
from decision_service.decision_object import FAILURE_TEXTS, REASONS_SHOWN_MAX
from decision_service.dossier import (
    ERASED,
    Dossier,
    Payload,
    field_words,
    open_question,
    stated,
)
from decision_service.outlook_view import outlook_hints
from decision_service.policy import UNSCORED, routing_texts
from decision_service.rescore_words import replaced_words, rescore_offer
from decision_service.resubmissions import resubmission_words
from decision_service.waiting_words import waiting_view
from explain.declared.contract import NOT_GIVEN
from explain.values import SCALE_WORDS
from overrides.cases import OPEN_STATES, Case
from overrides.reading import DecisionRow
from overrides.values import (
    Actor,
    Recommendation,
    Rules,
)
from ui import words
from ui.reason_views import FieldFault
from ui.views import (
    Bar,
    CaseView,
    Pending,
    ReasonLine,
)

Pairs = tuple[tuple[str, str], ...]


def case_view(dossier: Dossier, actor: Actor, now: datetime) -> CaseView:
    """Everything the case page shows to this actor."""
    case, decision = dossier.file.case, dossier.file.decision
    rules = dossier.loaded.rules if dossier.loaded else None
    may = rights(case, actor, rules, now, dossier.name, dossier.untrained, dossier.acts)
    probability = float(decision.probability) if decision.probability else None
    approve_up_to, decline_above = _cutoffs(decision, rules)
    side = override_side(case.recommendation)
    held = case.claim is not None and case.claim.holds(now)
    asked = open_question(dossier.acts)
    unable = _cannot_agree(case, may)
    return CaseView(
        **_head(dossier, now),
        **_under_the_score(dossier, now),
        recommendation=case.recommendation.value if probability is not None else "",
        recommendation_words=_recommendation_words(decision),
        probability=probability,
        odds_words=_odds(dossier, probability, approve_up_to, decline_above),
        approve_up_to=approve_up_to,
        decline_above=decline_above,
        distance_words=wording.distance(probability, approve_up_to, decline_above),
        reliable=case.reliable or probability is None,
        unreliable_words=_unreliable_words(decision, dossier.explanation),
        base=float(decision.base or 0.0),
        raw=float(decision.raw or 0.0),
        sum_error=decision.sum_error or "",
        scale_words=SCALE_WORDS[dossier.loaded.bundle.scale] if dossier.loaded else "",
        method_words=wording.METHOD_WORDS.get(decision.method or "", decision.method or ""),
        facts=stated(dossier),
        warnings=_warnings(dossier, may),
        routing=_routing(dossier),
        history=history(dossier),
        decision_seq=decision.seq,
        holder=_holder(dossier, actor, held=held),
        holder_until=case.claim.until if case.claim and held else None,
        final=case.final.value if case.final else "",
        final_words=_final_words(dossier),
        side_words=wording.SIDE_WORDS[case.side] if case.side else "",
        pending=_pending(dossier, actor),
        may_claim=may.claim,
        may_decide=may.decide,
        may_approve=may.approve,
        may_withdraw=may.withdraw,
        cannot_words=may.cannot,
        question=dossier.note(asked.event_id) if asked else "",
        question_by=dossier.name(asked.actor) if asked else "",
        returned=returned(dossier, actor, asked),
        may_agree=not unable,
        agree_cannot_words=unable,
        agree_decision="" if side is None else case.recommendation.value,
        override_decision="" if side is None else opposite(case.recommendation).value,
        codes=codes(rules, side),
        concepts=concepts(dossier),
        **_linked(dossier),
        stopped=case.stopped,
        rescore=rescore_offer(dossier, allowed=may.rescore),
        replaced_words=replaced_words(dossier),
        waiting=waiting_view(dossier, actor, may, now),
    )


def _under_the_score(dossier: Dossier, now: datetime) -> dict[str, Any]:
    """Reasons and data that the score rests on, and what to mind of them."""
    hints = outlook_hints(dossier, now)
    sides = {side: _reasons(dossier, side, hints["faults"]) for side in ("adverse", "favourable")}
    return {**hints, **sides, "bars": _bars(dossier)}


def _odds(dossier: Dossier, probability: float | None, *cuts: float) -> str:
    """What the score means, by the bundle that made it; "" where there is no score."""
    bundle = dossier.loaded.bundle if dossier.loaded else None
    return "" if probability is None else wording.odds(probability, *cuts, bundle=bundle)


def _cannot_agree(case: Case, may: Rights) -> str:
    """Why the viewer may not agree, and what they may do; "" when they may."""
    if not may.cannot_approve or case.recommendation is not Recommendation.APPROVE:
        return ""
    return f"{may.cannot_approve} You may override it to decline, or leave it for someone who may."


def _head(dossier: Dossier, now: datetime) -> dict[str, Any]:
    """Which case this is, how it stands, and what to mind of its score."""
    case, row, decision = dossier.file.case, dossier.file.row, dossier.file.decision
    loaded = dossier.loaded
    return {
        "case_id": case.case_ref,
        "application_id": dossier.application_id,
        "version": case.version,
        "status": case.status.value,
        "status_words": words.STATUS_WORDS[case.status],
        "bundle": case.bundle,
        "bundle_title": loaded.bundle.title if loaded else case.bundle,
        "model_version": decision.model.version if decision.model else "",
        "policy_version": decision.policy.version if decision.policy else "",
        "codebook_version": decision.codebook.version if decision.codebook else "",
        "amount": wording.money(case.amount),
        "product": row.product,
        "branch": row.branch,
        "received_at": row.received_at or row.opened_at,
        "due": row.due_at,
        "overdue": case.status in OPEN_STATES and row.due_at is not None and row.due_at < now,
        "simulated": row.simulated,
    }


def _cutoffs(decision: DecisionRow, rules: Rules | None) -> tuple[float, float]:
    """The cut-offs of the decision; of its policy where no score was made."""
    if decision.approve_up_to is not None and decision.decline_above is not None:
        return float(decision.approve_up_to), float(decision.decline_above)
    if rules is None:
        return 0.0, 1.0
    return float(rules.cutoffs.approve_up_to), float(rules.cutoffs.decline_above)


def _recommendation_words(decision: DecisionRow) -> str:
    """What is advised, in one sentence."""
    if decision.failure is not None:
        return FAILURE_TEXTS.get(decision.failure, "There is no score.")
    if decision.knockouts:
        return wording.KNOCKED_OUT_WORDS
    return wording.RECOMMENDATION_WORDS[decision.recommendation]


def _unreliable_words(decision: DecisionRow, explanation: Payload | None) -> str:
    """Why there are no reasons to show beside a score; "" when there are."""
    if decision.reliable or decision.probability is None:
        return ""
    problem = str((explanation or {}).get("problem", ""))
    return f"{problem} No reasons are shown; decide from the application itself.".strip()


def _reasons(dossier: Dossier, side: str, faults: Sequence[FieldFault]) -> tuple[ReasonLine, ...]:
    """The strongest reasons of one side, as they were made with the decision."""
    made = (dossier.explanation or {}).get("reasons", {}).get(side, ())
    return tuple(
        ReasonLine(
            concept=reason["concept"],
            title=reason["title"],
            text=reason["text"],
            value=reason["value"],
            contribution=float(reason["contribution"]),
            strength=reason["strength"],
            rank=rank,
            unexpected=bool(reason.get("counter_intuitive")),
            tied=bool(reason.get("tied")),
            weak=weak_words(reason["concept"], faults),
        )
        for rank, reason in enumerate(made[:REASONS_SHOWN_MAX], 1)
    )


def _bars(dossier: Dossier) -> tuple[Bar, ...]:
    """Every concept's push, the strongest first; none once any part of them is erased.

    What is left would add up to another score.
    """
    if dossier.explanation is None or dossier.loaded is None:
        return ()
    decision, surprises = dossier.file.decision, dossier.explanation.get("surprises", ())
    amounts = {name: float(push) for name, push, *_ in dossier.explanation["contributions"]}
    told = {*decision.adverse, *decision.favourable}
    concepts = [concept for concept in dossier.loaded.bundle.concepts if concept.id in told]
    if any(name not in amounts for concept in concepts for name in concept.features):
        return ()
    bars = [
        (
            concept.id,
            Bar(
                label=concept.title,
                value=_values(dossier, concept.features),
                contribution=math.fsum([amounts[name] for name in concept.features]),
                unexpected=concept.id in surprises,
            ),
        )
        for concept in concepts
    ]
    return tuple(bar for _, bar in sorted(bars, key=lambda b: (-abs(b[1].contribution), b[0])))


def _values(dossier: Dossier, features: Sequence[str]) -> str:
    """What the applicant stated for a concept, in words."""
    if dossier.inputs is None or dossier.loaded is None:
        return ERASED if dossier.inputs is None else ""
    fields, contract = dossier.inputs["fields"], dossier.loaded.bundle.contract
    words_of = (field_words(contract[name], fields.get(name)) for name in features)
    return "; ".join(said or NOT_GIVEN for said in words_of)


def _warnings(dossier: Dossier, may: Rights) -> tuple[str, ...]:
    """What to check before deciding."""
    case, lines = dossier.file.case, []
    if dossier.inputs is None:
        lines.append("The personal parts of this application have been erased.")
    if case.stopped:
        lines.append("This model has been suspended: do not rely on the score and its reasons.")
    if may.decide and may.cannot_approve and case.recommendation is Recommendation.REFER:
        lines.append(f"{may.cannot_approve} You may decline it, or leave it for someone who may.")
    if may.approve and may.cannot_approve:
        lines.append(f"{may.cannot_approve} You may return or reject the proposal.")
    return tuple(lines)


def _routing(dossier: Dossier) -> tuple[str, ...]:
    """Why the case came to a person; where there is no score, the page has said so above."""
    decision, loaded = dossier.file.decision, dossier.loaded
    rules = [loaded.policy.rule_text(rule) for rule in decision.knockouts] if loaded else []
    codes = [code for code in decision.routing if not (decision.failure and code in UNSCORED)]
    return tuple(text for _, text in routing_texts(codes, rules))


def _holder(dossier: Dossier, actor: Actor, *, held: bool) -> str:
    """Who has the lease, as the page calls them."""
    claim = dossier.file.case.claim
    if claim is None or not held:
        return ""
    return "you" if claim.person == actor.ref else dossier.name(claim.person)


def _final_words(dossier: Dossier) -> str:
    """How the case ended, by whom and when; "" while it is open."""
    case = dossier.file.case
    if case.final is None:
        return ""
    ended = next((act for act in reversed(dossier.acts) if act.type == "case_decided"), None)
    done = wording.DONE_WORDS[case.final].capitalize()
    if ended is None:
        return f"{done}."
    by = dossier.name(ended.actor) if ended.data["by"] == "person" else "policy, without a person"
    return f"{done} on {words.instant_words(ended.at)} UTC by {by}."


def _pending(dossier: Dossier, actor: Actor) -> Pending | None:
    """The proposed override, if one waits."""
    proposal = dossier.file.case.proposal
    act = dossier.act(proposal.event_id) if proposal else None
    if proposal is None or act is None:
        return None
    evidence = [
        f"{EVIDENCE_WORDS.get(item['type'], item['type'])}: {item['reference']}"
        for item in dossier.evidence(act.event_id)
    ]
    return Pending(
        by="you" if proposal.person == actor.ref else dossier.name(proposal.person),
        by_viewer=proposal.person == actor.ref,
        at=act.at,
        decision=proposal.decision.value,
        side_words=wording.SIDE_WORDS[proposal.side],
        code=proposal.code,
        code_label=dossier.code_label(proposal.code),
        note=dossier.note(act.event_id),
        evidence=tuple(evidence),
        reasons=tuple(dossier.concept_title(concept) for concept in act.data["concepts"]),
        needs=needs_words(proposal.needs, act.data["needs_why"]),
    )


def _linked(dossier: Dossier) -> dict[str, Any]:
    """Other applications of the same party, and how many count as re-submissions."""
    rows = [row for row, _ in dossier.links]
    words = resubmission_words(rows, dossier.file.row.opened_at)
    return {"links": _links(dossier), "links_words": words}


def _links(dossier: Dossier) -> Pairs:
    """Other applications of the same party."""
    return tuple(
        (
            f"Application {application_id}, "
            f"{words.day_words(row.opened_at)}: {words.STATUS_WORDS[row.status].lower()}"
            + (f", {wording.DONE_WORDS[row.final]}" if row.final else ""),
            row.case_ref,
        )
        for row, application_id in dossier.links
    )
