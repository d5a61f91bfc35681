"""A case moves as the one table says, and every other move is refused by name."""

from itertools import product

import pytest

from overrides.cases import OPEN_STATES, STATES, TRANSITIONS, Act, CaseClock
from overrides.errors import CaseClosed, NotAllowedNow
from overrides.labels import LabelStatus
from overrides.values import CaseStatus
from tests.overrides.samples import case

# One row per state, written out a second time: the acts that are possible and where they lead.
TABLE = """
incomplete         RESCORE>in_review COMPLETE>in_review RELEASE>incomplete SHOW>incomplete
incomplete         WITHDRAW>withdrawn GIVE_UP>closed_incomplete EXPIRE>expired
in_review          RESCORE>in_review CLAIM>in_review RELEASE>in_review HAND_OVER>in_review
in_review          ESCALATE>in_review SNOOZE>in_review SHOW>in_review REVIEW>decided
in_review          OVERRIDE>decided PROPOSE>waiting_approval ASK>waiting_applicant
in_review          COUNTER>countered WITHDRAW>withdrawn
waiting_applicant  RESCORE>in_review CLAIM>waiting_applicant RELEASE>waiting_applicant
waiting_applicant  HAND_OVER>waiting_applicant ESCALATE>waiting_applicant
waiting_applicant  SNOOZE>waiting_applicant SHOW>waiting_applicant HEAR>in_review
waiting_applicant  WITHDRAW>withdrawn GIVE_UP>closed_incomplete EXPIRE>expired
waiting_approval   RESCORE>in_review CLAIM>waiting_approval RELEASE>waiting_approval
waiting_approval   HAND_OVER>waiting_approval ESCALATE>waiting_approval SNOOZE>waiting_approval
waiting_approval   SHOW>waiting_approval UPHOLD>decided RETURN>in_review REJECT>in_review
waiting_approval   WITHDRAW>withdrawn UPHOLD_OFFER>countered
countered          RESCORE>in_review RELEASE>countered SHOW>countered ACCEPT>decided
countered          REFUSE>withdrawn WITHDRAW>withdrawn EXPIRE>expired
conflict           CLAIM>conflict RELEASE>conflict HAND_OVER>conflict ESCALATE>conflict
conflict           SNOOZE>conflict SHOW>conflict RESOLVE>decided WITHDRAW>withdrawn
decided            SHOW>decided CONTRADICT>conflict REOPEN>in_review
withdrawn          SHOW>withdrawn REOPEN>in_review
closed_incomplete  SHOW>closed_incomplete REOPEN>in_review
expired            SHOW>expired REOPEN>in_review
"""


def expected() -> dict[tuple[CaseStatus, Act], CaseStatus]:
    moves = {}
    for line in TABLE.split("\n"):
        before, *rest = line.split() or [""]
        for move in rest:
            act, _, after = move.partition(">")
            moves[CaseStatus(before), Act[act]] = CaseStatus(after)
    return moves


def test_the_transition_table_is_the_one_written_out_here() -> None:
    assert dict(TRANSITIONS) == expected()


@pytest.mark.parametrize(("status", "act"), list(product(CaseStatus, Act)))
def test_every_act_in_every_state_moves_or_is_refused_by_name(status: CaseStatus, act: Act) -> None:
    standing = case(status=status)
    after = expected().get((status, act))
    if after is not None:
        assert standing.after(act) is after
        return
    refusal = NotAllowedNow if status in OPEN_STATES else CaseClosed
    with pytest.raises(refusal) as refused:
        standing.after(act)
    assert status.replace("_", " ") in str(refused.value)


def test_every_state_has_its_clock_and_its_label() -> None:
    assert set(STATES) == set(CaseStatus)
    for status, rule in STATES.items():
        assert rule.closed == (rule.clock is CaseClock.STOPPED) == (status not in OPEN_STATES)
        assert (rule.label is LabelStatus.IMMATURE) == (not rule.closed)
    assert STATES[CaseStatus.WITHDRAWN].label is LabelStatus.UNOBSERVED_WITHDRAWN
    assert STATES[CaseStatus.CLOSED_INCOMPLETE].label is LabelStatus.UNOBSERVED_INCOMPLETE


def test_every_state_can_be_reached_and_every_open_one_left() -> None:
    reached = {after for before, after in moves() if before != after}
    assert reached == set(CaseStatus) - {CaseStatus.INCOMPLETE}  # where a case may begin
    assert {before for before, after in moves() if before != after} == set(CaseStatus)


def moves() -> set[tuple[CaseStatus, CaseStatus]]:
    return {(before, after) for (before, _), after in TRANSITIONS.items()}
