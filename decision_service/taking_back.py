"""Decisions taken back: undone within a minute, or reopened later; and what the feed may tell.

What a decision does outside waits until nobody can undo it, whoever made it and by whatever door: a
person with a key is the person. What policy decides by itself is nobody's to undo and waits for
nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from decision_service.acting import Acting
from decision_service.services import Services
from overrides.acts import case_of
from overrides.cases import Case
from overrides.errors import NotAllowedNow
from overrides.instants import instant_text
from overrides.journal import Decided, Json, OnceOnly, Receipt, State
from overrides.reading import ActRow, ChangeRow
from overrides.taking_back import (
    UNDO_SECONDS,
    Ended,
    ReopeningForm,
    decide_reopening,
    decide_undo,
    undo_until,
)
from overrides.values import Actor, Role

DECIDING_ACTS = frozenset({"review_recorded", "override_recorded", "approval_recorded"})

SETTLING_SECONDS = 30
"""More than any transaction waits for its turn and takes: all waits of the writer are shorter."""


@dataclass(frozen=True, slots=True)
class TakingBack:
    """The acts. Each method raises errors of ``overrides.errors``."""

    services: Services

    def undo(self, actor: Actor, case_id: str, once: OnceOnly | None = None) -> Receipt:
        """Take one's own decision back within the minute."""
        file = Acting(self.services).file(actor, case_id)
        ended = how_it_ended(self.services.cases.acts(file.case.case_ref))

        def decide(case: Case, state: State) -> Decided:
            if ended is None:
                raise NotAllowedNow(case.case_ref, "undoing a decision", case.status_words)
            return decide_undo(case, actor, ended, state.now, self.services.new_id)

        return self._submit(case_id, once, decide)

    def reopen(
        self, actor: Actor, case_id: str, form: ReopeningForm, once: OnceOnly | None = None
    ) -> Receipt:
        """Open a closed case again."""
        Acting(self.services).file(actor, case_id)
        return self._submit(
            case_id,
            once,
            lambda case, _state: decide_reopening(case, actor, form, self.services.new_id),
        )

    def _submit(
        self, case_id: str, once: OnceOnly | None, decide: Callable[[Case, State], Decided]
    ) -> Receipt:
        """Run a decider in the writer's transaction."""
        return self.services.journal.submit(
            lambda state: decide(case_of(state, case_id), state), once=once
        ).result()


def may_undo(case: Case, acts: Sequence[ActRow], now: datetime) -> tuple[datetime, str] | None:
    """Until when a decision can be undone, and by whom; None where nobody can, or not any more."""
    until, ended = undo_until(case), how_it_ended(acts)
    if until is None or now > until or ended is None or not ended.person:
        return None
    return until, ended.person


def how_it_ended(acts: Sequence[ActRow]) -> Ended | None:
    """The decision that a case came to last, with the proposal it rests on, if any."""
    end = next((act for act in reversed(acts) if act.type == "case_decided"), None)
    if end is None:
        return None
    by_event = {act.event_id: act for act in acts}
    rests_on = [by_event[event] for event in end.data["rests_on"] if event in by_event]
    proposed = next((act for act in rests_on if act.type == "override_recorded"), None)
    upheld = any(act.type == "approval_recorded" for act in rests_on)
    proposal = _as_it_stood(proposed) if proposed is not None and upheld else None
    offered = next((act for act in rests_on if act.type == "counter_offered"), None)
    if offered is not None:
        proposal = _as_it_lay(offered, acts)
    return Ended(
        event_id=end.event_id,
        version=end.version,
        person="" if end.role == Role.SERVICE else end.actor,
        proposal=proposal,
    )


def _as_it_stood(act: ActRow) -> dict[str, Json]:
    """A proposed override as the row of its case had it while it waited."""
    return {
        "event_id": act.event_id,
        "person": act.actor,
        "decision": act.data["to"],
        "side": act.data["side"],
        "code": act.data["code"],
        "needs": act.data["needs"],
        "at": instant_text(act.at),
    }


def _as_it_lay(offered: ActRow, acts: Sequence[ActRow]) -> dict[str, Json]:
    """An offer as the row of its case had it while it lay with the applicant."""
    data = offered.data
    upheld = next(
        (act for act in acts if act.seq > offered.seq and act.type == "approval_recorded"), None
    )
    start = upheld or offered
    return {
        "offer": offered.event_id,
        "person": offered.actor,
        "side": data["side"],
        "code": data["code"],
        "before": data["before"],
        "approver": upheld.actor if upheld else "",
        "until": instant_text(start.at + timedelta(days=data["days"])),
    }


def told_outside(rows: Sequence[ChangeRow], now: datetime) -> tuple[ChangeRow, ...]:
    """The beginning of a list of changes that nobody can undo any more.

    It ends before the first act of deciding that is younger than the time for undoing, and than the
    time that an undoing begun in its last moment may take to be written: the feed is in the order
    of the ledger, so what comes after waits as well.
    """
    settled = now - timedelta(seconds=UNDO_SECONDS + SETTLING_SECONDS)
    return tuple(takewhile(lambda row: row.at < settled or not _may_be_undone(row), rows))


def _may_be_undone(row: ChangeRow) -> bool:
    """Whether a change is part of a person's decision."""
    decided = row.type == "case_decided" and row.by_person
    return decided or row.type in DECIDING_ACTS
