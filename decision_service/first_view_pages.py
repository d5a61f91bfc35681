"""First views as the pages use them: the case without its score, and the form."""

from dataclasses import dataclass, fields
from datetime import datetime

from decision_service.access import Permission
from decision_service.act_requests import read_first_view
from decision_service.acting import Acting
from decision_service.appeal_words import appeal_told
from decision_service.blindness import SAFE_IN_VIEW
from decision_service.case_views import case_view
from decision_service.dossier import Dossier, read_dossier
from decision_service.errors import InvalidRequest
from decision_service.first_view_words import CONFIDENCE_WORDS, FIRST_VIEW_WORDS
from decision_service.people_gate import acting_person
from decision_service.recording_views import record_first_view
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.acts import check_turn
from overrides.cases import Act
from overrides.errors import OverridesError
from overrides.values import Actor
from ui.blind_views import BlindView, FirstViewForm
from ui.ports import Refused
from ui.views import Viewer

ADVICE = {
    "view": "Choose what you would do.",
    "confidence": "Choose how sure you are.",
    "note": "Write at most 4000 characters that can be shown.",
}


@dataclass(frozen=True, slots=True)
class FirstViewPages:
    """Fills ``ui.ports.FirstViews``. Every error leaves it as ``Refused``."""

    services: Services

    def case(self, viewer: Viewer, case_id: str) -> BlindView | None:
        """The case without its score; None where nothing of it is hidden from the viewer."""
        actor, acting = acting_person(self.services, viewer, Permission.DESK), Acting(self.services)
        with refusing():
            file = acting.file(actor, case_id, unseen=True)
            if not acting.blindness.of(actor, file.row):
                return None
            dossier = read_dossier(self.services, file, actor, acting.sees)
            return blind_view(dossier, actor, self.services.clock())

    def record(self, viewer: Viewer, case_id: str, form: FirstViewForm) -> str:
        """Record what the viewer thinks of it; a sentence."""
        actor, acting = (
            acting_person(self.services, viewer, Permission.DECIDE),
            Acting(self.services),
        )
        sure = int(form.confidence) if form.confidence in {"1", "2", "3", "4", "5"} else None
        said = {"view": form.view, "confidence": sure, "note": form.note}
        try:
            asked = read_first_view(said)
        except InvalidRequest as invalid:
            named = [fault.pointer.strip("/") for fault in invalid.faults]
            faults = {name: ADVICE[name] for name in named}
            raise Refused(422, "Please check", "Some answers are missing.", faults) from invalid
        with refusing():
            once = acting.once(
                actor, "first-view", form.idempotency_key, {"case": case_id, "body": said}
            )
            receipt = record_first_view(acting, actor, case_id, asked, once)
        return f"Your first view is recorded: ledger entry {receipt.entries[0].seq:,}."


def blind_view(dossier: Dossier, actor: Actor, now: datetime) -> BlindView:
    """What is safe of the case's page, with what its sender was warned of."""
    whole, case = case_view(dossier, actor, now), dossier.file.case
    safe = {field.name for field in fields(BlindView)} & SAFE_IN_VIEW
    cannot = ""
    try:
        check_turn(case, actor, Act.SHOW, now, dossier.name)
    except OverridesError as refused:
        cannot = str(refused)
    told = (dossier.inputs or {}).get("warnings", ())
    held = whole.holder not in ("", "you")
    return BlindView(
        **{name: getattr(whole, name) for name in safe},
        checks=tuple(str(detail) for _, _, detail in told),
        may_claim=not cannot and not whole.holder and whole.may_claim,
        may_record=not cannot,
        cannot_words="" if held else cannot,
        views=tuple((view.value, words) for view, words in FIRST_VIEW_WORDS.items()),
        confidences=tuple((str(number), words) for number, words in CONFIDENCE_WORDS.items()),
        appeal=appeal_told(dossier) if dossier.file.row.appeal else None,
    )
