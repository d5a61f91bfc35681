"""What would change a recommendation, as the pages show it; on the case page only hints of it."""

from datetime import datetime
from typing import Any

from decision_service.company import company
from decision_service.data_quality import field_faults, looked_at, without_faults
from decision_service.dossier import Dossier
from decision_service.outlook_words import (
    WHY_NOT,
    doubt_words,
    headline,
    like_views,
    matured_words,
    notes,
    options,
)
from decision_service.outlooks import Outlooks, doubts, scored_by, stated
from decision_service.services import Services
from overrides.values import Recommendation
from ui.change_views import OutlookView


def outlook_hints(dossier: Dossier, now: datetime) -> dict[str, Any]:
    """What the case page says at once: what to mind of score and data, and whether to ask more."""
    loaded, decision = dossier.loaded, dossier.file.decision
    told = stated(loaded, dossier.file, dossier.inputs)
    found = None if isinstance(told, str) else doubts(told)
    parts = {"inputs": dossier.inputs, "explanation": dossier.explanation}
    unscored = decision.probability is None or dossier.inputs is None or dossier.file.case.stopped
    open_to = not unscored and decision.recommendation is not Recommendation.APPROVE
    declared = loaded is not None and loaded.bundle.policy_spec.changes is not None
    return {
        "doubts": ()
        if isinstance(told, str) or found is None
        else doubt_words(told, without_faults(found)),
        "faults": field_faults(loaded, parts, told, found, looked_at(dossier.file, now)),
        "may_turn": open_to and declared,
        "may_try": declared and not unscored,
    }


def outlook_view(services: Services, dossier: Dossier) -> OutlookView:
    """What would turn the recommendation, worked out now."""
    loaded = scored_by(services, dossier.file.decision)
    told = stated(loaded, dossier.file, dossier.inputs)
    if isinstance(told, str):
        return _view(dossier, headline=WHY_NOT[told], options=(), notes=())
    turn = Outlooks(services).turn(told)
    found = company(services, told, services.clock())
    return _view(
        dossier,
        headline=headline(turn),
        options=options(told, turn),
        notes=notes(told, turn),
        likes=like_views(told, found),
        matured=matured_words(found.matured),
    )


def _view(dossier: Dossier, **told: Any) -> OutlookView:
    """The same under the case it is of."""
    return OutlookView(
        case_id=dossier.file.case.case_ref, application_id=dossier.application_id, **told
    )
