"""A case with the decision on what was applied for, while other terms lie with the applicant."""

from dataclasses import replace

from decision_service.dossier import Dossier, loaded_for
from decision_service.party_parts import PARTY_SLOTS, concepts_apart, fields_apart, whole
from decision_service.services import Services
from overrides.letter_calls import Called


def as_applied(services: Services, dossier: Dossier, called: Called | None) -> Dossier:
    """The case as it was decided on the terms applied for; as it stands where that is the same."""
    if called is None or called.about in ("", dossier.file.decision.event_id):
        return dossier
    decision = dossier.decisions[called.about]
    parts = services.ledger.open_slots(called.about, ("inputs", "explanation", *PARTY_SLOTS))
    opened = whole(parts)
    return replace(
        dossier,
        file=replace(dossier.file, decision=decision),
        inputs=opened.get("inputs"),
        explanation=opened.get("explanation"),
        apart=concepts_apart(parts),
        fields_apart=fields_apart(parts),
        loaded=loaded_for(services, decision),
    )
