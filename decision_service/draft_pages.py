"""Drafts of forms for the pages: kept for the person who typed, and shown to nobody else."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from decision_service.access import Permission
from decision_service.acting import Acting
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.drafts import KEPT_FOR, Draft, Typed
from overrides.errors import LedgerUnavailable
from overrides.events import read_event
from overrides.instants import instant_text
from overrides.values import Actor
from ui.ports import Refused
from ui.views import DraftView, Viewer

LOGGER = logging.getLogger(__name__)
TOO_LONG = "That is more than one form holds. Shorten it; nothing was kept."
SENT = "You have acted on this case since this form was opened, so what it holds is not kept."
SENDING = frozenset(
    {
        "review_recorded",
        "override_recorded",
        "approval_recorded",
        "case_withdrawn",
        "case_reopened",
        "counter_offered",
        "information_requested",
        "information_received",
        "input_corrected",
    }
)  # acts whose forms are kept
GONE = "What this case held of its applicant was erased, so nothing more is kept about it."


@dataclass(frozen=True, slots=True)
class DraftPages:
    """Fills ``ui.ports.Drafts``."""

    services: Services

    def keep(self, viewer: Viewer, case_id: str, place: str, fields: Typed) -> str:
        """Keep what was typed; when, as a time of day."""
        actor, now = acting_person(self.services, viewer, Permission.DESK), self.services.clock()
        with refusing():
            case = Acting(self.services).file(actor, case_id).case
            if self._was_sent(actor, case_id, place, dict(fields)):
                raise Refused(409, "Not kept", SENT)
            try:
                draft = Draft(actor.ref, place, case.case_ref, fields, now)
            except ValueError:
                raise Refused(422, "Too long to be kept", TOO_LONG) from None
            if not self.services.drafts.keep(draft, case.subject):
                raise Refused(410, "Not kept", GONE)
        return f"{instant_text(now)[11:16]} UTC"

    def _was_sent(self, actor: Actor, case_id: str, place: str, typed: Mapping[str, str]) -> bool:
        """Whether this person has acted on the case since the form was shown.

        What was typed last may arrive after the form itself, and would come back as unsent.
        """
        if place.endswith("/letter"):
            return self._letter_went_on(case_id, typed)
        seen = typed.get("seen_version", "")
        acts = self.services.cases.acts(case_id) if seen.isdecimal() else ()
        return any(
            act.actor == actor.ref and act.type in SENDING and act.version > int(seen)
            for act in acts
        )

    def _letter_went_on(self, case_id: str, typed: Mapping[str, str]) -> bool:
        """Whether the letter has taken the step that the form is for."""
        moves = (
            read_event(entry.body).data
            for entry in self.services.ledger.entries_of_case(case_id)
            if entry.type == "letter_moved"
        )
        step = (typed.get("letter_id"), typed.get("step"))
        return any((move["of"], move["to"]) == step for move in moves)

    def find(self, viewer: Viewer, place: str) -> DraftView | None:
        """What the viewer typed there and did not send."""
        since = self.services.clock() - KEPT_FOR
        draft = self.services.drafts.find(viewer.person_ref, place, since)
        if draft is None:
            return None
        said = instant_text(draft.saved_at)
        return DraftView(
            place=place, fields=draft.fields, kept_words=f"{said[:10]}, {said[11:16]} UTC"
        )

    def drop(self, viewer: Viewer, place: str) -> None:
        """Forget it. Never in the way of what was recorded already."""
        try:
            self.services.drafts.drop(viewer.person_ref, place)
        except LedgerUnavailable:
            LOGGER.warning("a draft that was sent could not be forgotten; it goes by itself")
