"""What a case's page says of scoring it again, and of a score that was replaced."""

from decision_service.dossier import Dossier
from decision_service.errors import FieldsErased
from decision_service.occasions import Occasion
from decision_service.pipeline import Answer
from overrides.cases import OPEN_STATES
from overrides.journal import VersionStamp
from overrides.reading import DecisionRow
from ui import words
from ui.views import Rescore

SUSPENDED = "The model that scored this case is suspended, so nobody may rest on this score."
WITHOUT_SCORE = (
    "Re-score the case: while the model is suspended it gets no score, "
    "and you decide from the application itself."
)
NO_SCORE = "The model can be used now: re-score the case to get a recommendation."
PROPOSAL_FALLS = "The override that waits for a second person falls with the old score."


def rescore_offer(dossier: Dossier, *, allowed: bool) -> Rescore | None:
    """Why the viewer may or must have the case scored again; None where neither is so."""
    case, why = dossier.file.case, dossier.occasion
    if not allowed or not isinstance(why, Occasion) or case.status not in OPEN_STATES:
        return None
    forced = why is Occasion.SUSPENDED
    if dossier.inputs is None:
        said = str(FieldsErased(case_id=case.case_ref))
        return Rescore(words=f"{SUSPENDED} {said}", forced=True, possible=False) if forced else None
    falls = f" {PROPOSAL_FALLS}" if case.proposal else ""
    return Rescore(words=_why(dossier, why) + falls, forced=forced, possible=True)


def _why(dossier: Dossier, why: Occasion) -> str:
    """The occasion in words."""
    if why is Occasion.NO_SCORE:
        return NO_SCORE
    if why is Occasion.OTHER_VERSION:
        return (
            f"Now in force: {_in_force(dossier)}. "
            "You may decide on the score as it is, or re-score the case."
        )
    if dossier.in_force.standing.suspended:
        return f"{SUSPENDED} {WITHOUT_SCORE}"
    return f"{SUSPENDED} Re-score the case under what is in force: {_in_force(dossier)}."


def _in_force(dossier: Dossier) -> str:
    """The parts in force that are not those of the decision."""
    decision, version = dossier.file.decision, dossier.in_force.version
    pairs = (
        ("model", decision.model, version.model),
        ("policy", decision.policy, version.policy),
        ("codebook", decision.codebook, version.codebook),
    )
    return ", ".join(_part(name, old, new) for name, old, new in pairs if old != new)


def _part(name: str, old: VersionStamp | None, new: VersionStamp) -> str:
    """One part with its version; told apart where two builds bear the same number."""
    if old is None or old.version != new.version:
        return f"{name} {new.version}"
    return f"another build of {name} {new.version}"


def rescored_words(answer: Answer) -> str:
    """What a re-score that is on record came to."""
    body = answer.body
    if body["score"] is None:
        said = f"{body['reasons']['problem']} Decide from the application itself."
    else:
        said = f"The recommendation is now “{body['recommendation']}”."
    again = "Recorded before, and not twice" if answer.replayed else "Recorded"
    return f"Re-scored. {said} {again}: ledger entry {body['ledger']['seq']:,}."


def replaced_words(dossier: Dossier) -> str:
    """Which decision the present one took the place of; "" for a first one."""
    decision = dossier.file.decision
    before = replaced(dossier, decision)
    if before is None:
        return ""
    made = next((act for act in dossier.acts if act.event_id == decision.event_id), None)
    by = f" by {dossier.name(made.actor)}" if made else ""
    return (
        f"Re-scored on {words.instant_words(decision.made_at)} UTC{by}. "
        f"This replaced {before_words(before)}; the history has both."
    )


def replaced(dossier: Dossier, decision: DecisionRow) -> DecisionRow | None:
    """The decision that this one superseded, if any."""
    rows = {row.decision_id: row for row in dossier.decisions.values()}
    return rows.get(decision.supersedes or "")


def before_words(before: DecisionRow) -> str:
    """A replaced decision in a few words."""
    if before.probability is None or before.model is None or before.policy is None:
        return "a decision without a score"
    cuts = (float(cut) for cut in (before.approve_up_to, before.decline_above) if cut is not None)
    chance = words.score_words(float(before.probability), *cuts)
    versions = f"model {before.model.version}, policy {before.policy.version}"
    return f"the recommendation “{before.recommendation.value}” ({chance}; {versions})"
