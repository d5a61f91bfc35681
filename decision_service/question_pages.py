"""Questions about a score as the pages use them."""

from collections.abc import Mapping
from dataclasses import dataclass

from decision_service.access import Permission
from decision_service.act_requests import NOTE_CHARS_MAX
from decision_service.acting import Acting
from decision_service.asking_about import AskingAbout
from decision_service.case_errors import NothingToTry
from decision_service.errors import InvalidRequest
from decision_service.people_gate import acting_person
from decision_service.reason_evidence import evidence_view
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.what_if import ground_of, stands_words, tries_of, try_fields, try_view
from overrides.cases import OPEN_STATES
from overrides.forms import tidy
from overrides.values import DECIDING_ROLES
from ui.ports import Refused
from ui.question_views import ReasonEvidence, WhatIf
from ui.views import Viewer

CLOSED = "The case is closed, so nothing more is tried on it."
READING = "Your role reads cases and tries nothing on them."
USED_UP = "You have tried as many sets of values on this score as one person may."


@dataclass(frozen=True, slots=True)
class QuestionPages:
    """Fills ``ui.ports.Questions``. Every error leaves it as ``Refused``."""

    services: Services

    @property
    def _asking(self) -> AskingAbout:
        """Questions about cases."""
        return AskingAbout(self.services)

    def reason(self, viewer: Viewer, case_id: str, concept: str) -> ReasonEvidence:
        """What lies under one reason."""
        actor = acting_person(self.services, viewer, Permission.DESK)
        with refusing():
            dossier = self._asking.dossier(actor, case_id)
            self.services.viewings.note(actor, "reason", case=dossier.file.case.case_ref)
            return evidence_view(dossier, concept, actor, self.services.clock())

    def question(self, viewer: Viewer, case_id: str, concept: str, note: str, key: str) -> str:
        """Record that a reason surprises the viewer; a sentence."""
        actor = acting_person(self.services, viewer, Permission.DECIDE)
        said = tidy(note)
        if len(said) > NOTE_CHARS_MAX:
            text = f"Give text of at most {NOTE_CHARS_MAX} characters."
            raise Refused(422, "Please check", text, {"note": text})
        with refusing():
            route = f"question {concept}"
            once = Acting(self.services).once(actor, route, key, [case_id, concept, said])
            receipt = self._asking.question(actor, case_id, concept, said, once)
        return f"Recorded that this reason surprises you: ledger entry {receipt.entries[0].seq:,}."

    def what_if(self, viewer: Viewer, case_id: str) -> WhatIf:
        """What may be tried on a case, and what was."""
        actor = acting_person(self.services, viewer, Permission.DESK)
        with refusing():
            dossier = self._asking.dossier(actor, case_id)
            case = dossier.file.case
            self.services.viewings.note(actor, "what_if", case=case.case_ref)
            left, cannot = self._asking.left(dossier, actor), ""
            if case.status not in OPEN_STATES:
                cannot = CLOSED
            elif actor.role not in DECIDING_ROLES:
                cannot = READING
            elif not left:
                cannot = USED_UP
            try:
                fields = try_fields(ground_of(dossier))
            except NothingToTry as nothing:
                fields, cannot = (), f"{nothing.why}."
            return WhatIf(
                case_id=case.case_ref,
                application_id=dossier.application_id,
                recommendation=dossier.file.decision.recommendation.value,
                stands=stands_words(dossier),
                fields=fields,
                tries=tuple(
                    try_view(dossier, act, shown) for act, shown in tries_of(self.services, dossier)
                ),
                left=left,
                cannot=cannot,
            )

    def try_out(self, viewer: Viewer, case_id: str, changes: Mapping[str, str], key: str) -> str:
        """Score other values and put what came of it on record; a sentence."""
        actor = acting_person(self.services, viewer, Permission.DECIDE)
        given = {name: value for name, value in changes.items() if value}
        with refusing():
            once = Acting(self.services).once(actor, "what-if", key, [case_id, given])
            try:
                receipt = self._asking.try_out(actor, case_id, given, once)
            except InvalidRequest as invalid:
                fields = {one.pointer.rpartition("/")[2]: one.detail for one in invalid.faults}
                raise Refused(422, "Please check", "Nothing was tried.", fields) from invalid
        if not receipt.entries:
            return "What it rests on was erased meanwhile. Nothing was recorded."
        place = f"ledger entry {receipt.entries[0].seq:,}"
        return f"Tried. The case stays as it is. Recorded: {place}."
