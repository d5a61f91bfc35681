"""Appeals: recorded for an applicant, by a person or by the lender's own system."""

from dataclasses import dataclass

from decision_service.acting import Acting
from decision_service.services import Services
from overrides.acts import AS_APPLIED, case_of
from overrides.appeals import AppealForm, Before, decide_appeal, took_part
from overrides.cases import Case
from overrides.journal import Decided, OnceOnly, Receipt, State
from overrides.reading import CaseFile
from overrides.values import Actor


@dataclass(frozen=True, slots=True)
class Appealing:
    """The act. It raises errors of ``overrides.errors``."""

    services: Services

    def appeal(
        self, actor: Actor, case_id: str, form: AppealForm, once: OnceOnly | None = None
    ) -> Receipt:
        """Open a decided case again for somebody who had no part in it.

        It shows nothing, so a repeated request is answered from whatever the case has become.
        """
        file = Acting(self.services).file(actor, case_id, unseen=True)
        before = self.before(file)

        def decide(case: Case, state: State) -> Decided:
            return decide_appeal(case, actor, form, before, state.now, self.services.new_id)

        return self.services.journal.submit(
            lambda state: decide(case_of(state, case_id), state), once=once
        ).result()

    def before(self, file: CaseFile) -> Before:
        """How the case stands: read after its row, so that a change between them shows."""
        acts = self.services.cases.acts(file.case.case_ref)
        end = next((act for act in reversed(acts) if act.type == "case_decided"), None)
        return Before(
            version=file.case.version,
            jurisdiction=file.decision.jurisdiction,
            event_id=end.event_id if end else "",
            terms=str(end.data["terms"]) if end else AS_APPLIED,
            took_part=took_part(acts),
        )
