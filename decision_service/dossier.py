"""One case with everything a page about it needs, read once: record, opened parts, names, wording.

Protected attributes lie in a slot of their own that is never opened here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decision_service.errors import ServiceError
from decision_service.loading import Loaded
from decision_service.occasions import Occasion, occasion
from decision_service.party_parts import PARTY_SLOTS, concepts_apart, fields_apart, whole
from decision_service.registry import InUse
from decision_service.services import Services
from explain.declared.contract import NUMERIC, Field
from overrides.erasing import Took
from overrides.errors import SlotErased
from overrides.event_kinds import REVIEW_DATE_KINDS
from overrides.journal import Json
from overrides.reading import ActRow, CaseFile, CaseRow, DecisionRow
from overrides.values import Actor, Verdict

# Acts that decide nothing and answer nobody.
LOOKING = frozenset(
    {
        "case_claimed",
        "case_released",
        "reasons_shown",
        "reason_questioned",
        "what_if_tried",
        "case_escalated",
        "case_handed_over",
        "case_snoozed",
        *REVIEW_DATE_KINDS,
    }
)
TEXT_SLOTS = ("note", "evidence")
ERASED = "This part has been erased."

Payload = Mapping[str, Json]
Sees = Callable[[Actor, CaseRow], bool]  # whether somebody may look at a case


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What is known of a case. ``inputs`` and ``explanation`` are None once erased."""

    file: CaseFile
    acts: tuple[ActRow, ...]
    decisions: Mapping[str, DecisionRow]  # by event id
    inputs: Payload | None
    explanation: Payload | None
    apart: frozenset[str]  # concepts whose reasons are about a party who is not the applicant
    fields_apart: frozenset[str]  # fields that are about such a party
    texts: Mapping[str, Mapping[str, Payload | None]]  # per act: notes and evidence, None if erased
    loaded: Loaded | None  # the bundle in the versions of the decision, None when unreadable
    names: Mapping[str, str]
    links: tuple[tuple[CaseRow, str], ...]  # other cases of the applicant, with application ids
    in_force: InUse  # the version of its bundle that scores now, whichever scored this case
    occasion: Occasion | str  # why the case may be scored again, or why that changes nothing
    erasures: tuple[Took, ...]  # entries that took personal parts of the case
    untrained: str = ""  # why the training register keeps the viewer from deciding, "" if not

    @property
    def application_id(self) -> str:
        """The lender's own id."""
        return str(self.inputs["application_id"]) if self.inputs else ERASED

    def name(self, person: str) -> str:
        """A person's name."""
        return self.names.get(person, person)

    def act(self, event_id: str) -> ActRow | None:
        """One act by its event."""
        return next((act for act in self.acts if act.event_id == event_id), None)

    def note(self, event_id: str) -> str:
        """The note of an act, "" where there is none."""
        texts = self.texts.get(event_id, {})
        if "note" not in texts:
            return ""
        note = texts["note"]
        return ERASED if note is None else str(note["text"])

    def hints(self, event_id: str) -> tuple[str, ...]:
        """What the hints found in the note of an act; none where there is none, or it is erased."""
        note = self.texts.get(event_id, {}).get("note")
        return tuple(note.get("hints", ())) if note else ()

    def evidence(self, event_id: str) -> tuple[Mapping[str, Any], ...]:
        """The pieces of evidence of an act; none where there are none or they are erased."""
        evidence = self.texts.get(event_id, {}).get("evidence")
        return tuple(evidence["items"]) if evidence else ()

    def code_label(self, code: str) -> str:
        """The label of a justification code, "" when the codebook cannot be read."""
        found = self.loaded.rules.justification(code) if self.loaded else None
        return found.label if found else ""

    def concept_title(self, concept: str) -> str:
        """The title of a reason concept; its id when the codebook cannot be read."""
        concepts = self.loaded.bundle.concepts if self.loaded else ()
        return next((c.title for c in concepts if c.id == concept), concept)


def read_dossier(services: Services, file: CaseFile, viewer: Actor, sees: Sees) -> Dossier:
    """Everything about one case that its page may show."""
    case = file.case
    acts = services.cases.acts(case.case_ref)
    wanted = ("inputs", "explanation", *PARTY_SLOTS)
    parts = services.ledger.open_slots(file.decision.event_id, wanted)
    opened = whole(parts)
    texts = _texts(services, acts)
    erasures = tuple(services.erasures.of_case(case.case_ref))
    people = {act.actor for act in acts} | {took.actor for took in erasures}
    people |= {str(act.data["to"]) for act in acts if act.type == "case_handed_over"}
    people |= {file.row.holder, viewer.ref} - {""}
    linked = [row for row in services.cases.linked(case.case_ref) if sees(viewer, row)]
    ids = application_ids(services, linked)
    in_force = services.registry.in_use(case.bundle)
    loaded = loaded_for(services, file.decision)
    rules = loaded.rules if loaded else None
    return Dossier(
        file=file,
        acts=acts,
        decisions={row.event_id: row for row in services.cases.decisions(case.case_ref)},
        inputs=opened.get("inputs"),
        explanation=opened.get("explanation"),
        apart=concepts_apart(parts),
        fields_apart=fields_apart(parts),
        texts=texts,
        loaded=loaded,
        names=services.people.names(people),
        links=tuple((row, ids[row.case_ref]) for row in linked),
        in_force=in_force,
        occasion=occasion(file.decision, services.registry.standings(), in_force),
        erasures=erasures,
        untrained=services.training.refusal(viewer, rules, services.clock()),
    )


def open_question(acts: Sequence[ActRow]) -> ActRow | None:
    """The verdict that returned the last proposal, while no further act has answered it."""
    last = next((act for act in reversed(acts) if act.type not in LOOKING), None)
    if last is None or last.type != "approval_recorded":
        return None
    return last if last.data["verdict"] == Verdict.RETURN else None


def readable(slot: Payload | SlotErased | None) -> Payload | None:
    """An opened slot; None where it is erased or never was."""
    return None if isinstance(slot, SlotErased) else slot


def application_ids(services: Services, rows: Sequence[CaseRow]) -> dict[str, str]:
    """The lender's own id of each case, opened from its decision, by case reference."""
    opened = services.ledger.open_many([row.decision_event for row in rows], ("inputs",))
    ids = {}
    for row in rows:
        inputs = readable(opened.get(row.decision_event, {}).get("inputs"))
        ids[row.case_ref] = str(inputs["application_id"]) if inputs else ERASED
    return ids


def loaded_for(services: Services, decision: DecisionRow) -> Loaded | None:
    """The bundle in the policy and codebook of a decision; None when it cannot be read."""
    try:
        return services.registry.loaded(
            decision.bundle,
            policy=decision.policy.sha256 if decision.policy else "",
            codebook=decision.codebook.sha256 if decision.codebook else "",
        )
    except ServiceError:
        return None


def stated(dossier: Dossier) -> tuple[tuple[str, str], ...]:
    """What the applicant stated, label and words, in the contract's order."""
    if dossier.inputs is None:
        return ()
    given = {**dossier.inputs["fields"], **dossier.inputs["context"]}
    fields = dossier.loaded.bundle.contract.fields if dossier.loaded else ()
    known = [field for field in fields if field.name in given]
    unknown = sorted(given.keys() - {field.name for field in known})
    return (
        *((field.label, field_words(field, given[field.name])) for field in known),
        *((name, str(given[name] or "")) for name in unknown),
    )


def field_words(field: Field, recorded: str | None) -> str:
    """A recorded value in the contract's words."""
    if recorded is None:
        return ""
    if field.type in NUMERIC or field.type == "boolean":
        return field.in_words(float(recorded))
    return field.in_words(recorded)


def _texts(services: Services, acts: Sequence[ActRow]) -> dict[str, dict[str, Payload | None]]:
    """Notes and evidence of acts, by event; None where they are erased."""
    wanted = {act.event_id: [slot for slot in TEXT_SLOTS if slot in act.slots] for act in acts}
    written = [event_id for event_id, slots in wanted.items() if slots]
    opened = services.ledger.open_many(written, TEXT_SLOTS) if written else {}
    return {
        event_id: {slot: readable(opened.get(event_id, {}).get(slot)) for slot in wanted[event_id]}
        for event_id in written
    }
