"""Asking, hearing, undoing and reopening as the pages use them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from decision_service.access import Permission
from decision_service.act_requests import NOTE_CHARS_MAX, REFERENCE_CHARS_MAX
from decision_service.acting import Acting
from decision_service.answering import Answering, last_request, offered_fields
from decision_service.dossier import Dossier, field_words, read_dossier
from decision_service.people_gate import acting_person
from decision_service.pipeline import Answer
from decision_service.refusals import refused as as_refusal
from decision_service.refusals import refusing
from decision_service.rescore_words import rescored_words
from decision_service.services import Services
from decision_service.taking_back import TakingBack
from decision_service.waiting_words import (
    DOCUMENT_WORDS,
    REOPENED_WORDS,
    asked_words,
    clock_lines,
    ended_words,
)
from explain.declared.contract import NOT_GIVEN, Field
from explain.errors import ContractBroken
from overrides.cases import STATES, Case
from overrides.forms import tidy
from overrides.information import DOCUMENTS, InformationAnswer, InformationRequest, latest_answer
from overrides.instants import instant_text
from overrides.journal import Receipt
from overrides.taking_back import ReopeningForm, ReopeningReason
from overrides.values import Actor, CaseStatus, Evidence
from ui.ports import Refused
from ui.views import Viewer
from ui.waiting_views import (
    AnswerForm,
    AnswerView,
    AskedField,
    AskForm,
    AskView,
    ReopenForm,
    ReopenView,
)
from ui.words import instant_words

SUGGESTED = timedelta(days=10)
FIELD, DOCUMENT = "field-", "document-"
TO_SEND_AGAIN = "Put this right and send it again."
NOTHING = "Nothing was recorded"
BOOLEAN_WORDS = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True, slots=True)
class WaitingPages:
    """Fills ``ui.ports.WaitingRoom``. Every error leaves it as ``Refused``."""

    services: Services

    def asking(self, viewer: Viewer, case_id: str) -> AskView:
        """What the applicant may be asked for."""
        actor, now = self._decider(viewer), self.services.clock()
        with refusing():
            dossier = self._dossier(actor, case_id)
            file = dossier.file
            case, (latest, why) = file.case, latest_answer(file.case, now)
            if case.status is not CaseStatus.IN_REVIEW:
                raise Refused(409, "Not possible at the moment", _not_now(case))
            inputs = dossier.inputs or {"fields": {}, "context": {}}
            given = {**inputs["fields"], **inputs["context"]}
            return AskView(
                case_id=case.case_ref,
                application_id=dossier.application_id,
                version=case.version,
                fields=tuple(
                    (field.name, f"{field.label}: {stated_words(field, given)}")
                    for field in offered_fields(self.services, file)
                ),
                documents=tuple(
                    (kind, words) for kind, words in DOCUMENT_WORDS.items() if kind in DOCUMENTS
                ),
                earliest=_typed(now),
                latest=_typed(latest),
                suggested=_typed(min(now + SUGGESTED, latest)),
                latest_words=f"By {instant_words(latest)} UTC: {why}.",
                clock_lines=clock_lines(case, file.row.clocks, now),
            )

    def ask(self, viewer: Viewer, case_id: str, form: AskForm) -> str:
        """Record what the applicant is asked; a sentence."""
        actor = self._decider(viewer)
        asked = _request(form)
        with refusing():
            said = [case_id, form.fields, form.documents, form.until, form.note, form.seen_version]
            once = self._acting.once(actor, "information-request", form.idempotency_key, said)
            receipt = Answering(self.services).ask(actor, case_id, asked, once)
        until = instant_words(asked.until)
        return recorded_words(receipt, f"The case waits for the applicant until {until} UTC.")

    def answering(self, viewer: Viewer, case_id: str) -> AnswerView:
        """What the applicant was asked for."""
        actor, now = self._decider(viewer), self.services.clock()
        with refusing():
            dossier = self._dossier(actor, case_id)
            case, asked = dossier.file.case, last_request(dossier.acts)
            if asked is None or case.status is not CaseStatus.WAITING_APPLICANT:
                raise Refused(409, "Not possible at the moment", _not_now(case))
            offered = {field.name: field for field in offered_fields(self.services, dossier.file)}
            inputs = dossier.inputs or {"fields": {}, "context": {}}
            given = {**inputs["fields"], **inputs["context"]}
            return AnswerView(
                case_id=case.case_ref,
                application_id=dossier.application_id,
                version=case.version,
                fields=tuple(
                    asked_field(offered[name], given)
                    for name in asked.data.get("fields", ())
                    if name in offered
                ),
                documents=tuple(
                    (kind, DOCUMENT_WORDS.get(kind, kind))
                    for kind in asked.data.get("documents", ())
                ),
                asked_words=asked_words(dossier, asked),
                clock_lines=clock_lines(case, dossier.file.row.clocks, now),
            )

    def answer(self, viewer: Viewer, case_id: str, form: AnswerForm) -> str:
        """Record what the applicant said; a sentence."""
        actor = self._decider(viewer)
        _check_answer(form)
        with refusing():
            dossier = self._dossier(actor, case_id)
            fields = self._typed_fields(dossier, form.fields)
            heard = InformationAnswer(
                evidence=tuple(
                    Evidence(kind, where) for kind, where in sorted(form.documents.items())
                ),
                note=tidy(form.note),
                seen_version=form.seen_version,
            )
            said: list[object] = [case_id, sorted(form.fields.items()), form.note]
            said += [sorted(form.documents.items()), form.seen_version]
            once = self._acting.once(actor, "information", form.idempotency_key, said)
            try:
                found = Answering(self.services).hear(actor, case_id, heard, fields, once)
            except ContractBroken as broken:
                raise _broken(broken, form) from broken
        if isinstance(found, Answer):
            return f"The answer is recorded. {rescored_words(found)}"
        return recorded_words(found, "The answer is recorded and the case is back in review.")

    def reopening(self, viewer: Viewer, case_id: str) -> ReopenView:
        """One closed case, and why it may be opened again."""
        actor = acting_person(self.services, viewer, Permission.REOPEN)
        with refusing():
            dossier = self._dossier(actor, case_id)
            case = dossier.file.case
            if not STATES[case.status].closed:
                raise Refused(409, "The case is open", "Only a closed case can be reopened.")
            return ReopenView(
                case_id=case.case_ref,
                application_id=dossier.application_id,
                version=case.version,
                ended_words=ended_words(dossier),
                reasons=_reasons(case.status),
            )

    def reopen(self, viewer: Viewer, case_id: str, form: ReopenForm) -> str:
        """Open a closed case again; a sentence."""
        actor = acting_person(self.services, viewer, Permission.REOPEN)
        asked = _reopening(form)
        with refusing():
            said = [case_id, form.reason, form.note, form.seen_version]
            once = self._acting.once(actor, "reopening", form.idempotency_key, said)
            receipt = TakingBack(self.services).reopen(actor, case_id, asked, once)
        return recorded_words(
            receipt, "The case is open again; what was decided stays on the record."
        )

    def undo(self, viewer: Viewer, case_id: str, key: str) -> str:
        """Take the viewer's own decision back; a sentence."""
        actor = self._decider(viewer)
        with refusing():
            once = self._acting.once(actor, "undo", key, [case_id])
            receipt = TakingBack(self.services).undo(actor, case_id, once)
        return recorded_words(receipt, "Undone: the case is as it was before the decision.")

    @property
    def _acting(self) -> Acting:
        """Acts on cases."""
        return Acting(self.services)

    def _decider(self, viewer: Viewer) -> Actor:
        """The viewer as one who may decide."""
        return acting_person(self.services, viewer, Permission.DECIDE)

    def _dossier(self, actor: Actor, case_id: str) -> Dossier:
        """One case the actor may see; that they read it is noted."""
        acting = self._acting
        file = acting.file(actor, case_id)
        self.services.viewings.note(actor, "case", case=file.case.case_ref)
        return read_dossier(self.services, file, actor, acting.sees)

    def _typed_fields(self, dossier: Dossier, typed: Mapping[str, str]) -> Mapping[str, object]:
        """What was typed, as the contract's own kinds of values; a form names no other fields."""
        asked = last_request(dossier.acts)
        names = asked.data.get("fields", ()) if asked else ()
        wanted = {name: said for name, said in typed.items() if name in names}
        loaded = dossier.in_force.loaded
        return loaded.bundle.contract.from_text(wanted) if loaded else dict(wanted)


def _request(form: AskForm) -> InformationRequest:
    """What was typed, checked; raises ``Refused`` naming every field at fault."""
    note, faults, until = tidy(form.note), {}, datetime.min.replace(tzinfo=UTC)
    try:
        until = datetime.fromisoformat(form.until).replace(tzinfo=UTC)
    except ValueError:
        faults["until"] = "Give a day and a time."
    if not (form.fields or form.documents):
        faults["fields"] = "Choose at least one document or field."
    _check_note(note, faults)
    _refuse(faults)
    return InformationRequest(
        fields=form.fields,
        documents=form.documents,
        until=until,
        note=note,
        seen_version=form.seen_version,
    )


def _check_answer(form: AnswerForm) -> None:
    """Refuse an answer that says nothing, or more than can be kept."""
    faults: dict[str, str] = {}
    if not (form.fields or form.documents or tidy(form.note)):
        faults["note"] = "Say what the applicant answered, or fill in what came."
    for kind, where in form.documents.items():
        if len(where) > REFERENCE_CHARS_MAX or kind not in DOCUMENTS:
            faults[f"{DOCUMENT}{kind}"] = f"Say in at most {REFERENCE_CHARS_MAX} characters where."
    _check_note(tidy(form.note), faults)
    _refuse(faults)


def _reasons(status: CaseStatus) -> tuple[tuple[str, str], ...]:
    """Why a case may be opened again; a decision that is contested is an appeal instead."""
    appealed = ReopeningReason.APPLICANT_CONTESTS if status is CaseStatus.DECIDED else None
    return tuple((code, words) for code, words in REOPENED_WORDS.items() if code != appealed)


def _reopening(form: ReopenForm) -> ReopeningForm:
    """What was typed, checked; raises ``Refused`` naming every field at fault."""
    note, faults = tidy(form.note), {}
    if form.reason not in set(ReopeningReason):
        faults["reason"] = "Choose a reason."
    if not note:
        faults["note"] = "Say what was found."
    _check_note(note, faults)
    _refuse(faults)
    reason = ReopeningReason(form.reason)
    return ReopeningForm(reason=reason, note=note, seen_version=form.seen_version)


def _check_note(note: str, faults: dict[str, str]) -> None:
    """Find fault with a note that is too long to keep."""
    if len(note) > NOTE_CHARS_MAX:
        faults["note"] = f"Write at most {NOTE_CHARS_MAX} characters."


def _refuse(faults: Mapping[str, str]) -> None:
    """Refuse where anything is at fault."""
    if faults:
        raise Refused(422, NOTHING, TO_SEND_AGAIN, faults)


def _broken(broken: ContractBroken, form: AnswerForm) -> Refused:
    """Fields that do not meet the contract, by the inputs they were typed into."""
    faults = {
        f"{FIELD}{problem.field}": problem.detail
        for problem in broken.problems
        if problem.field in form.fields
    }
    return Refused(422, NOTHING, TO_SEND_AGAIN, faults) if faults else as_refusal(broken)


def _not_now(case: Case) -> str:
    """Why the page is not shown."""
    return f"The case is {case.status_words}."


def stated_words(field: Field, given: Mapping[str, str | None]) -> str:
    """What was stated of a field, in words."""
    return field_words(field, given.get(field.name)) or NOT_GIVEN


def asked_field(field: Field, given: Mapping[str, str | None]) -> AskedField:
    """One field with the way it is filled in."""
    levels = tuple(field.levels.items()) or (BOOLEAN_WORDS if field.type == "boolean" else ())
    hint = "" if levels else field.advice("out_of_range" if field.type != "text" else "missing")
    ranged = field.minimum is not None or field.maximum is not None
    return AskedField(
        name=field.name,
        label=field.label,
        stated=stated_words(field, given),
        hint=hint if ranged else "",
        levels=levels,
    )


def recorded_words(receipt: Receipt, said: str) -> str:
    """What was recorded, and where."""
    again = "Recorded before, and not twice" if receipt.replayed else "Recorded"
    return f"{said} {again}: ledger entry {receipt.entries[0].seq:,}."


def _typed(at: datetime) -> str:
    """An instant as a browser's field for day and time writes it."""
    return instant_text(at)[:16]
