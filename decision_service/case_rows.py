"""Lists of cases as pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from decision_service import wording
from decision_service.blindness import Blindness, masked_row
from decision_service.dossier import application_ids, open_question
from decision_service.errors import ServiceError
from decision_service.occasions import must_rescore
from decision_service.policy import (
    QUEUE_REFERRED,
    QUEUE_STANDARD,
    QUEUE_UNSCORED,
    ROUTING_TEXTS,
)
from decision_service.services import Services
from decision_service.urgency_words import away_words, clock_words, has_passed, urgency_of
from overrides.authority import Needs
from overrides.cases import OPEN_STATES, Proposal
from overrides.reading import CaseRow
from overrides.values import Actor, CaseStatus
from ui import words
from ui.views import QueueRow

VERSION_RETURNED_MIN = 3  # decided by the model, proposed, returned

QUEUES = (QUEUE_STANDARD, QUEUE_REFERRED, QUEUE_UNSCORED)

ROUTING_SHORT = {
    "suspended": "Model suspended",
    "model_unavailable": "No score",
    "model_failed": "No score",
    "not_reliably_explained": "No reliable reasons",
    "knock_out": "Policy rule",
    "refer_band": "Between the cut-offs",
    "near_cutoff": "Close to a cut-off",
    "counter_intuitive": "Unexpected reason",
    "data_quality": "Data to check",
    "audit_sample": "Audit sample",
    "automation_none": "People decide all",
    "declines_by_person": "People decide declines",
    "rescored": "Re-scored",
}
"""Why a case came to a person, in a few words for a list, by routing code."""


def queue_rows(
    services: Services, rows: Sequence[CaseRow], viewer: Actor, now: datetime
) -> tuple[QueueRow, ...]:
    """Cases as rows of a list, in the order given."""
    ids = application_ids(services, rows)
    cuts = {bundle: _cuts(services, bundle) for bundle in {row.bundle for row in rows}}
    people = {ref for row in rows for ref in (row.holder, row.reviewer, row.approver)}
    people |= {row.proposal.person for row in rows if row.proposal}
    names = services.people.names(people - {""})
    waiting = must_rescore(services, rows)
    hidden = Blindness(services).hidden(viewer, rows)
    found = (
        QueueRow(
            case_id=row.case_ref,
            application_id=ids[row.case_ref],
            title=ids[row.case_ref],
            amount=wording.money(row.amount),
            bundle=row.bundle,
            recommendation=row.recommendation.value if row.probability is not None else "",
            band=_band(row, cuts[row.bundle]),
            why=_why(row.routing),
            waiting_since=row.received_at or row.opened_at,
            due=row.due_at if row.status in OPEN_STATES else None,
            overdue=row.status in OPEN_STATES and has_passed(row.clocks, now),
            urgency=urgency_of(row, now) or "",
            clock_words=clock_words(row.clocks, now) if row.status in OPEN_STATES else "",
            away_words=away_words(row, now),
            holder=_holder(row, viewer, names.get(row.holder, ""), now),
            status=row.status.value,
            status_words=words.STATUS_WORDS[row.status],
            simulated=row.simulated,
            final_words=_final(row),
            decided_by=_decided_by(row, names),
            decided_at=row.closed_at,
            side_words=f"{row.side.trade_word.capitalize()} override" if row.side else "",
            proposal_words=_proposal(row.proposal, viewer, names),
            proposal_by_viewer=row.proposal is not None and row.proposal.person == viewer.ref,
            question_back=_asked_back(services, row, viewer),
            must_rescore=row.case_ref in waiting,
        )
        for row in rows
    )
    return tuple(masked_row(row) if row.case_id in hidden else row for row in found)


def _final(row: CaseRow) -> str:
    """How the case ended; "" while it is open."""
    if row.final is not None:
        return wording.DONE_WORDS[row.final].capitalize()
    return "" if row.status in OPEN_STATES else words.STATUS_WORDS[row.status]


def _decided_by(row: CaseRow, names: Mapping[str, str]) -> str:
    """Who decided, the second person too; "" where nobody did."""
    if row.final is None:
        return ""
    if not row.by_person:
        return "policy"
    return " and ".join(names[ref] for ref in (row.reviewer, row.approver) if ref)


def _proposal(proposal: Proposal | None, viewer: Actor, names: Mapping[str, str]) -> str:
    """What waits for a second person, who wants it, and who may say yes."""
    if proposal is None:
        return ""
    mine = proposal.person == viewer.ref
    who = "You want" if mine else f"{names[proposal.person]} wants"
    what = f"{who} to {proposal.decision} against the recommendation ({proposal.code})"
    manager = proposal.needs == Needs.CREDIT_MANAGER
    return f"{what}; a credit manager must agree" if manager else what


def _asked_back(services: Services, row: CaseRow, viewer: Actor) -> bool:
    """Whether the viewer's own proposal on the case came back with a question."""
    if row.status is not CaseStatus.IN_REVIEW or row.version < VERSION_RETURNED_MIN:
        return False
    acts = services.cases.acts(row.case_ref)
    asked = open_question(acts)
    proposals = {act.event_id: act.actor for act in acts}
    return asked is not None and proposals.get(asked.data["of"]) == viewer.ref


def _cuts(services: Services, bundle: str) -> tuple[float, ...]:
    """The cut-offs of a bundle's policy now; none when it cannot be read."""
    try:
        cutoffs = services.registry.rules(bundle).cutoffs
    except ServiceError:
        return ()
    return float(cutoffs.approve_up_to), float(cutoffs.decline_above)


def _band(row: CaseRow, cuts: Sequence[float]) -> str:
    """The score, told from the cut-offs."""
    return wording.band(None if row.probability is None else float(row.probability), *cuts)


def _why(codes: Iterable[str]) -> tuple[str, ...]:
    """The particular reasons; the general rule only where there is no other."""
    general = {"automation_none", "declines_by_person"}
    found = [code for code in codes if code in ROUTING_SHORT]
    particular = [code for code in found if code not in general]
    return tuple(ROUTING_SHORT[code] for code in particular or found)


def _holder(row: CaseRow, viewer: Actor, name: str, now: datetime) -> str:
    """Who works on the case now: "" when nobody does."""
    if not row.holder or row.holder_until is None or row.holder_until <= now:
        return ""
    return "you" if row.holder == viewer.ref else name


assert ROUTING_SHORT.keys() == ROUTING_TEXTS.keys(), "every code has its few words"
