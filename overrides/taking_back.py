"""Taking an end back: within a minute the decider undoes it, later somebody reopens the case.

Nothing is struck from the record. An undone decision stands in it with the entry that undid it,
and whoever acts on decisions outside (the feed of changes, letters) is never told of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from overrides.acts import act_draft, answered, check_version
from overrides.authority import check_role
from overrides.cases import STATES, Act, Case
from overrides.errors import NotAllowedNow
from overrides.forms import check_note, note_slots
from overrides.journal import Decided, Json
from overrides.values import APPROVING_ROLES, Actor, CaseStatus, NewId, Role
from overrides.waiting_errors import AppealToRecord, NotYoursToUndo, UndoOver

UNDO_SECONDS = 60
UNDONE = "undone"
REOPENING_ROLES = APPROVING_ROLES | {Role.TEAM_LEAD}


class ReopeningReason(StrEnum):
    """Why a closed case is opened again."""

    ERROR_FOUND = "error_found"
    NEW_INFORMATION = "new_information"
    APPLICANT_CONTESTS = "applicant_contests"
    CLOSED_BY_MISTAKE = "closed_by_mistake"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningForm:
    """Opening a closed case again. ``seen_version`` None: whatever the case has become."""

    reason: ReopeningReason
    note: str
    seen_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a case came to its decision: the entry, and how the case stood before it."""

    event_id: str
    version: int  # of the case once it was decided
    person: str  # who recorded it, and may undo it; "" where that was a service
    proposal: dict[str, Json] | None  # upheld, or an offer accepted: as the row of the case had it


def undo_until(case: Case) -> datetime | None:
    """Until when a decision may be taken back; None where no person decided.

    What follows from it waits so long, whoever recorded it.
    """
    if case.status is not CaseStatus.DECIDED or not case.decided_by or case.closed_at is None:
        return None
    return case.closed_at + timedelta(seconds=UNDO_SECONDS)


def decide_undo(case: Case, actor: Actor, ended: Ended, now: datetime, new_id: NewId) -> Decided:
    """Take one's own decision back within the minute: the case is as it was before it.

    It is that of whoever recorded it: an accepted offer is undone by whoever wrote the acceptance
    down, who need not have made the offer. An upheld override waits again for its second person, an
    accepted offer lies with the applicant again. Raises ``UndoOver``, ``NotYoursToUndo``,
    ``NotAllowedNow`` where there is no decision, ``StaleCase``.
    """
    until = undo_until(case)
    if case.status is not CaseStatus.DECIDED:
        raise NotAllowedNow(case.case_ref, "undoing a decision", case.status_words)
    if until is None or not ended.person or ended.person != actor.ref:
        raise NotYoursToUndo(case.case_ref)
    if now > until:
        raise UndoOver(UNDO_SECONDS)
    check_version(case, ended.version)
    after = case.after(Act.REOPEN)
    if ended.proposal is not None:
        offered = "until" in ended.proposal
        after = CaseStatus.COUNTERED if offered else CaseStatus.WAITING_APPROVAL
    before: dict[str, Json] = {"status": after.value, "proposal": ended.proposal}
    data: dict[str, Json] = {"reason": UNDONE, "of": ended.event_id, "before": before}
    draft = act_draft(case, actor, new_id(), "case_reopened", data, cause=(ended.event_id,))
    return answered(case, after, (draft,), None)


def decide_reopening(case: Case, actor: Actor, form: ReopeningForm, new_id: NewId) -> Decided:
    """Open a closed case again: an act of its own, with a reason and a note.

    What was decided stays on the record. A decision that the applicant contests is an appeal, with
    its own limit and somebody else to decide: it cannot be got round here. Raises
    ``AppealToRecord``, ``NotAllowedNow`` for a case that is open, ``NoteTooShort``, ``NoAuthority``
    and ``StaleCase``.
    """
    check_role(actor, REOPENING_ROLES)
    if not STATES[case.status].closed:
        raise NotAllowedNow(case.case_ref, Act.REOPEN, case.status_words)
    if form.reason is ReopeningReason.APPLICANT_CONTESTS and case.status is CaseStatus.DECIDED:
        raise AppealToRecord(case.case_ref)
    after = case.after(Act.REOPEN)
    if form.seen_version is not None:
        check_version(case, form.seen_version)
    check_note(form.note, 1)
    slots = note_slots(case.subject, form.note)
    data: dict[str, Json] = {"reason": form.reason.value}
    draft = act_draft(case, actor, new_id(), "case_reopened", data, slots)
    return answered(case, after, (draft,), None)
