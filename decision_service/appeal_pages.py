"""Recording an appeal, as the pages use it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from decision_service.access import Permission
from decision_service.act_requests import NOTE_CHARS_MAX, REFERENCE_CHARS_MAX
from decision_service.acting import Acting
from decision_service.appeal_words import rule_words
from decision_service.appealing import Appealing
from decision_service.dossier import read_dossier
from decision_service.people import PersonState
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.waiting_words import ended_words
from overrides.appeal_rules import appeal_rules_for
from overrides.appeals import AppealForm
from overrides.cases import Case
from overrides.forms import tidy
from overrides.instants import instant_text
from overrides.reading import CaseFile
from overrides.values import DECIDING_ROLES, Actor, CaseStatus, Evidence
from ui import words
from ui.appeal_views import AppealForm as Typed
from ui.appeal_views import AppealView
from ui.ports import Refused
from ui.views import Viewer

MINUTE_CHARS = 16  # of an instant, as a browser's field for day and time writes it


@dataclass(frozen=True, slots=True)
class AppealPages:
    """Fills ``ui.ports.Appeals``. Every error leaves it as ``Refused``."""

    services: Services

    def appealing(self, viewer: Viewer, case_id: str) -> AppealView:
        """One decided case, and what recording an appeal will do."""
        actor = acting_person(self.services, viewer, Permission.APPEAL)
        acting, now = Acting(self.services), self.services.clock()
        with refusing():
            file = acting.file(actor, case_id)
            case = file.case
            if case.status is not CaseStatus.DECIDED or case.closed_at is None:
                why = f"The case is {case.status_words}."
                raise Refused(409, "Not possible at the moment", why)
            self.services.viewings.note(actor, "case", case=case.case_ref)
            dossier = read_dossier(self.services, file, actor, acting.sees)
            return AppealView(
                case_id=case.case_ref,
                application_id=dossier.application_id,
                version=case.version,
                ended_words=ended_words(dossier),
                rule_words=rule_words(appeal_rules_for(file.decision.jurisdiction, now.date())),
                reviewers_words=self._reviewers(file, actor),
                earliest=_minute(case.closed_at),
                latest=_minute(now),
                kinds=words.EVIDENCE_TYPES,
            )

    def appeal(self, viewer: Viewer, case_id: str, form: Typed) -> str:
        """Record it; a sentence."""
        actor = acting_person(self.services, viewer, Permission.APPEAL)
        acting = Acting(self.services)
        with refusing():
            asked = _read(form, acting.file(actor, case_id, unseen=True).case)
            said = [case_id, form.view, form.received_at, form.seen_version]
            said += [form.evidence_type, form.evidence_reference]
            once = acting.once(actor, "appeal", form.idempotency_key, said)
            receipt = Appealing(self.services).appeal(actor, case_id, asked, once)
        until = words.instant_words(datetime.fromisoformat(str(receipt.answer["answer_by"])))
        again = "Recorded before, and not twice" if receipt.replayed else "Recorded"
        return (
            f"The case is open again, for somebody who had no part in the decision. An answer is"
            f" due by {until} UTC. {again}: ledger entry {receipt.entries[0].seq:,}."
        )

    def _reviewers(self, file: CaseFile, actor: Actor) -> str:
        """How many people who may decide cases of this branch would have no part in it yet."""
        branch = file.row.branch
        out = {*Appealing(self.services).before(file).took_part, *file.case.excluded, actor.ref}
        left = sum(
            person.state is PersonState.ACTIVE
            and person.role in DECIDING_ROLES
            and person.ref not in out
            and (person.branch in ("", branch) or not branch)
            for person in self.services.people.everyone()
        )
        if not left:
            return "Nobody else of this branch may decide it: ask an administrator for somebody."
        return f"{left} {'person' if left == 1 else 'people'} of this branch may decide it."


def _read(form: Typed, case: Case) -> AppealForm:
    """What was typed, checked; raises ``Refused`` naming every field at fault."""
    view, faults = tidy(form.view), {}
    if not view:
        faults["view"] = "Write what the applicant says."
    if len(view) > NOTE_CHARS_MAX:
        faults["view"] = f"Write at most {NOTE_CHARS_MAX} characters."
    reference = tidy(form.evidence_reference)
    if form.evidence_type and form.evidence_type not in dict(words.EVIDENCE_TYPES):
        faults["evidence_type"] = "Choose one from the list."
    if form.evidence_type and not reference:
        faults["evidence_reference"] = "Say where it is filed."
    if len(reference) > REFERENCE_CHARS_MAX:
        faults["evidence_reference"] = f"Write at most {REFERENCE_CHARS_MAX} characters."
    if reference and not form.evidence_type:
        faults["evidence_type"] = "Say what it is."
    received = None
    try:
        received = datetime.fromisoformat(form.received_at) if form.received_at else None
    except ValueError:
        faults["received_at"] = "Give a day and a time, or leave it empty."
    if faults:
        raise Refused(422, "Nothing was recorded", "Put this right and send it again.", faults)
    return AppealForm(
        view=view,
        evidence=(Evidence(form.evidence_type, reference),) if reference else (),
        received_at=_after(received, case),
        seen_version=form.seen_version,
    )


def _after(received: datetime | None, case: Case) -> datetime | None:
    """The instant meant by a minute; of the minute of the decision, the decision's own."""
    if received is None:
        return None
    meant = received.replace(tzinfo=UTC)
    closed = case.closed_at
    same = closed is not None and _minute(closed) == instant_text(meant)[:MINUTE_CHARS]
    return closed if same else meant


def _minute(at: datetime) -> str:
    """An instant as a browser's field for day and time writes it."""
    return instant_text(at)[:MINUTE_CHARS]
