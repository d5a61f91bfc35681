"""Asking about the score of one case: what lies under a reason, and what other values would do.

The same for pages and for the interface: looked up, worked out, put on record, and then shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from decision_service.acting import Acting
from decision_service.case_errors import TriesUsedUp
from decision_service.dossier import Dossier, read_dossier
from decision_service.reason_evidence import concepts_named, principal
from decision_service.services import Services
from decision_service.what_if import TRIES_MAX, ground_of, read_changes, score_try, tries_by
from overrides.desk import case_of
from overrides.errors import StaleCase
from overrides.journal import Decided, OnceOnly, Receipt, State
from overrides.questions import decide_question, decide_try
from overrides.values import Actor


@dataclass(frozen=True, slots=True)
class AskingAbout:
    """Questions about cases. Errors are those of ``Acting`` and of ``case_errors``."""

    services: Services

    def dossier(self, actor: Actor, case_id: str) -> Dossier:
        """Everything about a case the actor may see; raises ``UnknownCase``."""
        acting = Acting(self.services)
        return read_dossier(self.services, acting.file(actor, case_id), actor, acting.sees)

    def question(
        self, actor: Actor, case_id: str, concept: str, note: str, once: OnceOnly | None
    ) -> Receipt:
        """Record that a reason surprises the actor; raises ``UnknownReason`` for none shown."""
        dossier = self.dossier(actor, case_id)
        principal(dossier, concept)
        named = concepts_named(dossier)

        def decide(state: State) -> Decided:
            case = case_of(state, case_id)
            if case.decision_id != dossier.file.decision.decision_id:
                raise StaleCase(case_id, dossier.file.case.version, case.version)
            return decide_question(case, actor, concept, note, named, self.services.new_id)

        return self.services.journal.submit(decide, once=once).result()

    def try_out(
        self, actor: Actor, case_id: str, given: Mapping[str, object], once: OnceOnly | None
    ) -> Receipt:
        """Score the application with other values and record what came of it.

        Raises ``InvalidRequest`` naming each value that may not be tried, ``NothingToTry`` and
        ``TriesUsedUp``.
        """
        dossier = self.dossier(actor, case_id)
        ground = ground_of(dossier)
        decision_id = dossier.file.decision.decision_id
        row = read_changes(ground, given)
        case_ref = dossier.file.case.case_ref
        _check_left(case_ref, tries_by(dossier.acts, actor.ref, decision_id))
        shown = score_try(ground, row)

        def decide(state: State) -> Decided:
            case = case_of(state, case_id)
            if case.decision_id != decision_id:
                raise StaleCase(case_id, dossier.file.case.version, case.version)
            known = self.services.erasures.within(state)
            if not any(part.epoch for part in known.parts_named([(decision_id, "inputs")])):
                return Decided(())  # erased since: what it says is not written down again
            _check_left(case_ref, state.tried_before(case_ref, actor.ref, decision_id))
            return decide_try(case, actor, shown, self.services.new_id)

        return self.services.journal.submit(decide, once=once).result()

    def left(self, dossier: Dossier, actor: Actor) -> int:
        """How many more sets of values the actor may try on the decision that stands."""
        used = tries_by(dossier.acts, actor.ref, dossier.file.decision.decision_id)
        return max(0, TRIES_MAX - used)


def _check_left(case_ref: str, used: int) -> None:
    """Refuse who has used up their tries."""
    if used >= TRIES_MAX:
        raise TriesUsedUp(case_id=case_ref, most=TRIES_MAX)
