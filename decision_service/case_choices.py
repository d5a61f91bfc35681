"""What an officer may say of a case: which codes, which reasons, and what was proposed before."""

from decision_service import wording
from decision_service.dossier import ERASED, Dossier, field_words
from explain.declared.contract import Field
from overrides.reading import ActRow
from overrides.review_dates import SET
from overrides.values import Actor, Decision, OverrideSide, Recommendation, Rules
from ui.views import ActForm, CodeChoice, ConceptChoice, EvidenceTyped


def override_side(recommendation: Recommendation) -> OverrideSide | None:
    """Which side an override of this recommendation has; None for a referred case."""
    if recommendation is Recommendation.REFER:
        return None
    if recommendation is Recommendation.DECLINE:
        return OverrideSide.APPROVED_AGAINST_MODEL
    return OverrideSide.DECLINED_AGAINST_MODEL


def opposite(recommendation: Recommendation) -> Decision:
    """The decision that contradicts a recommendation to approve or to decline."""
    approves = recommendation is Recommendation.APPROVE
    return Decision.DECLINE if approves else Decision.APPROVE


def codes(rules: Rules | None, side: OverrideSide | None) -> tuple[CodeChoice, ...]:
    """The justification codes that an override of this side may carry."""
    if rules is None or side is None:
        return ()
    return tuple(
        CodeChoice(
            code=code.code,
            label=code.label,
            group=code.group,
            description=code.description,
            evidence_required=code.evidence_required,
            evidence=code.evidence,
            note_min_chars=code.note_min_chars,
            second_approver=wording.SECOND_WORDS[code.second_approver],
            evidence_kinds=code.evidence_types,
            review_days=code.review_days,
        )
        for code in rules.justifications
        if code.direction.allows(side)
    )


def concepts(dossier: Dossier) -> tuple[ConceptChoice, ...]:
    """Every reason a person may name, with what was stated and none of the model's sentences."""
    if dossier.loaded is None:
        return ()
    contract, fields = dossier.loaded.bundle.contract, (dossier.inputs or {}).get("fields", {})
    return tuple(
        ConceptChoice(
            concept=concept.id,
            title=concept.title,
            text="; ".join(
                _fact(contract[name], fields[name], concept.title)
                for name in concept.features
                if fields.get(name) is not None
            )
            or concept.why,
        )
        for concept in dossier.loaded.bundle.concepts
    )


def _fact(field: Field, value: str, title: str) -> str:
    """What was stated of one field; its label only where the title says another."""
    said = field_words(field, value)
    return said if field.label == title else f"{field.label}: {said}"


def returned(dossier: Dossier, actor: Actor, asked: ActRow | None) -> ActForm | None:
    """The proposal a question is about, as its proposer typed it; nothing for anybody else."""
    act = dossier.act(asked.data["of"]) if asked else None
    if act is None or act.actor != actor.ref or _of_offer(dossier, act):
        return None
    note = dossier.note(act.event_id)
    return ActForm(
        decision=act.data["to"],
        code=act.data["code"],
        note="" if note == ERASED else note,
        evidence=tuple(
            EvidenceTyped(
                kind=item["type"], reference=item["reference"], sha256=item["sha256"] or ""
            )
            for item in dossier.evidence(act.event_id)
        ),
        concepts=tuple(act.data["concepts"]),
        review_on=_review_on(dossier, act),
    )


def _review_on(dossier: Dossier, override: ActRow) -> str:
    """The day on which an override was to be looked at again; "" for none."""
    dates = (act for act in dossier.acts if act.type == SET)
    found = next((act for act in dates if act.data["of"] == override.event_id), None)
    return str(found.data["on"]) if found else ""


def _of_offer(dossier: Dossier, override: ActRow) -> bool:
    """Whether an override was of other terms than those applied for."""
    of = override.data["decision_id"]
    offers = (act for act in dossier.acts if act.type == "counter_offered")
    return any(act.data["decision_id"] == of for act in offers)
