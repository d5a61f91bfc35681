"""What the pages say of waiting for an applicant, of clocks, and of ends that may be taken back."""

from datetime import datetime

from decision_service.answering import answer_due, last_request
from decision_service.appeal_words import appeal_told
from decision_service.case_rights import Rights
from decision_service.dossier import Dossier
from decision_service.taking_back import may_undo
from decision_service.wording import DONE_WORDS
from overrides.appeals import APPEAL_ROLES
from overrides.cases import STATES, TRANSITIONS, Act, Case
from overrides.reading import ActRow
from overrides.taking_back import REOPENING_ROLES
from overrides.urgency import Clocks
from overrides.values import DECIDING_ROLES, Actor, CaseStatus
from ui import words
from ui.waiting_views import Waiting

DOCUMENT_WORDS = dict(words.EVIDENCE_TYPES)
REOPENED_WORDS = {
    "error_found": "An error was found",
    "new_information": "New information came",
    "applicant_contests": "The applicant contests it",
    "closed_by_mistake": "It was closed by mistake",
    "other": "Another reason: see the note",
}
ENDED_WORDS = {
    CaseStatus.WITHDRAWN: "The application was withdrawn",
    CaseStatus.CLOSED_INCOMPLETE: "The applicant was asked and did not answer in time, so the case"
    " was closed as incomplete",
    CaseStatus.EXPIRED: "The case ran out",
}
HELD_WORDS = (
    "What follows from the decision waits until {until} UTC: until then it can be undone by whoever"
    " made it."
)


def waiting_view(dossier: Dossier, actor: Actor, may: Rights, now: datetime) -> Waiting:
    """What the case page says of a case that waits, or that has ended."""
    case = dossier.file.case
    asked = last_request(dossier.acts) if case.status is CaseStatus.WAITING_APPLICANT else None
    still, by = may_undo(case, dossier.acts, now) or (None, "")
    mine = still is not None and by == actor.ref
    reopens = (case.status, Act.REOPEN) in TRANSITIONS and actor.role in REOPENING_ROLES
    return Waiting(
        may_ask=may.decide or (may.rescore and case.status is CaseStatus.IN_REVIEW),
        may_answer=asked is not None and may.hear and actor.role in DECIDING_ROLES,
        may_reopen=reopens and not mine,
        may_appeal=actor.role in APPEAL_ROLES and case.status is CaseStatus.DECIDED and not mine,
        appeal=appeal_told(dossier),
        asked=_asked_for(dossier, asked) if asked else (),
        asked_note=dossier.note(asked.event_id) if asked else "",
        asked_words=asked_words(dossier, asked) if asked else "",
        clock_lines=clock_lines(case, dossier.file.row.clocks, now) if asked else (),
        undo_words=words.second_words(still) if still and mine else "",
        undo_seconds=int((still - now).total_seconds()) if still and mine else 0,
        held_words=HELD_WORDS.format(until=words.second_words(still)) if still else "",
        ended_words=ended_words(dossier) if STATES[case.status].closed and not case.final else "",
    )


def clock_lines(case: Case, clocks: Clocks, now: datetime) -> tuple[str, ...]:
    """Which clock stands still while the applicant is asked, and which goes on."""
    lines = []
    if case.target_at is not None and case.target_at > now:
        lines.append(
            "The service target stands still until the answer comes, and then goes on with what is"
            " left of it."
        )
    elif case.target_at is not None:
        lines.append("The service target has passed; asking does not bring it back.")
    if clocks.limit is None:
        lines.append("No legal limit is known for this case.")
    elif clocks.limit > now:
        at = words.instant_words(clocks.limit)
        lines.append(f"The legal limit does not stand still: it runs out on {at} UTC.")
    else:
        at = words.instant_words(clocks.limit)
        lines.append(f"The legal limit ran out on {at} UTC and is not moved by asking.")
    return tuple(lines)


def asked_words(dossier: Dossier, asked: ActRow) -> str:
    """Who asked, when, and until when an answer may come."""
    by = dossier.name(asked.actor)
    said = f"{by} asked the applicant on {words.instant_words(asked.at)} UTC."
    if not asked.data.get("until"):
        return said
    until = words.instant_words(answer_due(asked))
    return (
        f"{said} An answer may come until {until} UTC; within the hour after that the case is"
        " closed as incomplete."
    )


def _asked_for(dossier: Dossier, asked: ActRow) -> tuple[str, ...]:
    """What was asked for, in words, fields first."""
    return (
        *(field_label(dossier, name) for name in asked.data.get("fields", ())),
        *(DOCUMENT_WORDS.get(kind, kind) for kind in asked.data.get("documents", ())),
    )


def field_label(dossier: Dossier, name: str) -> str:
    """A field's label; its name where the contract cannot be read."""
    contract = dossier.loaded.bundle.contract if dossier.loaded else None
    return contract[name].label if contract is not None and name in contract else name


def ended_words(dossier: Dossier) -> str:
    """How a closed case ended, and when, as a sentence."""
    case = dossier.file.case
    at = f" on {words.instant_words(case.closed_at)} UTC" if case.closed_at else ""
    if case.final is None:
        return f"{ENDED_WORDS.get(case.status, 'The case was closed')}{at}."
    by = f" by {dossier.name(case.decided_by)}" if case.decided_by else " by policy"
    return f"{DONE_WORDS[case.final].capitalize()}{by}{at}."


def undone(dossier: Dossier, event_id: str) -> bool:
    """Whether the decision of this entry was undone."""
    return any(
        act.type == "case_reopened" and act.data.get("of") == event_id for act in dossier.acts
    )
