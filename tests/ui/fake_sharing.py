# ruff: noqa: ARG002 - a fake takes what the ports take, needed or not
"""A branch's work shared out, kept in memory."""

from dataclasses import dataclass, field

from tests.ui.fake_cases import CASES, NOW
from ui.ports import Refused
from ui.sharing_views import PassForm, PassView, TeamMember, TeamView
from ui.views import QueueRow, Viewer

REASONS = (("workload", "to share out work"), ("other", "see the note"))
FREE, HELD = CASES[0], CASES[3]


def a_row(number: int, holder: str = "", away: str = "", *, late: bool = False) -> QueueRow:
    """One line of a list."""
    return QueueRow(
        case_id=CASES[number].case_id,
        application_id=CASES[number].application_id,
        title=CASES[number].application_id,
        amount=CASES[number].amount,
        bundle=CASES[number].bundle,
        recommendation="decline",
        band="41 of 100",
        why=("Close to a cut-off",),
        waiting_since=NOW,
        due=NOW,
        overdue=late,
        holder=holder,
        status="in_review",
        status_words="In review",
        simulated=False,
        urgency="late" if late else "later",
        clock_words=f"Service target {'passed 3 hours ago' if late else 'in 2 days'}",
        away_words=away,
    )


@dataclass
class FakeSharing:
    """Remembers what was passed on."""

    done: list[tuple[str, PassForm]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    trouble: Refused | None = None  # raised by the next act
    empty: bool = False

    def passing(self, viewer: Viewer, case_id: str) -> PassView:
        """Everything is possible, but for one case nothing."""
        possible = case_id != HELD.case_id
        return PassView(
            case_id=case_id,
            application_id="GC-1001",
            clock_words="Service target in 3 hours",
            away_words="",
            holder="" if possible else "Ravi Saikia",
            may_refer=possible,
            may_hand=possible,
            may_aside=possible,
            refer_reasons=REASONS,
            hand_reasons=REASONS,
            aside_reasons=REASONS,
            colleagues=(("person-ravi", "Ravi Saikia, senior loan officer"),),
            earliest="2026-11-22T10:42",
            latest="2026-12-19T10:42",
            suggested="2026-11-23T10:42",
            latest_words="By 19 Dec 2026, 10:42 UTC: a day before the law's limit.",
        )

    def pass_on(self, viewer: Viewer, case_id: str, form: PassForm) -> str:
        """Remember it."""
        if self.trouble:
            raise self.trouble
        self.done.append((case_id, form))
        return "The case is set aside until 23 Nov 2026, 10:42 UTC and comes back by itself."

    def take_back(self, viewer: Viewer, case_id: str) -> str:
        """Remember it."""
        if self.trouble:
            raise self.trouble
        self.taken.append(case_id)
        return "The case is free again."

    def team(self, viewer: Viewer) -> TeamView:
        """Three people, two cases held and one referred upwards; or nothing at all."""
        members = (
            TeamMember(
                name="Asha Menon",
                role_words="Loan officer",
                state="active",
                held=2,
                late=1,
                latest_words="Service target passed 3 hours ago",
            ),
            TeamMember(
                name="Ravi Saikia",
                role_words="Senior officer",
                state="locked",
                held=0,
                late=0,
                latest_words="",
            ),
        )
        held = (a_row(0, "Asha Menon", late=True), a_row(1, "Asha Menon"))
        upwards = (a_row(2, away="Referred upwards: above the officer's limit"),)
        return TeamView(
            branch="Branch 14",
            as_of=NOW,
            members=() if self.empty else members,
            held=() if self.empty else held,
            held_more=not self.empty,
            upwards=() if self.empty else upwards,
            upwards_count=0 if self.empty else 1,
            free=11_204,
            aside=3,
            near=2,
            late=118,
            proposals=7,
            proposals_late=2,
        )
