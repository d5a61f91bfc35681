"""What lies under one reason of a case: values, where they came from, and what others would do.

Worked out when asked, by the very versions that made the decision. The contribution found for the
applicant's own value is held against the recorded one; where they differ nothing is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decision_service.case_errors import UnknownReason
from decision_service.data_quality import field_faults, looked_at
from decision_service.decimals import decimal_text, recorded
from decision_service.dossier import Dossier, Payload, field_words
from decision_service.outlook_words import WHY_NOT
from decision_service.outlooks import OTHER_VERSION, SAME, UNAVAILABLE, Stated, doubts, stated
from explain.bundle import Bundle
from explain.changes.effects import Stretch, effect_of
from explain.declared.contract import NUMERIC, Field
from explain.errors import ExplainError
from explain.values import Row
from overrides.cases import OPEN_STATES
from overrides.reading import ActRow
from overrides.values import DECIDING_ROLES, Actor
from ui.question_views import FieldEvidence, ReasonEvidence, StretchLine
from ui.reason_views import FieldFault
from ui.words import instant_words

ONE_BY_ONE = (
    "This model is asked one application at a time, so other values are not worked out here."
)
SIDE_WORDS = {"adverse": "Raises the risk", "favourable": "Lowers the risk"}
SIDES = tuple(SIDE_WORDS)


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """A field under a reason with the stretches of its values, or why there are none."""

    field: Field
    stretches: tuple[Stretch, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found under one reason. ``reason`` is as it was recorded, of ``side``."""

    side: str
    reason: Mapping[str, Any]
    effects: tuple[FieldEffect, ...]
    faults: tuple[FieldFault, ...]
    pinned: tuple[Row, ...]
    inputs: Payload


def evidence_of(dossier: Dossier, concept: str, at: datetime) -> Evidence:
    """What lies under a reason that the decision gives; raises ``UnknownReason`` for any other."""
    side, reason = principal(dossier, concept)
    loaded, inputs = dossier.loaded, dossier.inputs
    if loaded is None or inputs is None:
        raise UnknownReason(case_id=dossier.file.case.case_ref)
    told = stated(loaded, dossier.file, inputs)
    found = None if isinstance(told, str) else doubts(told)
    parts = {"inputs": inputs, "explanation": dossier.explanation}
    faults = field_faults(loaded, parts, told, found, looked_at(dossier.file, at))
    contract, pinned = loaded.bundle.contract, tuple(loaded.bundle.background)
    effects = tuple(_effect(dossier, told, contract[name], pinned) for name in reason["features"])
    return Evidence(side, reason, effects, faults, pinned, inputs)


def principal(dossier: Dossier, concept: str) -> tuple[str, Mapping[str, Any]]:
    """The side and the record of a reason; raises ``UnknownReason`` where there is none."""
    made = (dossier.explanation or {}).get("reasons", {})
    for side in SIDES:
        for reason in made.get(side, ()):
            if reason["concept"] == concept:
                return side, reason
    raise UnknownReason(case_id=dossier.file.case.case_ref)


def concepts_named(dossier: Dossier) -> frozenset[str]:
    """The concepts of all reasons that the decision gives."""
    made = (dossier.explanation or {}).get("reasons", {})
    return frozenset(reason["concept"] for side in SIDES for reason in made.get(side, ()))


def _effect(
    dossier: Dossier, told: Stated | str, field: Field, pinned: Sequence[Row]
) -> FieldEffect:
    """What other values of one field would do; nothing where the model is not the very one."""
    if isinstance(told, str):
        return FieldEffect(field, (), WHY_NOT[told])
    bundle = told.loaded.bundle
    if bundle.one_by_one:
        return FieldEffect(field, (), ONE_BY_ONE)
    try:
        found = effect_of(field, told.row, pinned, lambda rows: _amounts(bundle, field.name, rows))
    except ExplainError:
        return FieldEffect(field, (), WHY_NOT[UNAVAILABLE])
    pushes = (dossier.explanation or {})["contributions"]
    noted = next((float(push) for name, push, *_ in pushes if name == field.name), None)
    mine = next((one.contribution for one in found if one.own), None)
    if noted is None or mine is None or not abs(mine - noted) <= SAME * max(1.0, abs(noted)):
        return FieldEffect(field, (), WHY_NOT[OTHER_VERSION])
    return FieldEffect(field, found)


def _amounts(bundle: Bundle, name: str, rows: Sequence[Row]) -> list[float]:
    """Contribution of one field to each of several applications; raises what the model does."""
    found = []
    for told in bundle.explain(rows):
        if isinstance(told, ExplainError):
            raise told
        parts = told.attribution.contributions
        found.append(next(amount for feature, amount, _ in parts if feature == name))
    return found


def evidence_view(dossier: Dossier, concept: str, actor: Actor, at: datetime) -> ReasonEvidence:
    """The same as the page shows it."""
    found = evidence_of(dossier, concept, at)
    fields = tuple(_field_view(found, effect) for effect in found.effects)
    pushes = [abs(line.push) for one in fields for line in one.stretches]
    case = dossier.file.case
    return ReasonEvidence(
        case_id=case.case_ref,
        application_id=dossier.application_id,
        concept=concept,
        title=found.reason["title"],
        text=found.reason["text"],
        side_words=SIDE_WORDS[found.side],
        push=float(found.reason["contribution"]),
        fields=fields,
        pinned_words=f"{len(found.pinned)} pinned applicants that came with the model",
        asked=_asked(dossier, concept),
        may_question=actor.role in DECIDING_ROLES and case.status in OPEN_STATES,
        largest=max(pushes, default=0.0),
    )


def _field_view(found: Evidence, effect: FieldEffect) -> FieldEvidence:
    """One field."""
    field = effect.field
    source, as_of = _origin(found, field)
    return FieldEvidence(
        label=field.label,
        value=field_words(field, found.inputs["fields"].get(field.name)) or "Not given",
        source=source,
        as_of=as_of,
        owner=field.owner,
        faults=tuple(one.text for one in found.faults if one.field == field.name),
        place=place_words(effect, len(found.pinned)),
        stretches=tuple(
            StretchLine(
                words=stretch_words(field, one),
                pinned=one.pinned,
                own=one.own,
                push=one.contribution,
            )
            for one in effect.stretches
        ),
        why_none=effect.why,
    )


def _origin(found: Evidence, field: Field) -> tuple[str, str]:
    """Where a value came from and as of when: what the sender said, or else the contract."""
    meta = found.inputs["fields_meta"].get(field.name, {})
    return str(meta.get("source") or field.source), str(meta.get("as_of") or "")


def stretch_words(field: Field, one: Stretch) -> str:
    """A stretch as people read it."""
    low, high = field.in_words(one.low), field.in_words(one.high)
    return low if low == high else f"{low} to {high}"


def place_words(effect: FieldEffect, of: int) -> str:
    """Where the applicant stands among the pinned ones; "" where nothing was worked out."""
    own = next((place for place, one in enumerate(effect.stretches) if one.own), None)
    if own is None:
        return ""
    mine = effect.stretches[own]
    if effect.field.type in NUMERIC and mine.low is not None:
        lower = sum(one.pinned for one in effect.stretches[:own])
        return f"{lower} of {of} lie in lower ranges, {mine.pinned} in the applicant's own."
    return f"{mine.pinned} of {of} have the same."


def _asked(dossier: Dossier, concept: str) -> tuple[str, ...]:
    """Who found this reason surprising, and what they wrote."""
    lines = []
    for act in questions_of(dossier.acts, dossier.file.decision.decision_id, concept):
        note = dossier.note(act.event_id)
        who = f"{dossier.name(act.actor)}, {instant_words(act.at)} UTC"
        lines.append(f"{who}: {note}" if note else who)
    return tuple(lines)


def questions_of(acts: Sequence[ActRow], decision_id: str, concept: str) -> list[ActRow]:
    """The acts that question one reason of one decision."""
    return [
        act
        for act in acts
        if act.type == "reason_questioned"
        and act.data["decision_id"] == decision_id
        and act.data["concept"] == concept
    ]


def evidence_object(dossier: Dossier, concept: str, at: datetime) -> dict[str, Any]:
    """The same as the interface gives it."""
    found = evidence_of(dossier, concept, at)
    asked = questions_of(dossier.acts, dossier.file.decision.decision_id, concept)
    return {
        "case_id": dossier.file.case.case_ref,
        "decision_id": dossier.file.decision.decision_id,
        "concept": concept,
        "side": found.side,
        "text": found.reason["text"],
        "contribution": found.reason["contribution"],
        "pinned": len(found.pinned),
        "questioned": len(asked),
        "fields": [_field_object(found, effect) for effect in found.effects],
    }


def _field_object(found: Evidence, effect: FieldEffect) -> dict[str, Any]:
    """One field of it."""
    field = effect.field
    source, as_of = _origin(found, field)
    return {
        "field": field.name,
        "label": field.label,
        "value": found.inputs["fields"].get(field.name),
        "source": source or None,
        "as_of": as_of or None,
        "owner": field.owner or None,
        "why": effect.why or None,
        "effect": [
            {
                "low": recorded(one.low),
                "high": recorded(one.high),
                "pinned": one.pinned,
                "own": one.own,
                "asked": recorded(one.asked),
                "contribution": decimal_text(one.contribution),
            }
            for one in effect.stretches
        ],
    }
