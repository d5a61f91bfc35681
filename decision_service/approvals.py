"""Proposals that wait for a second person: who may judge each, since when it waits, what is late.

Nothing is assigned: whoever has the role and the limit just now may judge, and the decider looks at
both again when the verdict comes. A proposal that waits longer than its policy gives is shown as
late to whoever leads the team, who hands it to somebody who may judge it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from decision_service.access import Permission
from decision_service.case_rights import cannot_judge
from decision_service.case_rows import queue_rows
from decision_service.dossier import loaded_for
from decision_service.people import Person, PersonState
from decision_service.people_gate import acting_person
from decision_service.queue_pages import PAGE_ROWS
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.passing_on import LEADING_ROLES
from overrides.reading import CaseFile, CaseFilter, CaseRow
from overrides.values import APPROVING_ROLES, Actor, CaseStatus, Rules
from ui.approval_views import InboxRow, InboxView
from ui.ports import Refused
from ui.views import QueueRow, Viewer
from ui.words import span_words

NO_POLICY = "The policy of this case cannot be read just now, so nobody can judge it."
LATE_LOOKED_AT = 200
WAITING = frozenset({CaseStatus.WAITING_APPROVAL})


@dataclass(frozen=True, slots=True)
class ApprovalInbox:
    """Fills ``ui.ports.Approvals``. Every error leaves it as ``Refused``."""

    services: Services

    def inbox(self, viewer: Viewer, cursor: str) -> InboxView:
        """What waits for a second person in the viewer's branch, the most urgent first."""
        actor = acting_person(self.services, viewer, Permission.APPROVALS)
        wanted, now = _waiting(actor), self.services.clock()
        with refusing():
            try:
                page = self.services.cases.rows(wanted, now, cursor=cursor, limit=PAGE_ROWS)
            except ValueError:
                raise Refused(404, "Page not found", "Start from the first page.") from None
            rows = queue_rows(self.services, page.rows, actor, now)
            people = self._judges(actor.branch)
            leads = actor.role in LEADING_ROLES
            return InboxView(
                rows=tuple(
                    self._row(row, listed, actor, people, now)
                    for row, listed in zip(page.rows, rows, strict=True)
                ),
                total=self.services.cases.count(wanted, now),
                late=late_proposals(self.services, actor, now) if leads else None,
                next_cursor=page.next_cursor,
                as_of=now,
                leads=leads,
            )

    def _row(
        self,
        row: CaseRow,
        listed: QueueRow,
        actor: Actor,
        people: Sequence[Person],
        now: datetime,
    ) -> InboxRow:
        """One proposal."""
        file = self.services.cases.case(row.case_ref)
        rules, since = _rules(self.services, file), proposed_at(row)
        case = file.case if file else None
        unfit = NO_POLICY if case is None or rules is None else cannot_judge(case, actor, rules)
        able = [
            person.name
            for person in people
            if case is not None and rules is not None and _may_judge(person, file, rules)
        ]
        return InboxRow(
            row=listed,
            since=since,
            waits_words=f"for {span_words(now - since)}" if since else "",
            late_words=late_words(self.services, row, file, now),
            may_judge=not unfit,
            cannot_words=unfit,
            judges=tuple(able),
        )

    def _judges(self, branch: str) -> list[Person]:
        """Who may come in, approves overrides and sees cases of a branch, by name."""
        return [
            person
            for person in self.services.people.everyone()
            if person.state is PersonState.ACTIVE
            and person.role in APPROVING_ROLES
            and (not branch or person.branch in ("", branch))
        ]


def late_proposals(services: Services, actor: Actor, now: datetime) -> int:
    """How many proposals of the actor's branch wait longer than their policy gives.

    Only the most urgent ones are looked at, ``LATE_LOOKED_AT`` of them.
    """
    rows = services.cases.rows(_waiting(actor), now, limit=LATE_LOOKED_AT).rows
    files = [(row, services.cases.case(row.case_ref)) for row in rows]
    return sum(bool(late_words(services, row, file, now)) for row, file in files)


def late_words(services: Services, row: CaseRow, file: CaseFile | None, now: datetime) -> str:
    """That a proposal waits longer than its policy gives; "" where it does not."""
    loaded, since = loaded_for(services, file.decision) if file else None, proposed_at(row)
    if loaded is None or since is None:
        return ""
    days = loaded.policy.spec.approval_days
    if now - since <= timedelta(days=days):
        return ""
    return f"Longer than the policy's {days} day{'s' if days != 1 else ''}"


def proposed_at(row: CaseRow) -> datetime | None:
    """Since when the override waits."""
    return row.proposal.at if row.proposal else None


def _waiting(actor: Actor) -> CaseFilter:
    """Proposals in the actor's branch."""
    return CaseFilter(statuses=WAITING, branch=actor.branch or None)


def _rules(services: Services, file: CaseFile | None) -> Rules | None:
    """What a case's verdict is checked against; None when its policy cannot be read."""
    loaded = loaded_for(services, file.decision) if file else None
    return loaded.rules if loaded else None


def _may_judge(person: Person, file: CaseFile | None, rules: Rules) -> bool:
    """Whether somebody could give the verdict, as roles, limits and exclusions stand now."""
    if file is None or person.ref in file.case.excluded:
        return False
    sees = person.branch in ("", file.row.branch) or not file.row.branch
    return sees and not cannot_judge(file.case, person.actor, rules)
