"""Which fields under a score are to be checked, why, and whose they are.

A field is named where it was older than the data contract agrees at the time of looking (for a
closed case, of its closing), dated in the future, missing, said to be imputed, outside what every
pinned applicant has, or a level none of them has. Principal reasons that rest on it are named too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from decision_service.dossier import Payload, loaded_for
from decision_service.loading import Loaded
from decision_service.outlook_words import field_novelty_words
from decision_service.outlooks import Doubts, Stated, doubts, stated
from decision_service.party_parts import PARTY_SLOTS, whole
from decision_service.services import Services
from explain.declared.contract import Contract, Field
from overrides.reading import CaseFile
from ui.reason_views import FieldFault

IMPUTED = "imputed"
"""What ``fields_meta`` says as the ``source`` of a value that nobody observed."""

SHOWN_KINDS = frozenset({"outside", "unseen"})
WORKED_OUT_AGAIN = frozenset({"stale", "from_future", "missing"})
"""Warnings of the day of scoring that are looked at anew: values age while a case waits."""

SIDES = ("adverse", "favourable")

CODE_WORDS: Mapping[str, str] = {
    "stale": "out of date",
    "from_future": "dated in the future",
    "missing": "missing",
    "amount_differs": "two amounts were sent",
    "imputed": "filled in, not observed",
    "outside": "outside the usual range",
    "unseen": "never seen before",
}


def field_faults(
    loaded: Loaded | None,
    parts: Mapping[str, Payload | None],
    told: Stated | str,
    found: Doubts | None,
    at: datetime,
) -> tuple[FieldFault, ...]:
    """What to check, in the contract's order; at most one fault for each field and code.

    ``parts`` are the opened inputs and explanation of a decision. Where the contract is not at
    hand, only what was noticed when the application was scored.
    """
    inputs = parts.get("inputs")
    if inputs is None:
        return ()
    if loaded is None:
        return tuple(
            FieldFault(field=name, label=name, code=code, text=detail)
            for name, code, detail in inputs["warnings"]
        )
    contract = loaded.bundle.contract
    said: dict[tuple[str, str], str] = dict(_found(contract, inputs, at))
    if not isinstance(told, str) and found is not None:
        for one in found.novelty.fields:
            gap = told.row[one.field] is None
            if one.kind in SHOWN_KINDS and not gap:
                words = field_novelty_words(told, one, found.novelty.of)
                said.setdefault((one.field, one.kind), words)
    return tuple(
        _fault(field, code, text, parts.get("explanation"))
        for field in contract.fields
        for (name, code), text in said.items()
        if name == field.name
    )


def faults_of(services: Services, file: CaseFile, now: datetime) -> tuple[FieldFault, ...]:
    """The same for a case, opened from the record."""
    slots = ("inputs", "explanation", *PARTY_SLOTS)
    parts = whole(services.ledger.open_slots(file.decision.event_id, slots))
    loaded = loaded_for(services, file.decision)
    told = stated(loaded, file, parts.get("inputs"))
    found = None if isinstance(told, str) else doubts(told)
    return field_faults(loaded, parts, told, found, looked_at(file, now))


def looked_at(file: CaseFile, now: datetime) -> datetime:
    """The time at which the age of a value counts: of the decision, once there is one."""
    return file.row.closed_at or now


def without_faults(found: Doubts) -> Doubts:
    """Doubts of the score without the fields that are named as faults of the data."""
    rest = tuple(one for one in found.novelty.fields if one.kind not in SHOWN_KINDS)
    return replace(found, novelty=replace(found.novelty, fields=rest))


def fault_objects(faults: Sequence[FieldFault]) -> list[dict[str, Any]]:
    """Faults as the interface gives them."""
    return [
        {
            "field": one.field,
            "label": one.label,
            "code": one.code,
            "text": one.text,
            "owner": one.owner or None,
            "concepts": list(one.concepts),
        }
        for one in faults
    ]


def weak_words(concept: str, faults: Sequence[FieldFault]) -> str:
    """Why a reason is not to be relied on; "" where nothing speaks against its data."""
    under = [f"{one.label} ({CODE_WORDS[one.code]})" for one in faults if concept in one.concepts]
    return f"Rests on data to check: {', '.join(under)}." if under else ""


def _found(
    contract: Contract, inputs: Payload, at: datetime
) -> Iterator[tuple[tuple[str, str], str]]:
    """What the record itself says against a value: field, code, and a sentence."""
    for name, code, detail in inputs["warnings"]:
        if code not in WORKED_OUT_AGAIN and name in contract:
            yield (name, code), detail
    values = {**inputs["context"], **inputs["fields"]}
    for name, value in values.items():
        if value is None and name in contract and _matters(contract[name]):
            scored = "; the model scored a gap" if contract[name].role == "feature" else ""
            yield (name, "missing"), f"{contract[name].label} was not given{scored}."
    for problem in contract.aged(inputs["fields_meta"], at):
        yield (problem.field, problem.code), problem.detail
    for name, meta in inputs["fields_meta"].items():
        if str(meta.get("source", "")).strip().lower() == IMPUTED and name in contract:
            text = f"{contract[name].label} was filled in by the sender and not observed."
            yield (name, IMPUTED), text


def _matters(field: Field) -> bool:
    """Whether a gap is worth a word: where it is scored, or asks for a person."""
    return field.role == "feature" or field.missing == "refer"


def _fault(field: Field, code: str, text: str, explanation: Payload | None) -> FieldFault:
    """One fault, with the reasons that rest on the field."""
    made = (explanation or {}).get("reasons", {})
    resting = [
        reason["concept"]
        for side in SIDES
        for reason in made.get(side, ())
        if field.name in reason["features"]
    ]
    return FieldFault(
        field=field.name,
        label=field.label,
        code=code,
        text=text,
        owner=field.owner,
        concepts=tuple(dict.fromkeys(resting)),
    )
