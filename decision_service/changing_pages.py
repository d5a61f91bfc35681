"""Other terms and corrected values as the pages use them: the form, the last look, the act."""

from dataclasses import dataclass, replace
from typing import Any

from decision_service import wording
from decision_service.access import Permission
from decision_service.acting import Acting
from decision_service.answering import offered_fields
from decision_service.authority_words import WHY_WORDS
from decision_service.case_choices import codes, concepts
from decision_service.case_json import changed_values
from decision_service.case_rights import shut_out
from decision_service.change_requests import read_answer, read_correction, read_offer
from decision_service.changed_application import Tried, narrowed, offerable
from decision_service.dossier import Dossier, field_words, read_dossier
from decision_service.errors import InvalidRequest
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.waiting_pages import asked_field, recorded_words, stated_words
from explain.declared.contract import Field
from explain.errors import ContractBroken
from overrides.cases import Act, Case
from overrides.countering import OfferAnswer, owes_reasons
from overrides.information import HEARING_ROLES
from overrides.values import Actor, CaseStatus, OverrideSide
from ui import words
from ui.changing_views import ChangeForm, ChangeView, OfferView
from ui.ports import Refused
from ui.views import Consequence, Viewer

OFFER = "counter-offer"
ADVICE = dict.fromkeys(("/terms", "/fields"), "Fill in at least one value.")
FAULTS = {
    "justification_code": "code",
    "adverse_reasons": "concepts",
    "type": "evidence_type",
    "reference": "evidence_reference",
}


@dataclass(frozen=True, slots=True)
class ChangingPages:
    """Fills ``ui.ports.Changes``. Every error leaves it as ``Refused``."""

    services: Services

    def changing(self, viewer: Viewer, case_id: str, kind: str) -> ChangeView:
        """One case in review, and what of its application may be changed."""
        dossier = self._dossier(self._decider(viewer), case_id)
        case, loaded = dossier.file.case, dossier.in_force.loaded
        with refusing():
            case.after(Act.COUNTER)
        if loaded is None or dossier.inputs is None:
            said = "The model or the application cannot be read just now."
            raise Refused(409, "Not possible at the moment", said)
        given = {**dossier.inputs["fields"], **dossier.inputs["context"]}
        spec, contract = loaded.policy.spec, loaded.bundle.contract
        if kind == OFFER:
            offered = [(field, narrowed(field, one)) for field, one in offerable(spec, contract)]
        else:
            offered = [(field, field) for field in offered_fields(self.services, dossier.file)]
        low = OverrideSide.APPROVED_AGAINST_MODEL
        choices = codes(loaded.rules, low) if kind == OFFER else ()
        return ChangeView(
            case_id=case.case_ref,
            application_id=dossier.application_id,
            version=case.version,
            fields=tuple(
                replace(asked_field(within, given), stated=stated_words(field, given))
                for field, within in offered
            ),
            codes=tuple((choice.code, choice.label) for choice in choices),
            evidence_types=words.EVIDENCE_TYPES,
            concepts=concepts(dossier) if kind == OFFER and owes_reasons(case) else (),
        )

    def preview(self, viewer: Viewer, case_id: str, kind: str, form: ChangeForm) -> Consequence:
        """What the change would be scored as and what recording it would do; nothing is kept."""
        actor = self._decider(viewer)
        dossier = self._dossier(actor, case_id)
        with _by_field(dossier):
            body, acting = _body(dossier, kind, form), Acting(self.services)
            if kind == OFFER:
                tried = acting.try_offer(actor, case_id, read_offer(body))
            else:
                tried = acting.try_correction(actor, case_id, read_correction(body))
        return _consequence(dossier.file.case, tried)

    def change(self, viewer: Viewer, case_id: str, kind: str, form: ChangeForm) -> str:
        """Offer the terms, or correct the values; a sentence."""
        actor, acting = self._decider(viewer), Acting(self.services)
        dossier = self._dossier(actor, case_id)
        with _by_field(dossier):
            body = _body(dossier, kind, form)
            once = acting.once(actor, kind, form.idempotency_key, [case_id, body])
            if kind == OFFER:
                receipt = acting.offer(actor, case_id, read_offer(body), once)
            else:
                receipt = acting.correct(actor, case_id, read_correction(body), once)
        if kind != OFFER:
            advice = receipt.answer["recommendation"]
            return recorded_words(receipt, f"Corrected. The recommendation is “{advice}”.")
        if needs := receipt.answer["needs"]:
            return recorded_words(receipt, f"The offer is proposed. {wording.NEEDS_WORDS[needs]}")
        return recorded_words(receipt, "The offer lies with the applicant.")

    def answer(self, viewer: Viewer, case_id: str, answer: str, seen: int, key: str) -> str:
        """Write down what the applicant says; a sentence."""
        actor, acting = self._decider(viewer), Acting(self.services)
        body = {"answer": answer, "seen_version": seen}
        with refusing():
            form = read_answer(body)
            once = acting.once(actor, "offer-answer", key, [case_id, body])
            receipt = acting.answer(actor, case_id, form, once)
        accepted = form.answer is OfferAnswer.ACCEPTED
        said = "Approved on the terms that were offered." if accepted else "The offer was refused."
        return recorded_words(receipt, said)

    def _decider(self, viewer: Viewer) -> Actor:
        """The viewer as one who may decide."""
        return acting_person(self.services, viewer, Permission.DECIDE)

    def _dossier(self, actor: Actor, case_id: str) -> Dossier:
        """One case the actor may see; that they read it is noted."""
        acting = Acting(self.services)
        with refusing():
            file = acting.file(actor, case_id)
            self.services.viewings.note(actor, "case", case=file.case.case_ref)
            return read_dossier(self.services, file, actor, acting.sees)


class _by_field:  # noqa: N801 - read as a word of the with statement
    """Let every refusal leave the block as ``Refused``, at the form's own fields."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Put the error for the page; raises ``Refused``."""
        if isinstance(error, InvalidRequest):
            fields = {_field(f.pointer): ADVICE.get(f.pointer, f.detail) for f in error.faults}
            raise Refused(
                422, "Please check", "Some answers are missing or wrong.", fields
            ) from error
        if isinstance(error, ContractBroken):
            fields = {f"field-{problem.field}": problem.detail for problem in error.problems}
            raise Refused(422, "Please check", "Some values cannot be scored.", fields) from error
        if isinstance(error, Exception) and not isinstance(error, Refused):
            with refusing():
                raise error


def _field(pointer: str) -> str:
    """The form's input for a place in the request."""
    steps = pointer.strip("/").split("/")
    if steps[0] in ("terms", "fields") and len(steps) > 1:
        return f"field-{steps[1]}"
    last = next((step for step in reversed(steps) if not step.isdecimal()), "")
    return FAULTS.get(last, last)


def _body(dossier: Dossier, kind: str, form: ChangeForm) -> dict[str, Any]:
    """The form as the request of the interface that it stands for."""
    loaded = dossier.in_force.loaded
    contract = loaded.bundle.contract if loaded else None
    values = contract.from_text(form.values) if contract else dict(form.values)
    evidence = []
    if form.evidence_type or form.evidence_reference:
        evidence = [{"type": form.evidence_type, "reference": form.evidence_reference}]
    body = {"note": form.note, "evidence": evidence, "seen_version": form.seen_version}
    if kind == OFFER:
        body |= {"justification_code": form.code, "adverse_reasons": list(form.concepts)}
        body |= {"review_on": form.review_on} if form.review_on else {}
        return {**body, "terms": values or None}
    return {**body, "fields": values or None}


def _consequence(case: Case, tried: Tried) -> Consequence:
    """What recording a change would do, said before it is done."""
    scored, offered = tried.scored, tried.offered
    chance = words.score_words(float(scored.probability or 0))
    lines = [
        f"Probability of bad by the model on these values: {chance}.",
        f"Recommendation: {scored.recommendation.value}; {case.recommendation.value} before.",
    ]
    if offered is None:
        lines.append("The case stays in review on the corrected values, for you or anybody else.")
    elif offered.needs:
        lines.append(f"It is an override. {wording.NEEDS_WORDS[offered.needs]}")
        lines += [WHY_WORDS[why] for why in offered.why]
    else:
        how = "an override" if offered.side else "a change of terms, and no override"
        lines.append(f"It is {how}. The offer lies with the applicant at once.")
    if offered and offered.review_on:
        day = words.day_words(offered.review_on)
        lines.append(f"Accepted, it is listed to be looked at again on {day}.")
    lines.append("It is recorded as your act, with both scores, for good.")
    return Consequence(lines=tuple(lines), needs_approval=bool(offered and offered.needs))


def offer_view(services: Services, dossier: Dossier, actor: Actor) -> OfferView | None:
    """The offer that lies with the applicant; None where none does."""
    case, decision = dossier.file.case, dossier.file.decision
    offer, loaded = case.offer, dossier.loaded
    if offer is None or case.status is not CaseStatus.COUNTERED:
        return None
    how = "an override" if offer.side else "a change of terms"
    contract = loaded.bundle.contract if loaded else None
    terms = [
        f"{contract[name].label}: {_said(contract[name], now)}, not {_said(contract[name], was)}"
        for name, was, now in changed_values(services, decision.supersedes, decision.event_id)
        if contract is not None and name in contract
    ]
    return OfferView(
        words=f"{dossier.name(offer.person)} offered other terms ({how}). The offer stands until "
        f"{words.instant_words(offer.until)} UTC.",
        terms=tuple(terms),
        may_answer=actor.role in HEARING_ROLES and not shut_out(case, actor),
    )


def _said(field: Field, recorded: str | None) -> str:
    """A recorded value in words."""
    return field_words(field, recorded) or "not given"
