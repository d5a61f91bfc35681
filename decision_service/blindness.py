"""Who does not get to see a score yet, and what they see instead: the one place that decides both.

On a case that was drawn, whoever may come to decide it records a view of their own before they are
shown what the model makes of it. Until then they get what is named here as safe and nothing else: a
member that is added to a list or an answer is hidden until somebody names it.

On a case whose applicant contests the decision, the earlier decision is hidden in the same way:
who made it, how, and why. There the view is asked of everybody who may decide or approve, but for
those who had a part in it, who may do neither.

People who decide no cases are not blinded, nor, on a drawn case, is whoever may give the verdict on
a proposal that waits. A closed case hides nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from decision_service.services import Services
from overrides.appeals import keeps_from
from overrides.blind_first import was_drawn
from overrides.cases import OPEN_STATES
from overrides.first_views import SEEN
from overrides.oversight import Practice
from overrides.oversight_errors import FirstViewMissing
from overrides.reading import CaseFilter, CaseRow
from overrides.values import APPROVING_ROLES, DECIDING_ROLES, Actor, CaseStatus
from ui.views import QueueRow

OWN_VIEW_FIRST = "Your own view first"

SAFE_IN_ROW = frozenset(
    {
        *("case_id", "application_id", "title", "amount", "bundle", "simulated"),
        *("status", "status_words", "holder", "waiting_since", "due", "overdue"),
        *("urgency", "clock_words", "away_words"),
    }
)
SAFE_IN_JSON = frozenset(
    {
        *("case_id", "application_id", "bundle", "status", "version", "branch", "product"),
        *("amount", "opened_at", "received_at", "due_at", "limit_at", "target_at"),
        *("set_aside_until", "referred", "claim", "simulated"),
    }
)
SAFE_IN_VIEW = frozenset(
    {
        *("case_id", "application_id", "status", "status_words", "simulated", "facts"),
        *("bundle", "bundle_title", "model_version", "amount", "product", "branch"),
        *("received_at", "due", "overdue", "holder", "holder_until"),
    }
)
MARK = "first_view_missing"


@dataclass(frozen=True, slots=True)
class Blindness:
    """Says from whom what is hidden."""

    services: Services

    def of(self, actor: Actor, row: CaseRow) -> bool:
        """Whether this person has to say first what they think of this case."""
        if actor.role not in DECIDING_ROLES or row.status not in OPEN_STATES:
            return False
        if row.appeal is not None:
            acts = self.services.cases.acts(row.case_ref)
            return keeps_from(row.appeal, actor.ref, acts)
        if row.status is CaseStatus.WAITING_APPROVAL and actor.role in APPROVING_ROLES:
            return False
        services = self.services
        if not services.oversight.may_be_drawn(row.case_ref):
            return False
        if not was_drawn(services.cases.decisions(row.case_ref)[0].sampled):
            return False
        acts = services.cases.acts(row.case_ref)
        return not any(act.actor == actor.ref and act.type in SEEN for act in acts)

    def contested(self, actor: Actor, row: CaseRow) -> bool:
        """Whether an earlier decision is hidden: then nobody who made it may be named either."""
        return row.appeal is not None and self.of(actor, row)

    def possible(self, actor: Actor) -> bool:
        """Whether there may be any case whose score is hidden from this person."""
        if actor.role not in DECIDING_ROLES:
            return False
        if self.services.oversight.practices().largest(Practice.BLIND_FIRST):
            return True
        contested = CaseFilter(appealed=True)
        return self.services.cases.count(contested, self.services.clock(), at_most=1) > 0

    def check(self, actor: Actor, row: CaseRow) -> None:
        """Raise ``FirstViewMissing`` where it is hidden."""
        if self.of(actor, row):
            raise FirstViewMissing(row.case_ref)

    def check_decision(self, actor: Actor, decision_id: str) -> None:
        """The same by a decision's id; nothing for a decision that there is not."""
        decision = self.services.cases.decision(decision_id)
        file = self.services.cases.case(decision.case_ref) if decision else None
        if file is not None:
            self.check(actor, file.row)

    def hidden(self, actor: Actor, rows: Iterable[CaseRow]) -> frozenset[str]:
        """References of those cases of a list whose score is hidden from this person."""
        return frozenset(row.case_ref for row in rows if self.of(actor, row))


def masked_row(row: QueueRow) -> QueueRow:
    """A row of a list with nothing in it but what is safe."""
    kept = {field.name: getattr(row, field.name) for field in fields(row)}
    blank = {name: _blank(value) for name, value in kept.items() if name not in SAFE_IN_ROW}
    return QueueRow(**{**kept, **blank, "why": (OWN_VIEW_FIRST,)})


def masked_object(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case of the interface with null for all that is not safe."""
    return {name: case[name] if name in SAFE_IN_JSON else None for name in case} | {MARK: True}


def _blank(value: object) -> object:
    """What stands for a value that is hidden: nothing of its kind."""
    return type(value)() if isinstance(value, str | tuple | bool | int | float) else None
